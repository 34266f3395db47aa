//! Counters in the text format of Prometheus, version 0.0.4. NIPC-INS-07.

use std::fmt::Write;

use crate::server::ServerStatus;

/// A metric with all its samples.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: &'static [Sample],
}

/// The label beside the service, if any, and where the value is.
type Sample = (Option<(&'static str, &'static str)>, fn(&ServerStatus) -> u64);

const METRICS: [Metric; 8] = [
    Metric {
        name: "netipc_server_sessions",
        kind: "gauge",
        help: "Sessions that exist now.",
        samples: &[(None, |status| status.sessions as u64)],
    },
    Metric {
        name: "netipc_server_workers",
        kind: "gauge",
        help: "Threads that serve sessions.",
        samples: &[(None, |status| status.workers as u64)],
    },
    Metric {
        name: "netipc_server_shm_sessions",
        kind: "gauge",
        help: "Sessions over shared memory, each with a thread of its own.",
        samples: &[(None, |status| status.shm_sessions as u64)],
    },
    Metric {
        name: "netipc_server_shm_fallbacks_total",
        kind: "counter",
        help: "Clients that did without shared memory because the server could not make it.",
        samples: &[(None, |status| status.shm_fallbacks)],
    },
    Metric {
        name: "netipc_server_handshakes_total",
        kind: "counter",
        help: "Connections by how their handshake ended.",
        samples: &[
            (Some(("outcome", "accepted")), |status| status.accepted),
            (Some(("outcome", "rejected")), |status| status.rejected),
            (Some(("outcome", "dropped")), |status| status.dropped),
        ],
    },
    Metric {
        name: "netipc_server_requests_total",
        kind: "counter",
        help: "Requests by whether they were answered with status 0.",
        samples: &[
            (Some(("outcome", "answered")), |status| status.answered),
            (Some(("outcome", "failed")), |status| status.failed),
        ],
    },
    Metric {
        name: "netipc_server_sessions_ended_total",
        kind: "counter",
        help: "Sessions that the server ended because of what went wrong on them.",
        samples: &[
            (Some(("cause", "violation")), |status| status.violations),
            (Some(("cause", "stall")), |status| status.stalled),
            (Some(("cause", "system")), |status| status.broken),
        ],
    },
    Metric {
        name: "netipc_server_max_response_payload_bytes",
        kind: "gauge",
        help: "Largest response payload that new sessions are granted.",
        samples: &[(None, |status| status.max_response_payload.into())],
    },
];

/// The counters of servers, each with the name of its service, for a monitoring system to read.
///
/// ```
/// use netipc::ServerStatus;
/// use netipc::inspect::prometheus;
///
/// let text = prometheus(&[("increment", ServerStatus::default())]);
/// assert!(text.contains("netipc_server_sessions{service=\"increment\"} 0\n"));
/// ```
pub fn prometheus<N: AsRef<str>>(servers: &[(N, ServerStatus)]) -> String {
    let mut text = String::new();
    for Metric { name, kind, help, samples } in METRICS {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (service, status) in servers {
            for (label, value) in samples {
                let label = label.map_or_else(String::new, |(name, value)| format!(",{name}=\"{value}\""));
                let service = escaped(service.as_ref());
                let _ = writeln!(text, "{name}{{service=\"{service}\"{label}}} {}", value(status));
            }
        }
    }
    text
}

/// Names of services need no escape, but nobody checked that these are some.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIPC-INS-07
    #[test]
    fn every_counter_is_told_once_for_each_service() {
        let status = ServerStatus {
            sessions: 1,
            workers: 2,
            shm_sessions: 12,
            shm_fallbacks: 13,
            accepted: 3,
            rejected: 4,
            dropped: 5,
            answered: 6,
            failed: 7,
            violations: 8,
            stalled: 9,
            broken: 10,
            max_response_payload: 11,
            ..ServerStatus::default()
        };
        let text = prometheus(&[("a", status), ("b\"\\\n", ServerStatus::default())]);
        let lines: Vec<_> = text.lines().filter(|line| line.contains("service=\"a\"")).collect();
        let expected = [
            "netipc_server_sessions{service=\"a\"} 1",
            "netipc_server_workers{service=\"a\"} 2",
            "netipc_server_shm_sessions{service=\"a\"} 12",
            "netipc_server_shm_fallbacks_total{service=\"a\"} 13",
            "netipc_server_handshakes_total{service=\"a\",outcome=\"accepted\"} 3",
            "netipc_server_handshakes_total{service=\"a\",outcome=\"rejected\"} 4",
            "netipc_server_handshakes_total{service=\"a\",outcome=\"dropped\"} 5",
            "netipc_server_requests_total{service=\"a\",outcome=\"answered\"} 6",
            "netipc_server_requests_total{service=\"a\",outcome=\"failed\"} 7",
            "netipc_server_sessions_ended_total{service=\"a\",cause=\"violation\"} 8",
            "netipc_server_sessions_ended_total{service=\"a\",cause=\"stall\"} 9",
            "netipc_server_sessions_ended_total{service=\"a\",cause=\"system\"} 10",
            "netipc_server_max_response_payload_bytes{service=\"a\"} 11",
        ];
        assert_eq!(lines, expected);
        assert_eq!(text.matches("service=\"b\\\"\\\\\\n\"").count(), expected.len());
        assert_eq!(text.matches("# TYPE ").count(), METRICS.len());
    }
}
