//! Stacks to which the same happens: in three hundred accounts, one change is read once.

use super::{Change, Plan, PlannedStack, StackAction};

/// Stands for the account in what is the same of several.
pub(crate) const ACCOUNT: &str = "<account>";

/// Stacks of different accounts to which the same happens.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The stacks, at least one, in the plan's order.
    pub stacks: Vec<&'a PlannedStack>,
}

impl<'a> Group<'a> {
    /// The stack whose rows stand for all.
    pub fn first(&self) -> &'a PlannedStack {
        self.stacks[0]
    }

    /// What the stacks are called: Terraform's root modules have the account in their names.
    pub fn name(&self) -> &'a str {
        let first = self.first();
        let same = self.stacks.iter().all(|stack| stack.name == first.name);
        match first.name.rsplit_once('/') {
            Some((kind, _)) if !same => kind,
            _ => &first.name,
        }
    }
}

/// The stacks of a plan, those of Bedrock accounts to which the same happens together. A group stands where its first
/// stack does.
pub(super) fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let hub = &plan.deployment.hub.account;
    let mut groups: Vec<(Option<Happening>, Group<'_>)> = Vec::new();
    for stack in &plan.stacks {
        let happening = (stack.account != *hub).then(|| Happening::of(plan, stack));
        let known = groups.iter_mut().find(|(other, _)| other.is_some() && *other == happening);
        match known {
            Some((_, group)) => group.stacks.push(stack),
            None => groups.push((happening, Group { stacks: vec![stack] })),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// What happens to a stack, without what is the account's own.
#[derive(Debug, PartialEq)]
struct Happening {
    action: StackAction,
    region: String,
    kind: String,
    template_only: Option<String>,
    rows: Vec<String>,
}

impl Happening {
    fn of(plan: &Plan, stack: &PlannedStack) -> Self {
        let kind = stack.key.split(['@', '/']).next().unwrap_or_default().to_owned();
        let rows = plan.changes.iter().filter(|change| change.stack == stack.key);
        Self {
            action: stack.action,
            region: stack.region.clone(),
            kind,
            template_only: stack.template_only.clone(),
            rows: rows.map(|change| row(change, stack)).collect(),
        }
    }
}

/// A row without the account, and without its place in the spec: every account has a line of its own there.
fn row(change: &Change, stack: &PlannedStack) -> String {
    let resource = change.address.rsplit('/').next().unwrap_or_default();
    let value = serde_json::json!([
        resource,
        change.resource_type,
        change.actions,
        change.replace,
        change.before,
        change.after,
        change.paths,
        change.policy,
        change.note,
    ]);
    value.to_string().replace(&stack.account, ACCOUNT)
}

/// Accounts by the reason that they have in common: of each, the reason is the same but for the account in it. A reason of
/// one account names it.
pub(crate) fn by_reason<'a>(told: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, Vec<&'a str>)> {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for (account, reason) in told {
        let reason = reason.replace(account, ACCOUNT);
        match found.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, accounts)) if accounts.contains(&account) => {}
            Some((_, accounts)) => accounts.push(account),
            None => found.push((reason, vec![account])),
        }
    }
    for (reason, accounts) in &mut found {
        if let [one] = accounts.as_slice() {
            *reason = reason.replace(ACCOUNT, one);
        }
    }
    found
}
