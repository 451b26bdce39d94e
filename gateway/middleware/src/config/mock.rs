//! The variables of `middleware mock-llm`.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use gwinfra_mock_llm::Settings;

use super::ConfigError;
use super::reader::Reader;

/// Longest pace: a million tokens per second.
const MOST_TOKENS_PER_SECOND: f64 = 1e6;

/// What a mocked model is told.
#[derive(Debug, Clone)]
pub struct Mock {
    /// Address on which it listens.
    pub listen: SocketAddr,
    /// How it behaves.
    pub settings: Settings,
}

impl Mock {
    /// Reads the settings.
    ///
    /// # Errors
    /// Every variable that is malformed, not only the first.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader::new(&lookup);
        let default = Settings::default();
        let listen = parsed(&mut reader, "MOCK_LISTEN", "an address and port such as 127.0.0.1:8787");
        let settings = Settings {
            latency: said(&mut reader, "MOCK_LATENCY").unwrap_or(default.latency),
            tokens_per_second: pace(&mut reader),
            answer_tokens: said(&mut reader, "MOCK_ANSWER_TOKENS").unwrap_or(default.answer_tokens),
            error_share: said(&mut reader, "MOCK_ERROR_SHARE").unwrap_or(default.error_share),
            requests_per_minute: limit(&mut reader, "MOCK_REQUESTS_PER_MINUTE"),
            tokens_per_minute: limit(&mut reader, "MOCK_TOKENS_PER_MINUTE"),
            ..default
        };
        let unspecified = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        reader.finish(Self { listen: listen.unwrap_or(unspecified), settings })
    }
}

fn parsed<T: FromStr>(reader: &mut Reader<'_>, name: &'static str, wanted: &str) -> Option<T> {
    let value = reader.text(name)?.parse().ok();
    if value.is_none() {
        reader.error(name, wanted);
    }
    value
}

/// A value whose type says by itself what is wrong with it.
fn said<T: FromStr<Err: ToString>>(reader: &mut Reader<'_>, name: &'static str) -> Option<T> {
    match reader.text(name)?.parse::<T>() {
        Ok(value) => Some(value),
        Err(error) => {
            reader.error(name, error.to_string());
            None
        }
    }
}

fn pace(reader: &mut Reader<'_>) -> Option<f64> {
    let name = "MOCK_TOKENS_PER_SECOND";
    let pace = parsed(reader, name, "a number such as 80")?;
    if (0.1..=MOST_TOKENS_PER_SECOND).contains(&pace) {
        return Some(pace);
    }
    reader.error(name, "a number from 0.1 to 1000000");
    None
}

fn limit(reader: &mut Reader<'_>, name: &'static str) -> Option<u64> {
    reader.text(name)?;
    Some(reader.number(name, 1, u64::from(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Mock, Vec<ConfigError>> {
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Mock::read(value)
    }

    #[test]
    fn without_variables_a_model_answers_at_once_and_without_limits() {
        let mock = read(&[]).unwrap();
        assert_eq!(mock.listen.to_string(), "127.0.0.1:8787");
        assert_eq!(mock.settings.latency.to_string(), "0ms");
        assert_eq!((mock.settings.tokens_per_minute, mock.settings.tokens_per_second), (None, None));
    }

    #[test]
    fn every_variable_that_is_wrong_is_told() {
        let wrong = [
            ("MOCK_LISTEN", "8787"),
            ("MOCK_LATENCY", "300"),
            ("MOCK_TOKENS_PER_SECOND", "0"),
            ("MOCK_ERROR_SHARE", "two"),
            ("MOCK_TOKENS_PER_MINUTE", "-1"),
        ];
        let errors = read(&wrong).unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.variable).collect();
        assert_eq!(names, wrong.map(|(name, _)| name));
    }
}
