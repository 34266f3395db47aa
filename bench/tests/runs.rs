//! Whole runs, with drivers that do as they should and with some that do not.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use netipc_bench::protocol::Load;
use netipc_bench::run::missing;
use netipc_bench::{Catalogue, Driver, Effort, Failure, Outcome, Plan, Selection, run};

/// Short, since nothing here depends on how fast anything is.
const EFFORT: Effort = Effort {
    repetitions: 2,
    window: Duration::from_millis(10),
    warm_up: Duration::from_millis(1),
    idle: Duration::from_millis(10),
};

/// A shell is enough to speak the protocol. This one answers a number with itself, instead of the next one.
const LIAR: &str = r#"
    echo "driver version=1 language=sh"
    while read -r word rest; do
        case $word in
        prepare)
            for field in $rest; do case $field in run_dir=*) dir=${field#run_dir=} ;; esac; done
            mkfifo "$dir/requests" "$dir/replies"
            cat < "$dir/requests" > "$dir/replies" &
            echo ready ;;
        stop) echo "report requests=0 items=0 elapsed_ns=1 sent=0 cpu_us=0 voluntary=0 involuntary=0" ;;
        quit) exit 0 ;;
        esac
    done
"#;

fn rust() -> Driver {
    Driver { name: "rust".into(), program: env!("CARGO_BIN_EXE_netipc-bench-driver").into(), arguments: Vec::new() }
}

/// `script` gets the path of the right driver as `$0`.
fn shell(name: &str, script: &str) -> Driver {
    let arguments = vec!["-c".into(), script.into(), env!("CARGO_BIN_EXE_netipc-bench-driver").into()];
    Driver { name: name.into(), program: "/bin/sh".into(), arguments }
}

/// One scenario that a shell can serve, at these rates.
fn pipes(rates: &str) -> Catalogue {
    let text = format!(
        "[[scenario]]\nname = \"pipes\"\nwork = \"raw-pipe\"\nsize = [40]\nrates = [{rates}]\nplacements = [\"same\"]"
    );
    Catalogue::parse(&text).unwrap()
}

fn plan(catalogue: &Catalogue, drivers: &[Driver]) -> Plan {
    Plan::new(catalogue, &Selection::default(), drivers, EFFORT).unwrap()
}

fn ran(catalogue: &Catalogue, drivers: &[Driver]) -> Result<Outcome, Failure> {
    run(&plan(catalogue, drivers), &AtomicBool::new(false), |_| {})
}

fn told(catalogue: &Catalogue, drivers: &[Driver]) -> String {
    ran(catalogue, drivers).unwrap_err().to_string()
}

/// Every kind of work, once, so that none is broken when a record is to be made.
#[test]
fn every_kind_of_work_can_be_measured() {
    let mut catalogue = Catalogue::built_in().unwrap();
    let mut works = Vec::new();
    catalogue.scenarios.retain(|scenario| {
        let kind = (scenario.work, scenario.transport, scenario.level, scenario.refresh);
        let is_new = !works.contains(&kind) && scenario.size <= 1000;
        works.extend(is_new.then_some(kind));
        is_new
    });
    for scenario in &mut catalogue.scenarios {
        scenario.raw.clear();
        scenario.rates.truncate(1);
        scenario.placements = vec![netipc_bench::scenario::Placement::Free];
    }
    let plan = Plan::new(&catalogue, &Selection::default(), &[rust()], Effort { repetitions: 1, ..EFFORT }).unwrap();
    let outcome = run(&plan, &AtomicBool::new(false), |_| {}).unwrap();
    assert_eq!(outcome.absences, []);
    assert_eq!(outcome.samples.len(), plan.cells.len());
    for sample in &outcome.samples {
        assert!(sample.requests > 0 && sample.items >= sample.requests, "{sample:?}");
        assert!(sample.p50_ns <= sample.p99_ns && sample.p99_ns <= sample.max_ns, "{sample:?}");
    }
}

#[test]
fn the_matrix_is_complete_or_the_run_fails() {
    let catalogue = pipes("\"max\", 1000, \"idle\"");
    let other = Driver { name: "other".into(), ..rust() };
    let drivers = [rust(), other];
    let mut steps = 0;
    let plan = plan(&catalogue, &drivers);
    let mut outcome = run(&plan, &AtomicBool::new(false), |step| {
        assert!(step.done < step.total);
        steps += 1;
    })
    .unwrap();
    // Four pairs, twice at two rates, and once idle.
    assert_eq!(outcome.samples.len(), 4 * 2 * 2 + 4);
    assert_eq!(steps, outcome.samples.len());
    assert!(missing(&plan, &outcome).is_empty());
    let idle = outcome.samples.iter().find(|sample| sample.rate == Load::Idle).unwrap();
    assert_eq!(idle.requests, 0);
    let paced = outcome.samples.iter().find(|sample| sample.rate == Load::Rate(1000)).unwrap();
    assert_eq!(paced.requests + paced.unsent, 15, "10 ms and half as long again for a slow rate");

    let lost = outcome.samples.iter().rposition(|sample| sample.client == "other" && sample.server == "rust").unwrap();
    outcome.samples.remove(lost);
    let missing = missing(&plan, &outcome);
    assert_eq!(missing.len(), 1);
    assert!(missing[0].contains("other to rust"), "{missing:?}");
    let failure = Failure::Incomplete(missing).to_string();
    assert!(failure.starts_with("1 rows are missing, the first is pipes at"), "{failure}");
}

#[test]
fn a_wrong_response_fails_the_run() {
    let told = told(&pipes("\"max\""), &[rust(), shell("liar", LIAR)]);
    assert!(told.contains("rust to liar") && told.contains("a wrong response"), "{told}");
}

#[test]
fn what_both_sides_count_must_be_the_same() {
    let server = shell("liar", r#""$0" | sed -u 's/sent=[0-9]*/sent=7/'"#);
    let told_of_server = told(&pipes("\"max\""), &[rust(), server]);
    assert!(told_of_server.contains("the server has given 7"), "{told_of_server}");
    let client = shell("liar", r#""$0" | sed -u 's/report requests=[0-9]*/report requests=7/'"#);
    let told_of_client = told(&pipes("\"max\""), &[client]);
    assert!(told_of_client.contains("latencies of 7 requests"), "{told_of_client}");
    let idle = shell("liar", r#""$0" | sed -u 's/report requests=0/latency 5 3\nreport requests=3/'"#);
    let told_of_idle = told(&pipes("\"idle\""), &[idle]);
    assert!(told_of_idle.contains("3 requests while idle"), "{told_of_idle}");
    let slow = shell("liar", r#""$0" | sed -u 's/elapsed_ns=[0-9]*/elapsed_ns=99000000000/'"#);
    let told_of_slow = told(&pipes("\"max\""), &[slow]);
    assert!(told_of_slow.contains("the client took 99s"), "{told_of_slow}");
}

#[test]
fn a_driver_that_makes_no_sense_is_named() {
    let catalogue = pipes("\"max\"");
    let cases = [
        ("echo hello", "cannot be understood"),
        ("echo 'driver version=2 language=sh'; cat", "speaks version 2"),
        ("exit 3", "has ended"),
        ("echo ready; cat", "before its greeting"),
        ("echo 'driver version=1 language=sh'; read -r line; echo 'failed no memory'", "failed: no memory"),
        ("echo 'driver version=1 language=sh'; read -r line; echo 'report'", "is missing"),
    ];
    for (script, expected) in cases {
        let told = told(&catalogue, &[shell("odd", script)]);
        assert!(told.contains("pipes at max same, odd to odd") && told.contains(expected), "{script}: {told}");
    }
    let nowhere = Driver { name: "odd".into(), program: "/nonexistent".into(), arguments: Vec::new() };
    assert!(told(&catalogue, &[nowhere]).contains("cannot be started from /nonexistent"));
}

#[test]
fn what_a_driver_cannot_do_is_told_with_the_reason() {
    let script = "echo 'driver version=1 language=sh'; read -r line; echo 'absent no pipes here'; read -r line";
    let outcome = ran(&pipes("\"max\""), &[rust(), shell("poor", script)]).unwrap();
    assert_eq!(outcome.samples.len(), 2, "only rust to rust, twice");
    let told: Vec<_> = outcome.absences.iter().map(|absence| format!("{}: {}", absence.row, absence.reason)).collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0], "pipes at max same, rust to poor: the server poor: no pipes here");
}

#[test]
fn an_interrupted_run_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let mark = directory.path().join("pid");
    // Says who it is once it is asked to prepare, and then nothing, with a child that would outlive it.
    let script = format!(
        "echo 'driver version=1 language=sh'; read -r line; sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait",
        mark.display()
    );
    let interrupted = Arc::new(AtomicBool::new(false));
    let (seen, path) = (Arc::clone(&interrupted), mark.clone());
    let watcher = thread::spawn(move || {
        let pid = loop {
            if let Ok(pid) = fs::read_to_string(&path) {
                break pid;
            }
            thread::yield_now();
        };
        seen.store(true, Ordering::Relaxed);
        pid
    });
    let catalogue = pipes("\"max\"");
    let failure = run(&plan(&catalogue, &[shell("hung", &script)]), &interrupted, |_| {}).unwrap_err();
    assert!(matches!(failure, Failure::Interrupted), "{failure}");
    let pid = watcher.join().unwrap();
    // Killed with its parent, which takes effect when it next runs; whoever adopted it may not have waited for it then.
    let is_gone = || {
        let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        state.map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X'])))
    };
    let hung = Instant::now() + Duration::from_secs(60);
    while !is_gone() {
        assert!(Instant::now() < hung, "{pid} still runs");
        thread::yield_now();
    }
}
