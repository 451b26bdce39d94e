//! Where a fault strikes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::simulator::request::Request;

/// Where a fault strikes. Whatever is left out matches everything; `*` at the end matches any rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Account id.
    #[serde(default)]
    pub account: Option<String>,
    /// Region.
    #[serde(default)]
    pub region: Option<String>,
    /// Stack name.
    #[serde(default)]
    pub stack: Option<String>,
    /// Logical id of a resource.
    #[serde(default)]
    pub logical_id: Option<String>,
    /// Type of a resource, or the one that a call names.
    #[serde(default, rename = "type")]
    pub type_name: Option<String>,
    /// Service of a call, as the signature names it: `cloudformation`.
    #[serde(default)]
    pub service: Option<String>,
    /// API action: `DescribeStacks`.
    #[serde(default)]
    pub action: Option<String>,
    /// Operation of a stack: `CREATE_STACK`, `UPDATE_STACK`, `DELETE_STACK`, `ROLLBACK`, `CONTINUE_ROLLBACK`.
    #[serde(default)]
    pub operation: Option<String>,
    /// ARN of the role that a call is about: of `AssumeRole`, or one that is passed on.
    #[serde(default)]
    pub role: Option<String>,
}

impl Selector {
    pub(super) fn matches(&self, occasion: &Occasion<'_>) -> bool {
        let pairs: BTreeMap<&str, (&Option<String>, Option<&str>)> = BTreeMap::from([
            ("account", (&self.account, Some(occasion.account))),
            ("region", (&self.region, Some(occasion.region))),
            ("stack", (&self.stack, occasion.stack)),
            ("logical_id", (&self.logical_id, occasion.logical_id)),
            ("type", (&self.type_name, occasion.type_name)),
            ("service", (&self.service, occasion.service)),
            ("action", (&self.action, occasion.action)),
            ("operation", (&self.operation, occasion.operation)),
            ("role", (&self.role, occasion.role)),
        ]);
        pairs.values().all(|(wanted, found)| match (wanted, found) {
            (None, _) => true,
            (Some(wanted), Some(found)) => match wanted.strip_suffix('*') {
                Some(start) => found.starts_with(start),
                None => wanted == found,
            },
            (Some(_), None) => false,
        })
    }
}

/// What is happening, for a selector to look at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Occasion<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub stack: Option<&'a str>,
    pub logical_id: Option<&'a str>,
    pub type_name: Option<&'a str>,
    pub service: Option<&'a str>,
    pub action: Option<&'a str>,
    pub operation: Option<&'a str>,
    pub role: Option<&'a str>,
}

impl<'a> Occasion<'a> {
    /// A call of a service, about a stack or none. What else it names, the caller adds.
    pub fn of_call(request: &'a Request<'_>, service: &'a str, stack: Option<&'a str>) -> Self {
        Self {
            account: &request.identity.account,
            region: request.region,
            stack,
            service: Some(service),
            action: Some(request.action),
            ..Self::default()
        }
    }
}
