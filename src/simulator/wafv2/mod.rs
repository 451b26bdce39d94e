//! AWS WAF: the web ACLs, IP sets, associations and settings of logs that stacks made, read and changed by its own API.
//!
//! Capacities are not counted, and managed rule groups are taken by their names.

mod associations;
mod ip_sets;
mod logging;
mod shape;
mod web_acls;

use serde_json::{Value, json};

use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::{World, uuid_form};

const WEB_ACL: &str = "AWS::WAFv2::WebACL";
const IP_SET: &str = "AWS::WAFv2::IPSet";
const ASSOCIATION: &str = "AWS::WAFv2::WebACLAssociation";
const LOGGING: &str = "AWS::WAFv2::LoggingConfiguration";

/// The largest page of the service's lists.
const MAXIMUM_RESULTS: usize = 100;

/// Answers an AWS WAF call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetWebACL" => web_acls::get(world, request),
        "ListWebACLs" => list(world, request, WEB_ACL, "WebACLs"),
        "UpdateWebACL" => web_acls::update(world, request),
        "GetIPSet" => ip_sets::get(world, request),
        "ListIPSets" => list(world, request, IP_SET, "IPSets"),
        "UpdateIPSet" => ip_sets::update(world, request),
        "GetWebACLForResource" => associations::web_acl_of(world, request),
        "ListResourcesForWebACL" => associations::resources_of(world, request),
        "AssociateWebACL" => associations::associate(world, request),
        "DisassociateWebACL" => associations::disassociate(world, request),
        "GetLoggingConfiguration" => logging::get(world, request),
        "PutLoggingConfiguration" => logging::put(world, request),
        "DeleteLoggingConfiguration" => logging::delete(world, request),
        "ListTagsForResource" => tags(world, request),
        _ => Err(unknown_action(request)),
    }
}

fn all<'a>(world: &'a World, request: &Request<'_>, type_name: &'a str) -> impl Iterator<Item = &'a Resource> {
    world.resources_of(&request.identity.account, request.region, type_name)
}

/// A member that must be there.
fn required(request: &Request<'_>, name: &str) -> Result<String, Fault> {
    request.text(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Fault {
    let mut member = name.to_owned();
    if let Some(first) = member.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let message = format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    );
    Fault::new("ValidationException", message)
}

/// What AWS WAF says of what is not there.
fn not_there() -> Fault {
    Fault::new(
        "WAFNonexistentItemException",
        "AWS WAF couldn\u{2019}t perform the operation because your resource doesn\u{2019}t exist.",
    )
}

/// What AWS WAF says of a parameter that cannot be.
fn invalid(reason: &str, field: &str, parameter: &str) -> Fault {
    let message = format!("Error reason: {reason}, field: {field}, parameter: {parameter}");
    Fault::new("WAFInvalidParameterException", message)
}

/// The identifier of the resource that a call names by name, id and scope.
fn named(request: &Request<'_>) -> Result<String, Fault> {
    let parts = [required(request, "Name")?, required(request, "Id")?, required(request, "Scope")?];
    Ok(parts.join("|"))
}

/// A resource by its identifier.
fn find<'a>(world: &'a World, request: &Request<'_>, type_name: &str, identifier: &str) -> Result<&'a Resource, Fault> {
    world.resource(&request.identity.account, request.region, type_name, identifier).ok_or_else(not_there)
}

/// The resource with an ARN.
fn by_arn<'a>(world: &'a World, request: &Request<'_>, type_name: &'a str, arn: &str) -> Result<&'a Resource, Fault> {
    all(world, request, type_name).find(|one| one.text("Arn") == Some(arn)).ok_or_else(not_there)
}

/// The token that marks a resource as it is: another one once anything of it was changed, by whom ever.
fn lock_token(world: &World, resource: &Resource) -> String {
    uuid_form(&world.stable_token(&["wafv2", &resource.identifier, &resource.properties.to_string()], 32))
}

/// Refuses a change of what has changed since it was read.
fn check_token(world: &World, request: &Request<'_>, resource: &Resource) -> Result<(), Fault> {
    if required(request, "LockToken")? == lock_token(world, resource) {
        return Ok(());
    }
    Err(Fault::new(
        "WAFOptimisticLockException",
        "AWS WAF couldn\u{2019}t save your changes because someone changed the resource after you started to edit it. \
         Reapply your changes.",
    ))
}

/// Puts changed properties in the place of a resource's own. Gives its next token.
fn change(world: &mut World, request: &Request<'_>, mut resource: Resource, properties: Value) -> Reply {
    resource.properties = properties;
    resource.updated_at = world.now();
    let token = lock_token(world, &resource);
    world.put(&request.identity.account, request.region, resource);
    json!({"NextLockToken": token})
}

fn list(world: &World, request: &Request<'_>, type_name: &str, name: &str) -> Result<Reply, Fault> {
    let scope = required(request, "Scope")?;
    let of_scope = all(world, request, type_name).filter(|one| one.text("Scope") == Some(scope.as_str()));
    let items: Vec<Value> = of_scope
        .map(|one| {
            json!({
                "Name": one.text("Name"),
                "Id": one.text("Id"),
                "Description": one.text("Description"),
                "LockToken": lock_token(world, one),
                "ARN": one.text("Arn"),
            })
        })
        .collect();
    let size = limit(request, "Limit", MAXIMUM_RESULTS);
    let marker = request.text("NextMarker");
    let (items, next) = page(items, size, marker.as_deref(), "WAFInvalidParameterException")?;
    Ok(json!({name: items, "NextMarker": next}))
}

fn tags(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = required(request, "ResourceARN")?;
    let own = by_arn(world, request, WEB_ACL, &arn).or_else(|_| by_arn(world, request, IP_SET, &arn))?;
    let tags = own.tags().into_iter().chain(own.stack_tags());
    let tags: Vec<Value> = tags.map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"TagInfoForResource": {"ResourceARN": arn, "TagList": tags}}))
}
