//! The table of error kinds.

use serde::{Deserialize, Serialize};

use crate::schema::{Diagnostics, Findings, RECORD, Source, Table, check_name, toml_tree};

/// One kind of error, the same in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorKind {
    /// Its number.
    pub code: u16,
    /// Its name, lower-case words joined by underscores.
    pub name: String,
    /// Who or what is at fault.
    pub fault: String,
    /// What it means.
    pub doc: String,
}

/// Reads a table of error kinds.
///
/// # Errors
///
/// All that is wrong with it, in the order of the file.
pub fn parse(path: &str, text: &str) -> Result<Vec<ErrorKind>, Diagnostics> {
    let source = Source::new(path, text);
    let mut findings = Findings::new(&source);
    let tree = toml_tree(&source, &mut findings);
    let mut kinds: Vec<ErrorKind> = Vec::new();
    if findings.is_empty() {
        let mut root = Table::new("the table of errors", 0..0, tree.get_ref());
        for table in root.tables("kind", "the kind", &mut findings) {
            if let Some(kind) = read(table, &kinds, &mut findings) {
                kinds.push(kind);
            }
        }
        root.finish(&mut findings);
    }
    findings.conclude(Some(kinds))
}

fn read(mut table: Table<'_>, before: &[ErrorKind], findings: &mut Findings<'_>) -> Option<ErrorKind> {
    let (code, name) = (table.number("code", findings), table.string("name", findings));
    let (fault, doc) = (table.string("fault", findings), table.string("doc", findings));
    let code = table.required("code", code, findings);
    let name = table.required("name", name, findings);
    let fault = table.required("fault", fault, findings);
    let doc = table.required("doc", doc, findings);
    table.finish(findings);
    let (code, name) = (code?, name?);
    check_name(&name, &RECORD, "kind", findings);
    if before.iter().any(|kind| kind.name == *name.get_ref()) {
        let message = format!("two kinds are called `{}`", name.get_ref());
        findings.report(&name.span(), message, "rename the later one; names are never reused");
    }
    let least = before.last().map_or(1, |kind| u64::from(kind.code) + 1);
    let number = u16::try_from(*code.get_ref()).ok().filter(|_| *code.get_ref() >= least);
    if number.is_none() {
        let message = format!("`code` is {}, out of order or too large", code.get_ref());
        findings.report(&code.span(), message, format!("use {least} or more, up to 65535; codes ascend"));
    }
    Some(ErrorKind { code: number?, name: name.into_inner(), fault: fault?.into_inner(), doc: doc?.into_inner() })
}
