//! The pairwise matrix: every spec is valid, renders, passes cfn-lint and deploys in simulated accounts.

use std::collections::BTreeMap;

use crate::matrix_specs::{pairwise, spec};
use crate::rehearsal::Rehearsal;
use crate::tools;

/// How many specs at least.
const SPECS: usize = 150;

/// How many of them are linted and deployed; `GWINFRA_MATRIX_DEPLOYS` asks for another number. All of them are rendered.
pub fn deploys() -> usize {
    std::env::var_os("GWINFRA_MATRIX_DEPLOYS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(SPECS)
}

#[test]
fn every_spec_of_the_matrix_renders_and_passes_cfn_lint() {
    let mut templates: BTreeMap<String, String> = BTreeMap::new();
    let rows = pairwise(SPECS);
    let each = rows.len().div_ceil(deploys().clamp(1, rows.len()));
    for (number, row) in rows.iter().enumerate() {
        let rehearsal = Rehearsal::of(&spec(row).to_string());
        rehearsal.bare(&["render", "--out", "bundle"]).expect(0);
        for entry in fs_err::read_dir(rehearsal.path("bundle/cloudformation")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = fs_err::read_to_string(&path).unwrap();
                assert!(text.len() <= 51_200, "{} of spec {number} has {} bytes", path.display(), text.len());
                if number % each == 0 {
                    let name = format!("{number:03}-{}", path.file_name().unwrap().to_string_lossy());
                    templates.entry(text).or_insert(name);
                }
            }
        }
    }
    let Some(cfn_lint) = tools::find("cfn-lint") else { return };
    let directory = tempfile::tempdir().unwrap();
    for (text, name) in &templates {
        fs_err::write(directory.path().join(name), text).unwrap();
    }
    tools::lint(&cfn_lint, directory.path());
}

#[test]
fn every_spec_of_the_matrix_deploys_and_then_has_no_changes() {
    let rows = pairwise(SPECS);
    let count = deploys().min(rows.len());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let rehearsal = Rehearsal::of(&spec(&rows[number * rows.len() / count]).to_string());
                    rehearsal.apply();
                    rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
                }
            });
        }
    });
}
