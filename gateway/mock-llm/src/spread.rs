//! Amounts that are fixed or drawn from a distribution, as people type them.

use std::fmt;

use thiserror::Error;

use super::random::Random;

/// How an amount varies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spread {
    /// Not at all.
    Fixed(f64),
    /// Evenly between two amounts.
    Uniform(f64, f64),
    /// Around a mean, with a standard deviation; never below nothing.
    Normal(f64, f64),
    /// Exponentially around a mean.
    Exponential(f64),
}

/// What is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpreadError {
    /// There is no such distribution.
    #[error("there is no distribution `{0}`: it is one of uniform, normal and exponential")]
    Name(String),
    /// The distribution takes another number of amounts.
    #[error("`{name}` takes {takes}: {example}")]
    Count {
        /// The distribution.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
        /// An example.
        example: String,
    },
    /// An amount is none.
    #[error("`{text}` is not {what}, such as {example}")]
    Amount {
        /// What was given.
        text: String,
        /// What it is to be.
        what: &'static str,
        /// An example.
        example: &'static str,
    },
    /// The amounts are the wrong way around.
    #[error("the first amount of `uniform` is above the second")]
    Order,
}

/// How amounts of one kind are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// What one is, with its article.
    pub what: &'static str,
    /// Two examples.
    pub examples: [&'static str; 2],
    /// Reads one; `None` when it is none, or out of bounds.
    pub read: fn(&str) -> Option<f64>,
}

impl Spread {
    /// Reads `300ms`, `uniform:100ms,500ms`, `normal:300ms,50ms` or `exponential:300ms`, in the unit.
    pub fn parse(text: &str, unit: Unit) -> Result<Self, SpreadError> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once(':') else {
            return Ok(Self::Fixed(amount(text, unit)?));
        };
        let amounts: Vec<&str> = rest.split(',').map(str::trim).collect();
        let [first, second] = unit.examples;
        let count = |name, takes, example| Err(SpreadError::Count { name, takes, example });
        match name.trim() {
            "uniform" => {
                let [from, to] = amounts[..] else {
                    return count("uniform", "the least and the most", format!("uniform:{second},{first}"));
                };
                let (from, to) = (amount(from, unit)?, amount(to, unit)?);
                if from > to { Err(SpreadError::Order) } else { Ok(Self::Uniform(from, to)) }
            }
            "normal" => {
                let [mean, deviation] = amounts[..] else {
                    return count("normal", "a mean and a deviation", format!("normal:{first},{second}"));
                };
                Ok(Self::Normal(amount(mean, unit)?, amount(deviation, unit)?))
            }
            "exponential" => {
                let [mean] = amounts[..] else {
                    return count("exponential", "a mean", format!("exponential:{first}"));
                };
                Ok(Self::Exponential(amount(mean, unit)?))
            }
            other => Err(SpreadError::Name(other.to_owned())),
        }
    }

    /// Draws an amount.
    pub fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Fixed(amount) => amount,
            Self::Uniform(from, to) => from + (to - from) * random.share(),
            Self::Normal(mean, deviation) => (mean + deviation * random.normal()).max(0.0),
            Self::Exponential(mean) => mean * random.exponential(),
        }
    }

    /// Writes it as [`Self::parse`] reads it.
    pub fn write(self, f: &mut fmt::Formatter<'_>, one: fn(f64) -> String) -> fmt::Result {
        match self {
            Self::Fixed(amount) => f.write_str(&one(amount)),
            Self::Uniform(from, to) => write!(f, "uniform:{},{}", one(from), one(to)),
            Self::Normal(mean, deviation) => write!(f, "normal:{},{}", one(mean), one(deviation)),
            Self::Exponential(mean) => write!(f, "exponential:{}", one(mean)),
        }
    }
}

fn amount(text: &str, unit: Unit) -> Result<f64, SpreadError> {
    (unit.read)(text).ok_or_else(|| SpreadError::Amount {
        text: text.to_owned(),
        what: unit.what,
        example: unit.examples[0],
    })
}
