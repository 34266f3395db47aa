//! What a lookup's builder makes of answers within its budget, at every edge of that budget.
//!
//! What is expected is put together here, item by item; it is not asked of the interpreter.

use super::decode::{code, record_name};
use super::encode::{head_of, listed, listed_len, piece};
use super::offence::Offence;
use super::records::{example, image, repair, requirements, unnamed};
use super::value::Value;
use super::{Ask, Outcome, Page, Vector};
use crate::model::{Field, Kind, LookupParts, Record, Service};

const GENERATION: u64 = 77;

pub(super) fn make(service: &Service, page: &mut Page) {
    let (Some(parts), Some(request), Some(reply)) =
        (service.lookup_parts(), service.record(&service.request), service.record(&service.reply))
    else {
        return;
    };
    let mut maker = Maker { service, parts, request, reply, page };
    maker.statuses();
    maker.budgets();
    maker.oversized();
    maker.counts();
    maker.refusals();
    maker.requests();
}

/// What becomes of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Exceeded,
    Oversized,
}

use Fate::{Answered, Exceeded, Oversized};

struct Maker<'m, 'p> {
    service: &'m Service,
    parts: LookupParts<'m>,
    request: &'m Record,
    reply: &'m Record,
    page: &'p mut Page,
}

/// What a vector asks: the keys, what the provider says of each, and what it may take.
struct Call<'a> {
    topic: &'a str,
    what: &'a str,
    keys: usize,
    answers: &'a [Value],
    budget: usize,
    ids: &'a [&'a str],
}

impl<'m> Maker<'m, '_> {
    /// An item that answers with `status`, with all that the schema has typical values for.
    fn item(&self, status: &str, key: usize) -> Value {
        let lookup = self.parts.lookup;
        let code = code(self.service, self.parts.item, &lookup.status, status).unwrap_or_default();
        let mut item = example(self.service, self.parts.item, 0).with(&lookup.status, code.into());
        self.echo(&mut item, key);
        repair(self.service, self.parts.item, &mut item);
        item
    }

    fn echo(&self, item: &mut Value, key: usize) {
        let key = example(self.service, self.parts.key, key as u64);
        for name in &self.parts.lookup.echo {
            if let Some(value) = key.get(name) {
                item.set(name, value.clone());
            }
        }
    }

    /// What the provider says in order to get an item.
    fn answer(&self, item: &Value) -> Value {
        let status = &self.parts.lookup.status;
        let named = self.parts.status.values.iter().find(|value| value.code == item.number(status));
        let free = named.map(|value| self.parts.free_fields(&value.name)).unwrap_or_default();
        let mut answer = Value::object([]).with_member(status, item.number(status).into());
        for field in free {
            answer = answer.with_member(&field.name, item.get(&field.name).cloned().unwrap_or(Value::Null));
        }
        answer
    }

    fn request_of(&self, keys: usize) -> Vec<u8> {
        let keys = (0..keys).map(|key| example(self.service, self.parts.key, key as u64)).collect();
        let value = example(self.service, self.request, 0).with(&self.parts.lookup.keys, Value::Array(keys));
        image(self.service, self.request, &value)
    }

    fn answers(&self, answers: &[Value]) -> Value {
        Value::object([("generation", GENERATION.into()), ("answers", Value::Array(answers.to_vec()))])
    }

    fn piece(&self, item: &Value) -> Vec<u8> {
        piece(self.service, self.parts.item, item)
    }

    /// The pieces of a reply with these fates; answered keys have `items` of the same position.
    fn pieces(&self, items: &[Value], fates: &[Fate]) -> Vec<Vec<u8>> {
        let lookup = self.parts.lookup;
        let items = fates.iter().enumerate().map(|(key, fate)| match fate {
            Answered => {
                let mut item = items[key].clone();
                self.echo(&mut item, key);
                item
            }
            Exceeded => self.item(&lookup.exceeded, key),
            Oversized => self.item(&lookup.oversized, key),
        });
        items.map(|item| self.piece(&item)).collect()
    }

    fn size(&self, items: &[Value], fates: &[Fate]) -> usize {
        listed_len(self.reply, &self.pieces(items, fates))
    }

    fn push(&mut self, call: &Call<'_>, outcome: Outcome, flag: Option<&'static str>) {
        let request = self.request_of(call.keys);
        let ask = Ask::Answer(call.budget as u64, request, self.answers(call.answers));
        self.push_ask(call, ask, outcome, flag);
    }

    fn push_ask(&mut self, call: &Call<'_>, ask: Ask, outcome: Outcome, flag: Option<&'static str>) {
        let ids: Vec<_> = call.ids.iter().map(|id| (*id).to_owned()).collect();
        self.page.push(Vector {
            id: format!("{}/answer/{}", self.service.name, call.topic),
            what: call.what.to_owned(),
            target: format!("{}/reply", self.service.name),
            ask,
            outcome,
            flags: flag.into_iter().collect(),
            requirements: requirements([&ids, &self.reply.requirements, &["NIPC-LKP-10".to_owned()]]),
        });
    }

    fn encoded(&self, items: &[Value], fates: &[Fate]) -> Outcome {
        let pieces = self.pieces(items, fates);
        let head = Value::object([]).with_member(&self.parts.lookup.generation, GENERATION.into());
        Outcome::Encoded(listed(self.reply, &head_of(self.reply, &head, pieces.len()), &pieces))
    }

    fn overflow(&self, needed: usize, budget: usize) -> Outcome {
        Outcome::Refused(Offence::Overflow { needed: needed as u64, budget: budget as u64 })
    }

    /// Every status that a provider answers with, and every value of the other enumerations.
    fn statuses(&mut self) {
        let finals: Vec<_> = self.parts.final_statuses().map(|value| value.name.clone()).collect();
        for status in finals {
            let item = self.item(&status, 0);
            self.answered(&format!("status/{status}"), &item);
            let free = self.parts.free_fields(&status);
            let closed = |field: &&&Field| matches!(field.kind, Kind::Enum { .. });
            for field in free.iter().filter(closed) {
                for number in super::records::codes(self.service, field) {
                    let mut item = item.with(&field.name, number.into());
                    repair(self.service, self.parts.item, &mut item);
                    if item.number(&field.name) == number {
                        self.answered(&format!("status/{status}/{}-{number}", field.name), &item);
                    }
                }
            }
        }
    }

    fn answered(&mut self, topic: &str, item: &Value) {
        let items = [item.clone()];
        let budget = self.size(&items, &[Answered]);
        let call = Call {
            topic,
            what: "One key, one answer, a budget that is just enough.",
            keys: 1,
            answers: &[self.answer(item)],
            budget,
            ids: &["NIPC-LKP-10"],
        };
        let outcome = self.encoded(&items, &[Answered]);
        self.push(&call, outcome, Some("edge"));
    }

    /// The answer with the most to say.
    fn rich(&self) -> Value {
        let names = self.parts.final_statuses().map(|value| value.name.as_str());
        let items = names.map(|name| self.item(name, 0));
        items.max_by_key(|item| self.piece(item).len()).unwrap_or(Value::Null)
    }

    /// Three keys with equal answers, within budgets that shrink.
    fn budgets(&mut self) {
        let items = vec![self.rich(); 3];
        let answers: Vec<_> = items.iter().map(|item| self.answer(item)).collect();
        if self.size(&items, &[Answered; 3]) == self.size(&items, &[Exceeded; 3]) {
            // Answers as short as short records always fit.
            self.reserve(&items, &answers);
            return;
        }
        let steps: [&[Fate]; 3] =
            [&[Answered, Answered, Answered], &[Answered, Answered, Exceeded], &[Answered, Exceeded, Exceeded]];
        for (position, fates) in steps.iter().enumerate() {
            let exact = self.size(&items, fates);
            let less = steps.get(position + 1);
            for (topic, budget, fates) in [("exact", exact, Some(fates)), ("one-less", exact - 1, less)] {
                let topic = format!("budget/{}-answered/{topic}", 3 - position);
                let call = Call {
                    topic: &topic,
                    what: "Three keys with equal answers: those that have no room are to be asked for again.",
                    keys: 3,
                    answers: &answers,
                    budget,
                    ids: &["NIPC-LKP-11", "NIPC-LKP-13", "NIPC-LKP-14"],
                };
                let outcome = match fates {
                    Some(fates) => self.encoded(&items, fates),
                    None => self.overflow(exact, budget),
                };
                self.push(&call, outcome, Some("edge"));
            }
        }
        self.reserve(&items, &answers);
        self.suffix(&items, &answers);
    }

    /// The short records of all keys must fit, whatever the answers.
    fn reserve(&mut self, items: &[Value], answers: &[Value]) {
        let shorts = self.size(items, &[Exceeded; 3]);
        let fixed = self.reply.size as usize;
        for budget in [0, fixed - 1, fixed, shorts - 1] {
            let call = Call {
                topic: &format!("budget/reserve/{budget}"),
                what: "The short records of all keys do not fit.",
                keys: 3,
                answers,
                budget,
                ids: &["NIPC-LKP-15"],
            };
            let outcome = self.overflow(shorts, budget);
            self.push(&call, outcome, Some("edge"));
        }
        let with_first = self.size(items, &[Answered, Exceeded, Exceeded]);
        let alone = self.size(items, &[Answered]);
        for budget in [shorts, alone].into_iter().filter(|budget| (shorts..with_first).contains(budget)) {
            // Below `alone` the first is oversized; that is another vector.
            if budget >= alone {
                let call = Call {
                    topic: &format!("budget/first-without-reserve/{budget}"),
                    what: "The first answer would fit alone, but not with the short records of the others.",
                    keys: 3,
                    answers,
                    budget,
                    ids: &["NIPC-LKP-12", "NIPC-LKP-13"],
                };
                let outcome = self.overflow(with_first, budget);
                self.push(&call, outcome, Some("edge"));
            }
        }
    }

    /// After a key that has no room, no answer counts any more.
    fn suffix(&mut self, items: &[Value], answers: &[Value]) {
        let fates = [Answered, Exceeded, Exceeded];
        let budget = self.size(items, &fates);
        for given in [2, 3] {
            let call = Call {
                topic: &format!("suffix/{given}-given"),
                what: "The second key has no room; what the provider says to the third does not matter.",
                keys: 3,
                answers: &answers[..given],
                budget,
                ids: &["NIPC-LKP-14", "NIPC-LKP-16"],
            };
            let outcome = self.encoded(items, &fates);
            self.push(&call, outcome, None);
        }
        // A later answer that is smaller would fit, and still does not count.
        let finals: Vec<_> = self.parts.final_statuses().map(|value| value.name.clone()).collect();
        let small = finals.iter().map(|name| self.item(name, 0)).min_by_key(|item| self.piece(item).len());
        if let Some(small) = small {
            let answers = [answers[0].clone(), answers[1].clone(), self.answer(&small)];
            let call = Call {
                topic: "suffix/smaller-one-behind",
                what: "The second key has no room, and the third would have.",
                keys: 3,
                answers: &answers,
                budget,
                ids: &["NIPC-LKP-14"],
            };
            let outcome = self.encoded(items, &fates);
            self.push(&call, outcome, None);
        }
    }

    /// Answers that do not fit even alone.
    fn oversized(&mut self) {
        let rich = self.rich();
        let Some(huge) = self.grown(&rich, 2000) else { return };
        for position in 0..3 {
            let mut items = vec![rich.clone(); 3];
            items[position] = huge.clone();
            let mut fates = [Answered; 3];
            fates[position] = Oversized;
            let answers: Vec<_> = items.iter().map(|item| self.answer(item)).collect();
            let call = Call {
                topic: &format!("oversized/{position}"),
                what: "One of three answers does not fit even alone; the others get their chance.",
                keys: 3,
                answers: &answers,
                budget: self.size(&items, &fates),
                ids: &["NIPC-LKP-12"],
            };
            let outcome = self.encoded(&items, &fates);
            self.push(&call, outcome, None);
        }
        let alone = self.size(std::slice::from_ref(&rich), &[Answered]);
        let call = Call {
            topic: "oversized/by-one-byte",
            what: "The only answer is one byte too long.",
            keys: 1,
            answers: &[self.answer(&rich)],
            budget: alone - 1,
            ids: &["NIPC-LKP-12"],
        };
        let outcome = self.encoded(&[rich], &[Oversized]);
        self.push(&call, outcome, Some("edge"));
    }

    /// The same item with a string of `length` bytes.
    fn grown(&self, item: &Value, length: usize) -> Option<Value> {
        let mut strings = self
            .parts
            .item
            .strings()
            .filter(|(field, rule)| !self.parts.lookup.echo.contains(&field.name) && rule.max_length.is_none());
        let (field, _) = strings.next()?;
        Some(item.with(&field.name, vec![b'x'; length].into()))
    }

    /// More answers than keys, and fewer.
    fn counts(&mut self) {
        let rich = self.rich();
        for (keys, given) in [(0, 0), (0, 1), (1, 0), (1, 2), (2, 1), (3, 0), (3, 2), (3, 4), (3, 6)] {
            let items = vec![rich.clone(); keys];
            let answers = vec![self.answer(&rich); given];
            let call = Call {
                topic: &format!("counts/{keys}-keys-{given}-answers"),
                what: "The provider must give each key one answer.",
                keys,
                answers: &answers,
                budget: 1 << 20,
                ids: &["NIPC-LKP-16"],
            };
            let outcome = match keys == given {
                true => self.encoded(&items, &vec![Answered; keys]),
                false => Outcome::Refused(Offence::Answers { got: given as u64, keys: keys as u64 }),
            };
            self.push(&call, outcome, None);
        }
        let fixed = self.reply.size as usize;
        for (budget, given) in [(fixed, 0), (fixed - 1, 0), (fixed - 1, 1)] {
            let answers = vec![self.answer(&rich); given];
            let call = Call {
                topic: &format!("counts/no-keys/budget-{budget}-{given}-answers"),
                what: "A request without keys.",
                keys: 0,
                answers: &answers,
                budget,
                ids: &["NIPC-LKP-15", "NIPC-LKP-16"],
            };
            let outcome = if budget < fixed { self.overflow(fixed, budget) } else { self.encoded(&[], &[]) };
            self.push(&call, outcome, Some("edge"));
        }
    }

    /// Answers that break rules, wherever they stand.
    fn refusals(&mut self) {
        let rich = self.rich();
        let Some((bad, field, problem)) = self.bad(&rich) else { return };
        let refused = || {
            let record = record_name(self.service, self.parts.item);
            Outcome::Refused(Offence::Invalid { record, field: field.clone(), problem })
        };
        let items = vec![rich.clone(); 3];
        let good = self.answer(&rich);
        let full = self.size(&items, &[Answered, Exceeded, Exceeded]);
        let shorts = self.size(&items, &[Exceeded; 3]);
        let cases = [
            ("first", vec![bad.clone(), good.clone(), good.clone()], 1 << 20),
            ("last", vec![good.clone(), good.clone(), bad.clone()], 1 << 20),
            ("without-room", vec![good.clone(), bad.clone(), good.clone()], full),
            ("behind-the-full", vec![good.clone(), good.clone(), bad.clone()], full),
            ("before-the-overflow", vec![bad.clone(), good.clone(), good.clone()], shorts - 1),
        ];
        for (topic, answers, budget) in cases {
            let outcome = refused();
            let call = Call {
                topic: &format!("invalid/{topic}"),
                what: "An answer that breaks a rule is refused, also one that has no room.",
                keys: 3,
                answers: &answers,
                budget,
                ids: &["NIPC-COD-16"],
            };
            self.push(&call, outcome, None);
        }
        let call = Call {
            topic: "invalid/behind-the-last-key",
            what: "An answer behind the last key is only counted, whatever it says.",
            keys: 1,
            answers: &[good, bad],
            budget: 1 << 20,
            ids: &["NIPC-LKP-16"],
        };
        self.push(&call, Outcome::Refused(Offence::Answers { got: 2, keys: 1 }), None);
        self.unlisted(&rich);
    }

    /// An answer that breaks a rule with a condition, or one of a string.
    fn bad(&self, rich: &Value) -> Option<(Value, String, super::Problem)> {
        let free = |name: &str| self.answer(rich).get(name).is_some();
        let strings = self.parts.item.strings().filter(|(field, rule)| free(&field.name) && !rule.nul_inside);
        let named = strings.map(|(field, _)| field).next()?;
        let answer = self.answer(&rich.with(&named.name, b"\0".as_slice().into()));
        Some((answer, named.name.clone(), super::Problem::InteriorNul))
    }

    /// An enumeration of an answer without a name.
    fn unlisted(&mut self, rich: &Value) {
        let answer = self.answer(rich);
        let is_closed = |field: &&Field| match &field.kind {
            Kind::Enum { name, .. } => self.service.enumeration(name).is_some_and(|of| !of.open),
            _ => false,
        };
        let status = &self.parts.lookup.status;
        let fields = self.parts.item.fields.iter();
        let found = fields.filter(is_closed).find(|field| field.name != *status && answer.get(&field.name).is_some());
        let Some(field) = found else { return };
        for number in unnamed(self.service, field) {
            let record = record_name(self.service, self.parts.item);
            let problem = super::Problem::Unlisted;
            let call = Call {
                topic: &format!("invalid/{}-{number}", field.name),
                what: "An answer with a number that has no name.",
                keys: 1,
                answers: &[answer.with(&field.name, number.into())],
                budget: 1 << 20,
                ids: &["NIPC-COD-16", "NIPC-COD-22"],
            };
            self.push(&call, Outcome::Refused(Offence::Invalid { record, field: field.name.clone(), problem }), None);
        }
    }

    /// Requests that are not canonical, and one that does not decode.
    fn requests(&mut self) {
        let rich = self.rich();
        let call = Call {
            topic: "request/trailing-bytes",
            what: "Bytes behind the keys of a request change nothing.",
            keys: 1,
            answers: &[self.answer(&rich)],
            budget: 1 << 20,
            ids: &["NIPC-LKP-03"],
        };
        if self.request.trailing {
            let mut request = self.request_of(1);
            request.extend([0xee; 5]);
            let ask = Ask::Answer(call.budget as u64, request, self.answers(call.answers));
            let outcome = self.encoded(std::slice::from_ref(&rich), &[Answered]);
            self.push_ask(&call, ask, outcome, Some("tolerated"));
        }

        let call = Call { topic: "request/empty", what: "A request without a byte is refused.", ..call };
        let ask = Ask::Answer(call.budget as u64, Vec::new(), self.answers(call.answers));
        let record = record_name(self.service, self.request);
        let (offset, item, problem) = (0, None, super::Problem::Truncated);
        let offence = Offence::Decode { field: record.clone(), record, offset, item, problem };
        self.push_ask(&call, ask, Outcome::Refused(offence), None);
    }
}
