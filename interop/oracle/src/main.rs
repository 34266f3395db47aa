//! A testee (see `spec/conformance.md`) for the five standard services that shares nothing with the library.
//!
//! The codecs of the library are generated, and so are those of other languages and the tables of the specification.
//! When schema, generator and printers are wrong together, comparing them with each other shows nothing. This program
//! is the vote that cannot be wrong for the same reason.
//!
//! Its rule: every line of it is written from the prose and tables of `spec/*.md`, never from a schema, never from
//! generated code, never from the library, and it depends on none of them. When it disagrees with the others, read
//! the prose: either this program misreads it, or the others do, or the prose does not say; in the last case the
//! prose is to be mended first.
//!
//! It differs from a library in this: it copies what it decodes into lists, where NIPC-COD-03 wants a view that
//! borrows. The bytes of a string are borrowed here too, and what a payload can make it allocate is bounded by the
//! payload's length, since entries of a directory and rows of a table share no byte.

#![forbid(unsafe_code)]

mod answers;
mod apps_lookup;
mod cgroups_lookup;
mod cgroups_snapshot;
mod decode;
mod encode;
mod frames;
mod increment;
mod json;
mod labels;
mod offence;
mod string_reverse;
mod targets;
#[cfg(test)]
mod testing;

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    match frames::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("netipc-oracle: {error}");
            ExitCode::FAILURE
        }
    }
}
