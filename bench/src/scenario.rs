//! What is measured: the definitions in `scenarios.toml`, with their names spelled out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::protocol::{Load, Mix, Order, Transport, Work};

const DEFINITIONS: &str = include_str!("../scenarios.toml");

/// All that may be measured, and what cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// In the order of the file.
    pub scenarios: Vec<Scenario>,
    /// What a reader would look for in vain.
    pub absent: Vec<Absent>,
}

/// One scenario: at each rate and in each placement it is a row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Unique.
    pub name: String,
    /// What the drivers do.
    pub work: Work,
    /// What sessions run on, if the work has any.
    pub transport: Transport,
    /// 1 or 2, see the specification.
    pub level: u8,
    /// Items of a reply, keys of a lookup, or bytes, as the work has it.
    pub size: u32,
    /// Which keys of a lookup are known to the server.
    pub mix: Mix,
    /// In which order keys are looked up.
    pub order: Order,
    /// Sessions of the client, or threads that look up.
    pub sessions: u32,
    /// Requests in flight.
    pub depth: u32,
    /// Whether snapshots change meanwhile.
    pub refresh: bool,
    /// Requests per second.
    pub rates: Vec<Load>,
    /// Where the sides run.
    pub placements: Vec<Placement>,
    /// Names of the scenarios that are what the machine does at best.
    pub raw: Vec<String>,
    /// What is compared with them.
    pub basis: Basis,
    /// Other drivers have no column.
    pub only_rust: bool,
}

/// What cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// What it would be called.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// Which CPUs the two sides may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// One each.
    Split,
    /// Both the same one.
    Same,
    /// Any.
    Free,
}

/// What is compared with the raw limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The median latency.
    #[default]
    Latency,
    /// Requests per second.
    Throughput,
}

/// Why definitions make no sense.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// The file has no meaning.
    #[error("the scenarios cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// Two have one name.
    #[error("two scenarios are called {0}")]
    Twice(String),
    /// A raw limit does not exist.
    #[error("the raw limit {raw} of {name} is no scenario")]
    NoRaw {
        /// The scenario.
        name: String,
        /// Its raw limit.
        raw: String,
    },
    /// A name has braces that stand for nothing.
    #[error("{0} has a brace left: only transport, size, mix, order and sessions may stand in braces")]
    Brace(String),
}

impl Placement {
    /// As it is written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Same => "same",
            Self::Free => "free",
        }
    }
}

impl std::fmt::Display for Placement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Definition>,
    #[serde(default)]
    absent: Vec<Absent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    name: String,
    work: Work,
    #[serde(default = "any_transport")]
    transport: Vec<Transport>,
    #[serde(default = "two")]
    level: u8,
    #[serde(default = "one")]
    size: Vec<u32>,
    #[serde(default = "any_mix")]
    mix: Vec<Mix>,
    #[serde(default = "any_order")]
    order: Vec<Order>,
    #[serde(default = "one")]
    sessions: Vec<u32>,
    #[serde(default)]
    depth: u32,
    #[serde(default)]
    refresh: bool,
    rates: Vec<Load>,
    placements: Vec<Placement>,
    #[serde(default)]
    raw: Vec<String>,
    #[serde(default)]
    basis: Basis,
    #[serde(default)]
    only_rust: bool,
}

fn any_transport() -> Vec<Transport> {
    vec![Transport::Uds]
}

fn any_mix() -> Vec<Mix> {
    vec![Mix::Known]
}

fn any_order() -> Vec<Order> {
    vec![Order::RoundRobin]
}

fn one() -> Vec<u32> {
    vec![1]
}

fn two() -> u8 {
    2
}

impl Catalogue {
    /// The one that is built in.
    ///
    /// # Errors
    ///
    /// None: the tests read it.
    pub fn built_in() -> Result<Self, DefinitionError> {
        Self::parse(DEFINITIONS)
    }

    /// Of a file like `scenarios.toml`.
    ///
    /// # Errors
    ///
    /// See [`DefinitionError`].
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        let file: File = toml::from_str(text)?;
        let scenarios: Vec<Scenario> = file.scenario.iter().flat_map(Definition::spelled_out).collect();
        let mut names = BTreeSet::new();
        for scenario in &scenarios {
            if scenario.name.contains(['{', '}']) {
                return Err(DefinitionError::Brace(scenario.name.clone()));
            }
            if !names.insert(scenario.name.as_str()) {
                return Err(DefinitionError::Twice(scenario.name.clone()));
            }
        }
        for scenario in &scenarios {
            if let Some(raw) = scenario.raw.iter().find(|raw| !names.contains(raw.as_str())) {
                return Err(DefinitionError::NoRaw { name: scenario.name.clone(), raw: raw.clone() });
            }
        }
        Ok(Self { scenarios, absent: file.absent })
    }

    /// The scenario of a name.
    pub fn find(&self, name: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.name == name)
    }
}

impl Definition {
    fn spelled_out(&self) -> Vec<Scenario> {
        let mut scenarios = Vec::new();
        for &transport in &self.transport {
            for &mix in &self.mix {
                for &size in &self.size {
                    for &order in &self.order {
                        for &sessions in &self.sessions {
                            scenarios.push(self.scenario(transport, mix, size, order, sessions));
                        }
                    }
                }
            }
        }
        scenarios
    }

    fn scenario(&self, transport: Transport, mix: Mix, size: u32, order: Order, sessions: u32) -> Scenario {
        let spell = |name: &str| {
            name.replace("{transport}", transport.name())
                .replace("{mix}", mix.name())
                .replace("{size}", &size.to_string())
                .replace("{order}", order.name())
                .replace("{sessions}", &sessions.to_string())
        };
        Scenario {
            name: spell(&self.name),
            work: self.work,
            transport,
            level: self.level,
            size,
            mix,
            order,
            sessions,
            depth: self.depth,
            refresh: self.refresh,
            rates: self.rates.clone(),
            placements: self.placements.clone(),
            raw: self.raw.iter().map(|raw| spell(raw)).collect(),
            basis: self.basis,
            only_rust: self.only_rust,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_definitions_make_sense() {
        let catalogue = Catalogue::built_in().unwrap();
        assert!(catalogue.find("uds-ping-pong").is_some());
        assert!(catalogue.find("cgroups-lookup-mixed-8192").is_some());
        assert!(catalogue.absent.iter().all(|absent| !absent.reason.is_empty()));
        for scenario in &catalogue.scenarios {
            assert!(!scenario.rates.is_empty() && !scenario.placements.is_empty(), "{}", scenario.name);
            assert!(scenario.rates == [Load::Idle] || scenario.work.is_raw() || !scenario.raw.is_empty());
        }
    }

    #[test]
    fn a_definition_stands_for_all_combinations() {
        let text = r#"
            [[scenario]]
            name = "x-{transport}-{size}"
            work = "snapshot"
            transport = ["uds", "shm"]
            size = [1, 2]
            rates = ["max", "10k", 7]
            placements = ["split"]
        "#;
        let catalogue = Catalogue::parse(text).unwrap();
        let names: Vec<_> = catalogue.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        assert_eq!(names, ["x-uds-1", "x-uds-2", "x-shm-1", "x-shm-2"]);
        assert_eq!(catalogue.scenarios[3].transport, Transport::Shm);
        assert_eq!(catalogue.scenarios[3].rates, [Load::Max, Load::Rate(10_000), Load::Rate(7)]);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let parse = |name: &str, rest: &str| {
            let one = format!(
                "[[scenario]]\nname = \"{name}\"\nwork = \"batch\"\nrates = [\"max\"]\nplacements = [\"split\"]"
            );
            Catalogue::parse(&format!("{one}\n{rest}\n{one}").replacen("\n[[", "\n[[", 1)).unwrap_err().to_string()
        };
        assert!(parse("x", "").contains("two scenarios are called x"));
        assert!(parse("{nonsense}", "").contains("{nonsense} has a brace left"));
        let text =
            "[[scenario]]\nname = \"x\"\nwork = \"batch\"\nrates = [\"max\"]\nplacements = [\"split\"]\nraw = [\"y\"]";
        assert!(Catalogue::parse(text).unwrap_err().to_string().contains("the raw limit y of x"));
        let text = "[[scenario]]\nname = \"x\"\nwork = \"sleep\"\nrates = [\"max\"]\nplacements = [\"split\"]";
        assert!(matches!(Catalogue::parse(text), Err(DefinitionError::Syntax(_))));
    }
}
