//! Whether the policies of whoever deploys allow what the deployment calls, as IAM's simulation says.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::StreamExt;

use crate::aws::Session;
use crate::aws::iam::Evaluation;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::{Account, Subject};
use crate::permissions::{AccountNeeds, Deploys, Need, Purpose, account_needs};
use crate::plan::count;
use crate::spec::EngineName;

/// Calls of IAM at the same time in one account: it allows few a second.
const AT_ONCE: usize = 4;

/// Whether the policies of whoever deploys allow what the deployment calls.
pub(super) struct Permissions;

#[async_trait(?Send)]
impl Check for Permissions {
    fn id(&self) -> &'static str {
        "GWD301"
    }

    fn name(&self) -> &'static str {
        "permissions"
    }

    fn area(&self) -> Area {
        Area::Permissions
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let deploys = match subject.engine() {
            EngineName::Cloudformation => Deploys::CloudFormation,
            EngineName::Terraform => Deploys::Terraform,
        };
        let all = match account_needs(subject.bundle, &subject.model, deploys) {
            Ok(all) => all,
            Err(types) => {
                return vec![Finding::warn(
                    format!("it is not known what making {} needs", types.join(", ")),
                    "see the `handlers` of their registry schema: the types of the built-in blueprint are known",
                )];
            }
        };
        let all = &all;
        subject
            .each_account(async |account, session| {
                let Some(needs) = all.iter().find(|needs| needs.id == account.target.account) else {
                    return Vec::new();
                };
                match principal(subject, &account, &session).await {
                    Principal::Named(arn) => vec![simulated(subject, &session, &arn, needs).await],
                    Principal::Everything => vec![Finding::pass("the root user may do everything")],
                    Principal::Unknown(arn) => {
                        vec![Finding::skip(format!("the policies of {arn} cannot be simulated"))]
                    }
                }
            })
            .await
    }
}

/// Whose policies are looked at.
enum Principal {
    /// A user or a role.
    Named(String),
    /// The root user.
    Everything,
    /// Neither.
    Unknown(String),
}

/// The user or role behind the credentials. The session of a role names it without its path, which only IAM knows.
async fn principal(subject: &Subject<'_>, account: &Account, session: &Session) -> Principal {
    let Some(identity) = subject.reach.identity(&account.target.account) else {
        return Principal::Unknown("nobody".to_owned());
    };
    let arn = identity.arn.as_str();
    let Some((_, rest)) = arn.split_once(":assumed-role/") else {
        return match arn {
            arn if arn.ends_with(":root") => Principal::Everything,
            arn if arn.contains(":user/") => Principal::Named(arn.to_owned()),
            arn => Principal::Unknown(arn.to_owned()),
        };
    };
    let name = rest.split('/').next().unwrap_or(rest);
    if let Some(role) = account.target.deploy_role.as_ref().filter(|role| role.rsplit('/').next() == Some(name)) {
        return Principal::Named(role.clone());
    }
    match session.iam().role(name).await {
        Ok(Some(role)) => Principal::Named(role.arn),
        // Whoever may not look it up may still have a role without a path.
        _ => {
            let partition = arn.split(':').nth(1).unwrap_or("aws");
            Principal::Named(format!("arn:{partition}:iam::{}:role/{name}", identity.account))
        }
    }
}

/// What the simulation says of all that is needed in an account.
async fn simulated(subject: &Subject<'_>, session: &Session, principal: &str, all: &AccountNeeds) -> Finding {
    // What doctor itself asks shows when it asks.
    let needed = |need: &&Need| need.purposes.iter().any(|purpose| *purpose != Purpose::Doctor);
    // IAM's simulation takes no action with a wildcard.
    let (wild, single): (Vec<&Need>, Vec<&Need>) =
        all.needs.iter().filter(needed).partition(|need| need.action.contains('*'));
    let mut groups: BTreeMap<&[String], Vec<&Need>> = BTreeMap::new();
    for need in single {
        groups.entry(&need.resources).or_default().push(need);
    }
    let asked = groups.iter().map(|(resources, needs)| async move {
        let actions: Vec<String> = needs.iter().map(|need| need.action.clone()).collect();
        session.iam().simulate(principal, &actions, resources).await
    });
    let answers: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut refusals = Refusals::default();
    let mut actions = BTreeSet::new();
    for ((resources, needs), answer) in groups.into_iter().zip(answers) {
        let evaluations = match answer {
            Ok(evaluations) => evaluations,
            Err(error) => return Finding::unknown("what the policies allow", &error),
        };
        for need in needs {
            actions.insert(need.action.as_str());
            let refused = refused(need, &evaluations);
            let line = line(subject, need, &refused);
            let deploys = need.purposes.iter().any(Purpose::is_of_deployment);
            let lines = match refused.len() {
                0 => continue,
                _ if !deploys => &mut refusals.blind,
                all if all >= resources.len() => &mut refusals.denied,
                _ => &mut refusals.partly,
            };
            lines.push((need.action.as_str(), line));
        }
    }
    let wild: BTreeSet<&str> = wild.iter().map(|need| need.action.as_str()).collect();
    verdict(principal, actions.len(), wild.len(), refusals)
}

/// Actions that are refused, each with a line that says where and what for.
#[derive(Debug, Default)]
struct Refusals<'a> {
    /// On every resource.
    denied: Vec<(&'a str, String)>,
    /// On some of the resources.
    partly: Vec<(&'a str, String)>,
    /// Those that nothing is deployed with.
    blind: Vec<(&'a str, String)>,
}

/// What is said of an action that is not allowed on each of its resources.
fn refused<'a>(need: &Need, evaluations: &'a [Evaluation]) -> Vec<&'a Evaluation> {
    let of_need = evaluations.iter().filter(|one| one.action.eq_ignore_ascii_case(&need.action));
    of_need.filter(|one| one.decision != "allowed").collect()
}

/// The action, where it is not allowed, and what needs it.
fn line(subject: &Subject<'_>, need: &Need, refused: &[&Evaluation]) -> String {
    let resources: Vec<&str> = refused.iter().map(|one| one.resource.as_str()).collect();
    let explicit = refused.iter().any(|one| one.decision == "explicitDeny");
    let how = if explicit { "explicit deny" } else { "no statement allows it" };
    format!("{} on {}: {how}; needed {}", need.action, resources.join(", "), reason(subject, need))
}

/// What needs an action: the first resource, with the line of the spec that it comes from.
fn reason(subject: &Subject<'_>, need: &Need) -> String {
    let makers = need.purposes.iter().filter_map(|purpose| match purpose {
        Purpose::Resource(maker) => Some(maker),
        _ => None,
    });
    let makers: Vec<_> = makers.collect();
    let Some(first) = makers.first() else {
        let deploys = need.purposes.iter().any(Purpose::is_of_deployment);
        return if deploys { "by gwinfra itself" } else { LOOKING }.to_owned();
    };
    let places = (subject.places)(&first.stack, &first.logical_id, &[]);
    let place = places.first().map(|place| format!(", {place}"));
    let more = match makers.len() - 1 {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    format!("by {}/{} ({}{}){more}", first.stack, first.logical_id, first.resource_type, place.unwrap_or_default())
}

/// What nothing is deployed with.
const LOOKING: &str = "by accounts verify, capacity, drift and diagnose, and by no deployment";

fn verdict(principal: &str, asked: usize, wild: usize, refusals: Refusals<'_>) -> Finding {
    const FIX: &str = "gwinfra doctor --emit-policy > policies.json   the policies that this spec needs, by account";
    let actions = |lines: &[(&str, String)]| lines.iter().map(|(action, _)| *action).collect::<BTreeSet<_>>().len();
    let Refusals { denied, partly, blind } = refusals;
    let (none, some, unseen) = (actions(&denied), actions(&partly), actions(&blind));
    let lines = |all: [Vec<(&str, String)>; 3]| all.into_iter().flatten().map(|(_, line)| line).collect::<Vec<_>>();
    let who = principal.rsplit_once(':').map_or(principal, |(_, rest)| rest);
    let asked = count(asked, "action");
    let unasked = match wild {
        0 => String::new(),
        wild => format!("; {} with a wildcard not asked about: the simulation takes none", count(wild, "action")),
    };
    if none > 0 {
        let message = format!("{none} of {asked} denied for {who} (simulated){unasked}");
        return Finding::fail(message, FIX).with_details(lines([denied, partly, blind]));
    }
    if some > 0 {
        let message = format!("{some} of {asked} allowed for {who} on some of the resources only (simulated){unasked}");
        return Finding::warn(message, FIX).with_details(lines([denied, partly, blind]));
    }
    if unseen > 0 {
        let message =
            format!("{unseen} of {asked} denied for {who} (simulated), none of which a deployment calls{unasked}");
        return Finding::warn(message, FIX).with_details(lines([denied, partly, blind]));
    }
    Finding::pass(format!("{asked} allowed for {who} (simulated){unasked}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    const ROLE: &str = "arn:aws:iam::111122223333:role/deploy";

    fn refused() -> Vec<(&'static str, String)> {
        vec![("a:B", "a:B on *: no statement allows it".to_owned())]
    }

    #[test]
    fn what_a_deployment_calls_and_is_denied_is_a_failure() {
        let finding = verdict(ROLE, 3, 0, Refusals { denied: refused(), ..Refusals::default() });
        assert_eq!(
            (finding.status, finding.message.as_str()),
            (Status::Fail, "1 of 3 actions denied for role/deploy (simulated)")
        );
    }

    #[test]
    fn what_no_deployment_calls_is_a_warning() {
        let finding = verdict(ROLE, 3, 0, Refusals { blind: refused(), ..Refusals::default() });
        assert_eq!((finding.status, finding.details.len()), (Status::Warn, 1));
    }

    #[test]
    fn actions_that_cannot_be_asked_about_are_counted() {
        let finding = verdict(ROLE, 3, 2, Refusals::default());
        assert!(finding.message.ends_with("; 2 actions with a wildcard not asked about: the simulation takes none"));
        assert_eq!(finding.status, Status::Pass);
    }
}
