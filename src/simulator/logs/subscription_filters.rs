//! Who is sent copies of a log group's events.

use serde_json::{Map, Value, json};

use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{LOG_GROUP, no_group};

const FILTER: &str = "AWS::Logs::SubscriptionFilter";
/// The largest page of DescribeSubscriptionFilters.
const MAXIMUM_RESULTS: usize = 50;
/// The most filters of one group.
const MOST: usize = 2;
/// Members of the call, and properties of the type.
const NAMES: [(&str, &str); 4] = [
    ("filterPattern", "FilterPattern"),
    ("destinationArn", "DestinationArn"),
    ("roleArn", "RoleArn"),
    ("distribution", "Distribution"),
];

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let group = group(world, request)?;
    let prefix = request.text("filterNamePrefix").unwrap_or_default();
    let found = of(world, request, &group)
        .filter(|filter| name(filter).starts_with(&prefix))
        .map(|filter| {
            let mut out = Map::from_iter([
                ("filterName".to_owned(), json!(name(filter))),
                ("logGroupName".to_owned(), json!(group)),
                ("creationTime".to_owned(), json!(filter.created_at.as_millisecond())),
                ("distribution".to_owned(), json!("ByLogStream")),
            ]);
            for (member, property) in NAMES {
                out.extend(filter.property(property).map(|value| (member.to_owned(), value.clone())));
            }
            Value::Object(out)
        })
        .collect();
    let size = limit(request, "limit", MAXIMUM_RESULTS);
    let (found, next) = page(found, size, request.text("nextToken").as_deref(), "InvalidParameterException")?;
    Ok(json!({"subscriptionFilters": found, "nextToken": next}))
}

pub(super) fn put(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let group = group(world, request)?;
    let own = request.required("filterName")?;
    request.required("destinationArn")?;
    let others = of(world, request, &group).filter(|filter| name(filter) != own).count();
    if others >= MOST {
        return Err(Fault::new("LimitExceededException", "Resource limit exceeded."));
    }
    let now = world.now();
    let identifier = format!("{own}|{group}");
    let there = world.resource(&request.identity.account, request.region, FILTER, &identifier).cloned();
    let mut filter = there.unwrap_or_else(|| {
        let mut filter = Resource::new(FILTER, identifier, Value::Null, now);
        filter.physical_id.clone_from(&own);
        filter
    });
    filter.properties = json!({"FilterName": own, "LogGroupName": group, "FilterPattern": ""});
    for (member, property) in NAMES {
        if let Some(value) = request.text(member) {
            filter.properties[property] = json!(value);
        }
    }
    filter.updated_at = now;
    world.put(&request.identity.account, request.region, filter);
    Ok(Value::Null)
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let identifier = format!("{}|{}", request.required("filterName")?, group(world, request)?);
    match world.remove(&request.identity.account, request.region, FILTER, &identifier) {
        Some(_) => Ok(Value::Null),
        None => Err(Fault::new("ResourceNotFoundException", "The specified subscription filter does not exist.")),
    }
}

fn group(world: &World, request: &Request<'_>) -> Result<String, Fault> {
    let name = request.required("logGroupName")?;
    let found = world.resource(&request.identity.account, request.region, LOG_GROUP, &name);
    found.map(|group| group.identifier.clone()).ok_or_else(no_group)
}

fn of<'a>(world: &'a World, request: &Request<'_>, group: &'a str) -> impl Iterator<Item = &'a Resource> {
    let all = world.resources_of(&request.identity.account, request.region, FILTER);
    all.filter(move |filter| filter.text("LogGroupName") == Some(group))
}

fn name(filter: &Resource) -> &str {
    filter.text("FilterName").unwrap_or(&filter.physical_id)
}
