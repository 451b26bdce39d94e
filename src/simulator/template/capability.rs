//! Which capabilities a template needs.

use serde_json::Value;

use super::Body;

/// What the caller must acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// The template makes IAM resources.
    Iam,
    /// The template makes IAM resources with names of its own.
    NamedIam,
    /// The template uses macros.
    AutoExpand,
}

impl Capability {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "CAPABILITY_IAM",
            Self::NamedIam => "CAPABILITY_NAMED_IAM",
            Self::AutoExpand => "CAPABILITY_AUTO_EXPAND",
        }
    }

    /// Whether acknowledging `given` acknowledges this one too.
    pub fn is_covered_by(self, given: &str) -> bool {
        given == self.as_str() || (self == Self::Iam && given == "CAPABILITY_NAMED_IAM")
    }
}

/// IAM types that need an acknowledgement, with the property that names them.
const IAM_TYPES: [(&str, Option<&str>); 9] = [
    ("AWS::IAM::Role", Some("RoleName")),
    ("AWS::IAM::User", Some("UserName")),
    ("AWS::IAM::Group", Some("GroupName")),
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::IAM::InstanceProfile", Some("InstanceProfileName")),
    ("AWS::IAM::Policy", None),
    ("AWS::IAM::RolePolicy", None),
    ("AWS::IAM::UserToGroupAddition", None),
    ("AWS::IAM::AccessKey", None),
];

/// The capability that a template needs and the reason that `GetTemplateSummary` gives; `None` if it needs none.
pub fn required_capabilities(body: &Body) -> Option<(Capability, String)> {
    let mut types: Vec<&str> = Vec::new();
    let mut named = false;
    for (_, resource) in body.resources() {
        let type_name = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        let Some((iam, name)) = IAM_TYPES.iter().find(|(iam, _)| *iam == type_name) else { continue };
        if !types.contains(iam) {
            types.push(iam);
        }
        named |= name
            .is_some_and(|name| resource.get("Properties").is_some_and(|properties| properties.get(name).is_some()));
    }
    if types.is_empty() {
        return None;
    }
    let capability = if named { Capability::NamedIam } else { Capability::Iam };
    Some((capability, format!("The following resource(s) require capabilities: [{}]", types.join(", "))))
}
