//! AWS WAF: web ACLs with all that is nested in their rules, IP sets, and which web ACL a resource has.
//!
//! The types of an SDK know the statements and actions of its day: whatever AWS adds later is lost in them, and a rule that has
//! it would look like one that has nothing. So answers are taken as the texts that they are, and put into the words of
//! CloudFormation, which differ in few places.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Result;
use super::call::Caller;

/// The code for what is not there.
const NOT_THERE: &str = "WAFNonexistentItemException";

/// AWS WAF in one account and region.
#[derive(Debug)]
pub struct Wafv2 {
    client: aws_sdk_wafv2::Client,
    caller: Caller,
}

impl Wafv2 {
    pub(super) fn new(client: aws_sdk_wafv2::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// A web ACL in the words of `AWS::WAFv2::WebACL`, by CloudFormation's name for it, `name|id|scope`; `None` when it is not
    /// there.
    ///
    /// # Errors
    /// When the name is another one, or the call fails for another reason.
    pub async fn web_acl(&self, name: &str) -> Result<Option<Value>> {
        let (own, id, scope) = self.parts("GetWebACL", name)?;
        let answer = Answer::default();
        let send = || {
            let call = self.client.get_web_acl().name(own).id(id).scope(scope.into());
            call.customize().interceptor(answer.clone()).send()
        };
        self.there(self.caller.call("GetWebACL", name, send).await, &answer, ("GetWebACL", name, "WebACL"))
    }

    /// An IP set in the words of `AWS::WAFv2::IPSet`, by CloudFormation's name for it, `name|id|scope`; `None` when it is not
    /// there.
    ///
    /// # Errors
    /// When the name is another one, or the call fails for another reason.
    pub async fn ip_set(&self, name: &str) -> Result<Option<Value>> {
        let (own, id, scope) = self.parts("GetIPSet", name)?;
        let answer = Answer::default();
        let send = || {
            let call = self.client.get_ip_set().name(own).id(id).scope(scope.into());
            call.customize().interceptor(answer.clone()).send()
        };
        self.there(self.caller.call("GetIPSet", name, send).await, &answer, ("GetIPSet", name, "IPSet"))
    }

    /// How a web ACL logs, in the words of `AWS::WAFv2::LoggingConfiguration`; `None` when it does not.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn logging(&self, web_acl: &str) -> Result<Option<Value>> {
        const ACTION: &str = "GetLoggingConfiguration";
        let answer = Answer::default();
        let send = || {
            let call = self.client.get_logging_configuration().resource_arn(web_acl);
            call.customize().interceptor(answer.clone()).send()
        };
        self.there(self.caller.call(ACTION, web_acl, send).await, &answer, (ACTION, web_acl, "LoggingConfiguration"))
    }

    /// ARN of the web ACL that a load balancer has; `None` when it has none, or is not there.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn web_acl_of(&self, resource: &str) -> Result<Option<String>> {
        let send = || self.client.get_web_acl_for_resource().resource_arn(resource).send();
        match self.caller.call("GetWebACLForResource", resource, send).await {
            Ok(answer) => Ok(answer.web_acl.map(|web_acl| web_acl.arn)),
            Err(error) if error.is(NOT_THERE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives a load balancer a web ACL, in the place of the one that it has.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn associate(&self, resource: &str, web_acl: &str) -> Result<()> {
        let send = || self.client.associate_web_acl().resource_arn(resource).web_acl_arn(web_acl).send();
        self.caller.call("AssociateWebACL", resource, send).await.map(drop)
    }

    /// Name, id and scope.
    fn parts<'n>(&self, action: &str, name: &'n str) -> Result<(&'n str, &'n str, &'n str)> {
        let parts: Vec<&str> = name.split('|').collect();
        <[&str; 3]>::try_from(parts)
            .map(|[name, id, scope]| (name, id, scope))
            .map_err(|_| self.caller.unexpected(action, name, "it is not called name|id|scope"))
    }

    /// What an answer has under a name, in CloudFormation's words.
    fn there<T>(
        &self,
        answered: Result<T>,
        answer: &Answer,
        (action, resource, name): (&str, &str, &str),
    ) -> Result<Option<Value>> {
        match answered {
            Ok(_) => {
                let found = answer.take().and_then(|mut text| text.get_mut(name).map(Value::take));
                self.caller.required(found, action, resource, name).map(|found| Some(in_templates(found)))
            }
            Err(error) if error.is(NOT_THERE) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Keeps the JSON of an answer.
#[derive(Debug, Clone, Default)]
struct Answer(Arc<Mutex<Option<Value>>>);

impl Answer {
    fn take(&self) -> Option<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "Answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        // A refusal has no JSON that is wanted here, and may have none at all.
        let read = context.response().body().bytes().and_then(|body| serde_json::from_slice(body).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}

/// What AWS WAF gives in the words of templates: ARNs are spelled `Arn`, and what is looked for in a request is a text there, or
/// its bytes under a name of their own.
fn in_templates(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, value) in members {
                match (name.as_str(), &value) {
                    ("ARN", _) => {
                        out.insert("Arn".to_owned(), value);
                    }
                    ("SearchString", Value::String(bytes)) => {
                        let text = STANDARD.decode(bytes).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                        out.extend(text.map(|text| (name, json!(text))));
                        out.insert("SearchStringBase64".to_owned(), value);
                    }
                    _ => {
                        out.insert(name, in_templates(value));
                    }
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => items.into_iter().map(in_templates).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_spelled_as_in_templates_however_deep() {
        let found = json!({"ARN": "a", "Rules": [{"Statement": {"IPSetReferenceStatement": {"ARN": "b"}}}]});
        let wanted = json!({"Arn": "a", "Rules": [{"Statement": {"IPSetReferenceStatement": {"Arn": "b"}}}]});
        assert_eq!(in_templates(found), wanted);
    }

    #[test]
    fn what_is_looked_for_is_there_as_text_and_as_bytes() {
        let found = in_templates(json!({"SearchString": "L2FkbWlu"}));
        assert_eq!(found, json!({"SearchString": "/admin", "SearchStringBase64": "L2FkbWlu"}));
        assert_eq!(in_templates(json!({"SearchString": "/w=="})), json!({"SearchStringBase64": "/w=="}));
    }

    #[test]
    fn what_nobody_knows_here_is_kept() {
        let rule = json!({"Statement": {"StatementOfTomorrow": {"Depth": [1, {"Deeper": true}]}}});
        assert_eq!(in_templates(rule.clone()), rule);
    }
}
