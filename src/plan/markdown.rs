//! A plan for a pull request.

use super::group::{by_reason, groups};
use super::text::count;
use super::{Action, Change, ConfigurationChange, Plan, StackAction, shown};
use crate::diagnostics::comment::{Comment, Listing, Row, Section, Weight, code, plain, prose};

/// Most property paths of a row.
const PATHS_SHOWN: usize = 4;

/// Writes a plan as Markdown: a headline, gates, what is replaced or deleted, and a folded table for each stack.
pub fn markdown(plan: &Plan) -> String {
    let prefix = &plan.deployment.prefix;
    let mut comment = Comment::new("plan", prefix, "`gwinfra plan`");
    if plan.is_empty() {
        comment.line(&format!("**{}**: no changes.", plain(prefix)));
        return comment.text();
    }
    if !plan.blocked.is_empty() {
        comment.line(&format!("**{}**: the plan could not be made whole.", plain(prefix)));
    }
    let blocks = plan.blocked.iter().map(|block| {
        let place = block.source.first().map(|place| format!("{}:{}", place.file, place.line));
        let name = place.or_else(|| block.code.clone()).unwrap_or_else(|| "plan".to_owned());
        let help = block.help.as_deref().map(prose).unwrap_or_default();
        Row::new(Weight::Must, "reason", "**error**", &name, vec![prose(&block.message), help])
    });
    comment.section(Section::new("What blocks", &["where", "what", "way out"], blocks.collect()));
    let counts = plan.summary;
    comment.line(&format!(
        "**{}** ({}/{}): {} to add, {} to change, {} to replace, {} to destroy",
        plain(prefix),
        plan.deployment.hub.account,
        plan.deployment.hub.region,
        counts.add,
        counts.change,
        counts.replace,
        counts.destroy
    ));
    let gates = plan.gates.iter().map(|gate| {
        let row = Row::new(Weight::Must, "gate", "**blocked**", &gate.flag(), vec![prose(&gate.reason)]);
        match plan.changes.iter().find(|change| change.address == gate.address) {
            Some(change) if change.account != plan.deployment.hub.account => row.of_account(&[&change.account]),
            _ => row,
        }
    });
    comment.section(Section::new("Blocked until it is passed to apply", &["flag", "why"], gates.collect()));
    comment.section(not_reached(plan));
    let lost = plan.changes.iter().filter(|change| is_destructive(change));
    let lost = lost.map(|change| {
        let row = row(change, &change.address);
        if change.account == plan.deployment.hub.account { row } else { row.of_account(&[&change.account]) }
    });
    let columns = &["resource", "type", "why", "spec"];
    comment.section(Section::new("Replaced or deleted", columns, lost.collect()));
    for group in groups(plan) {
        let stack = group.first();
        if matches!(stack.action, StackAction::NoOp | StackAction::Unreachable) {
            continue;
        }
        let place = match group.stacks.len() {
            1 => stack.account.clone(),
            several => format!("in {}", count(several, "account")),
        };
        let own = plan.changes.iter().filter(|change| change.stack == stack.key && !is_destructive(change));
        let rows: Vec<Row> =
            own.map(|change| row(change, super::text::logical_id(change)).times(group.stacks.len())).collect();
        let title = format!("{} ({place}): {}", group.name(), count(stack.changes, "change"));
        comment.section(Section::new(title, columns, rows).folded());
    }
    if let Some(listing) = plan.configuration.as_ref().and_then(listing) {
        comment.listing(listing);
    }
    comment.text()
}

fn is_destructive(change: &Change) -> bool {
    matches!(change.kind(), Action::Replace | Action::Delete)
}

/// The difference of LiteLLM's configuration; `None` where all of it is in what is not shown.
fn listing(change: &ConfigurationChange) -> Option<Listing> {
    let (more, fewer) = change.lines();
    let title = format!("LiteLLM's configuration: +{more} -{fewer} lines");
    (!change.diff.is_empty()).then(|| Listing::new(title, "diff", &change.diff, "`gwinfra config diff`"))
}

/// Accounts that could not be asked, each reason once.
fn not_reached(plan: &Plan) -> Section {
    let told = plan.unreachable().map(|stack| (stack.account.as_str(), stack.status.as_deref().unwrap_or_default()));
    let rows = by_reason(told).into_iter().map(|(reason, accounts)| {
        let row = Row::new(Weight::Must, "account", "", &accounts.join(", "), vec![prose(&reason)]);
        row.times(accounts.len())
    });
    Section::new("Not reached", &["accounts", "why"], rows.collect())
}

fn row(change: &Change, name: &str) -> Row {
    let (weight, kind, mark) = match change.kind() {
        Action::Create => (Weight::Low, "creation", "+"),
        Action::Update => (Weight::Normal, "update", "~"),
        Action::Delete => (Weight::Must, "deletion", "\\-"),
        Action::Replace => (Weight::Must, "replacement", "+/-"),
        Action::NoOp => (Weight::Low, "row", ""),
    };
    let paths = change.replace.as_ref().map_or(&change.paths, |replace| &replace.paths);
    let mut why: Vec<String> = paths.iter().take(PATHS_SHOWN).map(|path| property(change, path)).collect();
    if paths.len() > PATHS_SHOWN {
        why.push(format!("{} more", paths.len() - PATHS_SHOWN));
    }
    if change.stateful && is_destructive(change) {
        why.push("**holds data**".to_owned());
    }
    why.extend(change.note.as_deref().map(prose));
    let mut places: Vec<String> = change.source.iter().map(|place| format!("{}:{}", place.file, place.line)).collect();
    places.dedup();
    Row::new(weight, kind, mark, name, vec![plain(&change.resource_type), why.join(", "), plain(&places.join(", "))])
}

/// A property, with what becomes of its value where both are known: who reviews a change has to see it.
fn property(change: &Change, path: &[String]) -> String {
    let name = code(&path.join("."));
    let (Some(before), Some(after)) = shown::values(change, path) else { return name };
    if before == after {
        return name;
    }
    let hint = shown::hint(before, after).map(|hint| format!(" ({})", code(hint))).unwrap_or_default();
    let (before, after) = shown::pair(before, after);
    format!("{name} {} → {}{hint}", code(&before), code(&after))
}
