//! STRING_REVERSE: request and reply are one string (`spec/codec.md`, section 3).

use std::borrow::Cow;

use crate::decode::{Content, Place, Record};
use crate::encode;
use crate::json::{self, Json};
use crate::offence::{Offence, Refusal};
use crate::targets::Message;

const TEXT: &str = "string-reverse text";
const FIXED_PART: usize = 8;

pub(crate) struct Text<'a> {
    text: Cow<'a, [u8]>,
}

impl<'a> Message<'a> for Text<'a> {
    /// NIPC-REV-01, NIPC-REV-02, NIPC-REV-03
    fn decode(payload: &'a [u8]) -> Result<Self, Offence> {
        let record = Record::payload(TEXT, payload);
        record.fixed_part(FIXED_PART)?;
        let text = record.string("text", 0, Place::Only(FIXED_PART), &Content::ANY)?;
        Ok(Self { text: Cow::Borrowed(text.bytes) })
    }

    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence> {
        encode::fits(FIXED_PART + self.text.len() + 1, budget)?;
        let begin = out.len();
        out.extend([0; FIXED_PART]);
        encode::string(out, begin, 0, &self.text);
        Ok(())
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        // NIPC-COD-17
        if json.take("{}") {
            return Err(Refusal::Offence(Offence::Missing { record: TEXT, field: "text" }));
        }
        let text = json.bytes("{\"text\":")?;
        json.text("}")?;
        Ok(Self { text })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::bytes(out, "{\"text\":", &self.text);
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::*;

    const TARGETS: [&str; 2] = ["string-reverse/request", "string-reverse/reply"];

    #[test]
    fn golden_vectors() {
        for target in TARGETS {
            assert_golden(target, "string_reverse_hello.bin", "{\"text\":\"68656c6c6f\"}");
            assert_golden(target, "string_reverse_empty.bin", "{\"text\":\"\"}");
            assert_golden(target, "string_reverse_utf8.bin", "{\"text\":\"68c3a96c6c6f\"}");
        }
    }

    #[test]
    fn rules() {
        let hello = golden("string_reverse_hello.bin");
        for target in TARGETS {
            assert_eq!(offence(target, &hello[..7]), "string-reverse text,null,0,null,truncated");
            // NIPC-REV-02
            let text =
                |bytes: &[u8]| offence(target, bytes).strip_prefix("string-reverse text,text,").unwrap().to_owned();
            assert_eq!(text(&with_u32(&hello, 0, 7)), "0,null,misplaced");
            assert_eq!(text(&with_u32(&hello, 0, 9)), "0,null,misplaced");
            assert_eq!(text(&with_u32(&hello, 4, 6)), "0,null,out_of_bounds");
            assert_eq!(text(&with_u32(&hello, 4, u32::MAX)), "0,null,out_of_bounds");
            assert_eq!(text(&with_u32(&hello, 4, 4)), "0,null,unterminated");
            // NIPC-REV-03
            let canonical = with(&hello, 9, b"\0\xff");
            let long = [&canonical[..], b"more"].concat();
            assert_tolerated(target, &long, "{\"text\":\"6800ff6c6f\"}", &canonical);
            // NIPC-COD-17
            assert_eq!(encode_offence(target, "{}"), "missing,string-reverse text,text");
        }
    }
}
