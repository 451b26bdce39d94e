//! Which web ACL a resource has: one at most.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{ASSOCIATION, WEB_ACL, all, invalid, not_there, required, web_acls};

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";

fn of_resource<'a>(world: &'a World, request: &Request<'_>, resource: &str) -> Option<&'a Resource> {
    all(world, request, ASSOCIATION).find(|one| one.text("ResourceArn") == Some(resource))
}

/// The ARN of the resource that a call names, which has to be there.
fn resource(world: &World, request: &Request<'_>) -> Result<String, Fault> {
    let arn = required(request, "ResourceArn")?;
    if !arn.contains(":loadbalancer/") {
        return Err(invalid(
            "The ARN isn't valid. A valid ARN begins with arn: and includes other information \
            separated by colons or slashes.",
            "RESOURCE_ARN",
            &arn,
        ));
    }
    if all(world, request, LOAD_BALANCER).any(|one| one.identifier == arn) { Ok(arn) } else { Err(not_there()) }
}

pub(super) fn web_acl_of(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let resource = resource(world, request)?;
    let web_acl = of_resource(world, request, &resource).and_then(|one| one.text("WebACLArn"));
    let found = all(world, request, WEB_ACL).find(|one| web_acl.is_some() && one.text("Arn") == web_acl);
    Ok(json!({"WebACL": found.map(web_acls::description)}))
}

pub(super) fn resources_of(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = web_acls::of_arn(world, request)?.text("Arn");
    let kind = request.text("ResourceType").unwrap_or_else(|| "APPLICATION_LOAD_BALANCER".to_owned());
    let of_kind = |one: &&Resource| {
        let resource = one.text("ResourceArn").unwrap_or_default();
        kind == "APPLICATION_LOAD_BALANCER" && resource.contains(":loadbalancer/app/")
    };
    let own = all(world, request, ASSOCIATION).filter(|one| one.text("WebACLArn") == arn).filter(of_kind);
    let resources: Vec<&str> = own.filter_map(|one| one.text("ResourceArn")).collect();
    Ok(json!({"ResourceArns": resources}))
}

pub(super) fn associate(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let resource = resource(world, request)?;
    let web_acl = web_acls::of_arn(world, request)?.text("Arn").unwrap_or_default().to_owned();
    // The one that it has goes, whatever stack it is of: that stack takes the resource for its own all the same.
    let stack = take(world, request, &resource).and_then(|one| one.stack);
    let properties = json!({"ResourceArn": resource, "WebACLArn": web_acl});
    let mut own = Resource::new(ASSOCIATION, format!("{resource}|{web_acl}"), properties, world.now());
    own.stack = stack;
    world.put(&request.identity.account, request.region, own);
    Ok(Value::Null)
}

pub(super) fn disassociate(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let resource = resource(world, request)?;
    take(world, request, &resource);
    Ok(Value::Null)
}

fn take(world: &mut World, request: &Request<'_>, resource: &str) -> Option<Resource> {
    let identifier = of_resource(world, request, resource)?.identifier.clone();
    world.remove(&request.identity.account, request.region, ASSOCIATION, &identifier)
}
