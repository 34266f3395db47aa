//! Writing to the standard output, which may be gone.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes a line and sends it on its way at once.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::io(format!("cannot write to the standard output: {error}")))
}
