//! Differences between two fields of the same type.

use crate::model::{Kind, Place, StringRule};

/// What decides how its bytes are read, as a schema says it.
pub(super) fn type_name(kind: &Kind) -> String {
    match kind {
        Kind::Number { number, .. } | Kind::Constant { number, .. } => number.name().to_owned(),
        Kind::Enum { number, .. } => format!("{} of an enum", number.name()),
        Kind::Size { .. } => "size".to_owned(),
        Kind::Count { number, .. } => format!("{} that counts", number.name()),
        Kind::String(rule) if rule.place == Place::Rest => "string that takes the rest".to_owned(),
        Kind::String(_) => "string".to_owned(),
        Kind::List { .. } => "list".to_owned(),
        Kind::Table { .. } => "table".to_owned(),
    }
}

/// What changed of the field `what`: whether that breaks something, and a sentence.
pub(super) fn differences(what: &str, old: &Kind, new: &Kind) -> Vec<(bool, String)> {
    match (old, new) {
        (Kind::Constant { value, .. }, Kind::Number { .. }) => {
            vec![(true, format!("{what} was always {value} and can be anything: old readers refuse that"))]
        }
        (Kind::Number { .. }, Kind::Constant { value, .. }) => {
            vec![(true, format!("{what} could be anything and is always {value}: new readers refuse the rest"))]
        }
        (Kind::Constant { value: old, .. }, Kind::Constant { value: new, .. }) if old != new => {
            vec![(true, format!("{what} was always {old} and is always {new}: readers refuse each other"))]
        }
        (Kind::String(old), Kind::String(new)) => strings(what, old, new),
        (Kind::List { gaps: true, .. }, Kind::List { gaps: false, .. }) => {
            vec![(true, format!("gaps between the items of {what} are refused by new readers"))]
        }
        (Kind::List { gaps: false, .. }, Kind::List { gaps: true, .. }) => {
            vec![(false, format!("gaps between the items of {what} are tolerated by new readers"))]
        }
        _ => Vec::new(),
    }
}

fn strings(what: &str, old: &StringRule, new: &StringRule) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let (was, is) = (old.min_length, new.min_length);
    if was != is {
        let who = if is > was { "new readers refuse shorter ones" } else { "old readers refuse the shorter ones" };
        found.push((true, format!("{what} must have {is} bytes or more, no longer {was}: {who}")));
    }
    let (was, is) = (old.max_length.unwrap_or(u32::MAX), new.max_length.unwrap_or(u32::MAX));
    if was != is {
        let who = if is < was { "new readers refuse longer ones" } else { "old readers refuse the longer ones" };
        found.push((true, format!("{what} can have up to {is} bytes, no longer {was}: {who}")));
    }
    if old.nul_inside != new.nul_inside {
        let who = if new.nul_inside { "old" } else { "new" };
        found.push((true, format!("{what} treats a NUL inside in another way: {who} readers refuse it")));
    }
    match (old.place, new.place) {
        (Place::Behind, Place::At(at)) => {
            found.push((true, format!("{what} must start at {at} now: new readers refuse other places")));
        }
        // Every writer puts it at the same place as before.
        (Place::At(_), Place::Behind) => {
            found.push((false, format!("{what} can start anywhere behind the fixed part")));
        }
        _ => {}
    }
    found
}
