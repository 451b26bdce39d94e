//! ECR: the images that containers run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};
use serde_json::Value;

use super::Result;
use super::call::Caller;

/// The most images that one call deletes.
const DELETED_AT_ONCE: usize = 100;

/// Whether an image is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// It is there.
    Found {
        /// `sha256:..`.
        digest: String,
    },
    /// The repository has no such tag or digest.
    Missing,
    /// There is no such repository.
    NoRepository,
}

/// What the registry of an account and region is opened with, for some hours.
#[derive(Clone)]
pub struct Authorization {
    /// Name: `AWS`.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Authorization")
    }
}

/// ECR in one account and region.
#[derive(Debug)]
pub struct Ecr {
    client: aws_sdk_ecr::Client,
    caller: Caller,
}

impl Ecr {
    pub(super) fn new(client: aws_sdk_ecr::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// Asks for what the registry is opened with.
    ///
    /// # Errors
    /// When the call fails, or gives something else than a name and a password.
    pub async fn authorization(&self) -> Result<Authorization> {
        let action = "GetAuthorizationToken";
        let answer = self.caller.call(action, "", || self.client.get_authorization_token().send()).await?;
        let data = answer.authorization_data.unwrap_or_default().into_iter().next();
        let token = data.and_then(|data| data.authorization_token);
        let pair = token.and_then(|token| String::from_utf8(STANDARD.decode(token).ok()?).ok());
        let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
        let (user, password) = self.caller.required(pair, action, "", "token")?;
        Ok(Authorization { user: user.to_owned(), password: password.to_owned() })
    }

    /// The policy that a repository of the session's own account has; `None` when it has none, or there is no such repository.
    ///
    /// # Errors
    /// When the call fails for another reason, or the policy is no JSON.
    pub async fn repository_policy(&self, repository: &str) -> Result<Option<Value>> {
        const ACTION: &str = "GetRepositoryPolicy";
        let answer = self
            .caller
            .call(ACTION, repository, || self.client.get_repository_policy().repository_name(repository).send())
            .await;
        let found = match answer {
            Err(error) if error.is("RepositoryPolicyNotFoundException") || error.is("RepositoryNotFoundException") => {
                return Ok(None);
            }
            other => other?.policy_text,
        };
        let parsed = found.map(|text| serde_json::from_str(&text)).transpose();
        parsed.map_err(|error| self.caller.unexpected(ACTION, repository, format!("policyText is no JSON: {error}")))
    }

    /// Looks for an image by tag, or by digest when it begins with `sha256:`. `registry` is the account that has it.
    ///
    /// # Errors
    /// When the call fails for another reason than that it is not there.
    pub async fn image(&self, registry: &str, repository: &str, reference: &str) -> Result<Image> {
        let id = if reference.starts_with("sha256:") {
            ImageIdentifier::builder().image_digest(reference)
        } else {
            ImageIdentifier::builder().image_tag(reference)
        };
        let id = id.build();
        let name = format!("{repository}:{reference}");
        let answer = self
            .caller
            .call("DescribeImages", &name, || {
                self.client
                    .describe_images()
                    .registry_id(registry)
                    .repository_name(repository)
                    .image_ids(id.clone())
                    .send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer
                .image_details
                .unwrap_or_default()
                .into_iter()
                .find_map(|image| image.image_digest)
                .map_or(Image::Missing, |digest| Image::Found { digest })),
            Err(error) if error.is("ImageNotFoundException") => Ok(Image::Missing),
            Err(error) if error.is("RepositoryNotFoundException") => Ok(Image::NoRepository),
            Err(error) => Err(error),
        }
    }

    /// Deletes all images of a repository and says how many there were. A repository that is not there has none.
    ///
    /// # Errors
    /// When a call fails, or an image cannot be deleted.
    pub async fn delete_images(&self, repository: &str) -> Result<usize> {
        let mut deleted = 0;
        loop {
            let answer = self
                .caller
                .call("ListImages", repository, || {
                    self.client.list_images().repository_name(repository).max_results(DELETED_AT_ONCE as i32).send()
                })
                .await;
            let ids = match answer {
                Ok(answer) => answer.image_ids.unwrap_or_default(),
                Err(error) if error.is("RepositoryNotFoundException") => return Ok(deleted),
                Err(error) => return Err(error),
            };
            if ids.is_empty() {
                return Ok(deleted);
            }
            let answer = self
                .caller
                .call("BatchDeleteImage", repository, || {
                    self.client.batch_delete_image().repository_name(repository).set_image_ids(Some(ids.clone())).send()
                })
                .await?;
            // An image that an index refers to goes only after the index: it stays for the next round.
            let done = answer.image_ids.unwrap_or_default().len();
            if done == 0 {
                let failures = answer.failures.unwrap_or_default();
                // Listed a moment ago and gone now: somebody else deleted it, which is what was wanted.
                if failures.iter().all(|failure| failure.failure_code == Some(ImageFailureCode::ImageNotFound)) {
                    return Ok(deleted);
                }
                let reason = failures.into_iter().find_map(|failure| failure.failure_reason);
                let reason = reason.unwrap_or_else(|| "no image could be deleted".to_owned());
                return Err(self.caller.unexpected("BatchDeleteImage", repository, reason));
            }
            deleted += done;
        }
    }
}
