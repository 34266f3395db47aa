//! The keys of lookups on the command line: in whichever way they are given, their order is that of the answers.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

use crate::failure::Failure;
use crate::value::{self, Hex};

/// One option that gives keys.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source<T> {
    Given(T),
    /// `-` is the standard input.
    File(PathBuf),
}

/// The paths that `--path`, `--path-hex` and `--paths-from` give.
#[derive(Debug, Clone)]
pub(crate) struct Paths(Vec<Source<Vec<u8>>>);

/// The process ids that `--pid` and `--pids-from` give.
#[derive(Debug, Clone)]
pub(crate) struct Pids(Vec<Source<u32>>);

impl Paths {
    /// Reads the files. A path is a line; empty lines are none.
    pub(crate) fn read(self) -> Result<Vec<Vec<u8>>, Failure> {
        read(self.0, |text, _, paths| {
            let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            paths.extend(lines.map(<[u8]>::to_vec));
            Ok(())
        })
    }
}

impl Pids {
    /// Reads the files, in which white space separates the numbers.
    pub(crate) fn read(self) -> Result<Vec<u32>, Failure> {
        read(self.0, |text, file, pids| {
            for word in String::from_utf8_lossy(text).split_ascii_whitespace() {
                let pid = word.parse().map_err(|error| {
                    Failure::usage(format!("{} holds {word:?}, which is no process id: {error}", shown(file)))
                })?;
                pids.push(pid);
            }
            Ok(())
        })
    }
}

fn read<T>(
    sources: Vec<Source<T>>,
    parse: impl Fn(&[u8], &Path, &mut Vec<T>) -> Result<(), Failure>,
) -> Result<Vec<T>, Failure> {
    let mut keys = Vec::new();
    for source in sources {
        match source {
            Source::Given(key) => keys.push(key),
            Source::File(file) => parse(&contents(&file)?, &file, &mut keys)?,
        }
    }
    Ok(keys)
}

fn contents(file: &Path) -> Result<Vec<u8>, Failure> {
    let contents = if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text).map(|_| text)
    } else {
        fs::read(file)
    };
    contents.map_err(|error| Failure::usage(format!("cannot read {}: {error}", shown(file))))
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "the standard input".to_owned() } else { file.display().to_string() }
}

// Derived arguments would give the values of each option apart, and their common order would be lost.

impl FromArgMatches for Paths {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut sources = Vec::new();
        collect(matches, "path", &mut sources, |path: &OsString| Source::Given(path.clone().into_vec()));
        collect(matches, "path-hex", &mut sources, |Hex(path)| Source::Given(path.clone()));
        collect(matches, "paths-from", &mut sources, |file: &PathBuf| Source::File(file.clone()));
        Ok(Self(in_order(sources)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Paths {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                option("path", "PATH", "Path of a cgroup to look up; may be repeated")
                    .value_parser(value_parser!(OsString))
                    .allow_hyphen_values(true),
            )
            .arg(option("path-hex", "HEX", "The same, its bytes in hexadecimal").value_parser(value::hex))
            .arg(
                option("paths-from", "FILE", "File of paths, one a line; - is the standard input")
                    .value_parser(value_parser!(PathBuf)),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Pids {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut sources = Vec::new();
        collect(matches, "pid", &mut sources, |pid: &u32| Source::Given(*pid));
        collect(matches, "pids-from", &mut sources, |file: &PathBuf| Source::File(file.clone()));
        Ok(Self(in_order(sources)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Pids {
    fn augment_args(command: Command) -> Command {
        command
            .arg(option("pid", "PID", "Process id to look up; may be repeated").value_parser(value_parser!(u32)))
            .arg(
                option("pids-from", "FILE", "File of process ids with white space between; - is the standard input")
                    .value_parser(value_parser!(PathBuf)),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).action(ArgAction::Append)
}

/// Adds the values of one option with their places on the command line.
fn collect<V, T>(
    matches: &ArgMatches,
    name: &str,
    sources: &mut Vec<(usize, Source<T>)>,
    source: impl Fn(&V) -> Source<T>,
) where
    V: Clone + Send + Sync + 'static,
{
    let places = matches.indices_of(name).into_iter().flatten();
    let values = matches.get_many::<V>(name).into_iter().flatten();
    sources.extend(places.zip(values.map(source)));
}

fn in_order<T>(mut sources: Vec<(usize, Source<T>)>) -> Vec<Source<T>> {
    sources.sort_by_key(|(place, _)| *place);
    sources.into_iter().map(|(_, source)| source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed<T: Args>(arguments: &[&str]) -> T {
        let command = T::augment_args(Command::new("test").no_binary_name(true));
        T::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    #[test]
    fn the_order_is_that_of_the_command_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("paths");
        fs::write(&file, b"/c\n\n/d\xff").unwrap();
        let file = file.to_str().unwrap();
        let paths: Paths = parsed(&["--path", "/a", "--path-hex", "2f62", "--paths-from", file, "--path", "-e"]);
        let expected: [&[u8]; 5] = [b"/a", b"/b", b"/c", b"/d\xff", b"-e"];
        assert_eq!(paths.read().unwrap(), expected);

        fs::write(file, "7 8\n\n9\t7\n").unwrap();
        let pids: Pids = parsed(&["--pid", "4294967295", "--pids-from", file, "--pid", "0"]);
        assert_eq!(pids.read().unwrap(), [u32::MAX, 7, 8, 9, 7, 0]);
        assert!(parsed::<Pids>(&[]).read().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_key_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pids");
        fs::write(&file, "1\n-2\n").unwrap();
        let failure = parsed::<Pids>(&["--pids-from", file.to_str().unwrap()]).read().unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("\"-2\""), "{failure}");
        let failure = parsed::<Paths>(&["--paths-from", "/nonexistent"]).read().unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("/nonexistent"), "{failure}");
    }
}
