//! The README's tables of variables and of metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use gwinfra_middleware::config::VARIABLES;
use gwinfra_middleware::places::Bound;
use gwinfra_middleware::telemetry::metrics::{Metrics, Route, TurnOutcome};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_lists_every_variable_that_is_read_with_its_default() {
    let rows = VARIABLES.iter().map(|variable| {
        let default = variable.default.map_or("none".to_owned(), |default| format!("`{default}`"));
        let set_by = variable.set_by.unwrap_or("–");
        format!("| `{}` | {default} | {set_by} | {} |\n", variable.name, variable.meaning)
    });
    let table = format!(
        "| variable | default | in a deployment set by | meaning |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    );
    assert!(README.contains(&table), "put this table into gateway/middleware/README.md:\n\n{table}");
}

/// What is served, with each metric used once.
fn served() -> String {
    let metrics = Metrics::default();
    let route = Route("/");
    metrics.begin();
    metrics.head(route, StatusCode::OK, Duration::ZERO);
    metrics.end(route, Duration::ZERO);
    for outcome in [TurnOutcome::Saved, TurnOutcome::Partial, TurnOutcome::Empty, TurnOutcome::Failed] {
        metrics.turn(outcome);
    }
    for bound in [Bound::Requests, Bound::Memory] {
        metrics.key_refused(bound);
    }
    metrics.text(0)
}

#[test]
fn the_readme_lists_every_metric_that_is_served_with_its_labels() {
    let served = served();
    let kind = |name: &str| served.lines().find_map(|line| line.strip_prefix(&format!("# TYPE {name} ")));
    let row = |line: &str| {
        let (name, help) = line.strip_prefix("# HELP ")?.split_once(' ')?;
        let total = if kind(name) == Some("counter") { "_total" } else { "" };
        let first = served.lines().find(|line| line.starts_with(name) && !line.contains("le="));
        let labels = first.and_then(|line| Some(line.split_once('{')?.1.split_once('}')?.0)).unwrap_or_default();
        let labels: Vec<String> =
            labels.split(',').filter_map(|label| Some(format!("`{}`", label.split_once('=')?.0))).collect();
        let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        Some(format!("| `{name}{total}` | {labels} | {help} |\n"))
    };
    let rows: String = served.lines().filter_map(row).collect();
    let table = format!("| metric | labels | meaning |\n|---|---|---|\n{rows}");
    assert!(README.contains(&table), "put this table into gateway/middleware/README.md:\n\n{table}");
}

#[test]
fn the_readme_names_every_outcome_of_a_turn() {
    let served = served();
    let outcomes = served.split("outcome=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let words: BTreeSet<&str> = outcomes.collect();
    assert_eq!(words.len(), 4);
    let explained = README.split("`outcome` is ").nth(1).expect("a sentence on outcomes");
    for word in words {
        assert!(explained.contains(&format!("`{word}`")), "{word}");
    }
}
