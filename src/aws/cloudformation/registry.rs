//! The registry of resource types.

use aws_sdk_cloudformation::types::RegistryType;

use super::CloudFormation;
use crate::aws::Result;

impl CloudFormation {
    /// Whether the region has a resource type, and it is not deprecated.
    ///
    /// # Errors
    /// When the call fails for another reason than that there is no such type.
    pub async fn has_type(&self, name: &str) -> Result<bool> {
        let answer = self
            .caller
            .call("DescribeType", name, || {
                self.client.describe_type().r#type(RegistryType::Resource).type_name(name).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.deprecated_status.is_none_or(|status| status.as_str() != "DEPRECATED")),
            Err(error) if error.is("TypeNotFoundException") => Ok(false),
            Err(error) => Err(error),
        }
    }
}
