//! Why rows are as far from their raw limits as they are: `why.toml`, which people write.

use std::fmt::Write;

use serde::Deserialize;

use super::figure::three;
use super::summary::Row;
use crate::plan::matches;

/// What a new record starts with.
pub(super) const BUILT_IN: &str = include_str!("../../why.toml");

/// All reasons of a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    reason: Vec<Reason>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    /// Names of scenarios, with `*` for any part.
    scenarios: Vec<String>,
    text: String,
}

impl Reasons {
    /// Of a file like `why.toml`.
    ///
    /// # Errors
    ///
    /// A file that makes no sense.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Where the reason for a scenario stands: the first that names it counts.
    fn place(&self, scenario: &str) -> Option<usize> {
        self.reason.iter().position(|reason| reason.scenarios.iter().any(|pattern| matches(pattern, scenario)))
    }

    /// A table of the rows of one driver that have a raw limit, under their reasons; empty when there is none.
    pub(super) fn table(&self, rows: &[Row], driver: &str) -> String {
        let mut cells = vec![Vec::new(); self.reason.len() + 1];
        for row in rows {
            let Some(raw) = &row.raw else { continue };
            let key = &row.key;
            if key.client == driver && (key.server.is_empty() || key.server == driver) {
                let place = self.place(&key.scenario).unwrap_or(self.reason.len());
                cells[place].push(format!("{} {} {}: {}", key.scenario, key.rate, key.placement, three(raw.ratio)));
            }
        }
        let texts = self.reason.iter().map(|reason| reason.text.trim()).chain(["not explained yet"]);
        let mut text = String::new();
        for (cells, why) in cells.iter().zip(texts).filter(|(cells, _)| !cells.is_empty()) {
            if text.is_empty() {
                text.push_str("## How far from the raw limit, and why\n\n| rows, and x raw | why |\n| --- | --- |\n");
            }
            let _ =
                writeln!(text, "| {} | {} |", cells.join("<br>"), why.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Catalogue;

    #[test]
    fn every_scenario_with_a_raw_limit_has_a_reason() {
        let reasons = Reasons::parse(BUILT_IN).unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let mut used = vec![false; reasons.reason.len()];
        for scenario in catalogue.scenarios.iter().filter(|scenario| !scenario.raw.is_empty()) {
            let place = reasons.place(&scenario.name);
            used[place.unwrap_or_else(|| panic!("{} has no reason", scenario.name))] = true;
        }
        let idle = used.iter().position(|used| !used);
        assert_eq!(idle, None, "{:?} names no scenario", idle.map(|at| &reasons.reason[at]));
    }

    #[test]
    fn nonsense_is_told() {
        assert!(Reasons::parse("[[reason]]\nscenarios = [\"a\"]").unwrap_err().to_string().contains("text"));
        assert!(Reasons::parse("[[reason]]\nscenario = \"a\"\ntext = \"b\"").is_err());
    }
}
