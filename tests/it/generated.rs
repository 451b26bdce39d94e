//! Committed files that are generated are what the generator makes today.

use gwinfra::spec::json_schema;

use crate::support::assert_committed;

#[test]
fn the_committed_schema_is_the_specs_own() {
    assert_committed("schemas/gwinfra.v1.schema.json", &json_schema::json_schema_text());
}

#[test]
fn the_reference_is_made_from_the_schema() {
    assert_committed("docs/spec.md", &json_schema::reference_markdown());
}

#[test]
fn the_committed_schema_of_plans_is_the_plans_own() {
    assert_committed("schemas/gwinfra.plan.v1.schema.json", &gwinfra::plan::json_schema_text());
}

#[test]
fn the_committed_schema_of_the_render_context_is_the_models_own() {
    assert_committed("schemas/gwinfra.render-context.v1.schema.json", &gwinfra::model::json_schema_text());
}

#[test]
fn the_reference_of_commands_is_made_from_the_command_line() {
    assert_committed("docs/cli.md", &gwinfra::cli::reference_markdown());
}

#[test]
fn the_committed_schema_of_capacities_is_their_own() {
    assert_committed("schemas/gwinfra.capacity.v1.schema.json", &gwinfra::capacity::json_schema_text());
}

#[test]
fn the_committed_schema_of_smoke_runs_is_their_own() {
    assert_committed("schemas/gwinfra.smoke.v1.schema.json", &gwinfra::smoke::json_schema_text());
}

#[test]
fn the_committed_schema_of_diagnose_is_its_own() {
    assert_committed("schemas/gwinfra.diagnose.v1.schema.json", &gwinfra::diagnose::json_schema_text());
}

#[test]
fn the_committed_schema_of_drift_is_its_own() {
    assert_committed("schemas/gwinfra.drift.v1.schema.json", &gwinfra::drift::json_schema_text());
}

#[test]
fn the_committed_schema_of_accounts_is_their_own() {
    assert_committed("schemas/gwinfra.accounts.v1.schema.json", &gwinfra::accounts::json_schema_text());
}

#[test]
fn the_committed_schema_of_images_is_their_own() {
    assert_committed("schemas/gwinfra.image.v1.schema.json", &gwinfra::image::inspect::json_schema_text());
}

#[test]
fn the_committed_schema_of_findings_is_their_own() {
    assert_committed("schemas/gwinfra.report.v1.schema.json", &gwinfra::diagnostics::json_schema_text());
}

#[test]
fn the_committed_schema_of_parity_is_its_own() {
    assert_committed("schemas/gwinfra.parity.v1.schema.json", &gwinfra::parity::json_schema_text());
}

#[test]
fn the_committed_schema_of_doctor_is_its_own() {
    assert_committed("schemas/gwinfra.doctor.v1.schema.json", &gwinfra::doctor::json_schema_text());
}
