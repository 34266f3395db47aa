//! The command line: what can be said, and what it means.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use netipc::Profiles;
use netipc_bench::Driver;
use netipc_bench::protocol::Load;

use crate::keys::{Paths, Pids};
use crate::value;

/// Typed IPC between the processes of one machine.
#[derive(Debug, Parser)]
#[command(name = "netipc", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 the call failed, 2 usage, 3 nobody serves the endpoint, 4 denied or incompatible, 5 timed out.
An error is one sentence on the standard error stream; with --json also {\"error\":{\"kind\":..,\"message\":..}}.

Both sides meet in the run directory: --run-dir, else $NETIPC_RUN_DIR, else $XDG_RUNTIME_DIR/netipc, else /run/netipc.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the real cgroups of this machine, fetched from another process, and how long the calls took
    Demo(Demo),
    /// Serve a service until SIGTERM or SIGINT
    ///
    /// Prints one line READY {"pid":..,"services":[..],"run_dir":"..","profiles":[..]} once clients can connect. Makes the
    /// run directory if it is missing, and removes all that it made at the end.
    #[command(subcommand)]
    Serve(Serve),
    /// Call a service once: connect, agree, call
    #[command(subcommand)]
    Call(Call),
    /// Keep the snapshot of a provider as a consumer does: refresh it, look things up in it, watch what becomes of it
    Cache(CacheCommand),
    /// Measure the round-trip times of small calls
    Ping(Ping),
    /// List the endpoints of the run directory: who serves them, how many sessions they have, what is left behind
    ///
    /// A state is alive (somebody listens), stale (the server has died), foreign (no endpoint of this protocol), denied (its
    /// permissions keep you out) or unknown. To learn it, each endpoint is connected to for a moment.
    Ls(Ls),
    /// Show what the servers of the run directory do: sessions, rates, limits, profiles, errors
    ///
    /// On a terminal the picture is renewed until SIGINT, else it is told once. Servers of other libraries tell nothing.
    Top(Top),
    /// Make code from the schema of a service
    ///
    /// Prints the path of each file. They are named after the service, and written only if they would change.
    #[command(name = "gen")]
    Generate(Generate),
    /// Measure throughput, latency and CPU, beside what this machine does at best
    ///
    /// Starts processes of its own for every row, and leaves nothing behind. Without options it takes half an hour and
    /// prints a table; docs/benchmarks.md says how to read it.
    Bench(Bench),
    /// One side of a measurement, by the protocol in bench/PROTOCOL.md
    #[command(hide = true)]
    BenchDriver,
    /// Print the completions of a shell for this command
    ///
    /// For bash: netipc completions bash > ~/.local/share/bash-completion/completions/netipc
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page of this command
    Man {
        /// Write that page and those of all subcommands into DIR instead, and print their paths
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

impl Command {
    /// Whether programs want to read the errors.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Demo(_)
            | Self::Generate(_)
            | Self::Completions { .. }
            | Self::Man { .. }
            | Self::Bench(_)
            | Self::BenchDriver => false,
            Self::Serve(
                Serve::Increment { serve, .. }
                | Serve::StringReverse { serve, .. }
                | Serve::CgroupsSnapshot { serve, .. }
                | Serve::CgroupsLookup { serve, .. }
                | Serve::AppsLookup { serve, .. }
                | Serve::Host { serve, .. },
            ) => serve.options.json,
            Self::Call(Call::Increment(call)) => call.options.json,
            Self::Call(Call::StringReverse(call)) => call.options.json,
            Self::Call(Call::CgroupsSnapshot { options, .. }) => options.json,
            Self::Call(Call::CgroupsLookup(call)) => call.options.json,
            Self::Call(Call::AppsLookup(call)) => call.options.json,
            Self::Cache(cache) => cache.options.json,
            Self::Ping(ping) => ping.options.json,
            Self::Ls(ls) => ls.json,
            Self::Top(top) => top.options.json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Serve {
    /// Answer each number with the next one
    Increment {
        #[command(flatten)]
        serve: ServeOptions,
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Answer each text with its bytes in reverse order
    StringReverse {
        #[command(flatten)]
        serve: ServeOptions,
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Serve made-up cgroups: cgroup-0, cgroup-1 ... below /synthetic
    CgroupsSnapshot {
        #[command(flatten)]
        items: Items,
        #[command(flatten)]
        serve: ServeOptions,
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Look up made-up cgroups: /synthetic/cgroup-0 and so on, all run by Docker
    CgroupsLookup {
        #[command(flatten)]
        items: Items,
        #[command(flatten)]
        serve: ServeOptions,
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Look up made-up processes: 1 and so on, each in the made-up cgroup of its number
    AppsLookup {
        #[command(flatten)]
        items: Items,
        #[command(flatten)]
        serve: ServeOptions,
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Serve this machine: its cgroups as cgroups-snapshot and cgroups-lookup, its processes as apps-lookup
    ///
    /// The generation changes only with the data. Of the options of a cgroup, 2 marks a service of systemd's system manager
    /// and 4 a cgroup of the unified (v2) hierarchy; enabled is 0 where the provider may not look inside.
    Host {
        #[command(flatten)]
        host: HostRoot,
        #[command(flatten)]
        serve: ServeOptions,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Call {
    /// Print {"value":N} for the number after --value
    Increment(CallIncrement),
    /// Print {"text":".."}, or {"text":{"hex":".."}} when it is not UTF-8
    StringReverse(CallStringReverse),
    /// Print all cgroups: a table on a terminal, JSON with --json or anywhere else
    CgroupsSnapshot {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        service: ServiceOption,
    },
    /// Look up cgroups by path, in the order of the options: a table on a terminal, JSON with --json or anywhere else
    ///
    /// Without any path, only the generation comes back. Only where the status is known do the other fields say anything.
    CgroupsLookup(CallCgroupsLookup),
    /// Look up processes by id, in the order of the options: a table on a terminal, JSON with --json or anywhere else
    ///
    /// Without any id, only the generation comes back. Only where the status is known do the other fields say anything,
    /// and those of the cgroup only where cgroup_status is known, too.
    AppsLookup(CallAppsLookup),
}

#[derive(Debug, Args)]
pub(crate) struct CallCgroupsLookup {
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) service: ServiceOption,
}

#[derive(Debug, Args)]
pub(crate) struct CallAppsLookup {
    #[command(flatten)]
    pub(crate) pids: Pids,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) service: ServiceOption,
}

#[derive(Debug, Args)]
pub(crate) struct CallIncrement {
    /// The number to send; further calls and the items of a batch count up from it
    #[arg(long, value_name = "N", value_parser = value::number)]
    pub(crate) value: u64,
    /// Send N numbers in one message and print {"values":[..]}
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "pipeline")]
    pub(crate) batch: Option<u32>,
    /// Send N numbers in messages of their own before the first answer is awaited, and print {"values":[..]}
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pipeline: Option<u32>,
    /// Do all that N times over one connection, with a line for each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) service: ServiceOption,
}

#[derive(Debug, Args)]
pub(crate) struct CallStringReverse {
    #[command(flatten)]
    pub(crate) input: TextInput,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) service: ServiceOption,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct TextInput {
    /// The text to send
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    text: Option<String>,
    /// The bytes to send, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = value::hex)]
    text_hex: Option<value::Hex>,
}

impl TextInput {
    /// Exactly one of both is there.
    pub(crate) fn bytes(&self) -> &[u8] {
        match (&self.text, &self.text_hex) {
            (Some(text), _) => text.as_bytes(),
            (None, Some(hex)) => &hex.0,
            (None, None) => &[],
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CacheCommand {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// Refresh again and again and print a line each time, whatever becomes of the provider, until SIGTERM or SIGINT
    #[arg(long)]
    pub(crate) watch: bool,
    /// Time between the starts of two refreshes
    #[arg(long, short = 'i', value_name = "TIME", default_value = "1s", value_parser = value::positive_duration, requires = "watch")]
    pub(crate) interval: Duration,
    /// End after N refreshes
    #[arg(long, short = 'c', value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "watch")]
    pub(crate) count: Option<u64>,
    /// Measure how many lookups this machine does in a second
    #[arg(long, conflicts_with_all = ["watch", "name"])]
    pub(crate) measure: bool,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) service: ServiceOption,
}

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// Look up the cgroup of this name; may be repeated
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) name: Vec<String>,
    /// Only the one with this hash, as the provider gave it
    #[arg(long, value_name = "N|0xN", value_parser = value::hash, requires = "name")]
    pub(crate) hash: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Ping {
    /// The service to call
    #[arg(value_enum, default_value_t = Method::Increment)]
    pub(crate) method: Method,
    /// How many calls to measure
    #[arg(long, short = 'c', value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,
    /// Time between the starts of two calls; none by default
    #[arg(long, short = 'i', value_name = "TIME", default_value = "0s", value_parser = value::duration)]
    pub(crate) interval: Duration,
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) service: ServiceOption,
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Only the endpoints of these names [default: all in the run directory]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// Time between two looks
    #[arg(long, short = 'i', value_name = "TIME", default_value = "1s", value_parser = value::positive_duration)]
    pub(crate) interval: Duration,
    /// End after N looks [default: 1 unless on a terminal]
    #[arg(long, short = 'c', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Show at most N sessions of a server
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) rows: u32,
    /// Print the counters once, in the text format of Prometheus
    #[arg(long, conflicts_with_all = ["json", "count"])]
    pub(crate) prometheus: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// Directory of the sockets [default: $NETIPC_RUN_DIR, $XDG_RUNTIME_DIR/netipc, /run/netipc]
    #[arg(long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Remove the sockets of servers that have died, as a new server would
    #[arg(long, conflicts_with = "no_probe")]
    pub(crate) clean: bool,
    /// Connect to nothing: servers do not notice, and a state is only known where the system tells that somebody listens
    #[arg(long)]
    pub(crate) no_probe: bool,
    /// Print JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// A number each way
    Increment,
    /// Eight bytes of text each way
    StringReverse,
    /// All cgroups back
    CgroupsSnapshot,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Show at most N cgroups
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) rows: usize,
    #[command(flatten)]
    pub(crate) host: HostRoot,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only these scenarios and their raw limits; * stands for any part of a name
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<String>,
    /// Tell which scenarios, rates and placements there are, and how long they take
    #[arg(long)]
    pub(crate) list: bool,
    /// Measure each row once and briefly: less than three minutes for all
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only this rate: max, idle, or requests per second, as in 10k; may be repeated
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Vec<Load>,
    /// Only this placement; may be repeated
    #[arg(long, value_enum, value_name = "PLACEMENT")]
    pub(crate) placement: Vec<BenchPlacement>,
    /// Measure each row N times, and show medians and ranges [default: 5, quick: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: Option<u32>,
    /// Another implementation as client and as server; may be repeated
    #[arg(long, value_name = "NAME=COMMAND", value_parser = value::driver)]
    pub(crate) driver: Vec<Driver>,
    /// Write samples (CSV), tables (Markdown) and plots (SVG) into DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write them to bench/record/DATE-MACHINE below the current directory, to be checked in
    #[arg(long, conflicts_with_all = ["out", "quick", "scenarios", "rate", "placement", "list"])]
    pub(crate) record: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchPlacement {
    /// Each side on a CPU of its own
    Split,
    /// Both sides on one CPU
    Same,
    /// Wherever the system puts them
    Free,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The schema, a TOML file
    #[arg(value_name = "SCHEMA", required_unless_present = "check_compat")]
    pub(crate) schema: Option<PathBuf>,
    /// Languages of the code, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', required_unless_present = "check_compat")]
    pub(crate) lang: Vec<Language>,
    /// Directory of the code; made if it is missing
    #[arg(long, value_name = "DIR", required_unless_present = "check_compat")]
    pub(crate) out: Option<PathBuf>,
    /// Make no code, but tell how two schemas of a service differ; fails when programs of one and of the other would not
    /// understand each other
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["schema", "lang", "out", "runtime", "go_runtime", "c_prefix"])]
    pub(crate) check_compat: Vec<PathBuf>,
    /// Path of the codec runtime, as Rust code is to name it: netipc_proto for a crate that stands on that alone
    #[arg(long, value_name = "PATH", default_value = "netipc::proto")]
    pub(crate) runtime: String,
    /// Path of the Go module with the codec runtime, as Go code is to import it
    #[arg(long, value_name = "PATH", default_value = "github.com/netdata/plugin-ipc/go")]
    pub(crate) go_runtime: String,
    /// What names in C start with, before the name of the service, so that two versions of it can meet in one program
    #[arg(long, value_name = "PREFIX", default_value = "", value_parser = c_prefix)]
    pub(crate) c_prefix: String,
}

/// Lower-case, as types and functions are; constants get it in capitals.
fn c_prefix(text: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.chars().all(word) && text.starts_with(|c: char| c.is_ascii_lowercase()) || text.is_empty() {
        return Ok(text.to_owned());
    }
    Err("use lower-case letters, digits and `_`, with a letter first".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// One module
    Rust,
    /// One package, in a directory of its own
    Go,
    /// A header and a source
    C,
    /// The tables of records, fields and rules for a specification, as Markdown.
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct HostRoot {
    /// Look at the machine whose root directory is mounted at DIR, as /host in the container of an agent
    #[arg(long = "host-root", value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// End when the standard input is closed, too
    #[arg(long)]
    pub(crate) until_eof: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Args)]
pub(crate) struct Items {
    /// How many of them there are
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) items: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ServiceOption {
    /// Name of the endpoint [default: that of the service]
    #[arg(long, value_name = "NAME", help_heading = ENDPOINT)]
    service: Option<String>,
}

impl ServiceOption {
    /// The name that was given.
    pub(crate) fn name(&self) -> Option<&str> {
        self.service.as_deref()
    }
}

const ENDPOINT: &str = "Endpoint";
const SESSION: &str = "Session";
const ACCESS: &str = "Access";

/// What both sides understand, so that one list of options can be given to either.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Directory of the sockets [default: $NETIPC_RUN_DIR, $XDG_RUNTIME_DIR/netipc, /run/netipc]
    #[arg(long, value_name = "DIR", help_heading = ENDPOINT)]
    pub(crate) run_dir: Option<PathBuf>,

    /// Token that both sides must share; other users may see it in the list of processes
    #[arg(long, value_name = "N|0xN", value_parser = value::number, conflicts_with = "auth_token_file", help_heading = ACCESS)]
    pub(crate) auth_token: Option<u64>,
    /// File that holds the token
    #[arg(long, value_name = "FILE", help_heading = ACCESS)]
    pub(crate) auth_token_file: Option<PathBuf>,
    /// Permissions of the socket [default: 0600] (serve)
    #[arg(long, value_name = "MODE", value_parser = value::mode, help_heading = ACCESS)]
    pub(crate) socket_mode: Option<u32>,
    /// Users that may connect [default: all that the permissions let through] (serve)
    #[arg(long, value_name = "UID", num_args = 1.., value_delimiter = ',', help_heading = ACCESS)]
    pub(crate) allow_uid: Vec<u32>,

    /// Profiles to offer, of baseline, shm-hybrid, shm-ring as far as the build has them [default: all it has]
    #[arg(long, value_name = "LIST", value_parser = value::profiles, help_heading = SESSION)]
    pub(crate) profiles: Option<Profiles>,
    /// Profiles to prefer
    #[arg(long, value_name = "LIST", value_parser = value::preferences, help_heading = SESSION)]
    pub(crate) prefer: Option<Profiles>,
    /// Largest request payload in bytes: for a provider the most it takes, for a caller where growth begins [default: grows
    /// up to 1 MiB]
    #[arg(long, value_name = "N", help_heading = SESSION)]
    pub(crate) max_request: Option<u32>,
    /// Largest response payload in bytes: for a provider the most it sends, for a caller where growth begins [default: grows
    /// up to 1 MiB]
    #[arg(long, value_name = "N", help_heading = SESSION)]
    pub(crate) max_response: Option<u32>,
    /// Largest packet in bytes [default: what the socket carries]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(33..), help_heading = SESSION)]
    pub(crate) packet_size: Option<u32>,
    /// Most sessions at once (serve)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = SESSION)]
    pub(crate) max_sessions: Option<u32>,
    /// How long a call may take, connecting included; for serve, how long a client may take to introduce itself
    #[arg(long, value_name = "TIME", value_parser = value::positive_duration, help_heading = SESSION)]
    pub(crate) timeout: Option<Duration>,

    /// Print JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
