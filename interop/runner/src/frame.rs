//! Frames: requests to testees, and their responses.

use std::io::{self, Read};

/// What a testee is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Bytes to a value.
    Decode = 1,
    /// A value to bytes.
    Encode = 2,
    /// Bytes to a value, and the value to bytes again.
    Check = 3,
    /// The reply of a lookup's builder.
    Answer = 4,
    /// A script.
    Run = 5,
}

impl Op {
    /// Its name in the specification.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Encode => "encode",
            Self::Check => "check",
            Self::Answer => "answer",
            Self::Run => "run",
        }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub op: Op,
    /// What it is about.
    pub target: String,
    /// The rest of the frame.
    pub body: Vec<u8>,
}

impl Request {
    /// Appends the frame.
    pub fn write(&self, out: &mut Vec<u8>) {
        let length = 2 + self.target.len() + self.body.len();
        out.extend((length as u32).to_le_bytes());
        out.extend([self.op as u8, self.target.len() as u8]);
        out.extend(self.target.as_bytes());
        out.extend(&self.body);
    }
}

/// Whether a testee did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It did.
    Done,
    /// What it was given is not valid.
    Refused,
    /// It has no such operation or target.
    NotKnown,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Response {
    /// How it went.
    pub verdict: Verdict,
    /// The rest of the frame.
    pub body: Vec<u8>,
}

/// No response is longer: what testees are asked is far shorter.
const LONGEST: usize = 64 << 20;

impl Response {
    /// Reads one frame; none when the input ends before it.
    ///
    /// # Errors
    ///
    /// Bytes that are no response, and input that fails or ends within the frame.
    pub fn read(input: &mut impl Read) -> io::Result<Option<Self>> {
        let mut length = [0; 4];
        match input.read(&mut length[..1])? {
            0 => return Ok(None),
            _ => input.read_exact(&mut length[1..])?,
        }
        let length = u32::from_le_bytes(length) as usize;
        if length == 0 || length > LONGEST {
            return Err(invalid(format!("a response cannot have {length} bytes")));
        }
        let mut verdict = [0];
        input.read_exact(&mut verdict)?;
        let verdict = match verdict[0] {
            0 => Verdict::Done,
            1 => Verdict::Refused,
            2 => Verdict::NotKnown,
            other => return Err(invalid(format!("a response has result {other}, only 0, 1 and 2 are known"))),
        };
        // By and by: the length may be garbage.
        let mut body = Vec::with_capacity((length - 1).min(1 << 16));
        if input.take(length as u64 - 1).read_to_end(&mut body)? < length - 1 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the output ends within a response"));
        }
        Ok(Some(Self { verdict, body }))
    }

    /// What a person wants to read.
    #[must_use]
    pub fn show(&self, op: Op) -> String {
        let verdict = match self.verdict {
            Verdict::Done => "done",
            Verdict::Refused => "refused",
            Verdict::NotKnown => "not known",
        };
        format!("{verdict}: {}", show_body(op, self.verdict, &self.body))
    }

    /// What is the same in answers to questions that differ in numbers only.
    #[must_use]
    pub fn signature(&self) -> String {
        let mut signature = format!("{:?} ", self.verdict);
        if self.verdict == Verdict::Refused {
            let text = String::from_utf8_lossy(&self.body);
            signature.extend(text.chars().filter(|c| !c.is_ascii_digit()));
        }
        signature
    }
}

fn show_body(op: Op, verdict: Verdict, body: &[u8]) -> String {
    match (verdict, op) {
        (Verdict::Done, Op::Encode | Op::Answer) => hex(body),
        (Verdict::Done, Op::Check) => match body.split_first_chunk() {
            Some((length, rest)) => match rest.split_at_checked(u32::from_le_bytes(*length) as usize) {
                Some((json, bytes)) => format!("{} {}", String::from_utf8_lossy(json), hex(bytes)),
                None => hex(body),
            },
            None => hex(body),
        },
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    netipc_codegen::vectors::Hex(bytes).to_string()
}

/// Bytes of lower-case hexadecimal digits; none when they are not.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8));
    bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
}
