//! Scheduled actions, which are a property of their target.

use serde_json::{Value, json};

use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::{MAXIMUM_ACTIONS, TARGET, given, not_found, required, target};

const PROPERTY: &str = "ScheduledActions";
const NAME: &str = "ScheduledActionName";
const TIMES: [&str; 2] = ["StartTime", "EndTime"];
const MEMBERS: [&str; 5] = [NAME, "Schedule", "Timezone", "StartTime", "EndTime"];

pub(super) fn put(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = required(request, NAME)?;
    let mut action = given(request, &MEMBERS);
    action.extend(given(request, &["ScalableTargetAction"]));
    let target = target(world, request)?;
    if target.property(PROPERTY).is_none() {
        target.properties[PROPERTY] = json!([]);
    }
    if let Some(actions) = target.properties[PROPERTY].as_array_mut() {
        match actions.iter_mut().find(|own| own[NAME] == name.as_str()) {
            Some(there) => {
                // Times that are not given again are deleted; whatever else is not given stays.
                if let Some(there) = there.as_object_mut() {
                    TIMES.iter().for_each(|name| drop(there.shift_remove(*name)));
                    there.extend(action);
                }
            }
            None => actions.push(Value::Object(action)),
        }
    }
    Ok(json!({}))
}

pub(super) fn describe(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let namespace = required(request, "ServiceNamespace")?;
    let names = request.texts("ScheduledActionNames");
    let mut found = Vec::new();
    for target in world.resources_of(&request.identity.account, request.region, TARGET) {
        let is_of = |name: &str| request.text(name).is_none_or(|wanted| target.text(name) == Some(&wanted));
        if target.text("ServiceNamespace") != Some(&namespace) || !is_of("ResourceId") || !is_of("ScalableDimension") {
            continue;
        }
        let own = target.property(PROPERTY).and_then(Value::as_array).into_iter().flatten();
        let is_named = |action: &&Value| names.is_empty() || names.iter().any(|name| action[NAME] == name.as_str());
        found.extend(own.filter(is_named).map(|action| {
            let mut out = action.clone();
            for name in ["ServiceNamespace", "ResourceId", "ScalableDimension"] {
                out[name] = json!(target.text(name));
            }
            out
        }));
    }
    let size = limit(request, "MaxResults", MAXIMUM_ACTIONS);
    let (found, next) = page(found, size, request.text("NextToken").as_deref(), "InvalidNextTokenException")?;
    Ok(json!({"ScheduledActions": found, "NextToken": next}))
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = required(request, NAME)?;
    let target = target(world, request)?;
    let actions = target.properties.get_mut(PROPERTY).and_then(Value::as_array_mut);
    let at = actions.as_ref().and_then(|actions| actions.iter().position(|own| own[NAME] == name.as_str()));
    let (Some(actions), Some(at)) = (actions, at) else {
        return Err(not_found("scheduled action found", request));
    };
    actions.remove(at);
    if actions.is_empty()
        && let Some(properties) = target.properties.as_object_mut()
    {
        properties.shift_remove(PROPERTY);
    }
    Ok(json!({}))
}
