//! The frame loop: requests in, responses out, in order.

use std::fmt;
use std::io::{self, BufWriter, Read, Write};

use crate::json::{Malformed, Reader};
use crate::side::{Outcome, Target};
use crate::{envelope, handshake, services, session};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// Why the testee gives up.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Input or output failed.
    Io(io::Error),
    /// A frame that is not what the specification says.
    Frame(&'static str),
    /// JSON that is not canonical, or not what the operation takes.
    Json(Malformed),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("input or output failed"),
            Self::Frame(what) => write!(f, "malformed frame: {what}"),
            Self::Json(_) => f.write_str("malformed body"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Json(malformed) => Some(malformed),
            Self::Frame(_) => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::Json(malformed)
    }
}

/// What comes of a frame.
enum Response {
    Outcome(Outcome),
    /// No such operation or target here.
    Unknown,
}

/// Answers all requests of `input` on `output`, in their order, until the input ends.
///
/// # Errors
///
/// A malformed frame, and input or output that fails.
pub fn serve(mut input: impl Read, output: impl Write) -> Result<(), Error> {
    let mut output = BufWriter::with_capacity(BUFFER, output);
    let mut pending: Vec<u8> = Vec::new();
    let mut start = 0;
    loop {
        while let Some(frame) = next(&pending[start..]) {
            write(&mut output, &answer(frame)?)?;
            start += 4 + frame.len();
        }
        pending.drain(..start);
        start = 0;
        // What is held back must be out before this waits for more.
        output.flush()?;
        let length = pending.len();
        pending.resize(length + BUFFER, 0);
        let got = input.read(&mut pending[length..])?;
        pending.truncate(length + got);
        if got == 0 {
            return if pending.is_empty() { Ok(()) } else { Err(Error::Frame("the input ends within it")) };
        }
    }
}

/// The next frame, without its length, when all of it is there.
fn next(pending: &[u8]) -> Option<&[u8]> {
    let (length, rest) = pending.split_first_chunk()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
}

fn write(output: &mut impl Write, response: &Response) -> io::Result<()> {
    let (result, body): (u8, &[u8]) = match response {
        Response::Outcome(Ok(body)) => (0, body),
        Response::Outcome(Err(body)) => (1, body),
        Response::Unknown => (2, &[]),
    };
    output.write_all(&(1 + body.len() as u32).to_le_bytes())?;
    output.write_all(&[result])?;
    output.write_all(body)
}

fn answer(frame: &[u8]) -> Result<Response, Error> {
    let Some(([op, length], rest)) = frame.split_first_chunk() else {
        return Err(Error::Frame("it has no operation"));
    };
    let Some((target, body)) = rest.split_at_checked(usize::from(*length)) else {
        return Err(Error::Frame("its target is longer than it"));
    };
    let Ok(target) = std::str::from_utf8(target) else { return Ok(Response::Unknown) };
    match op {
        1 | 3 => Ok(bytes(*op, target, body)),
        2 => encode(target, body),
        4 => build(target, body),
        5 => run(target, body),
        _ => Ok(Response::Unknown),
    }
}

fn bytes(op: u8, target: &str, body: &[u8]) -> Response {
    let outcome = match (services::target(target), op) {
        (Some(Target { decode, .. }), 1) => Some(decode(body)),
        (Some(Target { check, .. }), _) => Some(check(body)),
        (None, 1) => envelope::decode(target, body),
        (None, _) => envelope::check(target, body),
    };
    outcome.map_or(Response::Unknown, Response::Outcome)
}

fn encode(target: &str, body: &[u8]) -> Result<Response, Error> {
    let (budget, json) = number(body)?;
    let mut json = Reader::new(json);
    let outcome = match services::target(target) {
        Some(target) => Some((target.encode)(budget, &mut json)?),
        None => envelope::encode(target, budget, &mut json)?,
    };
    finish(outcome, &json)
}

fn build(target: &str, body: &[u8]) -> Result<Response, Error> {
    let (budget, rest) = number(body)?;
    let (length, rest) = number(rest)?;
    let Some((request, json)) = rest.split_at_checked(length) else {
        return Err(Error::Frame("its request is longer than it"));
    };
    let mut json = Reader::new(json);
    let outcome = services::target(target).and_then(|target| target.answer(budget, request, &mut json)).transpose()?;
    finish(outcome, &json)
}

fn run(target: &str, body: &[u8]) -> Result<Response, Error> {
    let mut json = Reader::new(body);
    let outcome = match target {
        "handshake-server" => handshake::server(&mut json)?,
        "handshake-client" => handshake::client(&mut json)?,
        "chunker" => session::chunker(&mut json)?,
        "session" => session::session(&mut json)?,
        "hash" => session::hash(&mut json)?,
        _ => return Ok(Response::Unknown),
    };
    finish(Some(Ok(outcome.into_bytes())), &json)
}

fn finish(outcome: Option<Outcome>, json: &Reader<'_>) -> Result<Response, Error> {
    let Some(outcome) = outcome else { return Ok(Response::Unknown) };
    json.finish()?;
    Ok(Response::Outcome(outcome))
}

fn number(body: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (number, rest) = body.split_first_chunk().ok_or(Error::Frame("a number is missing"))?;
    Ok((u32::from_le_bytes(*number) as usize, rest))
}
