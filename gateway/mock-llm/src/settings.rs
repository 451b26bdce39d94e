//! How the model behaves.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use super::random::Random;
use super::spread::{Spread, SpreadError, Unit};

/// The longest answer, in tokens.
pub(super) const MOST_TOKENS: u32 = 65_536;
/// The longest latency.
const LONGEST: f64 = 3600.0;

/// How the model behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Time to the first token.
    pub latency: Latency,
    /// How fast the tokens come after the first; `None`: all at once.
    pub tokens_per_second: Option<f64>,
    /// How long answers are, unless the caller wants less.
    pub answer_tokens: Tokens,
    /// Share of the calls that fail.
    pub error_share: Share,
    /// How they fail.
    pub error_status: ErrorStatus,
    /// Requests per minute of each account, region and model.
    pub requests_per_minute: Option<u64>,
    /// Tokens per minute of each account, region and model.
    pub tokens_per_minute: Option<u64>,
    /// The models that there are; empty: any.
    pub models: Vec<String>,
    /// Seed of everything that is random.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latency: Latency::default(),
            tokens_per_second: None,
            answer_tokens: Tokens(Spread::Fixed(32.0)),
            error_share: Share(0.0),
            error_status: ErrorStatus::Internal,
            requests_per_minute: None,
            tokens_per_minute: None,
            models: Vec::new(),
            seed: 1,
        }
    }
}

/// A time that is fixed or drawn: `300ms`, `normal:300ms,50ms`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency(Spread);

impl Default for Latency {
    fn default() -> Self {
        Self::fixed(Duration::ZERO)
    }
}

impl Latency {
    /// Always the same time.
    pub fn fixed(time: Duration) -> Self {
        Self(Spread::Fixed(time.as_secs_f64()))
    }

    /// Draws a time.
    pub(super) fn draw(self, random: &mut Random) -> Duration {
        Duration::from_secs_f64(self.0.draw(random).min(LONGEST))
    }
}

impl FromStr for Latency {
    type Err = SpreadError;

    fn from_str(text: &str) -> Result<Self, SpreadError> {
        let read = |text: &str| {
            if text == "0" {
                return Some(0.0);
            }
            let span: SignedDuration = text.parse().ok()?;
            let seconds = span.as_secs_f64();
            (0.0..=LONGEST).contains(&seconds).then_some(seconds)
        };
        let unit = Unit { what: "a time of at most an hour", examples: ["300ms", "50ms"], read };
        Spread::parse(text, unit).map(Self)
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |seconds| format!("{}ms", seconds * 1000.0))
    }
}

/// A number of tokens that is fixed or drawn: `200`, `uniform:50,400`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tokens(Spread);

impl Tokens {
    /// Draws a number, at least 1.
    pub(super) fn draw(self, random: &mut Random) -> u32 {
        let drawn = self.0.draw(random).round().clamp(1.0, f64::from(MOST_TOKENS));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 65,536")]
        let tokens = drawn as u32;
        tokens
    }
}

impl FromStr for Tokens {
    type Err = SpreadError;

    fn from_str(text: &str) -> Result<Self, SpreadError> {
        let read =
            |text: &str| text.parse().ok().filter(|tokens: &u32| (1..=MOST_TOKENS).contains(tokens)).map(f64::from);
        let unit = Unit { what: "a number of tokens from 1 to 65536", examples: ["200", "50"], read };
        Spread::parse(text, unit).map(Self)
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |tokens| tokens.to_string())
    }
}

/// A share from 0 to 1, also as `2%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// Whether a draw falls into it.
    pub(super) fn hits(self, random: &mut Random) -> bool {
        // Also drawn when nothing can hit: the later draws of a call stay the same under any share.
        random.share() < self.0
    }

    /// Whether it is none.
    pub fn is_none(self) -> bool {
        self.0 == 0.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a share, such as 0.02 or 2%");
        let (number, whole) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |number| (number, 100.0));
        let share = number.trim_end().parse::<f64>().map_err(|_| wrong())? / whole;
        if (0.0..=1.0).contains(&share) { Ok(Self(share)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorStatus {
    /// 429, as with a quota that is used up.
    Throttled,
    /// 500.
    Internal,
    /// 503.
    Unavailable,
}

impl FromStr for ErrorStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "429" => Ok(Self::Throttled),
            "500" => Ok(Self::Internal),
            "503" => Ok(Self::Unavailable),
            _ => Err(format!("`{text}` is not a status of a failed call: 429, 500 or 503")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_fixed_or_drawn() {
        for text in ["0ms", "300ms", "normal:300ms,50ms", "uniform:100ms,500ms", "exponential:200ms"] {
            assert_eq!(text.parse::<Latency>().unwrap().to_string(), text);
        }
        assert_eq!("0".parse::<Latency>().unwrap().to_string(), "0ms");
        assert_eq!("1.5s".parse::<Latency>().unwrap().to_string(), "1500ms");
    }

    #[test]
    fn what_is_no_latency_says_what_one_is() {
        let error = |text: &str| text.parse::<Latency>().unwrap_err().to_string();
        assert_eq!(error("300"), "`300` is not a time of at most an hour, such as 300ms");
        assert_eq!(error("2h"), "`2h` is not a time of at most an hour, such as 300ms");
        assert_eq!(error("normal:300ms"), "`normal` takes a mean and a deviation: normal:300ms,50ms");
        assert_eq!(
            error("gauss:1ms"),
            "there is no distribution `gauss`: it is one of uniform, normal and exponential"
        );
        assert_eq!(error("uniform:2s,1s"), "the first amount of `uniform` is above the second");
    }

    #[test]
    fn a_number_of_tokens_is_at_least_one() {
        assert!("0".parse::<Tokens>().is_err());
        assert!("65537".parse::<Tokens>().is_err());
        let tokens: Tokens = "normal:2,50".parse().unwrap();
        assert!((0..1000).all(|call| tokens.draw(&mut Random::new(1, call)) >= 1));
    }

    #[test]
    fn a_share_is_a_number_or_a_percentage() {
        assert_eq!("2%".parse(), Ok(Share(0.02)));
        assert_eq!("0.5".parse(), Ok(Share(0.5)));
        for text in ["2", "-1%", "many", "nan"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
