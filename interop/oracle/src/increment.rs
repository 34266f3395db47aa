//! INCREMENT: request and reply are one number (`spec/codec.md`, section 2).

use crate::decode::Record;
use crate::encode::fits;
use crate::json::{self, Json};
use crate::offence::{Offence, Refusal};
use crate::targets::Message;

const NUMBER: &str = "increment number";
const SIZE: usize = 8;

pub(crate) struct Number {
    value: u64,
}

impl Message<'_> for Number {
    /// NIPC-INC-01, NIPC-INC-02
    fn decode(payload: &[u8]) -> Result<Self, Offence> {
        let record = Record::payload(NUMBER, payload);
        record.fixed_part(SIZE)?;
        Ok(Self { value: record.u64(0) })
    }

    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence> {
        fits(SIZE, budget)?;
        out.extend(self.value.to_le_bytes());
        Ok(())
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        // NIPC-COD-17
        if json.take("{}") {
            return Err(Refusal::Offence(Offence::Missing { record: NUMBER, field: "value" }));
        }
        let value = json.u64("{\"value\":")?;
        json.text("}")?;
        Ok(Self { value })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::number(out, "{\"value\":", self.value);
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::*;

    const TARGETS: [&str; 2] = ["increment/request", "increment/reply"];

    #[test]
    fn golden_vectors() {
        for target in TARGETS {
            assert_golden(target, "increment_0.bin", "{\"value\":0}");
            assert_golden(target, "increment_42.bin", "{\"value\":42}");
            assert_golden(target, "increment_max.bin", "{\"value\":18446744073709551615}");
        }
    }

    #[test]
    fn length() {
        for target in TARGETS {
            // NIPC-INC-02
            assert_eq!(offence(target, &[0; 7]), "increment number,null,0,null,truncated");
            assert_tolerated(target, &[1; 9], "{\"value\":72340172838076673}", &[1; 8]);
            // NIPC-COD-17
            assert_eq!(encode_offence(target, "{}"), "missing,increment number,value");
        }
    }
}
