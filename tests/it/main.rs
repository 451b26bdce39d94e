//! The integration tests: one binary, one module per subject.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

mod accounts;
mod bad_input;
mod calls;
mod capacity;
mod ci;
mod ci_forge;
mod ci_steps;
mod command_line;
mod config_push;
mod deploy_policies;
mod deployment;
mod diagnose;
mod doctor;
mod drift;
mod drift_account;
mod drift_baseline;
mod drift_ends;
mod drift_engine;
mod drift_others;
mod drift_reads;
mod drift_records;
mod drift_revert;
mod drift_runtime;
mod drift_waf;
mod every_key;
mod examples;
mod explanations;
mod full_disk;
mod generated;
mod image;
mod image_apply;
mod image_containerfile;
mod image_registry;
mod image_sbom;
mod image_terraform;
mod image_tokens;
mod invalid_specs;
mod kill;
mod life_cycle;
mod litellm;
mod litellm_import;
mod litellm_lints;
mod litellm_roles;
mod local;
mod many_accounts;
mod matrix;
mod matrix_specs;
mod mock_llm;
mod moto;
mod moto_server;
mod parity;
mod plan;
mod protection;
mod rehearsal;
mod report_formats;
mod reporters;
mod role_properties;
mod scenarios;
mod secrets;
mod served;
mod signals;
mod simulator_clients;
mod smoke;
mod smoke_checks;
mod smoke_database;
mod smoke_front;
mod smoke_gateway;
mod spec_load;
mod stack_sets;
mod state_bootstrap;
mod statuses;
mod terraform;
mod terraform_accounts;
mod terraform_bundles;
mod terraform_canary;
mod terraform_desk;
mod terraform_drift;
mod terraform_drift_ignored;
mod terraform_engine;
mod terraform_estate;
mod terraform_failures;
mod terraform_life;
mod terraform_mock;
mod terraform_plan_file;
mod terraform_rows;
mod terraform_stack_sets;
mod tools;
mod underway;
mod variants;

#[test]
fn no_file_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in fs_err::read_dir(support::repository("tests/it")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = file.strip_suffix(".rs").filter(|module| *module != "main") else { continue };
        assert!(main.contains(&format!("mod {module};")), "tests/it/{file} is not a module of main.rs");
    }
}
