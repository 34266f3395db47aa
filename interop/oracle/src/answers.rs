//! The builder of a lookup's reply: what a server answers within its budget (`spec/codec.md`, section 5.2).
//!
//! The room for the short records of all keys is there from the beginning (NIPC-LKP-15), and an item is placed only
//! when enough is left for those of the keys that follow (NIPC-LKP-11). So a short record always fits where it is
//! written.

use crate::encode;
use crate::json::Json;
use crate::offence::{Offence, Refusal};

const FIXED_PART: usize = 16;

/// What a lookup adds to the rules that all of them share.
pub(crate) trait Lookup<'a> {
    type Key;
    type Item;

    fn keys(request: &'a [u8]) -> Result<Vec<Self::Key>, Offence>;

    /// An answer as a provider gives it, without its key.
    fn answer(json: &mut Json<'_>) -> Result<Self::Item, Refusal>;

    /// An item that has nothing but a status, without its key.
    fn short(status: Short) -> Self::Item;

    fn set_key(item: &mut Self::Item, key: &Self::Key);

    /// Refuses a status that is not for a provider to give.
    fn judge(answer: &Self::Item) -> Result<(), Offence>;

    fn encode(item: &Self::Item, out: &mut Vec<u8>) -> Result<(), Offence>;
}

/// Why there is no answer.
#[derive(Clone, Copy)]
pub(crate) enum Short {
    PayloadExceeded,
    OversizedItem,
}

/// Appends the reply to the request with the answers of a body.
pub(crate) fn build<'a, L: Lookup<'a>>(body: &'a [u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let (budget, request, value) = split(body)
        .ok_or_else(|| Refusal::Malformed(format!("a body of {} bytes does not hold its request", body.len())))?;
    let mut json = Json::new(value);
    let generation = json.u64("{\"generation\":")?;
    let answers = json.array(",\"answers\":", L::answer)?;
    json.text("}")?;
    json.end()?;

    let keys = L::keys(request).map_err(Refusal::Offence)?;
    let begin = out.len();
    out.extend(1_u16.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out.extend((keys.len() as u32).to_le_bytes());
    out.extend(generation.to_le_bytes());
    place::<L>(&keys, answers, budget, (begin, out)).map_err(Refusal::Offence)
}

fn split(body: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let (budget, rest) = body.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (request, value) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((u32::from_le_bytes(*budget) as usize, request, value))
}

/// Appends directory and items behind the fixed part of a reply that starts at `begin`.
fn place<'a, L: Lookup<'a>>(
    keys: &[L::Key],
    answers: Vec<L::Item>,
    budget: usize,
    (begin, out): (usize, &mut Vec<u8>),
) -> Result<(), Offence> {
    let given = answers.len();
    let wrong_number = Offence::Answers { got: given, keys: keys.len() };
    let directory = FIXED_PART + 8 * keys.len();
    let rest = room_of_short_records::<L>(keys)?;
    // NIPC-LKP-15
    encode::fits(directory + rest[0], budget)?;
    out.resize(begin + directory, 0);

    let mut answers = answers.into_iter();
    let mut exceeded = false;
    for (position, key) in keys.iter().enumerate() {
        encode::pad(out, begin);
        let start = out.len();
        if exceeded {
            // NIPC-LKP-14
            append_short::<L>(key, Short::PayloadExceeded, out)?;
        } else {
            // NIPC-LKP-16
            let Some(mut answer) = answers.next() else { return Err(wrong_number) };
            // NIPC-LKP-10
            L::set_key(&mut answer, key);
            L::judge(&answer)?;
            L::encode(&answer, out)?;
            // NIPC-LKP-11
            let needed = with_rest(out.len() - begin, rest[position + 1]);
            let fits_alone = FIXED_PART + 8 + out.len() - start <= budget;
            if needed > budget && !fits_alone {
                // NIPC-LKP-12
                out.truncate(start);
                append_short::<L>(key, Short::OversizedItem, out)?;
            } else if needed > budget && position == 0 {
                // NIPC-LKP-13
                return Err(Offence::Overflow { needed, budget });
            } else if needed > budget {
                out.truncate(start);
                append_short::<L>(key, Short::PayloadExceeded, out)?;
                exceeded = true;
            }
        }
        let length = out.len() - start;
        encode::reference(out, begin + FIXED_PART + 8 * position, start - begin - directory, length);
    }
    // NIPC-LKP-16
    if exceeded || given <= keys.len() { Ok(()) } else { Err(wrong_number) }
}

/// For each position, and the one behind the last: the bytes of the short records from there to the end.
fn room_of_short_records<'a, L: Lookup<'a>>(keys: &[L::Key]) -> Result<Vec<usize>, Offence> {
    let mut rest = vec![0; keys.len() + 1];
    let mut record = Vec::new();
    for (position, key) in keys.iter().enumerate().rev() {
        record.clear();
        append_short::<L>(key, Short::PayloadExceeded, &mut record)?;
        rest[position] = with_rest(record.len(), rest[position + 1]);
    }
    Ok(rest)
}

/// The end of something that ends at `end` with `rest` bytes behind it at the next multiple of 8, if there are any.
fn with_rest(end: usize, rest: usize) -> usize {
    if rest == 0 { end } else { end.next_multiple_of(8) + rest }
}

fn append_short<'a, L: Lookup<'a>>(key: &L::Key, status: Short, out: &mut Vec<u8>) -> Result<(), Offence> {
    let mut item = L::short(status);
    L::set_key(&mut item, key);
    L::encode(&item, out)
}

#[cfg(test)]
mod tests {
    use crate::testing::*;

    const APPS: &str = "apps-lookup/";
    const CGROUPS: &str = "cgroups-lookup/";
    const KNOWN: &str = "{\"status\":0,\"orchestrator\":0,\"name\":\"6e\",\"labels\":[]}";
    const UNKNOWN: &str = "{\"status\":1}";

    fn request(service: &str, keys: &str) -> Vec<u8> {
        let (result, bytes) = encode(&format!("{service}request"), u32::MAX, &format!("{{\"keys\":[{keys}]}}"));
        assert_eq!(result, 0);
        bytes
    }

    fn pids(count: u32) -> Vec<u8> {
        let keys: Vec<_> = (1..=count).map(|pid| format!("{{\"pid\":{pid}}}")).collect();
        request(APPS, &keys.join(","))
    }

    fn paths(paths: &[&str]) -> Vec<u8> {
        let keys: Vec<_> = paths.iter().map(|path| format!("{{\"path\":{}}}", hex(path))).collect();
        request(CGROUPS, &keys.join(","))
    }

    /// The reply decoded, or the offence.
    fn answer(service: &str, budget: u32, request: &[u8], answers: &[&str]) -> String {
        let value = format!("{{\"generation\":7,\"answers\":[{}]}}", answers.join(","));
        let length = request.len() as u32;
        let body = [&budget.to_le_bytes()[..], &length.to_le_bytes(), request, value.as_bytes()].concat();
        let reply = format!("{service}reply");
        let (result, bytes) = ask(ANSWER, &reply, &body);
        if result == 1 {
            return String::from_utf8(bytes).unwrap();
        }
        assert_eq!(result, 0);
        assert!(bytes.len() <= budget as usize);
        let (result, json) = ask(DECODE, &reply, &bytes);
        assert_eq!(result, 0);
        let json = String::from_utf8(json).unwrap();
        // Canonical (NIPC-COD-13)
        assert_eq!(encode(&reply, budget, &json), (0, bytes));
        json
    }

    /// The statuses of a reply, or the offence.
    fn statuses(service: &str, budget: u32, request: &[u8], answers: &[&str]) -> String {
        let json = answer(service, budget, request, answers);
        let Some(items) = json.strip_prefix("{\"generation\":7,\"items\":[") else { return json };
        items.split("{\"status\":").skip(1).map(|item| &item[..1]).collect()
    }

    #[test]
    fn all_fits() {
        // NIPC-LKP-10
        let json = answer(APPS, 1000, &pids(1), &[UNKNOWN]);
        let item = "\"status\":1,\"orchestrator\":0,\"cgroup_status\":0,\"pid\":1,\"ppid\":0,\"uid\":4294967295,\
            \"starttime\":0,\"comm\":\"\",\"cgroup_path\":\"\",\"cgroup_name\":\"\",\"labels\":[]";
        assert_eq!(json, format!("{{\"generation\":7,\"items\":[{{{item}}}]}}"));
        let known = "{\"status\":0,\"orchestrator\":2,\"cgroup_status\":0,\"ppid\":1,\"uid\":2,\"starttime\":3,\
            \"comm\":\"63\",\"cgroup_path\":\"70\",\"cgroup_name\":\"\",\"labels\":[{\"key\":\"6b\",\"value\":\"\"}]}";
        let expected = known.replace("\"ppid\"", "\"pid\":1,\"ppid\"");
        assert_eq!(answer(APPS, 1000, &pids(1), &[known]), format!("{{\"generation\":7,\"items\":[{expected}]}}"));
        let expected = KNOWN.replace("\"name\"", "\"path\":\"2f61\",\"name\"");
        assert_eq!(
            answer(CGROUPS, 1000, &paths(&["/a"]), &[KNOWN]),
            format!("{{\"generation\":7,\"items\":[{expected}]}}")
        );
        assert_eq!(answer(APPS, 16, &pids(0), &[]), "{\"generation\":7,\"items\":[]}");
    }

    #[test]
    fn short_records_of_all_keys_do_not_fit() {
        // NIPC-LKP-15: 16 + 2 x 8 + 64 + 63
        assert_eq!(statuses(APPS, 159, &pids(2), &[UNKNOWN; 2]), "11");
        let overflow = "{\"error\":\"overflow\",\"needed\":159,\"budget\":158}";
        assert_eq!(statuses(APPS, 158, &pids(2), &[UNKNOWN; 2]), overflow);
        assert_eq!(statuses(APPS, 15, &pids(0), &[]), "{\"error\":\"overflow\",\"needed\":16,\"budget\":15}");
    }

    /// An item of the path `/a` with this many bytes, at least 36.
    fn of_length(length: usize) -> String {
        KNOWN.replace("6e", &"6e".repeat(length - 32))
    }

    #[test]
    fn the_first_item_fits_alone_only() {
        // NIPC-LKP-13: short records of 32 bytes; 16 + 2 x 8 + 40 + 32 = 104
        let two = paths(&["/a", "/b"]);
        let answers = [&of_length(40)[..], UNKNOWN];
        assert_eq!(statuses(CGROUPS, 104, &two, &answers), "01");
        let overflow = "{\"error\":\"overflow\",\"needed\":104,\"budget\":103}";
        assert_eq!(statuses(CGROUPS, 103, &two, &answers), overflow);
    }

    #[test]
    fn an_item_does_not_fit_even_alone() {
        // NIPC-LKP-12
        let three = paths(&["/a", "/b", "/c"]);
        let long = of_length(200);
        assert_eq!(statuses(CGROUPS, 150, &three, &[&long, KNOWN, UNKNOWN]), "401");
        assert_eq!(statuses(CGROUPS, 150, &three, &[UNKNOWN, &long, UNKNOWN]), "141");
        assert_eq!(statuses(CGROUPS, 150, &three, &[UNKNOWN, UNKNOWN, &long]), "114");
        // Just alone, and one byte too long for that
        assert_eq!(statuses(CGROUPS, 150, &three, &[UNKNOWN, &of_length(126)]), "133");
        assert_eq!(statuses(CGROUPS, 150, &three, &[UNKNOWN, &of_length(127), UNKNOWN]), "141");
    }

    #[test]
    fn a_later_item_does_not_fit() {
        // NIPC-LKP-14: 16 + 3 x 8 + 32 + 40 + 32 = 144
        let three = paths(&["/a", "/b", "/c"]);
        let answers = [UNKNOWN, &of_length(40)[..], UNKNOWN];
        assert_eq!(statuses(CGROUPS, 144, &three, &answers), "101");
        assert_eq!(statuses(CGROUPS, 143, &three, &answers), "133");
        assert_eq!(statuses(CGROUPS, 143, &three, &answers[..2]), "133");
        // Behind an oversized first item too
        assert_eq!(statuses(CGROUPS, 143, &three, &[&of_length(140), answers[1]]), "433");
    }

    #[test]
    fn every_budget() {
        // NIPC-LKP-10, NIPC-LKP-12, NIPC-COD-15: one item for each key, and oversized is only what does not fit alone
        let four = paths(&["/a", "/b", "/c", "/d"]);
        let lengths = [50, 90, 33, 120];
        let long = lengths.map(of_length);
        let answers = long.each_ref().map(String::as_str);
        let smallest = 16 + 4 * 8 + 4 * 32;
        for budget in 0..500_u32 {
            let statuses = statuses(CGROUPS, budget, &four, &answers);
            if (budget as usize) < smallest {
                assert_eq!(statuses, format!("{{\"error\":\"overflow\",\"needed\":{smallest},\"budget\":{budget}}}"));
            } else if !statuses.starts_with('{') {
                assert_eq!(statuses.len(), 4, "{statuses}");
                for (status, length) in statuses.bytes().zip(lengths) {
                    assert_eq!(status == b'4', 24 + length > budget as usize && status != b'3', "{budget} {statuses}");
                }
            }
        }
        assert_eq!(statuses(CGROUPS, 500, &four, &answers), "0000");
    }

    #[test]
    fn number_of_answers() {
        // NIPC-LKP-16
        let offence = |got, keys| format!("{{\"error\":\"answers\",\"got\":{got},\"keys\":{keys}}}");
        assert_eq!(statuses(APPS, 1000, &pids(2), &[UNKNOWN]), offence(1, 2));
        assert_eq!(statuses(APPS, 1000, &pids(2), &[UNKNOWN; 4]), offence(4, 2));
        assert_eq!(statuses(APPS, 1000, &pids(0), &[UNKNOWN]), offence(1, 0));
    }

    #[test]
    fn invalid_answers_and_requests() {
        // NIPC-COD-16
        let invalid = |field: &str, problem: &str| {
            format!("{{\"error\":\"invalid\",\"record\":\"cgroups-lookup {field}\",\"problem\":\"{problem}\"}}")
        };
        let one = paths(&["/a"]);
        for status in 3..6 {
            let answer = format!("{{\"status\":{status}}}");
            assert_eq!(statuses(CGROUPS, 1000, &one, &[&answer]), invalid("item\",\"field\":\"status", "unlisted"));
        }
        let nul = KNOWN.replace("6e", "00");
        assert_eq!(statuses(CGROUPS, 1000, &one, &[&nul]), invalid("item\",\"field\":\"name", "interior_nul"));
        let broken = statuses(CGROUPS, 1000, &one[..20], &[UNKNOWN]);
        assert!(broken.starts_with("{\"error\":\"decode\",\"record\":\"cgroups-lookup request\""), "{broken}");
    }
}
