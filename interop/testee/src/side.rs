//! One side of a service: what is the same for all of them.

use netipc_proto::codec::{BuildError, DecodeError, Problem, Writer};

pub(crate) use crate::json::{Json, Malformed, Reader};
use crate::offence;

/// A request or a reply, as generated code knows it.
pub(crate) trait Side {
    /// Its values.
    type Value;

    fn decode(bytes: &[u8]) -> Result<Self::Value, DecodeError>;
    fn read(json: &mut Reader<'_>) -> Result<Self::Value, Malformed>;
    fn show(value: &Self::Value, json: &mut Json);
    fn encode(value: &Self::Value, out: Writer<'_>) -> Result<(), BuildError>;
}

/// What came of a request: bytes, whether it was done or refused.
pub(crate) type Outcome = Result<Vec<u8>, Vec<u8>>;

/// Why a testee does not build what it was asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    Decode(DecodeError),
    Build(BuildError),
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<BuildError> for Refusal {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl Refusal {
    fn json(&self) -> Vec<u8> {
        match self {
            Self::Decode(error) => offence::decode(error),
            Self::Build(error) => offence::build(error),
        }
    }
}

/// The builder of a lookup's reply, told of a request and of answers as JSON.
type Answer = fn(&[u8], &mut Reader<'_>, Writer<'_>) -> Result<Result<(), Refusal>, Malformed>;

/// What can be done with one side of a service.
pub(crate) struct Target {
    pub(crate) decode: fn(&[u8]) -> Outcome,
    pub(crate) encode: fn(usize, &mut Reader<'_>) -> Result<Outcome, Malformed>,
    pub(crate) check: fn(&[u8]) -> Outcome,
    answer: Option<Answer>,
}

impl Target {
    pub(crate) fn of<S: Side>() -> Self {
        Self { decode: decode::<S>, encode: encode::<S>, check: check::<S>, answer: None }
    }

    pub(crate) fn answering(self, answer: Answer) -> Self {
        Self { answer: Some(answer), ..self }
    }

    /// The reply to a request; none when this is no lookup's reply.
    pub(crate) fn answer(
        &self,
        budget: usize,
        request: &[u8],
        json: &mut Reader<'_>,
    ) -> Option<Result<Outcome, Malformed>> {
        let answer = self.answer?;
        let mut bytes = Vec::new();
        let result = answer(request, json, Writer::new(&mut bytes, budget));
        Some(result.map(|result| result.map(|()| bytes).map_err(|refusal| refusal.json())))
    }
}

fn decode<S: Side>(bytes: &[u8]) -> Outcome {
    let value = S::decode(bytes).map_err(|error| offence::decode(&error))?;
    let mut json = Json::default();
    S::show(&value, &mut json);
    Ok(json.into_bytes())
}

fn encode<S: Side>(budget: usize, json: &mut Reader<'_>) -> Result<Outcome, Malformed> {
    let value = S::read(json)?;
    Ok(encoded::<S>(&value, budget))
}

fn encoded<S: Side>(value: &S::Value, budget: usize) -> Outcome {
    let mut bytes = Vec::new();
    S::encode(value, Writer::new(&mut bytes, budget)).map_err(|error| offence::build(&error))?;
    Ok(bytes)
}

fn check<S: Side>(bytes: &[u8]) -> Outcome {
    let value = S::decode(bytes).map_err(|error| offence::decode(&error))?;
    let mut json = Json::default();
    S::show(&value, &mut json);
    let json = json.into_bytes();
    let bytes = encoded::<S>(&value, usize::MAX)?;
    Ok([&(json.len() as u32).to_le_bytes()[..], &json, &bytes].concat())
}

/// Gives all items, also behind one that has no room, up to the first invalid one.
pub(crate) fn first_invalid<T>(
    items: &[T],
    mut give: impl FnMut(&T) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    for item in items {
        match give(item) {
            // The builder remembers it, and counts on.
            Ok(()) | Err(BuildError::Overflow { .. }) => {}
            Err(invalid) => return Err(invalid),
        }
    }
    Ok(())
}

/// Gives all answers up to the first one that is refused as invalid, which is the error, or for want of room. Those behind
/// the last of `keys` keys are spare.
pub(crate) fn answered<T>(
    answers: &[T],
    keys: usize,
    mut give: impl FnMut(&T, bool) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    for (position, answer) in answers.iter().enumerate() {
        match give(answer, position >= keys) {
            // Those behind the last key are only counted.
            Ok(()) | Err(BuildError::Answers { .. }) => {}
            Err(BuildError::Overflow { .. }) => return Ok(()),
            Err(invalid) => return Err(invalid),
        }
    }
    Ok(())
}

/// A number without a name, where the implementation's types have no place for it.
pub(crate) fn unlisted(record: &'static str, field: &'static str, got: u64) -> BuildError {
    BuildError::Invalid { record, field, problem: Problem::Unlisted { got, listed: &[] } }
}
