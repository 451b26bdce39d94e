//! Moments that were taken by different clocks.

use jiff::SignedDuration;

/// How far apart the clocks of two services, or of AWS and this machine, may be. The journal has whole seconds.
const APART: SignedDuration = SignedDuration::from_secs(5);

/// Whether something happened after something else, as far as both times are known.
pub fn is_later(at: Option<&str>, than: Option<&str>) -> bool {
    let parse = |text: &str| text.parse::<jiff::Timestamp>().ok();
    match (at.and_then(parse), than.and_then(parse)) {
        (Some(at), Some(than)) => at + APART >= than,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_before_is_not_later() {
        assert!(is_later(Some("2026-01-02T00:00:00Z"), Some("2026-01-01T00:00:00Z")));
        assert!(!is_later(Some("2026-01-01T00:00:00Z"), Some("2026-01-02T00:00:00Z")));
    }

    #[test]
    fn a_clock_that_is_a_little_behind_makes_nothing_earlier() {
        assert!(is_later(Some("2026-01-01T00:00:00Z"), Some("2026-01-01T00:00:00.700Z")));
        assert!(is_later(Some("2026-01-01T00:00:00Z"), Some("2026-01-01T00:00:04Z")));
    }

    #[test]
    fn an_unknown_moment_rules_nothing_out() {
        assert!(is_later(None, Some("2026-01-01T00:00:00Z")) && is_later(Some("then"), Some("2026-01-01T00:00:00Z")));
    }
}
