//! `netipc completions` and `netipc man`: what the command says of itself, made of its own definition.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output;

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "netipc", &mut script);
    print(&script)
}

pub(crate) fn pages(out: Option<&Path>) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives every subcommand the whole of its name.
    command.build();
    let Some(out) = out else { return print(&page(command)?) };
    fs::create_dir_all(out).map_err(|error| Failure::io(format!("cannot make {}: {error}", out.display())))?;
    write(command, out)
}

/// A page, and those of what is below it.
fn write(command: Command, out: &Path) -> Result<(), Failure> {
    let below: Vec<_> = command.get_subcommands().filter(|below| !below.is_hide_set()).cloned().collect();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let path = out.join(format!("{name}.1"));
    fs::write(&path, page(command)?)
        .map_err(|error| Failure::io(format!("cannot write {}: {error}", path.display())))?;
    output::line(&path.display().to_string())?;
    below.into_iter().try_for_each(|below| write(below, out))
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let rendered: io::Result<()> = Man::new(command).render(&mut page);
    // Into memory, which does not fail.
    rendered.map_err(|error| Failure::io(format!("cannot make the manual page: {error}")))?;
    Ok(page)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    output::line(String::from_utf8_lossy(bytes).trim_end())
}
