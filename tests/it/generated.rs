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
