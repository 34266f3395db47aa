//! `netipc completions` and `netipc man`.

use std::process::Command;

use crate::netipc::{Outcome, RunDir, netipc};

fn printed(arguments: &[&str]) -> String {
    Outcome::of(netipc(arguments)).prints().to_owned()
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        for word in ["cgroups-snapshot", "--run-dir", "completions", "top"] {
            // Fish leaves the dashes out.
            let word = if shell == "fish" { word.trim_start_matches('-') } else { word };
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
    Outcome::of(netipc(&["completions", "command.com"])).fails(2, "bash");
}

#[test]
fn bash_takes_its_completions() {
    let directory = RunDir::new();
    let file = directory.path().join("netipc");
    std::fs::write(&file, printed(&["completions", "bash"])).unwrap();
    let script =
        "source \"$1\"; COMP_WORDS=(netipc pi); COMP_CWORD=1; _netipc netipc pi netipc; echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash").args(["-c", script, "bash"]).arg(&file).output();
    match output {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ping", "{output:?}"),
        Err(error) => eprintln!("NOT RUN, there is no bash: {error}"),
    }
}

#[test]
fn manual_pages_cover_every_command() {
    let page = printed(&["man"]);
    assert!(page.contains(".TH netipc 1") && page.contains("netipc\\-cache(1)"), "{page}");

    let directory = RunDir::new();
    let out = directory.path().join("man1");
    let paths = printed(&["man", "--out", out.to_str().unwrap()]);
    for name in ["netipc.1", "netipc-serve-host.1", "netipc-call-apps-lookup.1", "netipc-cache.1", "netipc-top.1"] {
        let path = out.join(name);
        assert!(paths.lines().any(|line| line == path.to_str().unwrap()), "{name} in {paths}");
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}");
    }
    assert_eq!(paths.lines().count(), out.read_dir().unwrap().count());
}
