//! Names as Go spells them.

/// Words that Go writes in one case.
const INITIALISMS: [&str; 37] = [
    "api", "ascii", "asn", "cpu", "css", "db", "dns", "eof", "gid", "guid", "html", "http", "https", "id", "io", "ip",
    "json", "os", "pid", "ppid", "qps", "ram", "rpc", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri",
    "url", "utf8", "uuid", "vm", "xml",
];

/// `not_ready` and `not-ready` become `NotReady`, and `api_misuse` becomes `APIMisuse`.
#[must_use]
pub(crate) fn exported(name: &str) -> String {
    name.split(['-', '_']).map(word).collect()
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
    }
}
