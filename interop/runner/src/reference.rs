//! A testee that answers from the schemas alone: the interpreter of the generator, for services only.

use std::io::{BufWriter, Read as _, Write};
use std::process::exit;

use anyhow::{Context as _, Result, bail};
use netipc_codegen::model::{Kind, Record, Service};
use netipc_codegen::vectors::{self, Offence, Value};
use serde_json::Value as Json;

use crate::cli::{Fault, ReferenceOptions};
use crate::frame::{Response, Verdict, unhex};

/// Answers on standard output what is asked on standard input, until that ends.
///
/// # Errors
///
/// Input or output that fails, and malformed frames.
pub fn run(options: &ReferenceOptions) -> Result<()> {
    let services = crate::services(&options.schemas)?;
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let (mut pending, mut asked) = (Vec::new(), 0_u64);
    loop {
        let mut start = 0;
        while let Some(frame) = next(&pending[start..]) {
            asked += 1;
            let mut response = answer(&services, frame)?;
            if let Some(fault) = options.fault {
                misbehave(fault, asked == options.at, &mut response, &mut output)?;
            }
            start += 4 + frame.len();
            output.write_all(&(1 + response.body.len() as u32).to_le_bytes())?;
            output.write_all(&[response.verdict as u8])?;
            output.write_all(&response.body)?;
        }
        pending.drain(..start);
        output.flush()?;
        let length = pending.len();
        pending.resize(length + (1 << 16), 0);
        let got = input.read(&mut pending[length..])?;
        pending.truncate(length + got);
        if got == 0 {
            return if pending.is_empty() { Ok(()) } else { bail!("the input ends within a frame") };
        }
    }
}

fn next(pending: &[u8]) -> Option<&[u8]> {
    let (length, rest) = pending.split_first_chunk()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
}

fn misbehave(fault: Fault, now: bool, response: &mut Response, output: &mut impl Write) -> Result<()> {
    match fault {
        Fault::Flip => {
            if response.verdict == Verdict::Refused && response.body.windows(12).any(|w| w == b"interior_nul") {
                response.verdict = Verdict::Done;
            }
        }
        Fault::Hang if now => {
            output.flush()?;
            loop {
                std::thread::park();
            }
        }
        Fault::Die if now => {
            output.flush()?;
            exit(7);
        }
        Fault::Garbage if now => output.write_all(&[0xff; 64])?,
        Fault::Hang | Fault::Die | Fault::Garbage => {}
    }
    Ok(())
}

fn answer(services: &[Service], frame: &[u8]) -> Result<Response> {
    let ([op, length], rest) = frame.split_first_chunk().context("a frame without operation")?;
    let (target, body) = rest.split_at_checked(usize::from(*length)).context("a target longer than its frame")?;
    let target = std::str::from_utf8(target).unwrap_or_default();
    let Some((service, record)) = find(services, target) else { return Ok(not_known()) };
    let bytes = |result: Result<Vec<u8>, Offence>| match result {
        Ok(body) => Response { verdict: Verdict::Done, body },
        Err(offence) => Response { verdict: Verdict::Refused, body: offence.value().to_string().into_bytes() },
    };
    Ok(match op {
        1 => bytes(vectors::decode(service, record, body).map(|value| value.to_string().into_bytes())),
        2 => {
            let (budget, json) = number(body)?;
            bytes(vectors::encode(service, record, &value(service, record, json)?, budget))
        }
        3 => bytes(check(service, record, body)),
        4 if service.lookup.is_some() && target.ends_with("/reply") => {
            let (budget, rest) = number(body)?;
            let (length, rest) = number(rest)?;
            let (request, json) = rest.split_at_checked(length as usize).context("a request longer than its frame")?;
            bytes(vectors::answer(service, request, &answers(service, json)?, budget))
        }
        _ => not_known(),
    })
}

fn not_known() -> Response {
    Response { verdict: Verdict::NotKnown, body: Vec::new() }
}

/// The service and the record of a target.
pub(crate) fn find<'s>(services: &'s [Service], target: &str) -> Option<(&'s Service, &'s Record)> {
    let (name, side) = target.split_once('/')?;
    let service = services.iter().find(|service| service.name == name)?;
    let record = match side {
        "request" => service.record(&service.request),
        "reply" => service.record(&service.reply),
        _ => None,
    };
    record.map(|record| (service, record))
}

fn check(service: &Service, record: &Record, bytes: &[u8]) -> Result<Vec<u8>, Offence> {
    let value = vectors::decode(service, record, bytes)?;
    let canonical = vectors::encode(service, record, &value, u32::MAX.into())?;
    let json = value.to_string().into_bytes();
    Ok([&(json.len() as u32).to_le_bytes()[..], &json, &canonical].concat())
}

fn number(body: &[u8]) -> Result<(u64, &[u8])> {
    let (number, rest) = body.split_first_chunk().context("a frame without its number")?;
    Ok((u32::from_le_bytes(*number).into(), rest))
}

/// A value of a record, read from JSON.
pub(crate) fn value(service: &Service, record: &Record, json: &[u8]) -> Result<Value> {
    members(service, record, &serde_json::from_slice(json)?)
}

fn members(service: &Service, record: &Record, json: &Json) -> Result<Value> {
    let json = json.as_object().context("a record must be an object")?;
    let member = |(name, json): (&String, &Json)| {
        let kind = &record.field(name).with_context(|| format!("no field `{name}`"))?.kind;
        let value = match (json, kind) {
            (Json::Number(number), _) => number.as_u64().context("a number must be a natural one")?.into(),
            (Json::String(text), Kind::String(_)) => unhex(text).context("a string must be hexadecimal")?.into(),
            (Json::Array(items), _) => {
                let of = service.item_of(record, name).with_context(|| format!("`{name}` is no list"))?;
                Value::Array(items.iter().map(|item| members(service, of, item)).collect::<Result<_>>()?)
            }
            _ => bail!("`{name}` has an unexpected form"),
        };
        Ok((name.clone(), value))
    };
    Ok(Value::Object(json.iter().map(member).collect::<Result<_>>()?))
}

fn answers(service: &Service, json: &[u8]) -> Result<Value> {
    let json: Json = serde_json::from_slice(json)?;
    let item = service.lookup_parts().context("a service that is no lookup")?.item;
    let generation = json["generation"].as_u64().context("no generation")?;
    let answers = json["answers"].as_array().context("no answers")?;
    let answers = answers.iter().map(|answer| members(service, item, answer)).collect::<Result<_>>()?;
    Ok(Value::object([("generation", generation.into()), ("answers", Value::Array(answers))]))
}
