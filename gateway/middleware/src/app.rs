//! What every route can use.

use std::sync::Arc;

use crate::body::Intake;
use crate::config::Config;
use crate::error::Failure;
use crate::history::Store;
use crate::keys::Keys;
use crate::okta::Verifier;
use crate::places::Places;
use crate::prompts::Prompts;
use crate::tasks::Tasks;
use crate::telemetry::metrics::Metrics;
use crate::upstream::Upstream;

/// The application: cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    upstream: Upstream,
    keys: Keys,
    intake: Intake,
    places: Places,
    history: Option<Store>,
    prompts: Option<Prompts>,
    okta: Option<Verifier>,
    tasks: Tasks,
    metrics: Metrics,
}

impl App {
    /// Makes the application; connections are made when they are needed.
    pub async fn new(config: Config) -> Self {
        let upstream = Upstream::new(&config);
        let tasks = Tasks::default();
        let history = match &config.history {
            Some(history) => Some(Store::start(history, config.body_limit, tasks.clone()).await),
            None => None,
        };
        let prompts = match config.managed_prompts {
            true => Some(Prompts::of_bedrock(config.region.clone()).await),
            false => None,
        };
        let okta = config.okta.as_ref().and_then(|okta| {
            let verifier = Verifier::of(okta);
            verifier.inspect_err(|error| tracing::error!(%error, "access tokens cannot be checked")).ok()
        });
        let metrics = Metrics::default();
        Self(Arc::new(Inner {
            keys: Keys::new(&config, upstream.clone()),
            intake: Intake::new(&config),
            places: Places::new(&config, metrics.clone()),
            metrics,
            upstream,
            history,
            prompts,
            okta,
            tasks,
            config,
        }))
    }

    /// Settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Client of LiteLLM.
    pub fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    /// What LiteLLM says about keys.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Reader of request bodies.
    pub fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// What each key has under way.
    pub fn places(&self) -> &Places {
        &self.0.places
    }

    /// Chat history.
    ///
    /// # Errors
    /// [`Failure::Invalid`] if it is off.
    pub fn history(&self) -> Result<&Store, Failure> {
        self.0.history.as_ref().ok_or_else(|| Failure::Invalid("This gateway keeps no chat history".to_owned()))
    }

    /// Chat history, if it is on.
    pub fn history_if_on(&self) -> Option<&Store> {
        self.0.history.as_ref()
    }

    /// Managed prompts, if they are on.
    pub fn prompts(&self) -> Option<&Prompts> {
        self.0.prompts.as_ref()
    }

    /// The judge of access tokens, if there is an identity provider.
    pub fn okta(&self) -> Option<&Verifier> {
        self.0.okta.as_ref()
    }

    /// Work that outlives its request.
    pub fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}
