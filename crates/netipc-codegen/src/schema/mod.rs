//! Reading schemas: TOML to declarations to the checked model, with everything that is wrong told at once.

mod check;
mod declaration;
mod diagnostic;
mod enums;
mod growth;
mod lookup;
mod names;
mod places;
mod rules;
mod table;
mod tail;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use places::Place;

pub(crate) use declaration::{Declarations, toml_tree};
pub(crate) use diagnostic::{Findings, Source};
pub(crate) use names::{RECORD, check as check_name};
pub(crate) use places::{Item, Places};
pub(crate) use table::Table;

use crate::model::Service;

/// Reads the schema of one service.
///
/// `path` is only used in diagnostics and in the headers of generated files.
///
/// # Errors
///
/// All that is wrong with it, in the order of the file; also a name or a method code of the standard services (NIPC-ENV-11).
pub fn parse(path: &str, text: &str) -> Result<Service, Diagnostics> {
    parse_for(Author::User, path, text)
}

/// Reads the schema of a standard service, which has the method code that the specification gives it.
///
/// That is all that is different: the notation and every other rule are those of [`parse`].
///
/// # Errors
///
/// All that is wrong with it, in the order of the file.
pub fn parse_standard(path: &str, text: &str) -> Result<Service, Diagnostics> {
    parse_for(Author::Project, path, text)
}

/// Whose service it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// Anybody's.
    User,
    /// The specification's own.
    Project,
}

fn parse_for(author: Author, path: &str, text: &str) -> Result<Service, Diagnostics> {
    declared(author, &Source::new(path, text)).map(|(service, _)| service)
}

/// The model, and what it was made from.
pub(crate) fn declared(author: Author, source: &Source) -> Result<(Service, Declarations), Diagnostics> {
    let mut findings = Findings::new(source);
    let declarations = declaration::read(source, &mut findings).filter(|_| findings.is_empty());
    let declared = declarations.and_then(|declarations| {
        let service = check::check(&declarations, author, source.path(), &mut findings)?;
        Some((service, declarations))
    });
    findings.conclude(declared)
}
