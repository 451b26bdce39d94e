//! Users and their groups, as stacks made them. What is changed of them counts at once: no status is in between.

use serde_json::{Value, json};

use super::super::records::{invalid, records};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::MAXIMUM_RECORDS;

const USER: &str = "AWS::ElastiCache::User";
const GROUP: &str = "AWS::ElastiCache::UserGroup";
/// What has the ids of groups of users, and where.
const CACHES: [(&str, &str); 2] =
    [("AWS::ElastiCache::ReplicationGroup", "UserGroupIds"), ("AWS::ElastiCache::ServerlessCache", "UserGroupId")];

pub(super) fn describe_users(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (wanted, engine) = (request.text("UserId"), request.text("Engine"));
    let is = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|own| found == Some(own));
    let own = all(world, request, USER).filter(|user| is(&wanted, user.text("UserId")));
    let found: Vec<Value> = own
        .filter(|user| is(&engine.as_ref().map(|engine| engine.to_lowercase()), user.text("Engine")))
        .map(|user| user_json(world, request, user))
        .collect();
    if let Some(id) = wanted.filter(|_| found.is_empty()) {
        return Err(no_user(&id));
    }
    records(request, "Users", MAXIMUM_RECORDS, found)
}

pub(super) fn describe_groups(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let wanted = request.text("UserGroupId");
    let own = all(world, request, GROUP)
        .filter(|group| wanted.as_deref().is_none_or(|id| group.text("UserGroupId") == Some(id)));
    let found: Vec<Value> = own.map(|group| group_json(world, request, group)).collect();
    if let Some(id) = wanted.filter(|_| found.is_empty()) {
        return Err(no_group(&id));
    }
    records(request, "UserGroups", MAXIMUM_RECORDS, found)
}

/// Changes what a user may do, and how it is let in. What a call does not say stays.
pub(super) fn modify_user(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = request.required("UserId")?;
    let now = world.now();
    let (account, region) = (&request.identity.account, request.region);
    let user = world.resource_mut(account, region, USER, &id).ok_or_else(|| no_user(&id))?;
    let access = (request.text("AccessString"), request.text("AppendAccessString"));
    let access = match access {
        (Some(_), Some(_)) => {
            let message = "AccessString and AppendAccessString cannot both be given.";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
        (None, Some(more)) => Some(format!("{} {more}", user.text("AccessString").unwrap_or_default())),
        (access, None) => access,
    };
    let mode = mode(request)?;
    if let Some(properties) = user.properties.as_object_mut() {
        properties.extend(access.map(|access| ("AccessString".to_owned(), json!(access))));
        properties.extend(request.text("Engine").map(|engine| ("Engine".to_owned(), json!(engine.to_lowercase()))));
        if let Some(mode) = mode {
            properties.retain(|name, _| !["Passwords", "NoPasswordRequired"].contains(&name.as_str()));
            properties.insert("AuthenticationMode".into(), mode);
        }
        user.updated_at = now;
    }
    let user = user.clone();
    Ok(user_json(world, request, &user))
}

/// How a call wants a user to be let in, in CloudFormation's words.
fn mode(request: &Request<'_>) -> Result<Option<Value>, Fault> {
    let own = request.params.get("AuthenticationMode");
    let within = |name: &str| own.and_then(|mode| mode.get(name));
    let passwords = within("Passwords").or_else(|| request.params.get("Passwords")).cloned();
    let kind = within("Type").and_then(Value::as_str).map(str::to_owned);
    let is_open = request.flag("NoPasswordRequired") == Some(true);
    let kind = kind.or_else(|| is_open.then(|| "no-password-required".to_owned()));
    let Some(kind) = kind.or_else(|| passwords.is_some().then(|| "password".to_owned())) else { return Ok(None) };
    let count = passwords.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
    match (kind.as_str(), count) {
        ("password", 1 | 2) => Ok(Some(json!({"Type": kind, "Passwords": passwords}))),
        ("password", _) => Err(invalid("A user with password authentication has one or two passwords.")),
        (_, 0) => Ok(Some(json!({"Type": kind}))),
        _ => Err(Fault::new("InvalidParameterCombination", "Passwords are for password authentication only.")),
    }
}

/// Adds users to a group and takes some out.
pub(super) fn modify_group(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = request.required("UserGroupId")?;
    let group = all(world, request, GROUP).find(|group| group.text("UserGroupId") == Some(id.as_str()));
    let mut group = group.cloned().ok_or_else(|| no_group(&id))?;
    let (added, removed) = (request.texts("UserIdsToAdd"), request.texts("UserIdsToRemove"));
    let is_there = |id: &String| all(world, request, USER).any(|user| user.text("UserId") == Some(id.as_str()));
    if let Some(strange) = added.iter().find(|id| !is_there(id)) {
        return Err(no_user(strange));
    }
    let mut ids = ids(&group, "UserIds");
    ids.retain(|id| !removed.contains(id));
    ids.extend(added.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
    let is_default = |user: &Resource| {
        user.text("UserName") == Some("default")
            && user.text("UserId").is_some_and(|id| ids.iter().any(|own| own == id))
    };
    if group.text("Engine") == Some("redis") && !all(world, request, USER).any(is_default) {
        let message = "You must add default user to a user group.";
        return Err(Fault::new("DefaultUserRequired", message));
    }
    group.properties["UserIds"] = json!(ids);
    group.updated_at = world.now();
    let answer = group_json(world, request, &group);
    world.put(&request.identity.account, request.region, group);
    Ok(answer)
}

fn all<'a>(world: &'a World, request: &Request<'_>, type_name: &'a str) -> impl Iterator<Item = &'a Resource> {
    world.resources_of(&request.identity.account, request.region, type_name)
}

fn no_user(id: &str) -> Fault {
    Fault::new("UserNotFound", format!("User {id} not found.")).with_status(404)
}

fn no_group(id: &str) -> Fault {
    Fault::new("UserGroupNotFound", format!("UserGroup {id} not found.")).with_status(404)
}

/// The texts of a property, whether it is a list or one of them.
fn ids(resource: &Resource, name: &str) -> Vec<String> {
    match resource.property(name) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn user_json(world: &World, request: &Request<'_>, user: &Resource) -> Value {
    let id = user.text("UserId").unwrap_or_default();
    let groups = all(world, request, GROUP).filter(|group| ids(group, "UserIds").iter().any(|own| own == id));
    let groups: Vec<&str> = groups.filter_map(|group| group.text("UserGroupId")).collect();
    json!({
        "UserId": id,
        "UserName": user.text("UserName"),
        "Status": "active",
        "Engine": user.text("Engine"),
        "AccessString": user.text("AccessString").map(meant),
        "UserGroupIds": groups,
        "Authentication": authentication(user),
        "ARN": user.text("Arn"),
    })
}

/// How a user is let in: by passwords, which are counted, by IAM, or by anybody's word.
fn authentication(user: &Resource) -> Value {
    let count = |name: &str| user.property(name).and_then(Value::as_array).map(Vec::len);
    match (user.text("AuthenticationMode.Type"), count("AuthenticationMode.Passwords").or(count("Passwords"))) {
        (Some("iam"), _) => json!({"Type": "iam"}),
        (Some("password") | None, Some(count)) => json!({"Type": "password", "PasswordCount": count}),
        _ => json!({"Type": "no-password"}),
    }
}

/// What says the same with a word of its own.
const LONG: [(&str, &str); 4] =
    [("allkeys", "~*"), ("allchannels", "&*"), ("allcommands", "+@all"), ("nocommands", "-@all")];

/// An access string as ElastiCache gives it back: whether the user is on, then keys and channels, then commands, of which none
/// are allowed at first.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>
fn meant(access: &str) -> String {
    let long = |word: &'_ str| LONG.iter().find(|(long, _)| *long == word).map(|(_, short)| *short);
    let words: Vec<&str> = access.split_whitespace().map(|word| long(word).unwrap_or(word)).collect();
    let of = |starts: &'static [char]| words.iter().copied().filter(move |word| word.starts_with(starts));
    let state = words.iter().copied().rfind(|word| ["on", "off"].contains(word)).unwrap_or("off");
    let commands: Vec<&str> = of(&['+', '-']).collect();
    let says_all = commands.first().is_some_and(|first| ["+@all", "-@all"].contains(first));
    let none = (!says_all).then_some("-@all");
    [state]
        .into_iter()
        .chain(of(&['~', '%']))
        .chain(of(&['&']))
        .chain(none)
        .chain(commands)
        .collect::<Vec<_>>()
        .join(" ")
}

fn group_json(world: &World, request: &Request<'_>, group: &Resource) -> Value {
    let id = group.text("UserGroupId").unwrap_or_default();
    let [replicated, serverless] = CACHES.map(|(kind, property)| {
        let own = all(world, request, kind).filter(|cache| ids(cache, property).iter().any(|own| own == id));
        own.map(|cache| cache.identifier.clone()).collect::<Vec<String>>()
    });
    json!({
        "UserGroupId": id,
        "Status": "active",
        "Engine": group.text("Engine"),
        "UserIds": ids(group, "UserIds"),
        "ReplicationGroups": replicated,
        "ServerlessCaches": serverless,
        "ARN": group.text("Arn"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_string_comes_back_in_elasticaches_order() {
        assert_eq!(meant("off +get ~keys*"), "off ~keys* -@all +get");
        assert_eq!(meant("on ~* &* +@all -@dangerous +info"), "on ~* &* +@all -@dangerous +info");
        assert_eq!(meant("off -@all"), "off -@all");
        assert_eq!(meant("allchannels +@all -@dangerous on allkeys"), "on ~* &* +@all -@dangerous");
    }
}
