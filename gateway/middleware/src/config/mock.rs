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
            error_status: said(&mut reader, "MOCK_ERROR_STATUS").unwrap_or(default.error_status),
            requests_per_minute: limit(&mut reader, "MOCK_REQUESTS_PER_MINUTE"),
            tokens_per_minute: limit(&mut reader, "MOCK_TOKENS_PER_MINUTE"),
            models: models(&mut reader),
            seed: reader.number("MOCK_SEED", 0, u64::MAX),
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

fn models(reader: &mut Reader<'_>) -> Vec<String> {
    let text = reader.text("MOCK_MODELS").unwrap_or_default();
    text.split(',').map(str::trim).filter(|model| !model.is_empty()).map(str::to_owned).collect()
}

fn limit(reader: &mut Reader<'_>, name: &'static str) -> Option<u64> {
    reader.text(name)?;
    Some(reader.number(name, 1, u64::from(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use gwinfra_mock_llm::ErrorStatus;

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
        let Settings { models, seed, error_status, .. } = Settings::default();
        assert_eq!(
            (mock.settings.models, mock.settings.seed, mock.settings.error_status),
            (models, seed, error_status)
        );
    }

    #[test]
    fn a_model_is_told_its_names_its_seed_and_how_it_fails() {
        let variables = [("MOCK_MODELS", "claude, nova,"), ("MOCK_SEED", "7"), ("MOCK_ERROR_STATUS", "429")];
        let settings = read(&variables).unwrap().settings;
        assert_eq!((settings.models, settings.seed), (vec!["claude".to_owned(), "nova".to_owned()], 7));
        assert_eq!(settings.error_status, ErrorStatus::Throttled);
    }

    #[test]
    fn every_variable_that_is_wrong_is_told() {
        let wrong = [
            ("MOCK_LISTEN", "8787"),
            ("MOCK_LATENCY", "300"),
            ("MOCK_TOKENS_PER_SECOND", "0"),
            ("MOCK_ERROR_SHARE", "two"),
            ("MOCK_ERROR_STATUS", "418"),
            ("MOCK_TOKENS_PER_MINUTE", "-1"),
            ("MOCK_SEED", "x"),
        ];
        let errors = read(&wrong).unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.variable).collect();
        assert_eq!(names, wrong.map(|(name, _)| name));
    }
}
