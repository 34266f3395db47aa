//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Ask testees of all implementations the same questions and demand the same answers.
#[derive(Debug, Parser)]
#[command(name = "netipc-interop", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask every testee all vectors
    Run(RunOptions),
    /// Ask all testees mutated and random questions, and compare their answers with each other
    Fuzz(FuzzOptions),
    /// List the vectors
    List(ListOptions),
    /// Be a testee that answers from the schemas alone, for services only; one more voice for fuzz
    Reference(ReferenceOptions),
}

/// Who is asked.
#[derive(Debug, Clone, Args)]
pub struct Testees {
    /// A testee: its name and its program, which speaks frames on standard input and output; may be given several times
    #[arg(long = "testee", value_name = "NAME=PROGRAM [ARGUMENT...]", required = true, value_parser = testee)]
    pub testees: Vec<TesteeCommand>,
    /// How long a testee may be silent before it counts as hung, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
}

/// A testee's name, its program and the arguments of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TesteeCommand {
    /// What reports call it.
    pub name: String,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

fn testee(text: &str) -> Result<TesteeCommand, String> {
    let (name, command) = text.split_once('=').ok_or("must be NAME=PROGRAM, as rust=target/debug/netipc-testee")?;
    let mut words = command.split_whitespace().map(str::to_owned);
    let program = words.next().ok_or("the program is missing")?;
    Ok(TesteeCommand { name: name.to_owned(), program, arguments: words.collect() })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Options of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunOptions {
    /// Who is asked.
    #[command(flatten)]
    pub testees: Testees,
    /// Which vectors.
    #[command(flatten)]
    pub list: ListOptions,
    /// File of vectors that a testee is known to fail, each with a reason; one that passes all the same is a failure
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../exclusions.toml"))]
    pub exclusions: PathBuf,
    /// Failures that are shown for each testee
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub show: usize,
}

/// Options of `list`.
#[derive(Debug, Clone, Args)]
pub struct ListOptions {
    /// Directory of the vectors
    #[arg(long, value_name = "DIRECTORY", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors"))]
    pub vectors: PathBuf,
    /// Only vectors whose id contains this; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub only: Vec<String>,
}

impl ListOptions {
    /// Whether a vector with this id is wanted.
    #[must_use]
    pub fn admits(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| id.contains(text.as_str()))
    }
}

/// Options of `fuzz`.
#[derive(Debug, Clone, Args)]
pub struct FuzzOptions {
    /// Who is asked.
    #[command(flatten)]
    pub testees: Testees,
    /// Which vectors to start from, and which targets.
    #[command(flatten)]
    pub list: ListOptions,
    /// Directory of the schemas, from which random values are made
    #[arg(long, value_name = "DIRECTORY", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/services"))]
    pub schemas: PathBuf,
    /// How long, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub seconds: Duration,
    /// At most so many questions; then the outcome depends on the seed alone, not on the machine
    #[arg(long, value_name = "NUMBER")]
    pub questions: Option<u64>,
    /// Where random numbers start; the same seed asks the same questions as long as the answers stay the same
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Stop after so many different disagreements
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub stop_after: usize,
}

/// Options of `reference`.
#[derive(Debug, Clone, Args)]
pub struct ReferenceOptions {
    /// Directory of the schemas
    #[arg(long, value_name = "DIRECTORY", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/services"))]
    pub schemas: PathBuf,
    /// Misbehave on purpose, for the runner's own tests
    #[arg(long, hide = true)]
    pub fault: Option<Fault>,
    /// The question at which to misbehave
    #[arg(long, hide = true, default_value_t = 100)]
    pub at: u64,
}

/// What a testee does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// What is refused for a NUL inside a string is called done.
    Flip,
    /// One question is never answered.
    Hang,
    /// It ends in the middle.
    Die,
    /// It answers one question with bytes that are no frame.
    Garbage,
}
