//! Provider and consumer as the guide starts them.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A provider that ends with its test.
struct Provider(Child);

impl Provider {
    fn start(run_dir: &Path) -> Self {
        let mut child =
            Command::new(env!("CARGO_BIN_EXE_ip-to-asn-provider")).arg(run_dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let provider = Self(child);
        assert_eq!(line, "ready\n");
        provider
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It serves until it is ended, and is a child of this process: the id is its own until it was waited for.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn consumer(run_dir: &Path, addresses: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ip-to-asn-consumer")).arg(run_dir).args(addresses).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What the guide shows.
const TABLE: &str = "\
ADDRESS                          AS  CC  ORGANISATION
192.0.2.1                     64496  DE  Example Networks
192.0.2.200                   64497  FR  Exemple SARL
2001:db8:1::1                 64501  GR  Paradeigma
2001:db8:2::1                 64500  NL  Voorbeeld B.V.
10.0.0.1                    unknown
";

#[test]
fn consumer_prints_what_the_provider_knows() {
    let dir = tempfile::tempdir().unwrap();
    let _provider = Provider::start(dir.path());
    let addresses = ["192.0.2.1", "192.0.2.200", "2001:db8:1::1", "2001:db8:2::1", "10.0.0.1"];
    let (_, table, errors) = consumer(dir.path(), &addresses);
    assert_eq!((table.as_str(), errors.as_str()), (TABLE, ""));
    let guide = include_str!("../../../docs/add-a-service.md");
    assert!(guide.contains(TABLE), "the guide shows another table");
}

#[test]
fn consumer_without_a_provider_fails_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let (success, table, errors) = consumer(dir.path(), &["192.0.2.1"]);
    assert!(!success);
    assert_eq!(table, "");
    assert!(!errors.is_empty());
}
