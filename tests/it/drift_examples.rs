//! What is deployed and untouched has no drift: every example, and what AWS gives back in other words.

use serde_json::{Value, json};

use crate::rehearsal::{Rehearsal, SPEC};
use crate::support::repository;

#[test]
fn an_example_that_nobody_has_touched_has_no_drift_and_all_of_it_is_compared() {
    let directory = fs_err::read_dir(repository("examples")).unwrap();
    let files =
        directory.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|of| of == "yaml"));
    let mut seen = 0;
    for file in files {
        let rehearsal = Rehearsal::of(&fs_err::read_to_string(&file).unwrap());
        rehearsal.run(&["apply", "--yes"]).expect(0);
        let run = rehearsal.run(&["drift", "--strict", "-o", "json"]);
        let document = run.json();
        assert_eq!(document["findings"], json!([]), "{}", file.display());
        let skipped = document["coverage"]["skipped"].as_array().unwrap();
        // Nobody looks into the accounts of its stack set.
        if file.ends_with("organization.yaml") {
            let is_of_set = |one: &Value| one["reason"].as_str().unwrap().contains("stack set");
            assert!(run.code == 11 && !skipped.is_empty() && skipped.iter().all(is_of_set), "{skipped:#?}");
        } else {
            assert!(run.code == 0 && skipped.is_empty(), "{}: {} {skipped:#?}", file.display(), run.code);
        }
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn characters_that_cloudformation_gives_back_as_question_marks_are_no_drift_and_no_change() {
    let rehearsal = Rehearsal::of(&format!("{SPEC}gateway:\n  litellm:\n    environment: {{TEAM: Équipe}}\n"));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["notes"]), (&json!([]), &json!([])));
    rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
}
