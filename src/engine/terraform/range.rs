//! The range of autoscaling where schedules move it. The files tell Terraform to ignore it, so that an apply does not undo a
//! schedule in the middle of the night: what no schedule has set is a difference all the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::plan::configured::Ignored;
use super::plan::evaluated::{instances, parse, values};
use super::watch::Held;
use crate::drift::{Difference, Folded, Kind, Reader};
use crate::engine::watch::{Owner, Seen};
use crate::render::RenderedModule;
use crate::tf::evaluate::Instance;

const TARGET: &str = "aws_appautoscaling_target";
const SCHEDULE: &str = "aws_appautoscaling_scheduled_action";
/// The ends of a range, at the target and at its schedules.
const ENDS: [&str; 2] = ["min_capacity", "max_capacity"];
/// What says which target it is.
const NAMES: [&str; 3] = ["service_namespace", "resource_id", "scalable_dimension"];

/// What came of the ranges of a root module.
#[derive(Default)]
pub(super) struct Ranges {
    /// Ends that nobody has set who may.
    pub seen: Vec<Seen>,
    /// Ends that a schedule has moved.
    pub folded: Vec<Folded>,
}

/// Compares the ranges that a root module ignores with what its files and its schedules say.
pub(super) fn ranges(module: &RenderedModule, held: &[Held], ignored: &BTreeMap<String, Ignored>) -> Ranges {
    let mut found = Ranges::default();
    let is_ignored = |one: &Held, end: &str| {
        let family = one.address.split('[').next().unwrap_or(&one.address);
        ignored.get(family).is_some_and(|ignored| ignored.has(&[end.to_owned()]))
    };
    let targets = held.iter().filter(|one| one.resource_type == TARGET && ENDS.iter().any(|end| is_ignored(one, end)));
    let targets: Vec<&Held> = targets.collect();
    if targets.is_empty() {
        return found;
    }
    let Ok(parsed) = parse(module) else { return found };
    let declared = instances(&parsed, module, &values(None, Some(module)));
    for target in targets {
        for end in ENDS.into_iter().filter(|end| is_ignored(target, end)) {
            compare(module, (target, declared.get(&target.address)), held, end, &mut found);
        }
    }
    found
}

fn compare(
    module: &RenderedModule,
    (target, declared): (&Held, Option<&Instance>),
    held: &[Held],
    end: &str,
    found: &mut Ranges,
) {
    let Some(actual) = target.values.get(end).and_then(number) else { return };
    let Some(wanted) = declared.and_then(|own| own.arguments.get(end)).and_then(number) else { return };
    if actual == wanted {
        return;
    }
    let is_own = |one: &&Held| {
        one.resource_type == SCHEDULE && NAMES.iter().all(|name| one.values.get(name) == target.values.get(name))
    };
    let mut scheduled = held
        .iter()
        .filter(is_own)
        .filter_map(|one| number(one.values.pointer(&format!("/scalable_target_action/0/{end}"))?));
    let path = vec![end.to_owned()];
    if scheduled.any(|scheduled| scheduled == actual) {
        let reason = "a schedule has moved the range".to_owned();
        found.folded.push(Folded { address: format!("{}/{}", module.key, target.address), path, reason });
        return;
    }
    found.seen.push(Seen {
        owner: Owner { id: target.address.clone(), resource_type: TARGET.to_owned() },
        // Neither an apply nor a plan of the resource alone puts it back.
        kind: Kind::Runtime,
        difference: Difference { path, expected: Some(json!(wanted)), actual: Some(json!(actual)) },
        reader: Reader::Terraform,
        level: None,
        addition: None,
    });
}

/// A number; the provider keeps those of schedules as texts.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
