//! Whether the policies of whoever deploys allow what the deployment calls, as IAM's simulation says.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::StreamExt;

use crate::aws::Session;
use crate::aws::iam::{Circumstances, Evaluation};
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
                    Principal::Named(arn) => vec![simulated(subject, &session, deploys, &arn, needs).await],
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
async fn simulated(
    subject: &Subject<'_>,
    session: &Session,
    deploys: Deploys,
    principal: &str,
    all: &AccountNeeds,
) -> Finding {
    // What doctor itself asks shows when it asks.
    let needed = |need: &&Need| need.purposes.iter().any(|purpose| *purpose != Purpose::Doctor);
    // IAM's simulation takes no action with a wildcard.
    let (wild, single): (Vec<&Need>, Vec<&Need>) =
        all.needs.iter().filter(needed).partition(|need| need.action.contains('*'));
    let mut groups: BTreeMap<(&[String], bool, bool), Vec<&Need>> = BTreeMap::new();
    for need in single {
        let via = deploys == Deploys::CloudFormation && need.purposes.iter().any(is_made);
        groups.entry((&need.resources, via, need.action == "iam:PassRole")).or_default().push(need);
    }
    let asked = groups.iter().map(|((resources, via, passes), needs)| async move {
        let actions: Vec<String> = needs.iter().map(|need| need.action.clone()).collect();
        let circumstances = Circumstances {
            region: session.target().region.clone(),
            via: via.then_some(CLOUDFORMATION),
            passed_to: passes.then_some(TASKS),
        };
        session.iam().simulate(principal, &actions, resources, &circumstances).await
    });
    let answers: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut refusals = Refusals::default();
    let mut actions = BTreeSet::new();
    for (((resources, ..), needs), answer) in groups.into_iter().zip(answers) {
        let evaluations = match answer {
            Ok(evaluations) => evaluations,
            Err(error) => return Finding::unknown("what the policies allow", &error),
        };
        for need in needs {
            actions.insert(need.action.as_str());
            let (refused, undecided) = refused(need, &evaluations);
            if refused.is_empty() && !undecided.is_empty() {
                refusals.undecided.push((need.action.as_str(), undecided_line(need, &undecided)));
                continue;
            }
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
    /// Those whose decision depends on what the simulation does not know.
    undecided: Vec<(&'a str, String)>,
}

/// The service through which CloudFormation's resources are made.
const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";
/// The service that the gateway's roles are passed to.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Whether something is called to make a resource.
fn is_made(purpose: &Purpose) -> bool {
    matches!(purpose, Purpose::Resource(_))
}

/// What is said of an action that is not allowed on each of its resources: refusals, and what cannot be decided because the
/// policies look at something that the simulation was not given.
fn refused<'a>(need: &Need, evaluations: &'a [Evaluation]) -> (Vec<&'a Evaluation>, Vec<&'a Evaluation>) {
    let of_need = evaluations.iter().filter(|one| one.action.eq_ignore_ascii_case(&need.action));
    of_need.filter(|one| one.decision != "allowed").partition(|one| one.missing.is_empty() || one.refused_by.is_some())
}

/// An action that cannot be decided, and what it depends on.
fn undecided_line(need: &Need, undecided: &[&Evaluation]) -> String {
    let keys: BTreeSet<&str> = undecided.iter().flat_map(|one| &one.missing).map(String::as_str).collect();
    let resources: BTreeSet<&str> = undecided.iter().map(|one| one.resource.as_str()).collect();
    let list = |all: BTreeSet<&str>| all.into_iter().collect::<Vec<_>>().join(", ");
    format!("{} on {}: depends on {}", need.action, list(resources), list(keys))
}

/// The action, where it is not allowed, and what needs it.
fn line(subject: &Subject<'_>, need: &Need, refused: &[&Evaluation]) -> String {
    let resources: Vec<&str> = refused.iter().map(|one| one.resource.as_str()).collect();
    let explicit = refused.iter().any(|one| one.decision == "explicitDeny");
    let above = refused.iter().find_map(|one| one.refused_by);
    let how = match (above, explicit) {
        (Some(policy), _) => format!("refused by {policy}"),
        (None, true) => "explicit deny".to_owned(),
        (None, false) => "no statement allows it".to_owned(),
    };
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
    let Refusals { denied, partly, blind, undecided } = refusals;
    let (none, some, unseen) = (actions(&denied), actions(&partly), actions(&blind));
    let lines = |all: [Vec<(&str, String)>; 3]| all.into_iter().flatten().map(|(_, line)| line).collect::<Vec<_>>();
    let who = principal.rsplit_once(':').map_or(principal, |(_, rest)| rest);
    let asked = count(asked, "action");
    let mut unasked = match wild {
        0 => String::new(),
        wild => format!("; {} with a wildcard not asked about: the simulation takes none", count(wild, "action")),
    };
    let unclear = actions(&undecided);
    if unclear > 0 {
        unasked.push_str(&format!("; {} not decided", count(unclear, "action")));
    }
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
    if unclear > 0 {
        let message = format!(
            "{unclear} of {asked} could not be decided for {who}: its policies look at what the simulation does not know"
        );
        return Finding::warn(message, "look at these conditions in the policies: a deployment may be refused by them")
            .with_details(undecided.into_iter().map(|(_, line)| line).collect());
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
    fn what_depends_on_the_unknown_is_a_warning_and_no_failure() {
        let refusals = Refusals { undecided: refused(), ..Refusals::default() };
        let finding = verdict(ROLE, 3, 0, refusals);
        assert_eq!((finding.status, finding.details.len()), (Status::Warn, 1));
        assert!(finding.message.starts_with("1 of 3 actions could not be decided"), "{}", finding.message);
    }

    #[test]
    fn a_refusal_counts_only_where_nothing_was_missing_or_a_policy_above_refuses() {
        let evaluation = |missing: &[&str], refused_by: Option<&'static str>| Evaluation {
            action: "iam:PassRole".to_owned(),
            resource: ROLE.to_owned(),
            decision: "implicitDeny".to_owned(),
            missing: missing.iter().map(|&key| key.to_owned()).collect(),
            refused_by,
        };
        let need =
            Need { action: "iam:PassRole".to_owned(), resources: vec![ROLE.to_owned()], purposes: BTreeSet::new() };
        let counts = |evaluation: Evaluation| {
            let all = [evaluation];
            let (refused, undecided) = super::refused(&need, &all);
            (refused.len(), undecided.len())
        };
        assert_eq!(counts(evaluation(&[], None)), (1, 0));
        assert_eq!(counts(evaluation(&["aws:PrincipalTag/team"], None)), (0, 1));
        assert_eq!(counts(evaluation(&["aws:PrincipalTag/team"], Some("a policy of the organization"))), (1, 0));
    }

    #[test]
    fn actions_that_cannot_be_asked_about_are_counted() {
        let finding = verdict(ROLE, 3, 2, Refusals::default());
        assert!(finding.message.ends_with("; 2 actions with a wildcard not asked about: the simulation takes none"));
        assert_eq!(finding.status, Status::Pass);
    }
}
