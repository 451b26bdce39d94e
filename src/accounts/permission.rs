//! What policies allow, compared with what the spec renders, and evaluated for the calls that the gateway makes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::invoke::Invocation;
use crate::policy::{Access, Decision, Grant, evaluate, grants};

/// The most differences that are told one by one.
const SHOWN: usize = 3;

/// The actions that a model is called with.
const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// How live policies differ from the rendered ones, in words.
pub(super) fn differences<'a>(
    rendered: impl IntoIterator<Item = &'a Value>,
    live: impl IntoIterator<Item = &'a Value>,
) -> Vec<String> {
    words(&grants(rendered), &grants(live))
}

/// The same for a role that has other policies besides: only what reaches models and roles counts as too much.
pub(super) fn differences_of_task_role<'a>(
    rendered: impl IntoIterator<Item = &'a Value>,
    live: impl IntoIterator<Item = &'a Value>,
) -> Vec<String> {
    let rendered = grants(rendered);
    let reaches = |grant: &Grant| {
        let action = grant.action.0.to_ascii_lowercase();
        action.starts_with("sts:") || action.starts_with("bedrock:invoke") || action.contains('*')
    };
    let live = grants(live).into_iter().filter(|grant| reaches(grant) || rendered.contains(grant)).collect();
    words(&rendered, &live)
}

/// Policies of a role that have nothing in common with the rendered ones, each with the command that takes it away. None
/// while something rendered is missing: one of them may be what became of it.
pub(super) fn added<'a>(
    rendered: impl IntoIterator<Item = &'a Value>,
    live: &'a [Value],
    names: &[String],
    role: &str,
) -> Vec<String> {
    let rendered = grants(rendered);
    if !rendered.is_subset(&grants(live)) {
        return Vec::new();
    }
    let is_rendered = |grant: &Grant| {
        rendered
            .iter()
            .any(|own| (&own.effect, &own.action, &own.resource) == (&grant.effect, &grant.action, &grant.resource))
    };
    let added = live.iter().zip(names).filter(|(document, _)| {
        let own = grants([*document]);
        !own.is_empty() && !own.iter().any(is_rendered)
    });
    added
        .map(|(_, name)| match name.starts_with("arn:") {
            true => format!(
                "policy {name} is not rendered: aws iam detach-role-policy --role-name {role} --policy-arn {name}"
            ),
            false => format!(
                "inline policy {name} is not rendered: aws iam delete-role-policy --role-name {role} --policy-name {name}"
            ),
        })
        .collect()
}

fn words(rendered: &BTreeSet<Grant>, live: &BTreeSet<Grant>) -> Vec<String> {
    let mut missing: Vec<&Grant> = rendered.difference(live).collect();
    let mut extra: Vec<&Grant> = live.difference(rendered).collect();
    let same = |one: &Grant, other: &Grant| {
        (&one.effect, &one.action, &one.resource) == (&other.effect, &other.action, &other.resource)
    };
    let mut moved: Vec<&Grant> = Vec::new();
    missing.retain(|grant| {
        let elsewhere = extra.iter().position(|other| same(grant, other));
        if let Some(at) = elsewhere {
            moved.push(extra.remove(at));
        }
        elsewhere.is_none()
    });
    let mut problems = told(&missing, |actions, resource, _| format!("lacks {actions} on {resource}"));
    problems
        .extend(told(&moved, |actions, resource, _| format!("allows {actions} on {resource} under another condition")));
    problems.extend(told(&extra, |actions, resource, effect| {
        let verb = if effect == "Deny" { "denies" } else { "also allows" };
        format!("{verb} {actions} on {resource}")
    }));
    problems
}

/// One text for each resource, and one for those that are too many.
fn told(grants: &[&Grant], text: impl Fn(&str, &str, &str) -> String) -> Vec<String> {
    let mut by_resource: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for grant in grants {
        let actions = by_resource.entry((grant.effect.as_str(), grant.resource.as_str())).or_default();
        let action = grant.action.to_string();
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    let more = by_resource.len().saturating_sub(SHOWN);
    let mut texts: Vec<String> = by_resource
        .iter()
        .take(SHOWN)
        .map(|((effect, resource), actions)| text(&actions.join(" and "), resource, effect))
        .collect();
    if let (Some(last), true) = (texts.last_mut(), more > 0) {
        last.push_str(&format!(", and on {more} more"));
    }
    texts
}

/// Which calls to a model in one region live policies do not allow, in words. A profile needs its own ARN and the model's
/// in every region that it may route to.
pub(super) fn refused_calls(policies: &[Value], principal: &str, invocation: &Invocation, region: &str) -> Vec<String> {
    let profile = invocation.profiles.first().map(String::as_str);
    let direct = invocation.models.iter().chain(&invocation.profiles).map(|arn| (arn, None, region));
    let behind = invocation.models_behind_profiles.iter().map(|arn| (arn, profile, region));
    let global = invocation.global_models.iter().map(|arn| (arn, profile, "unspecified"));
    let mut refused: Vec<String> = Vec::new();
    for (resource, through, requested) in direct.chain(behind).chain(global) {
        let mut keys = BTreeMap::from([
            ("aws:principalarn".to_owned(), vec![principal.to_owned()]),
            ("aws:requestedregion".to_owned(), vec![requested.to_owned()]),
        ]);
        if let Some(profile) = through {
            keys.insert("bedrock:inferenceprofilearn".to_owned(), vec![profile.to_owned()]);
        }
        let may = |action: &&str| {
            let access = Access { action, resource, principals: &[], keys: &keys };
            evaluate(policies, &access) == Decision::Allowed
        };
        let denied: Vec<&str> = INVOKE.iter().filter(|action| !may(action)).copied().collect();
        if !denied.is_empty() {
            refused.push(format!("may not {} on {resource}", denied.join(" and ")));
        }
    }
    let more = refused.len().saturating_sub(SHOWN);
    refused.truncate(SHOWN);
    if let (Some(last), true) = (refused.last_mut(), more > 0) {
        last.push_str(&format!(", and on {more} more"));
    }
    refused
}

/// Whether the task role's live policies let it assume a role.
pub(super) fn may_assume(policies: &[Value], task_role: &str, role: &str) -> bool {
    let account = role.split(':').nth(4).unwrap_or_default();
    let keys = BTreeMap::from([
        ("aws:principalarn".to_owned(), vec![task_role.to_owned()]),
        ("aws:resourceaccount".to_owned(), vec![account.to_owned()]),
    ]);
    let access = Access { action: "sts:AssumeRole", resource: role, principals: &[], keys: &keys };
    evaluate(policies, &access) == Decision::Allowed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(resources: &[&str]) -> Value {
        json!({"Statement": [{"Effect": "Allow", "Action": INVOKE, "Resource": resources}]})
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_told_by_resource() {
        let found = differences([&policy(&["a", "b"])], [&policy(&["b", "c"])]);
        let both = INVOKE.join(" and ");
        assert_eq!(found, [format!("lacks {both} on a"), format!("also allows {both} on c")]);
    }

    #[test]
    fn another_condition_is_told_once() {
        let mut other = policy(&["a"]);
        other["Statement"][0]["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
        let found = differences([&policy(&["a"])], [&other]);
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("on a under another condition"), "{found:?}");
    }

    #[test]
    fn of_many_differences_the_rest_is_counted() {
        let resources: Vec<String> = (0..9).map(|number| format!("r{number}")).collect();
        let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
        let found = differences([&policy(&resources)], []);
        assert_eq!(found.len(), SHOWN);
        assert!(found[2].ends_with("on r2, and on 6 more"), "{found:?}");
    }

    #[test]
    fn of_the_task_role_only_what_reaches_models_and_roles_is_too_much() {
        let other = json!({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "x"}]});
        assert!(differences_of_task_role([&policy(&["a"])], [&policy(&["a"]), &other]).is_empty());
        let wide = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]});
        assert_eq!(differences_of_task_role([], [&wide]), ["also allows sts:AssumeRole on *"]);
    }

    #[test]
    fn a_policy_that_was_added_comes_with_the_command_that_takes_it_away() {
        let (own, other) = (policy(&["a"]), policy(&["b"]));
        let names = ["Invoke".to_owned(), "Extra".to_owned()];
        let found = added([&own], &[own.clone(), other.clone()], &names, "gateway");
        assert_eq!(
            found,
            ["inline policy Extra is not rendered: aws iam delete-role-policy --role-name gateway --policy-name Extra"]
        );
        assert!(
            added([&own], &[other], &names[1..], "gateway").is_empty(),
            "it may be what became of the rendered one"
        );
    }

    #[test]
    fn a_profile_is_refused_where_one_destination_is_missing() {
        let id = "us.anthropic.claude-sonnet-4-20250514-v1:0";
        let invocation = &Invocation::policies("aws", "222222222222", &["us-east-1".to_owned()], &[id])[0];
        let all: Vec<&str> =
            invocation.profiles.iter().chain(&invocation.models_behind_profiles).map(String::as_str).collect();
        assert!(refused_calls(&[policy(&all)], "p", invocation, "us-east-1").is_empty());
        let found = refused_calls(&[policy(&all[..all.len() - 1])], "p", invocation, "us-east-1");
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with(all[all.len() - 1]), "{found:?}");
    }
}
