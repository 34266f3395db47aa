//! Names as Go spells them.

/// Words that Go writes in one case.
const INITIALISMS: &[&str] = &[
    "api", "ascii", "asn", "cpu", "css", "db", "dns", "eof", "gid", "guid", "html", "http", "https", "id", "io", "ip",
    "json", "kvm", "lxc", "os", "pid", "ppid", "qps", "ram", "rpc", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui",
    "uid", "uri", "url", "utf8", "uuid", "vm", "xml",
];

/// Words that a local variable or parameter must not hide, because the code around it needs them: packages, predeclared
/// functions and types, and the variables that printed functions have.
const NEEDED: &[&str] = &[
    "append", "b", "bool", "buf", "budget", "byte", "bytes", "c", "codec", "copy", "count", "dst", "end", "err",
    "error", "f", "fields", "head", "int", "item", "iter", "len", "make", "max", "min", "new", "nil", "ok", "other",
    "out", "r", "s", "service", "slices", "string", "uint16", "uint32", "uint64", "uint8", "when",
];

/// Ends of the names of constants and variables that belong to records and enumerations.
const OWNED: &[&str] = &["_codes", "_record", "_row", "_rules", "_size", "_sizes"];

/// `not_ready` and `not-ready` become `NotReady`, and `api_misuse` becomes `APIMisuse`.
#[must_use]
pub(crate) fn exported(name: &str) -> String {
    words(name).map(word).collect()
}

/// `not_ready` becomes `notReady`, and `api_misuse` becomes `apiMisuse`.
#[must_use]
pub(crate) fn unexported(name: &str) -> String {
    let mut words = words(name);
    words.next().map(str::to_owned).into_iter().chain(words.map(word)).collect()
}

/// The name of a local variable or parameter.
#[must_use]
pub(crate) fn local(name: &str) -> String {
    if NEEDED.contains(&name) || OWNED.iter().any(|end| name.ends_with(end)) {
        format!("{}Value", unexported(name))
    } else {
        unexported(name)
    }
}

/// `apps-lookup` becomes `appslookup`.
#[must_use]
pub(crate) fn package(name: &str) -> String {
    words(name).collect()
}

/// The text as it goes on behind a colon: in lower case, unless it starts with an abbreviation, or is a name.
pub(crate) fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let is_name = !text.contains(' ') || chars.clone().nth(1).is_some_and(|second| second.is_ascii_uppercase());
    match chars.next().filter(|_| !is_name) {
        Some(first) => format!("{}{}", first.to_ascii_lowercase(), chars.as_str()),
        None => text.to_owned(),
    }
}

/// How a phrase of a schema can go on behind a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// `The path that was asked for.`
    Thing,
    /// `Path of a control group.`, which wants an article.
    Kind,
    /// `What became of a path.`
    Question,
}

impl Phrase {
    /// The form of a phrase; none when it cannot be told, as of `Not 0 when it is enabled.`
    pub(crate) fn of(doc: &str) -> Option<Self> {
        let mut words = doc.split_whitespace();
        let first = words.next()?.to_ascii_lowercase();
        match first.as_str() {
            "a" | "an" | "its" | "one" | "the" => Some(Self::Thing),
            "how" | "what" | "when" | "where" | "whether" | "which" | "who" | "whose" => Some(Self::Question),
            // These would say something of the thing instead.
            "no" | "none" | "not" | "nothing" | "only" => None,
            _ => words.take(2).any(|word| matches!(word, "by" | "of")).then_some(Self::Kind),
        }
    }
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_'])
}

fn word(word: &str) -> String {
    if INITIALISMS.contains(&word) {
        return word.to_ascii_uppercase();
    }
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initialisms_keep_one_case() {
        assert_eq!(exported("api_misuse"), "APIMisuse");
        assert_eq!(exported("ip-to-asn"), "IPToASN");
        assert_eq!(exported("io"), "IO");
        assert_eq!(exported("idle"), "Idle");
        assert_eq!(unexported("ip_to_asn"), "ipToASN");
    }

    #[test]
    fn local_names_hide_nothing() {
        assert_eq!(local("len"), "lenValue");
        assert_eq!(local("name"), "name");
        assert_eq!(local("item_size"), "itemSizeValue");
    }

    #[test]
    fn phrases_go_on_behind_a_verb() {
        assert_eq!(Phrase::of("The answers."), Some(Phrase::Thing));
        assert_eq!(Phrase::of("Process id of the parent."), Some(Phrase::Kind));
        assert_eq!(Phrase::of("Name by which people know it."), Some(Phrase::Kind));
        assert_eq!(Phrase::of("What became of it."), Some(Phrase::Question));
        assert_eq!(Phrase::of("Not 0 when it is enabled."), None);
        assert_eq!(Phrase::of("None of these."), None);
        assert_eq!(Phrase::of("Bits that both agree on."), None);
        assert_eq!(Phrase::of(""), None);
    }

    #[test]
    fn sentences_go_on_in_lower_case() {
        assert_eq!(lower("A name."), "a name.");
        assert_eq!(lower("KVM: a virtual machine."), "KVM: a virtual machine.");
        assert_eq!(lower("Docker."), "Docker.");
        assert_eq!(lower(""), "");
    }
}
