//! Prompts of Bedrock.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_bedrockagent::Client;
use aws_sdk_bedrockagent::config::timeout::TimeoutConfig;
use aws_sdk_bedrockagent::config::{Builder, Region};
use aws_sdk_bedrockagent::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockagent::operation::get_prompt::{GetPromptError, GetPromptOutput};
use futures::future::BoxFuture;
use moka::future::Cache;

use super::arn::PromptArn;
use super::convert;
use super::error::PromptError;
use super::prompt::Prompt;
use super::store::Source;

/// The longest that Bedrock may take for a prompt, all attempts together.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Most regions whose clients are kept.
const REGIONS: u64 = 32;

/// The prompts of Bedrock, each read in the region of its ARN.
pub struct Bedrock {
    config: SdkConfig,
    clients: Cache<String, Client>,
}

impl Bedrock {
    /// With credentials, endpoint and the like as configured.
    pub fn new(config: SdkConfig) -> Self {
        Self { config, clients: Cache::new(REGIONS) }
    }

    async fn client(&self, region: &str) -> Client {
        let make = async {
            let timeouts = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
            let config = Builder::from(&self.config).region(Region::new(region.to_owned())).timeout_config(timeouts);
            Client::from_conf(config.build())
        };
        self.clients.get_with_by_ref(region, make).await
    }

    async fn get(&self, arn: &PromptArn) -> Result<GetPromptOutput, SdkError<GetPromptError>> {
        let request = self.client(arn.region()).await.get_prompt().prompt_identifier(arn.prompt());
        request.set_prompt_version(arn.version().map(str::to_owned)).send().await
    }
}

impl Source for Bedrock {
    fn read<'a>(&'a self, arn: &'a PromptArn) -> BoxFuture<'a, Result<Prompt, PromptError>> {
        Box::pin(async move {
            match self.get(arn).await {
                Ok(output) => convert::prompt(&output, arn),
                Err(error) => Err(failure(&error, arn)),
            }
        })
    }
}

fn failure(error: &SdkError<GetPromptError>, arn: &PromptArn) -> PromptError {
    let code = error.code().unwrap_or("none");
    tracing::warn!(prompt = %arn, code, "a prompt could not be read");
    let arn = arn.to_string();
    match code {
        "ResourceNotFoundException" | "ValidationException" => PromptError::NotFound { arn },
        "AccessDeniedException" => PromptError::Denied { arn },
        "ThrottlingException" => PromptError::Throttled,
        _ => PromptError::Unavailable { arn },
    }
}
