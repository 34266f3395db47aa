//! Requests and responses as frames over two streams.

use std::io::{self, Read, Write};

use crate::targets;

/// How much is read at once, and how much is held back at most before it is written.
const BLOCK: usize = 64 * 1024;

/// One request, taken apart.
pub(crate) struct Frame<'a> {
    pub(crate) op: u8,
    pub(crate) target: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// Answers requests until the input ends.
///
/// Responses are held back as long as whole requests are at hand, and written before the next wait for input.
pub(crate) fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    let mut filled = 0;
    let mut responses = Vec::new();
    loop {
        let answered = answer_whole(&buffer[..filled], &mut responses, &mut output);
        // What was answered before a malformed frame is owed all the same.
        output.write_all(&responses)?;
        output.flush()?;
        responses.clear();
        let answered = answered?;
        buffer.copy_within(answered..filled, 0);
        filled -= answered;

        // Grows with the bytes that arrived, not with a length that a frame claims.
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        let more = read(&mut input, &mut buffer[filled..])?;
        if more == 0 {
            return if filled == 0 { Ok(()) } else { Err(malformed("the input ends inside a frame")) };
        }
        filled += more;
    }
}

/// An error about a frame that is wrong itself.
pub(crate) fn malformed(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

/// Answers all whole frames and tells how many bytes they took.
fn answer_whole(bytes: &[u8], responses: &mut Vec<u8>, output: &mut impl Write) -> io::Result<usize> {
    let mut taken = 0;
    while let Some((frame, size)) = split(&bytes[taken..])? {
        respond(&frame, responses)?;
        taken += size;
        if responses.len() >= BLOCK {
            output.write_all(responses)?;
            responses.clear();
        }
    }
    Ok(taken)
}

/// Takes the first frame off, unless it has not arrived whole.
fn split(bytes: &[u8]) -> io::Result<Option<(Frame<'_>, usize)>> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    let Some(content) = rest.get(..length) else { return Ok(None) };
    let [op, target_length, rest @ ..] = content else {
        return Err(malformed(format!("a frame of {length} bytes has no room for op and target length, 2 bytes")));
    };
    let Some((target, body)) = rest.split_at_checked(usize::from(*target_length)) else {
        return Err(malformed(format!("a target of {target_length} bytes in a frame with {} left", rest.len())));
    };
    Ok(Some((Frame { op: *op, target, body }, 4 + length)))
}

/// Appends the response to one frame, or nothing when the frame is malformed.
fn respond(frame: &Frame<'_>, responses: &mut Vec<u8>) -> io::Result<()> {
    let begin = responses.len();
    responses.extend([0; 5]);
    let outcome = targets::perform(frame, responses).and_then(|result| {
        let length = responses.len() - begin - 4;
        let length = u32::try_from(length).map_err(|e| malformed(format!("a response of {length} bytes: {e}")))?;
        responses[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
        responses[begin + 4] = result;
        Ok(())
    });
    if outcome.is_err() {
        responses.truncate(begin);
    }
    outcome
}

fn read(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::testing::{DECODE, ask, frame};

    #[test]
    fn unknown_targets_and_operations() {
        assert_eq!(ask(DECODE, "increment/question", &[0; 8]), (2, Vec::new()));
        assert_eq!(ask(DECODE, "", &[0; 8]), (2, Vec::new()));
        assert_eq!(ask(DECODE, "header", &[0; 32]), (2, Vec::new()));
        assert_eq!(ask(0, "increment/request", &[0; 8]), (2, Vec::new()));
        assert_eq!(ask(5, "increment/request", b"{}"), (2, Vec::new()));
    }

    #[test]
    fn malformed_frames_end_the_program_after_what_is_owed() {
        let good = frame(DECODE, "increment/request", &[0; 8]);
        let mut owed = Vec::new();
        serve(good.as_slice(), &mut owed).unwrap();
        for bad in [&[1, 0, 0, 0, 1][..], &[2, 0, 0, 0, 1, 1], &[9, 0, 0, 0, 1], &[1]] {
            let mut output = Vec::new();
            serve([&good, bad].concat().as_slice(), &mut output).unwrap_err();
            assert_eq!(output, owed);
        }
        for body in
            [&b"\0\0\0"[..], b"\x08\0\0\0{\"value\": 1}", b"\x08\0\0\0{\"value\":1}x", b"\x08\0\0\0{\"value\":1"]
        {
            let mut output = Vec::new();
            let bad = frame(2, "increment/request", body);
            serve([&good[..], &bad].concat().as_slice(), &mut output).unwrap_err();
            assert_eq!(output, owed);
        }
    }

    /// Gives one piece for each read.
    struct Pieces<'a>(VecDeque<&'a [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let piece = self.0.pop_front().unwrap_or_default();
            into[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn frames_arrive_in_any_pieces() {
        let requests = frame(DECODE, "increment/request", &[0; 8]).repeat(3);
        let mut whole = Vec::new();
        serve(requests.as_slice(), &mut whole).unwrap();
        for size in 1..requests.len() {
            let mut responses = Vec::new();
            serve(Pieces(requests.chunks(size).collect()), &mut responses).unwrap();
            assert_eq!(responses, whole);
        }
    }
}
