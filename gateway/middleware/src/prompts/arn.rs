//! ARNs of managed prompts.

use std::fmt;

use super::error::PromptError;

/// The ARN of a prompt, with or without a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PromptArn {
    partition: String,
    region: String,
    account: String,
    id: String,
    version: Option<String>,
}

impl PromptArn {
    /// Reads the name of a model. `None` for one that is not the ARN of a prompt; profiles and prompt routers are not.
    pub fn parse(model: &str) -> Option<Result<Self, PromptError>> {
        let mut parts = model.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (partition, service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let prompt = parts.next()?.strip_prefix("prompt/")?;
        if service != "bedrock" || !is_partition(partition) {
            return None;
        }
        let (id, version) = match prompt.split_once(':') {
            Some((id, version)) => (id, Some(version)),
            None => (prompt, None),
        };
        let is_right = is_region(region)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && version.is_none_or(is_version);
        if !is_right {
            return Some(Err(PromptError::Arn { arn: model.to_owned() }));
        }
        Some(Ok(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            id: id.to_owned(),
            version: version.filter(|version| *version != DRAFT).map(str::to_owned),
        }))
    }

    /// The region that has the prompt.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The version, but for the draft.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The ARN of the prompt, whatever the version.
    pub fn prompt(&self) -> String {
        let Self { partition, region, account, id, .. } = self;
        format!("arn:{partition}:bedrock:{region}:{account}:prompt/{id}")
    }
}

impl fmt::Display for PromptArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.prompt())?;
        match &self.version {
            Some(version) => write!(formatter, ":{version}"),
            None => Ok(()),
        }
    }
}

const DRAFT: &str = "DRAFT";

fn is_partition(partition: &str) -> bool {
    partition.strip_prefix("aws").is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        && partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn is_region(region: &str) -> bool {
    (1..=25).contains(&region.len())
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !region.starts_with('-')
        && !region.ends_with('-')
}

fn is_version(version: &str) -> bool {
    version == DRAFT || ((1..=5).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(text: &str) -> PromptArn {
        PromptArn::parse(text).expect("a prompt").expect("a right one")
    }

    #[test]
    fn every_partition_has_prompts() {
        for partition in ["aws", "aws-us-gov", "aws-cn", "aws-iso-b", "aws-eusc"] {
            let text = format!("arn:{partition}:bedrock:eu-west-1:123456789012:prompt/ABCDEFGHIJ");
            assert_eq!(arn(&text).to_string(), text);
        }
    }

    #[test]
    fn a_version_is_not_part_of_the_prompt() {
        let arn = arn("arn:aws:bedrock:us-west-2:123456789012:prompt/ABCDEFGHIJ:3");
        assert_eq!((arn.region(), arn.version()), ("us-west-2", Some("3")));
        assert_eq!(arn.prompt(), "arn:aws:bedrock:us-west-2:123456789012:prompt/ABCDEFGHIJ");
    }

    #[test]
    fn the_draft_is_a_prompt_without_a_version() {
        assert_eq!(
            arn("arn:aws:bedrock:us-west-2:123456789012:prompt/ABCDEFGHIJ:DRAFT"),
            arn("arn:aws:bedrock:us-west-2:123456789012:prompt/ABCDEFGHIJ")
        );
    }

    #[test]
    fn other_names_of_models_are_not_prompts() {
        for model in [
            "claude",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1",
            "arn:aws:bedrock:us-east-1:123456789012:prompt-router/abc",
            "arn:aws:s3:us-east-1:123456789012:prompt/ABCDEFGHIJ",
            "arn:evil:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ",
        ] {
            assert_eq!(PromptArn::parse(model), None, "{model}");
        }
    }

    #[test]
    fn an_arn_with_a_wrong_part_is_an_error() {
        for model in [
            "arn:aws:bedrock::123456789012:prompt/ABCDEFGHIJ",
            "arn:aws:bedrock:us-east-1.evil.example:123456789012:prompt/ABCDEFGHIJ",
            "arn:aws:bedrock:us-east-1:1234:prompt/ABCDEFGHIJ",
            "arn:aws:bedrock:us-east-1:123456789012:prompt/",
            "arn:aws:bedrock:us-east-1:123456789012:prompt/A%2FB",
            "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:latest",
        ] {
            assert!(matches!(PromptArn::parse(model), Some(Err(_))), "{model}");
        }
    }
}
