//! Prompts, kept for a short while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region};
use futures::future::BoxFuture;
use moka::Expiry;
use moka::future::Cache;

use super::arn::PromptArn;
use super::bedrock::Bedrock;
use super::error::PromptError;
use super::prompt::Prompt;

/// Where prompts come from.
pub trait Source: Send + Sync {
    /// Reads a prompt.
    fn read<'a>(&'a self, arn: &'a PromptArn) -> BoxFuture<'a, Result<Prompt, PromptError>>;
}

/// How long prompts are kept.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// A version, which never changes.
    pub version: Duration,
    /// The draft.
    pub draft: Duration,
    /// That there is no such prompt.
    pub failure: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { version: Duration::from_secs(300), draft: Duration::from_secs(10), failure: Duration::from_secs(5) }
    }
}

/// Most prompts that are kept.
const PROMPTS: u64 = 1_000;

type Found = Result<Arc<Prompt>, PromptError>;

/// The prompts of a source. Many that ask for one at the same time cause one request.
#[derive(Clone)]
pub struct Prompts {
    source: Arc<dyn Source>,
    cache: Cache<PromptArn, Found>,
}

impl Prompts {
    /// The prompts of Bedrock, with the credentials of the task. Each is read in its own region; the one given here saves
    /// a search for one.
    pub async fn of_bedrock(region: Option<String>) -> Self {
        let region = Region::new(region.unwrap_or_else(|| "us-east-1".to_owned()));
        let config = aws_config::defaults(BehaviorVersion::latest()).region(region).load().await;
        Self::new(Arc::new(Bedrock::new(config)), Lifetimes::default())
    }

    /// The prompts of that source.
    pub fn new(source: Arc<dyn Source>, lifetimes: Lifetimes) -> Self {
        let cache = Cache::builder().max_capacity(PROMPTS).expire_after(lifetimes).build();
        Self { source, cache }
    }

    /// The prompt of that ARN.
    pub async fn get(&self, arn: &PromptArn) -> Found {
        let read = async {
            match self.source.read(arn).await {
                Ok(prompt) => Ok(Ok(Arc::new(prompt))),
                Err(error) if error.lasts() => Ok(Err(error)),
                Err(error) => Err(error),
            }
        };
        match self.cache.try_get_with_by_ref(arn, read).await {
            Ok(found) => found,
            Err(error) => Err(PromptError::clone(&error)),
        }
    }
}

impl Expiry<PromptArn, Found> for Lifetimes {
    fn expire_after_create(&self, arn: &PromptArn, found: &Found, _created: Instant) -> Option<Duration> {
        Some(match (found, arn.version()) {
            (Err(_), _) => self.failure,
            (Ok(_), Some(_)) => self.version,
            (Ok(_), None) => self.draft,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::Map;

    use super::*;

    /// Counts how often it is read; the prompt `GONE` is not there, and `BUSY` never answers.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Source for Counted {
        fn read<'a>(&'a self, arn: &'a PromptArn) -> BoxFuture<'a, Result<Prompt, PromptError>> {
            Box::pin(async move {
                self.0.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                let text = arn.to_string();
                if text.contains("GONE") {
                    return Err(PromptError::NotFound { arn: text });
                }
                if text.contains("BUSY") {
                    return Err(PromptError::Throttled);
                }
                Ok(Prompt {
                    model: "claude".to_owned(),
                    system: Vec::new(),
                    messages: Vec::new(),
                    tools: None,
                    inference: Default::default(),
                    additional: Map::new(),
                })
            })
        }
    }

    fn arn(prompt: &str) -> PromptArn {
        let text = format!("arn:aws:bedrock:us-east-1:123456789012:prompt/{prompt}");
        PromptArn::parse(&text).expect("a prompt").expect("a right one")
    }

    async fn reads(prompt: &str, lifetimes: Lifetimes) -> usize {
        let source = Arc::new(Counted::default());
        let prompts = Prompts::new(source.clone(), lifetimes);
        let arn = arn(prompt);
        let all = (0..50).map(|_| prompts.get(&arn));
        futures::future::join_all(all).await;
        let _ = prompts.get(&arn).await;
        source.0.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn many_askers_cause_one_request() {
        assert_eq!(reads("ABCDEFGHIJ:1", Lifetimes::default()).await, 1);
    }

    #[tokio::test]
    async fn a_prompt_that_is_not_there_is_asked_for_once() {
        assert_eq!(reads("GONE", Lifetimes::default()).await, 1);
    }

    #[tokio::test]
    async fn a_failure_that_passes_is_not_kept() {
        assert!(reads("BUSY", Lifetimes::default()).await > 1);
    }

    #[tokio::test]
    async fn a_draft_is_kept_for_its_own_time() {
        let lifetimes = Lifetimes { draft: Duration::ZERO, ..Lifetimes::default() };
        assert!(reads("ABCDEFGHIJ", lifetimes).await > 1);
        assert_eq!(reads("ABCDEFGHIJ:1", lifetimes).await, 1);
    }
}
