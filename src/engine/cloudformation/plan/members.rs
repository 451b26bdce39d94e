//! What a stack set changes inside the accounts: no change set shows it, so the templates are compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::PlacesReference;
use super::live::pseudo;
use super::rows::{Inputs, deletion_policy, rows};
use crate::cfn::diff::diff;
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::engine::cloudformation::stack_set::{self, StackSet};
use crate::plan::{ACCOUNT, Change, SeenBy, count};
use crate::render::{RenderedStack, Target};

/// The property with the template that goes into the accounts.
const TEMPLATE_BODY: &str = "TemplateBody";
/// The most accounts that are named.
const NAMED: usize = 3;

/// What the rows are made from.
pub(in crate::engine) struct Members<'a> {
    /// The stack that has the stack set.
    pub stack: &'a RenderedStack,
    /// The account that has it.
    pub hub: &'a Target,
    /// Schemas of the resources.
    pub registry: &'a Registry,
    /// Places in the spec.
    pub places: PlacesReference<'a>,
    /// The deployed template of that stack.
    pub before: Option<&'a str>,
    /// Templates that are live, by account; of the others the set's own counts.
    pub live: &'a BTreeMap<String, String>,
    /// Address of the row that has a stack set, by its logical id.
    pub address: &'a dyn Fn(&str) -> String,
}

/// Adds, behind the row of each stack set, the rows of what it changes in the accounts.
pub(in crate::engine) fn add(rows: &mut Vec<Change>, members: &Members<'_>) {
    let old = members.before.map(stack_set::of_template).unwrap_or_default();
    let new = stack_set::of_template(&members.stack.template);
    let gone = old.iter().filter(|set| new.iter().all(|other| other.logical_id != set.logical_id));
    let ids: Vec<&str> = new.iter().chain(gone).map(|set| set.logical_id.as_str()).collect();
    for id in ids {
        let of = |sets: &'_ [StackSet]| sets.iter().find(|set| set.logical_id == id).cloned();
        let (old, new) = (of(&old), of(&new));
        let address = (members.address)(id);
        let Some(at) = rows.iter().position(|row| row.address == address) else { continue };
        let inner = inner(members, old.as_ref(), new.as_ref());
        let row = &mut rows[at];
        let text = |path: &Vec<String>| path.iter().any(|name| name == TEMPLATE_BODY);
        if row.paths.iter().any(text) {
            row.paths.retain(|path| !text(path));
            for side in [&mut row.before, &mut row.after].into_iter().flatten() {
                leave_out(side);
            }
            if inner.is_empty() {
                let note = "the accounts' template changes in comments or layout only".to_owned();
                row.note = Some(row.note.take().map_or(note.clone(), |known| format!("{known}; {note}")));
            }
        }
        rows.splice(at + 1..at + 1, inner);
    }
}

/// Takes the accounts' template out of a value: rows of their own show what differs in it.
fn leave_out(value: &mut Value) {
    let Some(properties) = value.as_object_mut() else { return };
    properties.remove(TEMPLATE_BODY);
    properties.values_mut().for_each(leave_out);
}

/// Rows of the accounts. The same row in several accounts is one.
fn inner(members: &Members<'_>, old: Option<&StackSet>, new: Option<&StackSet>) -> Vec<Change> {
    let accounts_of = |set: Option<&StackSet>| set.map(|set| set.accounts.clone()).unwrap_or_default();
    let mut accounts = accounts_of(new);
    accounts.extend(accounts_of(old).into_iter().filter(|account| !accounts_of(new).contains(account)));
    let after = new.and_then(|set| parse(&set.template));
    let mut found: Vec<(String, Change, Vec<String>)> = Vec::new();
    for account in &accounts {
        let has = |set: &&StackSet| set.accounts.contains(account);
        let before = old.filter(has).and_then(|set| {
            let live = members.live.get(account);
            parse(live.unwrap_or(&set.template))
        });
        let after = after.as_ref().filter(|_| new.as_ref().is_some_and(has));
        let logical_id = new.or(old).map_or("", |set| set.logical_id.as_str());
        for row in of_account(members, logical_id, account, before.as_ref(), after) {
            let key = shape(&row, account);
            match found.iter_mut().find(|(other, ..)| *other == key) {
                Some((.., known)) => known.push(account.clone()),
                None => found.push((key, row, vec![account.clone()])),
            }
        }
    }
    let all = accounts.len();
    found.into_iter().map(|(_, row, accounts)| told(row, &accounts, all)).collect()
}

fn parse(text: &str) -> Option<Template> {
    Template::parse("accounts", text).ok()
}

/// What changes in one account.
fn of_account(
    members: &Members<'_>,
    set: &str,
    account: &str,
    before: Option<&Template>,
    after: Option<&Template>,
) -> Vec<Change> {
    let target = Target { account: account.to_owned(), deploy_role: None, ..members.stack.target.clone() };
    let stack = RenderedStack { target, ..members.stack.clone() };
    let parameters = pseudo(&stack);
    // What goes is what would be made of the old template, the other way round.
    let Some(shown) = after.or(before) else { return Vec::new() };
    let before = before.filter(|_| after.is_some());
    let difference = diff(members.registry, before.map(|before| (before, &parameters)), (shown, &parameters));
    let places =
        |stack: &str, logical_id: &str, path: &[String]| (members.places)(stack, &format!("{set}/{logical_id}"), path);
    let mut rows = rows(&Inputs {
        stack: &stack,
        hub: members.hub,
        registry: members.registry,
        before,
        after: shown,
        difference: &difference,
        change_set: None,
        unknown: &Default::default(),
        places: &places,
    });
    for (row, seen) in rows.iter_mut().zip(&difference.resources) {
        row.address = format!("{}/{}", (members.address)(set), seen.logical_id);
        row.account.clone_from(&members.stack.target.account);
        row.seen_by = vec![SeenBy::StackSetDiff];
        if after.is_none() {
            row.actions = vec!["delete".to_owned()];
            row.before = row.after.take();
            row.policy = Some(deletion_policy(Some(shown), &seen.logical_id, &seen.resource_type));
        }
    }
    rows
}

/// What is the same of a row in different accounts.
fn shape(row: &Change, account: &str) -> String {
    let value = serde_json::json!([row.address, row.actions, row.paths, row.before, row.after, row.policy, row.note]);
    value.to_string().replace(account, ACCOUNT)
}

/// A row with the accounts that it is about.
fn told(mut row: Change, accounts: &[String], all: usize) -> Change {
    let one = match accounts {
        [one] => Some(one),
        _ => None,
    };
    let words = match one {
        Some(account) => format!("in account {account}"),
        None if accounts.len() == all => format!("in all {}", count(all, "account")),
        None if accounts.len() <= NAMED => format!("in {}: {}", count(accounts.len(), "account"), accounts.join(", ")),
        None => format!("in {}: {} ...", count(accounts.len(), "account"), accounts[..NAMED].join(", ")),
    };
    row.note = Some(row.note.map_or(words.clone(), |known| format!("{words}; {known}")));
    if one.is_none()
        && let Some(first) = accounts.first()
    {
        for side in [&mut row.before, &mut row.after].into_iter().flatten() {
            *side = without(side, first);
        }
    }
    row
}

/// A value without the account whose it is.
fn without(value: &Value, account: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(account, ACCOUNT)),
        Value::Array(items) => items.iter().map(|item| without(item, account)).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), without(value, account))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::Action;

    /// A stack whose set has this template for these accounts.
    fn stack(template: &str, accounts: &[&str]) -> RenderedStack {
        let body = serde_json::json!({"Resources": {"Access": {
            "Type": stack_set::TYPE,
            "Properties": {
                "StackSetName": "acme-access",
                "PermissionModel": "SERVICE_MANAGED",
                "StackInstancesGroup": [{"DeploymentTargets": {"Accounts": accounts}, "Regions": ["us-east-1"]}],
                "TemplateBody": template,
            },
        }}});
        RenderedStack {
            key: "set".into(),
            kind: "set".into(),
            name: "acme-set".into(),
            target: hub(),
            template_path: "cloudformation/set.yaml".into(),
            template: Arc::from(body.to_string()),
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            capabilities: Vec::new(),
            termination_protection: false,
            depends_on: Vec::new(),
            descriptions: BTreeMap::new(),
        }
    }

    fn hub() -> Target {
        Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None }
    }

    /// Two groups of accounts in one template: `kept` is a retention of the first's log group.
    fn template(kept: u32) -> String {
        format!(
            "
Mappings: {{Accounts: {{'222222222222': {{Group: One}}, '333333333333': {{Group: One}}, '444444444444': {{Group: Two}}}}}}
Conditions: {{One: !Equals [!FindInMap [Accounts, !Ref 'AWS::AccountId', Group], One]}}
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Logs:
    Type: AWS::Logs::LogGroup
    Condition: One
    Properties: {{LogGroupName: !Ref AWS::AccountId, RetentionInDays: {kept}}}
"
        )
    }

    const ACCOUNTS: &[&str] = &["222222222222", "333333333333", "444444444444"];

    /// The rows between two stacks, each as address, kind and note.
    fn between(
        old: &RenderedStack,
        new: &RenderedStack,
        live: &BTreeMap<String, String>,
    ) -> Vec<(String, Action, String)> {
        let registry = Registry::builtin();
        let (before, after) =
            (Template::parse("old", &old.template).unwrap(), Template::parse("new", &new.template).unwrap());
        let parameters = pseudo(new);
        let difference = diff(&registry, Some((&before, &parameters)), (&after, &parameters));
        let places = |_: &str, _: &str, _: &[String]| Vec::new();
        let hub = hub();
        let mut rows = rows(&Inputs {
            stack: new,
            hub: &hub,
            registry: &registry,
            before: Some(&before),
            after: &after,
            difference: &difference,
            change_set: None,
            unknown: &Default::default(),
            places: &places,
        });
        let members = Members {
            stack: new,
            hub: &hub,
            registry: &registry,
            places: &places,
            before: Some(&old.template),
            live,
            address: &|id| new.address(&hub, id),
        };
        add(&mut rows, &members);
        rows.iter().map(|row| (row.address.clone(), row.kind(), row.note.clone().unwrap_or_default())).collect()
    }

    fn row(address: &str, kind: Action, note: &str) -> (String, Action, String) {
        (address.to_owned(), kind, note.to_owned())
    }

    #[test]
    fn a_change_shows_once_with_the_accounts_that_it_is_in() {
        let rows = between(&stack(&template(7), ACCOUNTS), &stack(&template(14), ACCOUNTS), &BTreeMap::new());
        let expected = [
            row("acme-set/Access", Action::Update, ""),
            row("acme-set/Access/Logs", Action::Update, "in 2 accounts: 222222222222, 333333333333"),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn an_account_that_is_added_gets_everything() {
        let rows = between(&stack(&template(7), &ACCOUNTS[..2]), &stack(&template(7), ACCOUNTS), &BTreeMap::new());
        let expected = [
            row("acme-set/Access", Action::Update, ""),
            row("acme-set/Access/Topic", Action::Create, "in account 444444444444"),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn an_account_that_is_taken_out_loses_everything() {
        let rows = between(&stack(&template(7), ACCOUNTS), &stack(&template(7), &ACCOUNTS[..2]), &BTreeMap::new());
        assert_eq!(rows[1], row("acme-set/Access/Topic", Action::Delete, "in account 444444444444"));
    }

    #[test]
    fn what_is_live_counts_more_than_what_the_set_says() {
        let live = BTreeMap::from([("333333333333".to_owned(), template(14))]);
        let rows = between(&stack(&template(7), ACCOUNTS), &stack(&template(14), ACCOUNTS), &live);
        assert_eq!(rows[1], row("acme-set/Access/Logs", Action::Update, "in account 222222222222"));
    }

    #[test]
    fn a_comment_is_no_change_in_any_account() {
        let (old, new) = (template(7), format!("# A comment\n{}", template(7)));
        let rows = between(&stack(&old, ACCOUNTS), &stack(&new, ACCOUNTS), &BTreeMap::new());
        let note = "the accounts' template changes in comments or layout only";
        assert_eq!(rows, [row("acme-set/Access", Action::Update, note)]);
    }
}
