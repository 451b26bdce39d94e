//! Flags that say how the mocked model behaves.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};

use crate::mock_llm::{ErrorStatus, Latency, Settings, Share, Tokens};

/// How the mocked model behaves.
#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub(super) struct BehaviourArgs {
    /// Time to the first token: 300ms, uniform:100ms,500ms, normal:300ms,50ms or exponential:300ms. None by default;
    /// 200ms in a local gateway, whose calls would else be too short to be balanced
    #[arg(long, env = "GWINFRA_MOCK_LATENCY", value_name = "TIME")]
    latency: Option<Latency>,
    /// How fast tokens come after the first; all at once by default
    #[arg(long, env = "GWINFRA_MOCK_TOKENS_PER_SECOND", value_name = "NUMBER", value_parser = rate)]
    tokens_per_second: Option<f64>,
    /// Tokens of an answer, unless its caller wants fewer; also uniform:50,400 and so on
    #[arg(long, env = "GWINFRA_MOCK_ANSWER_TOKENS", value_name = "TOKENS", default_value = "32")]
    answer_tokens: Tokens,
    /// Share of the calls that fail: 0.02 or 2%
    #[arg(long, env = "GWINFRA_MOCK_ERROR_SHARE", value_name = "SHARE", default_value = "0%")]
    error_share: Share,
    /// How they fail
    #[arg(long, env = "GWINFRA_MOCK_ERROR_STATUS", value_name = "STATUS", value_enum, default_value_t)]
    error_status: Failure,
    /// Requests that an account, region and model answers in a minute; more are throttled
    #[arg(long, env = "GWINFRA_MOCK_REQUESTS_PER_MINUTE", value_name = "NUMBER")]
    requests_per_minute: Option<NonZeroU32>,
    /// Tokens that an account, region and model takes in a minute
    #[arg(long, env = "GWINFRA_MOCK_TOKENS_PER_MINUTE", value_name = "NUMBER")]
    tokens_per_minute: Option<NonZeroU32>,
    /// Seed of everything that is random: the n-th call is the same again
    #[arg(long, env = "GWINFRA_MOCK_SEED", value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Failure {
    /// With 429, as above a quota
    #[value(name = "429")]
    Throttled,
    /// With 500
    #[default]
    #[value(name = "500")]
    Internal,
    /// With 503
    #[value(name = "503")]
    Unavailable,
}

impl BehaviourArgs {
    /// The settings of a model that knows these models; empty: any.
    pub fn settings(&self, models: Vec<String>, latency: Latency) -> Settings {
        Settings {
            latency: self.latency.unwrap_or(latency),
            tokens_per_second: self.tokens_per_second,
            answer_tokens: self.answer_tokens,
            error_share: self.error_share,
            error_status: match self.error_status {
                Failure::Throttled => ErrorStatus::Throttled,
                Failure::Internal => ErrorStatus::Internal,
                Failure::Unavailable => ErrorStatus::Unavailable,
            },
            requests_per_minute: self.requests_per_minute.map(|limit| u64::from(limit.get())),
            tokens_per_minute: self.tokens_per_minute.map(|limit| u64::from(limit.get())),
            models,
            seed: self.seed,
        }
    }

    /// The behaviour in words.
    pub fn words(&self) -> String {
        let mut words = vec![
            format!("first token after {}", self.latency.unwrap_or_default()),
            self.tokens_per_second.map_or("the rest at once".to_owned(), |rate| format!("{rate} tokens per second")),
            format!("{} tokens an answer", self.answer_tokens),
        ];
        if !self.error_share.is_none() {
            words.push(format!("{} fail", self.error_share));
        }
        let limits = [(self.requests_per_minute, "requests"), (self.tokens_per_minute, "tokens")];
        for (limit, what) in limits {
            if let Some(limit) = limit {
                words.push(format!("{limit} {what} per minute of each account, region and model"));
            }
        }
        words.join(", ")
    }
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| (0.1..=1e6).contains(rate))
        .ok_or_else(|| "a number from 0.1 to 1000000, such as 80".to_owned())
}
