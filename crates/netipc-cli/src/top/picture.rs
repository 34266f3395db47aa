//! The picture of all servers, for people.

use std::time::Duration;

use comfy_table::CellAlignment;
use netipc::Profiles;
use netipc::inspect::{OwnedReport, Reason, Session};

use super::{Server, why};
use crate::cli::Top;
use crate::table;
use crate::value;

pub(super) fn draw(top: &Top, servers: &[Server]) -> String {
    if servers.is_empty() {
        return "no endpoint in the run directory".to_owned();
    }
    let mut table = table::new(&[
        "service",
        "sessions",
        "calls/s",
        "calls",
        "failed",
        "refused",
        "ended badly",
        "threads",
        "up",
        "grants",
    ]);
    for server in servers {
        table.add_row(match &server.now {
            Some(told) => summary(server, &told.report),
            None => vec![server.service.clone()],
        });
    }
    for column in 1..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut picture = table.to_string();
    for server in servers {
        if let Some(error) = &server.failure {
            picture += &format!("\n\n{}: {}", server.service, why(error));
        } else if let Some(told) = &server.now {
            picture += &sessions(top, server, &told.report);
        }
    }
    picture
}

fn summary(server: &Server, report: &OwnedReport) -> Vec<String> {
    vec![
        server.service.clone(),
        format!("{}/{}", report.open, report.max_sessions),
        rate(server.rate(|report| report.answered + report.failed)),
        report.answered.to_string(),
        report.failed.to_string(),
        (report.rejected + report.dropped).to_string(),
        (report.violations + report.stalled + report.broken).to_string(),
        format!("{}+{}", report.workers, report.shm_sessions),
        time(report.uptime),
        format!("{}, {} / {}", names(report.profiles), bytes(report.max_request), bytes(report.max_response)),
    ]
}

fn sessions(top: &Top, server: &Server, report: &OwnedReport) -> String {
    let title = format!("\n\n{}", server.service);
    if report.withheld != 0 {
        return format!("{title}: sessions are told only to its own user and to root");
    }
    // Not our own, which is there to look.
    let others: Vec<_> = report.sessions.iter().filter(|session| session.pid != std::process::id()).collect();
    if others.is_empty() || top.rows == 0 {
        return String::new();
    }
    let mut table = table::new(&[
        "session",
        "process",
        "user",
        "calls/s",
        "calls",
        "failed",
        "age",
        "idle",
        "profile, and why",
        "request / response",
    ]);
    for session in others {
        let counter =
            |report: &OwnedReport| find(report, session.id).map_or(0, |session| session.answered + session.failed);
        table.add_row([
            session.id.to_string(),
            if session.pid == 0 { "elsewhere".to_owned() } else { session.pid.to_string() },
            session.uid.to_string(),
            rate(server.rate(counter)),
            session.answered.to_string(),
            session.failed.to_string(),
            time(session.age),
            time(session.idle),
            profile(session.profile, session.reason, report.profiles),
            format!("{} / {}", bytes(session.max_request), bytes(session.max_response)),
        ]);
    }
    for column in 0..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let more = (report.open as usize).saturating_sub(report.sessions.len());
    let more = if more > 0 { format!("\nand {more} more: --rows shows them") } else { String::new() };
    format!("{title}\n{table}{more}")
}

fn find(report: &OwnedReport, id: u64) -> Option<&Session> {
    report.sessions.iter().find(|session| session.id == id)
}

/// The profile of a session, and why it is not a better one.
fn profile(chosen: u32, reason: Reason, offered: u32) -> String {
    let better = || names(offered & !(chosen | chosen.wrapping_sub(1)));
    let why = match reason {
        Reason::BEST_OF_SERVER => "the best of this server".to_owned(),
        Reason::CLIENT_LACKS => format!("the client does without {}", better()),
        Reason::PREFERRED => "both sides prefer it".to_owned(),
        Reason::SHM_FULL => "shared memory is taken by others".to_owned(),
        Reason::SHM_FAILED => "shared memory could not be made".to_owned(),
        Reason(other) => format!("reason {other}"),
    };
    format!("{}: {why}", names(chosen))
}

fn names(profiles: u32) -> String {
    value::names(Profiles(profiles)).join(", ")
}

fn rate(rate: Option<f64>) -> String {
    match rate {
        None => "-".to_owned(),
        Some(rate) if rate >= 100.0 || rate == 0.0 => format!("{rate:.0}"),
        Some(rate) => format!("{rate:.1}"),
    }
}

fn time(milliseconds: u64) -> String {
    match Duration::from_millis(milliseconds).as_secs() {
        0 => format!("{milliseconds}ms"),
        seconds @ 1..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// A size as people know it.
fn bytes(bytes: u32) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_briefly() {
        assert_eq!([time(7), time(61_000), time(7_100_000), time(172_700_000)], ["7ms", "61s", "118m", "47h"]);
        assert_eq!([bytes(1023), bytes(65536), bytes(1 << 26)], ["1023 B", "64 KiB", "64 MiB"]);
        assert_eq!([rate(None), rate(Some(0.0)), rate(Some(2.54)), rate(Some(123.4))], ["-", "0", "2.5", "123"]);
    }

    #[test]
    fn a_profile_is_explained() {
        // NIPC-INS-08
        let both = Profiles::BASELINE.0 | Profiles::SHM_HYBRID.0;
        let explained = |chosen: Profiles, reason| profile(chosen.0, reason, both);
        assert_eq!(explained(Profiles::SHM_HYBRID, Reason::BEST_OF_SERVER), "shm-hybrid: the best of this server");
        let lacks = "baseline: the client does without shm-hybrid";
        assert_eq!(explained(Profiles::BASELINE, Reason::CLIENT_LACKS), lacks);
        assert_eq!(explained(Profiles::BASELINE, Reason(77)), "baseline: reason 77");
    }
}
