//! Roles and their policies, wherever the template put them.

use serde_json::Value;

use super::super::resource::{GLOBAL, Resource};
use super::super::world::World;

/// The type of a role.
pub const ROLE: &str = "AWS::IAM::Role";

/// The managed policies of AWS that the simulator knows the contents of. Any other managed policy of AWS allows nothing here.
const ADMINISTRATOR_ACCESS: &str = ":iam::aws:policy/AdministratorAccess";

/// The ARN of a role.
pub fn arn(role: &Resource) -> &str {
    role.text("Arn").unwrap_or_default()
}

/// The `AROA..` id of a role.
pub fn id(world: &World, account: &str, role: &Resource) -> String {
    match role.text("RoleId") {
        Some(id) => id.to_owned(),
        None => format!("AROA{}", world.stable_token(&["role", account, &role.identifier], 17).to_ascii_uppercase()),
    }
}

/// The role that has this ARN, in whichever account.
pub fn by_arn<'a>(world: &'a World, arn: &str) -> Option<&'a Resource> {
    let account = arn.split(':').nth(4)?;
    let name = arn.rsplit('/').next()?;
    world.resource(account, GLOBAL, ROLE, name).filter(|role| self::arn(role) == arn)
}

/// The inline policies of a role as `(name, document)`: its own and those of the policy resources that name it.
pub fn inline(world: &World, account: &str, role: &Resource) -> Vec<(String, Value)> {
    let mut policies: Vec<(String, Value)> = Vec::new();
    let own = role.property("Policies").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let separate = world.resources(account, GLOBAL).filter(|resource| match resource.type_name.as_str() {
        "AWS::IAM::Policy" => lists(resource, "Roles", &role.identifier),
        "AWS::IAM::RolePolicy" => resource.text("RoleName") == Some(&role.identifier),
        _ => false,
    });
    for policy in own.iter().chain(separate.map(|resource| &resource.properties)) {
        if let (Some(name), Some(document)) =
            (policy.get("PolicyName").and_then(Value::as_str), policy.get("PolicyDocument"))
        {
            policies.push((name.to_owned(), document.clone()));
        }
    }
    policies.sort_by(|a, b| a.0.cmp(&b.0));
    policies
}

/// The ARNs of the managed policies that are attached to a role.
pub fn attached(world: &World, account: &str, role: &Resource) -> Vec<String> {
    let own = role.property("ManagedPolicyArns").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut arns: Vec<String> = own.iter().filter_map(|arn| arn.as_str().map(str::to_owned)).collect();
    for policy in world.resources_of(account, GLOBAL, "AWS::IAM::ManagedPolicy") {
        let arn = policy.text("PolicyArn").unwrap_or(&policy.physical_id);
        if lists(policy, "Roles", &role.identifier) && !arns.iter().any(|known| known == arn) {
            arns.push(arn.to_owned());
        }
    }
    arns
}

/// All policy documents that give a role its permissions.
pub fn policies(world: &World, account: &str, role: &Resource) -> Vec<Value> {
    let mut documents: Vec<Value> = inline(world, account, role).into_iter().map(|(_, document)| document).collect();
    for arn in attached(world, account, role) {
        if arn.ends_with(ADMINISTRATOR_ACCESS) {
            documents.push(serde_json::json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}));
        } else if let Some(document) =
            managed(world, account, &arn).and_then(|policy| policy.property("PolicyDocument"))
        {
            documents.push(document.clone());
        }
    }
    documents
}

/// A customer-managed policy by ARN.
pub fn managed<'a>(world: &'a World, account: &'a str, arn: &str) -> Option<&'a Resource> {
    world
        .resources_of(account, GLOBAL, "AWS::IAM::ManagedPolicy")
        .find(|policy| policy.text("PolicyArn") == Some(arn) || policy.physical_id == arn)
}

fn lists(resource: &Resource, property: &str, name: &str) -> bool {
    resource.property(property).and_then(Value::as_array).is_some_and(|names| names.iter().any(|item| item == name))
}
