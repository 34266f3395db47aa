//! The targets and the operations on them.

use std::io;

use crate::frames::{Frame, malformed};
use crate::json::Json;
use crate::offence::{Offence, Refusal};
use crate::{answers, apps_lookup, cgroups_lookup, cgroups_snapshot, increment, string_reverse};

const DECODE: u8 = 1;
const ENCODE: u8 = 2;
const CHECK: u8 = 3;
const ANSWER: u8 = 4;

const DONE: u8 = 0;
const REFUSED: u8 = 1;
const NOT_KNOWN: u8 = 2;

/// The request or the reply of a service.
pub(crate) trait Message<'a>: Sized {
    /// Judges the whole payload and takes its values.
    fn decode(payload: &'a [u8]) -> Result<Self, Offence>;

    /// Appends the canonical bytes, or tells why there are none; what is behind `out` then is of no use.
    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence>;

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal>;

    fn to_json(&self, out: &mut Vec<u8>);
}

/// Appends the body of the response and gives its result; an error only when the frame is malformed.
pub(crate) fn perform(frame: &Frame<'_>, out: &mut Vec<u8>) -> io::Result<u8> {
    if frame.op == ANSWER {
        return match frame.target {
            b"cgroups-lookup/reply" => {
                conclude(out, |out| answers::build::<cgroups_lookup::Reply<'_>>(frame.body, out))
            }
            b"apps-lookup/reply" => conclude(out, |out| answers::build::<apps_lookup::Reply<'_>>(frame.body, out)),
            _ => Ok(NOT_KNOWN),
        };
    }
    match frame.target {
        b"increment/request" | b"increment/reply" => operate::<increment::Number>(frame, out),
        b"string-reverse/request" | b"string-reverse/reply" => operate::<string_reverse::Text<'_>>(frame, out),
        b"cgroups-snapshot/request" => operate::<cgroups_snapshot::Request>(frame, out),
        b"cgroups-snapshot/reply" => operate::<cgroups_snapshot::Reply<'_>>(frame, out),
        b"cgroups-lookup/request" => operate::<cgroups_lookup::Request<'_>>(frame, out),
        b"cgroups-lookup/reply" => operate::<cgroups_lookup::Reply<'_>>(frame, out),
        b"apps-lookup/request" => operate::<apps_lookup::Request>(frame, out),
        b"apps-lookup/reply" => operate::<apps_lookup::Reply<'_>>(frame, out),
        _ => Ok(NOT_KNOWN),
    }
}

fn operate<'a, M: Message<'a>>(frame: &Frame<'a>, out: &mut Vec<u8>) -> io::Result<u8> {
    match frame.op {
        DECODE => conclude(out, |out| decode::<M>(frame.body, out).map_err(Refusal::Offence)),
        ENCODE => conclude(out, |out| encode::<M>(frame.body, out)),
        CHECK => conclude(out, |out| check::<M>(frame.body, out).map_err(Refusal::Offence)),
        _ => Ok(NOT_KNOWN),
    }
}

/// Appends what the operation does, or the offence in its place.
fn conclude(out: &mut Vec<u8>, operation: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>) -> io::Result<u8> {
    let begin = out.len();
    match operation(out) {
        Ok(()) => Ok(DONE),
        Err(Refusal::Offence(offence)) => {
            out.truncate(begin);
            offence.to_json(out);
            Ok(REFUSED)
        }
        Err(Refusal::Malformed(message)) => Err(malformed(message)),
    }
}

fn decode<'a, M: Message<'a>>(body: &'a [u8], out: &mut Vec<u8>) -> Result<(), Offence> {
    M::decode(body)?.to_json(out);
    Ok(())
}

fn encode<'a, M: Message<'a>>(body: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let Some((budget, value)) = body.split_first_chunk::<4>() else {
        return Err(Refusal::Malformed(format!("a budget takes 4 bytes, the body has {}", body.len())));
    };
    let mut json = Json::new(value);
    let message = M::from_json(&mut json)?;
    json.end()?;
    message.encode(u32::from_le_bytes(*budget) as usize, out).map_err(Refusal::Offence)
}

fn check<'a, M: Message<'a>>(body: &'a [u8], out: &mut Vec<u8>) -> Result<(), Offence> {
    let message = M::decode(body)?;
    let begin = out.len();
    out.extend([0; 4]);
    message.to_json(out);
    // A length that u32 cannot tell is refused with the whole response.
    let length = (out.len() - begin - 4) as u32;
    out[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
    message.encode(usize::MAX, out)
}

#[cfg(test)]
mod tests {
    use crate::testing::{CHECK, DECODE, ENCODE, ask, golden};

    const TARGETS: [&str; 10] = [
        "increment/request",
        "increment/reply",
        "string-reverse/request",
        "string-reverse/reply",
        "cgroups-snapshot/request",
        "cgroups-snapshot/reply",
        "cgroups-lookup/request",
        "cgroups-lookup/reply",
        "apps-lookup/request",
        "apps-lookup/reply",
    ];

    const SEEDS: [&str; 9] = [
        "string_reverse_utf8.bin",
        "cgroups_resp.bin",
        "cgroups_lookup_req.bin",
        "cgroups_lookup_resp_known_with_labels.bin",
        "cgroups_lookup_resp_unknown_permanent.bin",
        "apps_lookup_req.bin",
        "apps_lookup_resp_known_full.bin",
        "apps_lookup_resp_known_retry.bin",
        "apps_lookup_resp_unknown_pid.bin",
    ];

    /// A small generator of numbers, the same ones in every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }

        fn mutate(&mut self, bytes: &mut Vec<u8>) {
            for _ in 0..=self.below(3) {
                let at = self.below(bytes.len() + 1);
                match self.below(5) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, 0),
                    2 if at + 4 <= bytes.len() => bytes[at..at + 4].fill(255),
                    _ if at < bytes.len() => bytes[at] = [0, 1, 8, 255, self.below(256) as u8][self.below(5)],
                    _ => bytes.extend([0; 8]),
                }
            }
        }
    }

    fn split_checked(body: &[u8]) -> (&[u8], &[u8]) {
        let (length, rest) = body.split_first_chunk::<4>().unwrap();
        rest.split_at(u32::from_le_bytes(*length) as usize)
    }

    /// Whatever is accepted has a canonical form of equal value that is its own canonical form (NIPC-COD-13,
    /// NIPC-COD-14), and nothing makes a panic.
    #[test]
    fn mutated_payloads() {
        let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
        let mut accepted = 0;
        let seeds = SEEDS.map(golden);
        for round in 0..5_000 {
            let noise = (0..numbers.below(80)).map(|_| numbers.below(3) as u8).collect();
            let mut bytes = seeds.get(round % (seeds.len() + 1)).unwrap_or(&noise).clone();
            numbers.mutate(&mut bytes);
            for target in TARGETS {
                let (result, body) = ask(CHECK, target, &bytes);
                let (_, decoded) = ask(DECODE, target, &bytes);
                if result == 1 {
                    assert_eq!(body, decoded);
                    continue;
                }
                accepted += 1;
                let (value, canonical) = split_checked(&body);
                assert_eq!(value, decoded);
                assert!(canonical.len() <= bytes.len());
                assert_eq!(ask(CHECK, target, canonical), (0, body.clone()));
                let request = [&u32::MAX.to_le_bytes(), value].concat();
                assert_eq!(ask(ENCODE, target, &request), (0, canonical.to_vec()));
            }
        }
        assert!(accepted > 5_000, "{accepted}");
    }
}
