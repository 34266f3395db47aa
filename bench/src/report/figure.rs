//! Numbers as people read them: three digits, and a unit that suits.

/// Nanoseconds.
pub(super) fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{} us", three(ns / 1e3)),
        ns if ns < 1e9 => format!("{} ms", three(ns / 1e6)),
        ns => format!("{} s", three(ns / 1e9)),
    }
}

/// A number of things a second.
pub(super) fn rate(value: f64) -> String {
    match value {
        value if value < 1e4 => format!("{value:.0}"),
        value if value < 1e6 => format!("{} k", three(value / 1e3)),
        value => format!("{} M", three(value / 1e6)),
    }
}

/// Three digits.
pub(super) fn three(value: f64) -> String {
    let digits = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        assert_eq!([time(0.0), time(999.4), time(1_234.0)], ["0 ns", "999 ns", "1.23 us"]);
        assert_eq!([time(45_678.0), time(9.9e8), time(2e9)], ["45.7 us", "990 ms", "2.00 s"]);
        assert_eq!([rate(12.3), rate(9_999.0), rate(12_345.0), rate(2.5e6)], ["12", "9999", "12.3 k", "2.50 M"]);
    }
}
