//! Values that resources have and the spec does not set: potential until they are recorded, differences after that.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject, set};
use crate::rehearsal::Rehearsal;

const WRITER: &str = "acme-llm-data/DatabaseWriter";

/// Sets the maintenance window, which no template sets.
fn window(rehearsal: &Rehearsal, value: &str) {
    inject(rehearsal, &json!([set("data", "DatabaseWriter", "/PreferredMaintenanceWindow", &json!(value))]));
}

#[test]
fn a_value_that_nobody_declares_is_potential_and_never_a_failure() {
    let Some(rehearsal) = deployed() else { return };
    window(&rehearsal, "sun:05:00-sun:06:00");
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    let potential = &document["potential"][0];
    assert_eq!((&potential["address"], &potential["path"]), (&json!(WRITER), &json!(["PreferredMaintenanceWindow"])));
    let told = rehearsal.run(&["drift"]).expect(0).stdout;
    assert!(told.contains("1 value that neither the spec nor a baseline knows"), "{told}");
    assert!(!told.contains("sun:05:00"), "{told}");
    let shown = rehearsal.run(&["drift", "--show", "potential"]).expect(0).stdout;
    assert!(shown.contains("PreferredMaintenanceWindow   sun:05:00-sun:06:00"), "{shown}");
}

#[test]
fn a_recorded_value_is_silent_and_another_one_is_a_difference() {
    let Some(rehearsal) = deployed() else { return };
    window(&rehearsal, "sun:05:00-sun:06:00");
    rehearsal.run(&["drift", "--record"]).says(0, "Recorded 1 value in drift.baseline.yaml. Commit it.");
    insta::assert_snapshot!(fs_err::read_to_string(rehearsal.path("drift.baseline.yaml")).unwrap());
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    assert_eq!(document["potential"], json!([]));
    window(&rehearsal, "mon:05:00-mon:06:00");
    let found = findings(&rehearsal, 2);
    assert_eq!((&found[0]["address"], &found[0]["kind"]), (&json!(WRITER), &json!("undeclared")));
    let sides = (&found[0]["expected"], &found[0]["actual"]);
    assert_eq!(sides, (&json!("sun:05:00-sun:06:00"), &json!("mon:05:00-mon:06:00")));
    let sarif = rehearsal.run(&["drift", "-o", "sarif"]).expect(2).json();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "GW1206");
    rehearsal.run(&["drift", "--record"]).expect(0);
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_baseline_that_is_named_has_to_be_there_unless_it_is_written() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.run(&["drift", "--baseline", "mine.yaml"]).says(3, "gwinfra drift --record --baseline FILE");
    rehearsal.run(&["drift", "--accept", "nofile.yaml"]).says(3, "there is no file nofile.yaml");
    rehearsal.run(&["drift", "--baseline", "mine.yaml", "--record"]).says(0, "mine.yaml");
    rehearsal.run(&["drift", "--baseline", "mine.yaml"]).expect(0);
    rehearsal.write("mine.yaml", "recorded: 7\n");
    rehearsal.run(&["drift", "--baseline", "mine.yaml"]).says(3, "mine.yaml");
}
