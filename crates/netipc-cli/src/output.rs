//! Writing to the standard output, which may be gone.

use std::io::{self, IsTerminal, Write};

use crate::cli::Options;
use crate::failure::Failure;

/// Whether programs read the answer: they said so, or at least nobody looks at a terminal.
pub(crate) fn wants_json(options: &Options) -> bool {
    options.json || !io::stdout().is_terminal()
}

/// Writes a line and sends it on its way at once.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::io(format!("cannot write to the standard output: {error}")))
}
