//! A plan for a pull request.

use std::fmt::Write;

use super::group::groups;
use super::{Action, Plan, StackAction, text::count};

/// Most characters that GitHub takes in a comment is 65,536; this leaves room for a frame.
const LIMIT: usize = 65_000;

/// Writes a plan as Markdown: a headline, gates, and a table per stack. Rows that do not fit are counted at the end;
/// replacements and deletions always come first.
pub fn markdown(plan: &Plan) -> String {
    let mut out = format!("<!-- gwinfra:plan:{} -->\n", plan.deployment.prefix);
    let counts = plan.summary;
    if plan.is_empty() {
        let _ = writeln!(out, "**{}**: no changes.", plan.deployment.prefix);
        return out;
    }
    let _ = writeln!(
        out,
        "**{}** ({}/{}): {} to add, {} to change, {} to replace, {} to destroy\n",
        plan.deployment.prefix,
        plan.deployment.hub.account,
        plan.deployment.hub.region,
        counts.add,
        counts.change,
        counts.replace,
        counts.destroy
    );
    for gate in &plan.gates {
        let _ = writeln!(out, "- **Blocked** until `{}` is passed: {}", gate.flag(), gate.reason);
    }
    let mut left_out = 0;
    for stack in plan.unreachable() {
        let reason = cell(stack.status.as_deref().unwrap_or_default());
        let _ = writeln!(out, "- **Not reached**: account {}: {reason}", stack.account);
    }
    for group in groups(plan) {
        let stack = group.first();
        if matches!(stack.action, StackAction::NoOp | StackAction::Unreachable) {
            continue;
        }
        let place = match group.stacks.len() {
            1 => stack.account.clone(),
            several => format!("in {}", count(several, "account")),
        };
        let mut rows: Vec<_> = plan.changes.iter().filter(|change| change.stack == stack.key).collect();
        rows.sort_by_key(|change| match change.kind() {
            Action::Replace => 0,
            Action::Delete => 1,
            Action::Update => 2,
            _ => 3,
        });
        let _ = writeln!(
            out,
            "\n<details><summary>{} ({}): {}</summary>\n",
            group.name(),
            place,
            count(rows.len(), "change")
        );
        let _ = writeln!(out, "| | resource | type | spec |\n|---|---|---|---|");
        for change in rows {
            let symbol = match change.kind() {
                Action::Create => "+",
                Action::Update => "~",
                Action::Delete => "-",
                Action::Replace => "+/-",
                Action::NoOp => "",
            };
            let places: Vec<String> =
                change.source.iter().map(|place| format!("{}:{}", place.file, place.line)).collect();
            let row = format!(
                "| {symbol} | {} | {} | {} |\n",
                cell(change.address.rsplit('/').next().unwrap_or_default()),
                cell(&change.resource_type),
                cell(&places.join(", "))
            );
            if out.len() + row.len() > LIMIT {
                left_out += 1;
            } else {
                out.push_str(&row);
            }
        }
        out.push_str("\n</details>\n");
    }
    if left_out > 0 {
        let _ = writeln!(out, "\n{} more not shown: see the job's log.", count(left_out, "row"));
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r', '<'], " ")
}
