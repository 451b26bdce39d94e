//! A plan for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::group::{Group, by_reason, groups};
use super::{Action, Change, Plan, PlannedStack, ReplaceRequired, SeenBy, StackAction, shown};

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOptions {
    /// Show the properties of resources that are made, too.
    pub verbose: bool,
    /// Show stacks that do not change, one by one.
    pub show_unchanged: bool,
}

const ADD: Style = AnsiColor::Green.on_default();
const CHANGE: Style = AnsiColor::Yellow.on_default();
const REMOVE: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The most accounts of a group that are named.
const ACCOUNTS_SHOWN: usize = 6;

/// Writes a plan as text, with ANSI styles that the caller strips where they are not wanted.
pub fn text(plan: &Plan, options: TextOptions) -> String {
    let mut out = String::new();
    header(&mut out, plan);
    for group in groups(plan) {
        stack_section(&mut out, plan, &group, options);
    }
    unreachable(&mut out, plan);
    for note in &plan.diagnostics {
        line(&mut out, format_args!("{CHANGE}{}{CHANGE:#}: {}", note.severity, note.message));
        if let Some(help) = &note.help {
            line(&mut out, format_args!("  {help}"));
        }
    }
    summary(&mut out, plan);
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
    out.push('\n');
}

fn header(out: &mut String, plan: &Plan) {
    let deployment = &plan.deployment;
    line(
        out,
        format_args!(
            "{BOLD}{}{BOLD:#}   {}/{}   engine {}   blueprint {}{}",
            deployment.prefix,
            deployment.hub.account,
            deployment.hub.region,
            deployment.engine,
            plan.inputs.blueprint,
            if plan.offline { "   (offline: compared with the last apply, not with AWS)" } else { "" },
        ),
    );
    for (name, image) in &plan.inputs.images {
        let from = plan.inputs.pushes.get(name).map(|from| format!("   pushed by the apply, from {from}"));
        line(out, format_args!("{DIM}image {name}   {image}{}{DIM:#}", from.unwrap_or_default()));
    }
    out.push('\n');
}

fn stack_section(out: &mut String, plan: &Plan, group: &Group<'_>, options: TextOptions) {
    let stack = group.first();
    let hub = &plan.deployment.hub;
    let place = if group.stacks.len() > 1 {
        format!("   in {}", count(group.stacks.len(), "account"))
    } else if stack.account == hub.account && stack.region == hub.region {
        String::new()
    } else {
        format!("   {}/{}", stack.account, stack.region)
    };
    let noun = if plan.deployment.engine == "terraform" { "Module" } else { "Stack" };
    let name = group.name();
    let each = if group.stacks.len() > 1 { " each" } else { "" };
    let words = match stack.action {
        StackAction::NoOp if stack.changes == 0 => {
            if options.show_unchanged || plan.is_empty() {
                line(out, format_args!("{DIM}{noun} {name}{place}   no changes{DIM:#}"));
            }
            return;
        }
        StackAction::NoOp => "no changes".to_owned(),
        StackAction::Create => format!("new, {}{each}", count(stack.changes, "resource")),
        StackAction::Update if stack.changes == 0 => "tags, outputs or protection only".to_owned(),
        StackAction::Update => format!("{}{each}", count(stack.changes, "change")),
        StackAction::Delete => format!("{REMOVE}deleted{REMOVE:#}, {}{each}", count(stack.changes, "resource")),
        StackAction::Unreachable => return,
    };
    line(out, format_args!("{BOLD}{noun} {name}{BOLD:#}{place}   {words}"));
    if group.stacks.len() > 1 {
        let accounts: Vec<&str> = group.stacks.iter().map(|stack| stack.account.as_str()).collect();
        let shown = if options.verbose { accounts.len() } else { ACCOUNTS_SHOWN };
        line(out, format_args!("  {DIM}{}{DIM:#}", listed(&accounts, shown)));
    }
    if let Some(reason) = &stack.template_only {
        line(out, format_args!("  {DIM}▲ from the template alone: {reason}{DIM:#}"));
    }
    let rows: Vec<&Change> = plan.changes.iter().filter(|change| change.stack == stack.key).collect();
    let width = rows.iter().map(|change| logical_id(change).chars().count()).max().unwrap_or(0).min(40);
    for change in rows {
        row(out, change, width, stack, options);
    }
    out.push('\n');
}

/// Accounts that could not be asked, each reason once.
fn unreachable(out: &mut String, plan: &Plan) {
    let told = plan.unreachable().map(|stack| (stack.account.as_str(), stack.status.as_deref().unwrap_or_default()));
    for (reason, accounts) in by_reason(told) {
        line(out, format_args!("{REMOVE}Not reached{REMOVE:#}   {}", count(accounts.len(), "account")));
        line(out, format_args!("  {}", listed(&accounts, accounts.len())));
        line(out, format_args!("  {reason}\n"));
    }
}

/// The first of a list, and how many more there are.
fn listed(names: &[&str], shown: usize) -> String {
    let first = names.get(..shown.min(names.len())).unwrap_or_default().join(", ");
    match names.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

pub(super) fn logical_id(change: &Change) -> &str {
    // A Terraform address may have slashes in the key of an instance.
    let module = change.address.strip_prefix(&change.stack).and_then(|rest| rest.strip_prefix('/'));
    module.unwrap_or_else(|| change.address.split_once('/').map_or(change.address.as_str(), |(_, id)| id))
}

fn row(out: &mut String, change: &Change, width: usize, stack: &PlannedStack, options: TextOptions) {
    let (symbol, style) = match change.kind() {
        Action::Create => ("+", ADD),
        Action::Update => ("~", CHANGE),
        Action::Delete => ("-", REMOVE),
        Action::Replace if change.actions[0] == "delete" => ("-/+", REMOVE),
        Action::Replace => ("+/-", REMOVE),
        Action::NoOp => (" ", DIM),
    };
    let seen = match change.seen_by.as_slice() {
        // A deletion has no change set that could show it.
        [SeenBy::TemplateDiff] if stack.template_only.is_none() && stack.action != StackAction::Delete => " ▲",
        [SeenBy::ChangeSet] => " △",
        _ => "",
    };
    let mut words = Vec::new();
    match change.replace.as_ref().map(|replace| replace.required) {
        Some(ReplaceRequired::Always) if change.note.is_none() => words.push("replaced".to_owned()),
        Some(ReplaceRequired::Conditional) => words.push("replaced if a value known only later changes".to_owned()),
        _ => {}
    }
    words.extend(
        change
            .policy
            .iter()
            .filter(|policy| !matches!(policy.as_str(), "Delete" | "ReplaceAndDelete"))
            .map(|policy| format!("policy {policy}")),
    );
    words.extend(change.note.clone());
    if change.stateful && matches!(change.kind(), Action::Replace | Action::Delete) {
        words.push("holds data".to_owned());
    }
    let identifier = logical_id(change);
    line(
        out,
        format_args!(
            "  {style}{symbol:<3}{style:#} {identifier:<width$}  {DIM}{}{DIM:#}{seen}{}{}",
            change.resource_type,
            if words.is_empty() { "" } else { "   " },
            words.join(", "),
        ),
    );
    let details = match change.kind() {
        Action::Create | Action::Delete => options.verbose,
        _ => true,
    };
    if details {
        for path in &change.paths {
            property(out, change, path);
        }
    }
    if matches!(change.kind(), Action::Update | Action::Replace | Action::Delete) || options.verbose {
        for place in &change.source {
            line(out, format_args!("        {DIM}from {}{DIM:#}", place.words()));
        }
    }
    if seen == " ▲" {
        line(out, format_args!("        {DIM}▲ the CloudFormation change set does not show this edit{DIM:#}"));
    }
}

fn property(out: &mut String, change: &Change, path: &[String]) {
    let (before, after) = shown::values(change, path);
    let forces = change
        .replace
        .as_ref()
        .is_some_and(|replace| replace.paths.iter().any(|cause| path.starts_with(cause) || cause.starts_with(path)));
    let forces = if forces { "   # forces replacement" } else { "" };
    let name = path.join(".");
    match (before, after) {
        (None, Some(after)) => line(out, format_args!("        {ADD}+{ADD:#} {name}  {}{forces}", shown::value(after))),
        (Some(before), None) => {
            line(out, format_args!("        {REMOVE}-{REMOVE:#} {name}  {}{forces}", shown::value(before)))
        }
        // The same words on both sides: a reference to something that is made anew.
        (Some(before), Some(after)) if before == after => {
            line(out, format_args!("        {CHANGE}~{CHANGE:#} {name}  (known after apply){forces}"));
        }
        (Some(before), Some(after)) => {
            let hint = shown::hint(before, after).map(|hint| format!("   # {hint}")).unwrap_or_default();
            let (before, after) = shown::pair(before, after);
            line(out, format_args!("        {CHANGE}~{CHANGE:#} {name}  {before} → {after}{hint}{forces}"));
        }
        (None, None) => line(out, format_args!("        {CHANGE}~{CHANGE:#} {name}  (known after apply){forces}")),
    }
}

fn summary(out: &mut String, plan: &Plan) {
    if plan.is_empty() {
        line(out, format_args!("{ADD}No changes.{ADD:#} {}", plan.unchanged()));
        return;
    }
    let counts = plan.summary;
    let seconds = estimated_seconds(plan);
    let time = if seconds == 0 { String::new() } else { format!("   ≈ {}", duration(seconds)) };
    line(
        out,
        format_args!(
            "{BOLD}Plan:{BOLD:#} {} to add, {} to change, {} to replace, {} to destroy{time}",
            counts.add, counts.change, counts.replace, counts.destroy
        ),
    );
    if !plan.blocked.is_empty() {
        line(out, format_args!("{REMOVE}Not whole{REMOVE:#}, and cannot be applied: what blocks is told below"));
    }
    for gate in &plan.gates {
        line(
            out,
            format_args!("{REMOVE}Blocked{REMOVE:#} until you pass  {BOLD}{}{BOLD:#}   {}", gate.flag(), gate.reason),
        );
    }
}

/// Seconds that an apply is expected to take: the stacks of the hub one after the other, accounts beside them.
fn estimated_seconds(plan: &Plan) -> u64 {
    let hub = &plan.deployment.hub.account;
    let (inside, outside): (Vec<&PlannedStack>, Vec<&PlannedStack>) =
        plan.stacks.iter().partition(|stack| stack.account == *hub);
    let inside: u64 = inside.iter().map(|stack| stack.estimated_seconds).sum();
    inside.max(outside.iter().map(|stack| stack.estimated_seconds).max().unwrap_or(0))
}

/// A duration as people say it: `45 s`, `12 min`, `1 h 5 min`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, (seconds % 3600).div_ceil(60)),
    }
}

/// `1 change`, `2 changes`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
