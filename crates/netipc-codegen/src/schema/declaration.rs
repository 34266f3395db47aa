//! What a schema file says, key by key, before anything is checked against anything else.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::diagnostic::{Findings, Source, one_of};
use super::table::{Scalar, Table};

/// A schema file.
pub(crate) struct Declarations {
    pub(crate) service: Option<ServiceDecl>,
    pub(crate) enums: Vec<EnumDecl>,
    pub(crate) records: Vec<RecordDecl>,
}

pub(crate) struct ServiceDecl {
    pub(crate) span: Range<usize>,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) method: Option<Spanned<u64>>,
    pub(crate) version: Option<Spanned<u64>>,
    pub(crate) batchable: Option<Spanned<bool>>,
    pub(crate) idempotent: Option<Spanned<bool>>,
    pub(crate) request: Option<Spanned<String>>,
    pub(crate) reply: Option<Spanned<String>>,
    pub(crate) doc: Option<Spanned<String>>,
    pub(crate) snapshot: Option<SnapshotDecl>,
    pub(crate) lookup: Option<LookupDecl>,
}

pub(crate) struct SnapshotDecl {
    pub(crate) list: Option<Spanned<String>>,
    pub(crate) hash: Option<Spanned<String>>,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) generation: Option<Spanned<String>>,
}

pub(crate) struct LookupDecl {
    pub(crate) span: Range<usize>,
    pub(crate) keys: Option<Spanned<String>>,
    pub(crate) items: Option<Spanned<String>>,
    pub(crate) generation: Option<Spanned<String>>,
    pub(crate) echo: Vec<Spanned<String>>,
    pub(crate) status: Option<Spanned<String>>,
    pub(crate) exceeded: Option<Spanned<String>>,
    pub(crate) oversized: Option<Spanned<String>>,
    /// A field and its value.
    pub(crate) retry_later: Vec<Setting>,
}

pub(crate) struct EnumDecl {
    pub(crate) name: Spanned<String>,
    pub(crate) doc: Option<Spanned<String>>,
    pub(crate) ty: Option<Spanned<String>>,
    pub(crate) open: Option<bool>,
    pub(crate) values: Vec<ValueDecl>,
}

pub(crate) struct ValueDecl {
    pub(crate) name: Spanned<String>,
    pub(crate) code: Option<Spanned<u64>>,
    pub(crate) doc: Option<Spanned<String>>,
}

/// A key of an author's choice with a word or a number.
pub(crate) type Setting = (Spanned<String>, Spanned<Scalar>);

pub(crate) struct RuleDecl {
    pub(crate) span: Range<usize>,
    pub(crate) when: Vec<Setting>,
    pub(crate) unless: Vec<Setting>,
    pub(crate) then: Vec<Setting>,
    pub(crate) requirements: Vec<Spanned<String>>,
}

pub(crate) struct RecordDecl {
    pub(crate) name: Spanned<String>,
    pub(crate) doc: Option<Spanned<String>>,
    pub(crate) trailing: Option<bool>,
    pub(crate) requirements: Vec<Spanned<String>>,
    pub(crate) fields: Vec<FieldDecl>,
    pub(crate) rules: Vec<RuleDecl>,
}

pub(crate) struct FieldDecl {
    pub(crate) name: Spanned<String>,
    pub(crate) at: Option<Spanned<u64>>,
    pub(crate) doc: Option<Spanned<String>>,
    pub(crate) unit: Option<Spanned<String>>,
    pub(crate) requirements: Vec<Spanned<String>>,
    pub(crate) since: Option<Spanned<u64>>,
    pub(crate) default: Option<Spanned<Scalar>>,
    pub(crate) ty: TypeDecl,
}

/// The type of a field with the keys that only it has.
pub(crate) enum TypeDecl {
    Number {
        name: Spanned<String>,
        value: Option<Spanned<u64>>,
        reserved: Option<Spanned<bool>>,
        example: Option<Spanned<u64>>,
    },
    Size,
    Enum {
        of: Option<Spanned<String>>,
        example: Option<Spanned<String>>,
    },
    String {
        offset: Option<Spanned<u64>>,
        rest: bool,
        min_length: Option<Spanned<u64>>,
        max_length: Option<Spanned<u64>>,
        nul_inside: Option<bool>,
        example: Option<Spanned<String>>,
    },
    List {
        of: Option<Spanned<String>>,
        count: Option<Spanned<String>>,
        gaps: Option<bool>,
    },
    Table {
        of: Option<Spanned<String>>,
        count: Option<Spanned<String>>,
    },
}

/// What is accepted though it is not canonical, and what is not.
const TOLERANCE: [&str; 2] = ["tolerated", "rejected"];

/// Reads a file as TOML, with all its syntax errors at once.
pub(crate) fn toml_tree<'s>(source: &'s Source, findings: &mut Findings<'_>) -> Spanned<DeTable<'s>> {
    let (tree, errors) = DeTable::parse_recoverable(source.text());
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        findings.report(&span, format!("this is not TOML: {}", error.message()), "see https://toml.io");
    }
    tree
}

/// Reads a schema file.
pub(crate) fn read(source: &Source, findings: &mut Findings<'_>) -> Option<Declarations> {
    let tree = toml_tree(source, findings);
    if !findings.is_empty() {
        return None;
    }
    let mut root = Table::new("the schema", 0..0, tree.get_ref());
    let service = root.table("service", "the service", findings);
    let service = root.required("service", service, findings).map(|table| read_service(table, findings));
    let enums = root.table("enum", "enum", findings).map_or_else(Vec::new, |mut table| {
        let tables = table.named_tables(findings);
        tables.into_iter().map(|(name, table)| read_enum(name, table, findings)).collect()
    });
    let records = root.table("record", "record", findings);
    let records = match root.required("record", records, findings) {
        Some(mut table) => {
            let tables = table.named_tables(findings);
            tables.into_iter().map(|(name, table)| read_record(name, table, findings)).collect()
        }
        None => Vec::new(),
    };
    root.finish(findings);
    Some(Declarations { service, enums, records })
}

fn read_service(mut table: Table<'_>, findings: &mut Findings<'_>) -> ServiceDecl {
    let span = table.span();
    let name = table.string("name", findings);
    let method = table.number("method", findings);
    let version = table.number("version", findings);
    let batchable = table.boolean("batchable", findings);
    let idempotent = table.boolean("idempotent", findings);
    let request = table.string("request", findings);
    let reply = table.string("reply", findings);
    let doc = table.string("doc", findings);
    let snapshot = table.table("snapshot", "the snapshot key", findings).map(|mut table| {
        let (list, hash, name) =
            (table.string("list", findings), table.string("hash", findings), table.string("name", findings));
        let generation = table.string("generation", findings);
        let snapshot = SnapshotDecl {
            list: table.required("list", list, findings),
            hash: table.required("hash", hash, findings),
            name: table.required("name", name, findings),
            generation,
        };
        table.finish(findings);
        snapshot
    });
    let lookup = table.table("lookup", "the lookup", findings).map(|table| read_lookup(table, findings));
    let service = ServiceDecl {
        span,
        name: table.required("name", name, findings),
        method: table.required("method", method, findings),
        version,
        batchable: table.required("batchable", batchable, findings),
        idempotent: table.required("idempotent", idempotent, findings),
        request: table.required("request", request, findings),
        reply: table.required("reply", reply, findings),
        doc: table.required("doc", doc, findings),
        snapshot,
        lookup,
    };
    table.finish(findings);
    service
}

fn read_lookup(mut table: Table<'_>, findings: &mut Findings<'_>) -> LookupDecl {
    let span = table.span();
    let mut word = |key, findings: &mut Findings<'_>| {
        let value = table.string(key, findings);
        table.required(key, value, findings)
    };
    let (keys, items, generation) = (word("keys", findings), word("items", findings), word("generation", findings));
    let (status, exceeded, oversized) =
        (word("status", findings), word("exceeded", findings), word("oversized", findings));
    let echo = table.strings("echo", findings);
    table.required("echo", (!echo.is_empty()).then_some(()), findings);
    let retry_later = table.table("retry_later", "`retry_later` of the lookup", findings);
    let retry_later = retry_later.map_or_else(Vec::new, |mut table| table.scalars(findings));
    table.finish(findings);
    LookupDecl { span, keys, items, generation, echo, status, exceeded, oversized, retry_later }
}

fn read_enum(name: Spanned<String>, mut table: Table<'_>, findings: &mut Findings<'_>) -> EnumDecl {
    let doc = table.string("doc", findings);
    let ty = table.string("type", findings);
    let open = tolerance(&mut table, "unlisted", findings);
    let what = format!("the value of enum `{}`", name.get_ref());
    let values = table.tables("value", &what, findings);
    let declaration = EnumDecl {
        doc: table.required("doc", doc, findings),
        ty: table.required("type", ty, findings),
        open,
        values: values.into_iter().filter_map(|table| read_value(table, findings)).collect(),
        name,
    };
    table.finish(findings);
    declaration
}

fn read_value(mut table: Table<'_>, findings: &mut Findings<'_>) -> Option<ValueDecl> {
    let name = table.string("name", findings);
    let name = table.required("name", name, findings)?;
    table.rename(format!("value `{}`", name.get_ref()));
    let code = table.number("code", findings);
    let code = table.required("code", code, findings);
    let doc = table.string("doc", findings);
    let doc = table.required("doc", doc, findings);
    table.finish(findings);
    Some(ValueDecl { name, code, doc })
}

fn read_rule(mut table: Table<'_>, findings: &mut Findings<'_>) -> RuleDecl {
    let span = table.span();
    let mut settings = |key, findings: &mut Findings<'_>| {
        let table = table.table(key, &format!("`{key}` of the rule"), findings);
        table.map_or_else(Vec::new, |mut table| table.scalars(findings))
    };
    let (when, unless, then) = (settings("when", findings), settings("unless", findings), settings("then", findings));
    let requirements = table.strings("requirements", findings);
    table.finish(findings);
    RuleDecl { span, when, unless, then, requirements }
}

fn read_record(name: Spanned<String>, mut table: Table<'_>, findings: &mut Findings<'_>) -> RecordDecl {
    let doc = table.string("doc", findings);
    let trailing = tolerance(&mut table, "trailing", findings);
    let requirements = table.strings("requirements", findings);
    let fields = table.tables("field", "the field", findings);
    let rules = table.tables("rule", "the rule", findings);
    let record = RecordDecl {
        doc: table.required("doc", doc, findings),
        trailing,
        requirements,
        fields: fields.into_iter().filter_map(|table| read_field(table, findings)).collect(),
        rules: rules.into_iter().map(|table| read_rule(table, findings)).collect(),
        name,
    };
    table.finish(findings);
    record
}

fn read_field(mut table: Table<'_>, findings: &mut Findings<'_>) -> Option<FieldDecl> {
    let name = table.string("name", findings);
    let name = table.required("name", name, findings)?;
    table.rename(format!("field `{}`", name.get_ref()));
    let at = table.number("at", findings);
    let doc = table.string("doc", findings);
    let doc = table.required("doc", doc, findings);
    let unit = table.string("unit", findings);
    let requirements = table.strings("requirements", findings);
    let since = table.number("since", findings);
    let default = table.scalar("default", findings);
    let ty = table.string("type", findings);
    let ty = table.required("type", ty, findings)?;
    let ty = read_type(ty, &mut table, findings)?;
    table.finish(findings);
    Some(FieldDecl { name, at, doc, unit, requirements, since, default, ty })
}

/// Types that fields can have.
const TYPES: [&str; 9] = ["u8", "u16", "u32", "u64", "size", "enum", "string", "list", "table"];

fn read_type(name: Spanned<String>, table: &mut Table<'_>, findings: &mut Findings<'_>) -> Option<TypeDecl> {
    Some(match name.get_ref().as_str() {
        "size" => TypeDecl::Size,
        "enum" => {
            let of = table.string("of", findings);
            TypeDecl::Enum { of: table.required("of", of, findings), example: table.string("example", findings) }
        }
        "string" => TypeDecl::String {
            offset: table.number("offset", findings),
            rest: table.boolean("rest", findings).is_some_and(|truth| *truth.get_ref()),
            min_length: table.number("min_length", findings),
            max_length: table.number("max_length", findings),
            nul_inside: tolerance(table, "nul_inside", findings),
            example: table.string("example", findings),
        },
        "list" => {
            let (of, count) = (table.string("of", findings), table.string("count", findings));
            TypeDecl::List {
                of: table.required("of", of, findings),
                count: table.required("count", count, findings),
                gaps: tolerance(table, "gaps", findings),
            }
        }
        "table" => {
            let (of, count) = (table.string("of", findings), table.string("count", findings));
            TypeDecl::Table { of: table.required("of", of, findings), count: table.required("count", count, findings) }
        }
        other if TYPES.contains(&other) => TypeDecl::Number {
            value: table.number("value", findings),
            reserved: table.boolean("reserved", findings),
            example: table.number("example", findings),
            name,
        },
        other => {
            let message = format!("{} has type `{other}`, which does not exist", table.what());
            findings.report(&name.span(), message, format!("use {}", one_of(&TYPES)));
            return None;
        }
    })
}

fn tolerance(table: &mut Table<'_>, key: &'static str, findings: &mut Findings<'_>) -> Option<bool> {
    let position = table.word(key, &TOLERANCE, findings);
    table.required(key, position, findings).map(|position| position == 0)
}
