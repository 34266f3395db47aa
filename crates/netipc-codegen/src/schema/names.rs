//! Names that every target language can use.

use toml::Spanned;

use super::diagnostic::Findings;

/// How names of one sort are written, and which are taken.
pub(crate) struct Rule {
    separator: char,
    taken: &'static [&'static str],
    affixes: bool,
}

/// Names of services: `cgroups-snapshot`.
pub(crate) const SERVICE: Rule = Rule { separator: '-', taken: &["fuzzing", "lib"], affixes: false };

/// The standard services, whose names no other service can have.
pub(crate) const STANDARD_SERVICES: [&str; 5] =
    ["apps-lookup", "cgroups-lookup", "cgroups-snapshot", "increment", "string-reverse"];

/// Names of records: `item`. Taken are the words that become the names of types generated code stands on.
pub(crate) const RECORD: Rule = Rule {
    separator: '_',
    taken: &[
        "answers_writer",
        "build_error",
        "decode_error",
        "encode",
        "err",
        "items",
        "items_rule",
        "items_writer",
        "keyed",
        "list_len",
        "lookup",
        "none",
        "ok",
        "option",
        "outcome",
        "placement",
        "quoted",
        "reader",
        "record",
        "result",
        "row",
        "row_rule",
        "rows",
        "service",
        "shortage",
        "snapshot",
        "some",
        "stitcher",
        "string_rule",
        "vec",
        "when",
        "writer",
    ],
    affixes: true,
};

/// Affixes by which generated types derive names from those of records.
const AFFIXES: [&str; 3] = ["owned_", "_builder", "_fields"];

/// Names of fields: `name`. Taken are the words that generated types use for themselves.
pub(crate) const FIELD: Rule = Rule {
    separator: '_',
    taken: &[
        "bytes",
        "clone",
        "close",
        "decode",
        "eq",
        "equal",
        "fields",
        "finish",
        "fixed",
        "fmt",
        "into_owned",
        "missing",
        "new",
        "out",
        "push",
        "reader",
        "reserve",
        "retry_later",
        "set",
        "view",
        "wants_more",
    ],
    affixes: false,
};

/// Names of an enumeration's values: `unknown_permanent`. Taken are the words that generated enumerations, and builders with
/// a method for each status, use for themselves.
pub(crate) const VALUE: Rule = Rule {
    separator: '_',
    taken: &[
        "all",
        "clone",
        "close",
        "code",
        "codes",
        "eq",
        "finish",
        "fmt",
        "from_code",
        "hash",
        "name",
        "new",
        "push",
        "reset",
        "wants_more",
    ],
    affixes: false,
};

/// Words that Rust, Go or C keep for themselves.
const KEYWORDS: &[&str] = &[
    "abstract",
    "alignas",
    "alignof",
    "as",
    "async",
    "auto",
    "await",
    "become",
    "bool",
    "box",
    "break",
    "case",
    "chan",
    "char",
    "const",
    "constexpr",
    "continue",
    "crate",
    "default",
    "defer",
    "do",
    "double",
    "dyn",
    "else",
    "enum",
    "extern",
    "fallthrough",
    "false",
    "final",
    "float",
    "fn",
    "for",
    "func",
    "gen",
    "go",
    "goto",
    "if",
    "impl",
    "import",
    "in",
    "inline",
    "int",
    "interface",
    "let",
    "long",
    "loop",
    "macro",
    "map",
    "match",
    "mod",
    "move",
    "mut",
    "nullptr",
    "override",
    "package",
    "priv",
    "pub",
    "range",
    "ref",
    "register",
    "restrict",
    "return",
    "select",
    "self",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "super",
    "switch",
    "thread_local",
    "trait",
    "true",
    "try",
    "type",
    "typedef",
    "typeof",
    "union",
    "unsafe",
    "unsigned",
    "unsized",
    "use",
    "var",
    "virtual",
    "void",
    "volatile",
    "where",
    "while",
    "yield",
];

/// Checks a name: lower-case words of letters and digits, joined by the separator.
pub(crate) fn check(name: &Spanned<String>, rule: &Rule, what: &str, findings: &mut Findings<'_>) {
    let text = name.get_ref();
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if text.len() > 64 || !text.split(rule.separator).all(word) {
        let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let message = format!("`{text}` is no name for {article} {what}");
        let remedy = format!("use lower-case words that start with a letter, joined by `{}`", rule.separator);
        findings.report(&name.span(), message, remedy);
    } else if rule.affixes && AFFIXES.iter().any(|affix| text.starts_with(affix) || text.ends_with(affix)) {
        let message = format!("`{text}` cannot name a {what}, because generated types have such names");
        findings.report(&name.span(), message, "drop `owned`, `builder` or `fields` from it");
    } else if KEYWORDS.contains(&text.as_str()) || rule.taken.contains(&text.as_str()) {
        let message = format!("`{text}` cannot name a {what}, because generated code needs the word");
        findings.report(&name.span(), message, "use another word");
    }
}

/// Whether `id` looks like `NIPC-SNAP-04`: a project, an area and two digits or more.
pub(crate) fn is_requirement(id: &str) -> bool {
    let mut parts = id.rsplitn(2, '-');
    let (Some(number), Some(area)) = (parts.next(), parts.next()) else { return false };
    number.len() >= 2
        && number.chars().all(|c| c.is_ascii_digit())
        && area.split('-').count() >= 2
        && area.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase()))
}
