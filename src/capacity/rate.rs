//! Rates and spans of time, as people type them.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use thiserror::Error;

/// Requests per minute.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// What is not a rate or a span of time.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RateError {
    /// There is no unit, or another one.
    #[error("a rate ends in rpm (requests per minute) or rps (requests per second), such as 500rpm or 8.5rps")]
    Unit,
    /// Before the unit is no number.
    #[error("`{0}` is not a number: a rate is such as 500rpm or 8.5rps")]
    Number(String),
    /// The number is nothing to simulate.
    #[error("a rate is above 0, and at most 100000000 requests per minute")]
    Range,
    /// It is no span of time.
    #[error("a span of time is such as 60s, 5m or 1h30m")]
    Span,
    /// It is no time at all, or too long.
    #[error("a span of time is above 0, and at most 24h")]
    SpanRange,
}

const HIGHEST: f64 = 1e8;
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

impl Rate {
    /// Requests per minute.
    pub fn per_minute(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let text = text.trim();
        let units = [("rpm", 1.0), ("rps", 60.0)];
        let (number, factor) = units
            .iter()
            .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.trim_end(), factor)))
            .ok_or(RateError::Unit)?;
        let number: f64 = number.parse().map_err(|_| RateError::Number(number.to_owned()))?;
        let rate = number * factor;
        if rate > 0.0 && rate <= HIGHEST { Ok(Self(rate)) } else { Err(RateError::Range) }
    }
}

/// Reads a span of time above 0 and of at most a day: `60s`, `5m`, `1h30m`.
pub fn span(text: &str) -> Result<Duration, RateError> {
    let span: SignedDuration = text.parse().map_err(|_| RateError::Span)?;
    if span > LONGEST {
        return Err(RateError::SpanRange);
    }
    Duration::try_from(span).ok().filter(|span| !span.is_zero()).ok_or(RateError::SpanRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Result<f64, RateError> {
        text.parse().map(Rate::per_minute)
    }

    #[test]
    fn a_rate_is_per_minute_or_per_second() {
        assert_eq!(rate("500rpm"), Ok(500.0));
        assert_eq!(rate("8.5rps"), Ok(510.0));
        assert_eq!(rate("25 rps"), Ok(1500.0));
    }

    #[test]
    fn what_is_not_a_rate_says_what_one_is() {
        assert_eq!(rate("500"), Err(RateError::Unit));
        assert_eq!(rate("500/min"), Err(RateError::Unit));
        assert_eq!(rate("manyrpm"), Err(RateError::Number("many".to_owned())));
        for text in ["0rpm", "-1rps", "nanrpm", "infrpm", "1e9rps"] {
            assert_eq!(rate(text), Err(RateError::Range), "{text}");
        }
    }

    #[test]
    fn a_span_is_read_as_people_write_it() {
        assert_eq!(span("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(span("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(span("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(span("1.5s"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_not_a_span_says_what_one_is() {
        assert_eq!(span("60"), Err(RateError::Span));
        assert_eq!(span("soon"), Err(RateError::Span));
        for text in ["0s", "-5s", "25h"] {
            assert_eq!(span(text), Err(RateError::SpanRange), "{text}");
        }
    }
}
