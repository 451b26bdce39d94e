//! What goes wrong on AWS, and what gwinfra makes of it: exit code, words, next command.

use crate::rehearsal::{Rehearsal, Run};

/// Applies once without faults, changes a value of the gateway stack, and applies with the scenario.
fn second_apply(scenario: &str) -> Run {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    rehearsal.run_with(scenario, &["apply", "--yes"])
}

fn first_apply(scenario: &str) -> Run {
    Rehearsal::new().run_with(scenario, &["apply", "--yes"])
}

#[test]
fn throttling_is_tried_again_and_shown() {
    let run = first_apply(
        "faults:\n  - {match: {service: cloudformation, action: CreateChangeSet}, throttle: {}, times: 3}\n",
    );
    run.says(0, "Rate exceeded");
}

#[test]
fn server_errors_are_tried_again() {
    first_apply("faults:\n  - {match: {service: cloudformation}, server_error: {}, times: 4}\n").expect(0);
}

#[test]
fn a_lost_connection_is_tried_again() {
    first_apply(
        "faults:\n  - {match: {service: cloudformation, action: DescribeStacks}, drop_connection: {}, times: 2}\n",
    )
    .expect(0);
}

#[test]
fn stale_reads_after_an_execution_are_not_taken_for_its_end() {
    first_apply("faults:\n  - {stale_reads: {reads: 3}, times: 10}\n").expect(0);
}

#[test]
fn events_in_small_pages_and_out_of_order_are_all_shown_once() {
    let run = first_apply("faults:\n  - {events: {page_size: 2, out_of_order: true}}\n").expect(0);
    let vpcs = run.stderr.lines().filter(|line| line.contains(" Vpc CREATE_COMPLETE")).count();
    assert_eq!(vpcs, 1, "{}", run.stderr);
}

#[test]
fn answers_that_come_late_change_nothing() {
    first_apply("faults:\n  - {match: {service: sts}, delay: {milliseconds: 50}}\n").expect(0);
}

#[test]
fn expired_credentials_stop_before_anything_is_made() {
    first_apply("faults:\n  - {expire_credentials: {}}\n").says(5, "expired");
}

#[test]
fn credentials_that_expire_midway_leave_a_run_that_is_taken_up() {
    let rehearsal = Rehearsal::new();
    rehearsal
        .run_with(
            "faults:\n  - {match: {service: cloudformation}, expire_credentials: {}, after: 60}\n",
            &["apply", "--yes"],
        )
        .expect(5);
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn a_refused_call_names_the_action_and_who_may_not() {
    let scenario = "faults:\n  - match: {service: cloudformation, action: CreateChangeSet}\n    refuse: {code: AccessDenied, message: \"User: arn:aws:iam::111122223333:user/sam is not authorized to perform: cloudformation:CreateChangeSet\", status: 403}\n    times: 100\n";
    first_apply(scenario).says(5, "CreateChangeSet");
}

#[test]
fn a_resource_that_fails_rolls_back_and_names_the_cause_and_its_line() {
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"The maximum number of VPCs has been reached.\"}}\n";
    let run = first_apply(scenario).says(9, "The maximum number of VPCs has been reached.");
    assert!(run.stderr.contains("gwinfra.yaml:"), "{}", run.stderr);
    assert!(!run.stderr.contains("error: Resource creation cancelled"), "{}", run.stderr);
}

#[test]
fn after_a_first_create_was_rolled_back_the_next_apply_makes_it_anew() {
    let rehearsal = Rehearsal::new();
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"Quota.\"}}\n";
    rehearsal.run_with(scenario, &["apply", "--yes"]).expect(9);
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn tasks_that_do_not_start_trip_the_circuit_breaker_and_roll_back() {
    second_apply("faults:\n  - {circuit_breaker: {reason: \"tasks failed to start\"}}\n").says(9, "Circuit Breaker");
}

#[test]
fn a_circuit_breaker_that_cloudformation_calls_complete_is_unhealthy() {
    second_apply("faults:\n  - {circuit_breaker: {stack_completes: true, reason: \"tasks failed to start\"}}\n")
        .says(13, "ECS went back");
}

#[test]
fn the_previous_spec_is_applied_at_once_after_the_circuit_breaker_went_back_to_it() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    drop(rehearsal.run_with("faults:\n  - {circuit_breaker: {}}\n", &["apply", "--yes"]).expect(9));
    rehearsal.change("memory: 8192", "memory: 4096");
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
    rehearsal.change("max: 4", "max: 6");
    rehearsal.apply();
    // The newest deployment is still the one that was taken back.
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    assert_eq!(status["service"]["deployment"], "ROLLBACK_SUCCESSFUL", "{status:#}");
    assert_eq!(rehearsal.run(&["diagnose", "-o", "json"]).expect(0).json()["failures"], serde_json::json!([]));
    rehearsal.change("memory: 4096", "memory: 8192");
    rehearsal.apply();
}

#[test]
fn a_rollback_that_fails_needs_recover_and_recover_ends_it() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let scenario = "faults:\n  - {circuit_breaker: {reason: \"tasks failed\"}}\n  - {match: {type: \"AWS::ECS::Service\"}, fail: {step: rollback, reason: \"still failing\"}}\n";
    rehearsal.run_with(scenario, &["apply", "--yes"]).says(10, "gwinfra recover");
    rehearsal.run(&["plan"]).says(10, "gwinfra recover");
    rehearsal.run(&["recover", "--yes"]).expect(0);
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn early_validation_tells_its_reason_and_makes_nothing() {
    let scenario = "faults:\n  - match: {stack: acme-llm-foundation}\n    early_validation: {name: PROPERTY_VALIDATION, reason: \"BucketName is taken\", path: /Resources/ConfigBucket}\n";
    let rehearsal = Rehearsal::new();
    let run = rehearsal.run_with(scenario, &["apply", "--yes"]).says(3, "BucketName is taken");
    assert!(!run.stderr.contains("AWS::EarlyValidation"), "{}", run.stderr);
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    assert!(status["stacks"].as_array().unwrap().iter().all(|stack| stack["status"].is_null()), "{status}");
}

#[test]
fn a_bedrock_account_that_fails_does_not_stop_the_hub() {
    let scenario = "faults:\n  - {match: {account: \"222222222222\", type: \"AWS::IAM::Role\"}, fail: {step: create, reason: \"explicit deny in a service control policy\"}}\n";
    let rehearsal = Rehearsal::new();
    rehearsal.run_with(scenario, &["apply", "--yes"]).says(10, "222222222222");
    let status = rehearsal.run(&["status", "-o", "json"]).json();
    let gateway = status["stacks"].as_array().unwrap().iter().find(|stack| stack["key"] == "gateway").unwrap().clone();
    assert_eq!(gateway["status"], "CREATE_COMPLETE");
    rehearsal.apply();
}

#[test]
fn a_stack_that_somebody_else_updates_is_left_alone_and_says_who() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let scenario = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-gateway, status: UPDATE_IN_PROGRESS, seconds_ago: 60, by: \"arn:aws:sts::111122223333:assumed-role/Admin/sam\"}\n";
    let run = rehearsal.run_with(scenario, &["apply", "--yes"]).says(6, "acme-llm-gateway");
    assert!(run.stderr.contains("20"), "since when is missing: {}", run.stderr);
}

#[test]
fn a_deletion_that_fails_needs_recover() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: delete, reason: \"DependencyViolation: the vpc has dependencies\"}}\n";
    rehearsal
        .run_with(scenario, &["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"])
        .says(10, "DependencyViolation");
    rehearsal.run(&["recover", "--yes"]).expect(0);
    rehearsal.run(&["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"]).expect(0);
}

#[test]
fn a_failed_stack_is_kept_when_asked_and_rolled_back_by_recover() {
    let rehearsal = Rehearsal::new();
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"Quota.\"}}\n";
    rehearsal.run_with(scenario, &["apply", "--yes", "--no-rollback"]).says(10, "CREATE_FAILED");
    rehearsal.run(&["recover", "--yes"]).expect(0);
    rehearsal.apply();
}

#[test]
fn what_was_kept_is_gone_on_from_once_the_cause_is_mended() {
    let rehearsal = Rehearsal::new();
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"Quota.\"}}\n";
    rehearsal.run_with(scenario, &["apply", "--yes", "--no-rollback"]).says(10, "CREATE_FAILED");
    let forward = "gwinfra apply --no-rollback   goes on from what is there";
    for arguments in [&["plan"][..], &["apply", "--yes"]] {
        let run = rehearsal.run(arguments).says(10, "gwinfra recover");
        assert!(run.stderr.contains(forward), "{}", run.stderr);
    }
    rehearsal.run(&["apply", "--yes", "--no-rollback"]).says(0, "Applied.");
    rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn an_update_that_was_kept_is_gone_on_from_too() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let scenario = "faults:\n  - {match: {type: \"AWS::ECS::Service\"}, fail: {step: update, reason: \"no\"}}\n";
    rehearsal.run_with(scenario, &["apply", "--yes", "--no-rollback"]).says(10, "UPDATE_FAILED");
    let told = rehearsal.run(&["recover", "--no-input"]).expect(64);
    assert!(told.stdout.contains("instead, once its cause is mended: gwinfra apply --no-rollback"), "{}", told.stdout);
    rehearsal.run(&["apply", "--yes", "--no-rollback"]).says(0, "Applied.");
    assert!(rehearsal.run(&["drift"]).expect(0).stdout.ends_with("No drift.\n"));
}

#[test]
fn a_rollback_that_fails_again_names_what_to_leave_out_and_takes_nothing_else() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let fails = "  - {match: {type: \"AWS::ECS::Service\"}, fail: {step: rollback, reason: \"still failing\"}}\n";
    let scenario = format!("faults:\n  - {{circuit_breaker: {{}}}}\n{fails}");
    drop(rehearsal.run_with(&scenario, &["apply", "--yes"]).expect(10));
    let again = format!("faults:\n{fails}");
    let run = rehearsal.run_with(&again, &["recover", "--yes"]).says(10, "gwinfra recover --skip Service");
    assert!(run.stdout.contains("Service (AWS::ECS::Service)"), "{}", run.stdout);
    // The same remedy is no next step.
    let is_next = |line: &&str| line.contains("next: ") || line.starts_with("  1  ") || line.starts_with("  2  ");
    let next: Vec<&str> = run.stderr.lines().filter(is_next).collect();
    assert!(matches!(next.as_slice(), [line] if line.contains("gwinfra recover --skip Service")), "{}", run.stderr);
    rehearsal.run(&["recover", "--yes", "--skip", "TaskDefinition"]).says(64, "--skip takes Service");
    let run = rehearsal.run(&["recover", "--yes", "--skip", "Service"]);
    assert!(run.stderr.contains("Comparing what was left out of the rollback"), "{run:?}");
    assert!(run.code == 0 || run.stderr.contains("gwinfra drift --revert"), "{run:?}");
}

/// A deployment with a log group that was left out of a rollback with these flags, and what `recover` said.
fn with_a_log_group_left_out(flags: &[&str]) -> (Rehearsal, Run) {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    rehearsal.change("tags: {team: platform}", "tags: {team: platform}\nobservability: {log_retention_days: 7}");
    let fails =
        "  - {match: {logical_id: LitellmLogGroup}, times: 9, fail: {step: rollback, reason: \"still failing\"}}\n";
    let service = "  - {match: {logical_id: Service}, fail: {step: update, reason: \"no\"}}\n";
    let scenario = format!("faults:\n{service}{fails}");
    drop(rehearsal.run_with(&scenario, &["apply", "--yes"]).expect(10));
    let again = format!("faults:\n{fails}");
    let recover = [&["recover", "--yes"], flags].concat();
    let run = rehearsal.run_with(&again, &recover);
    (rehearsal, run)
}

#[test]
fn what_a_rollback_has_not_come_to_is_not_offered_to_be_left_out() {
    let (rehearsal, run) = with_a_log_group_left_out(&[]);
    run.says(10, "gwinfra recover --skip LitellmLogGroup ");
    let run = rehearsal.run(&["recover", "--yes", "--skip", "Service"]).expect(64);
    assert!(run.stderr.contains("Service does not stand in the way of a rollback"), "{}", run.stderr);
    assert!(run.stderr.contains("--skip takes LitellmLogGroup\n"), "{}", run.stderr);
}

const LOG_GROUP: &str = "acme-llm-gateway/LitellmLogGroup";

#[test]
fn a_stack_with_something_left_out_of_a_rollback_is_not_updated_until_it_is_put_back() {
    let (rehearsal, run) = with_a_log_group_left_out(&["--skip", "LitellmLogGroup"]);
    let revert = format!("gwinfra drift --revert {LOG_GROUP}");
    let run = run.says(10, &revert);
    assert!(run.stderr.contains("RetentionInDays is 7 instead of "), "{}", run.stderr);
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert_eq!((&plan["gates"][0]["kind"], &plan["gates"][0]["address"]), (&"reconciled".into(), &LOG_GROUP.into()));
    let run = rehearsal.run(&["apply", "--yes"]).says(10, "was left out of a rollback: RetentionInDays is 7");
    assert!(run.stderr.contains(&revert), "{}", run.stderr);
    rehearsal.run(&["recover", "--yes"]).says(10, "1 resource is not what the stack takes it for");
    drop(rehearsal.run(&["drift", "--revert", LOG_GROUP, "--yes"]));
    rehearsal.run(&["recover", "--yes"]).expect(0);
    rehearsal.apply();
}

#[test]
fn what_was_left_out_is_known_from_the_events_where_there_is_no_journal() {
    let (rehearsal, run) = with_a_log_group_left_out(&["--skip", "LitellmLogGroup"]);
    drop(run.expect(10));
    fs_err::remove_file(rehearsal.path(".gwinfra/acme-llm/skipped.json")).unwrap();
    rehearsal.run(&["apply", "--yes"]).says(10, "was left out of a rollback");
}

#[test]
fn what_was_left_out_and_looked_at_is_updated_as_it_is() {
    let (rehearsal, run) = with_a_log_group_left_out(&["--force-rollback"]);
    run.says(10, &format!("gwinfra apply --reconciled {LOG_GROUP}"));
    rehearsal.run(&["apply", "--yes", "--reconciled", LOG_GROUP]).expect(0);
    rehearsal.run(&["recover", "--yes"]).expect(0);
    assert_eq!(fs_err::read_to_string(rehearsal.path(".gwinfra/acme-llm/skipped.json")).unwrap(), "{}");
}

#[test]
fn a_forced_rollback_is_for_a_stack_whose_rollback_failed_and_never_goes_with_a_list() {
    let rehearsal = Rehearsal::new();
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"Quota.\"}}\n";
    drop(rehearsal.run_with(scenario, &["apply", "--yes", "--no-rollback"]).expect(10));
    rehearsal.run(&["recover", "--yes", "--force-rollback"]).says(64, "UPDATE_ROLLBACK_FAILED, and none is");
    rehearsal.run(&["recover", "--yes", "--force-rollback", "--skip", "Vpc"]).says(64, "cannot be used with");
}

#[test]
fn what_a_stack_of_a_scenario_could_not_roll_back_can_be_left_out() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let scenario = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-network, \
                    status: UPDATE_ROLLBACK_FAILED, failed: [Vpc]}\n";
    let run = rehearsal.run_with(scenario, &["recover", "--yes", "--skip", "Vpc"]).expect(0);
    assert!(run.stderr.contains("Recovered.  Next: gwinfra plan"), "{}", run.stderr);
}

#[test]
fn what_a_forced_deletion_leaves_behind_is_listed() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let scenario =
        "faults:\n  - {match: {logical_id: Vpc}, fail: {step: delete, reason: \"DependencyViolation\"}, times: 5}\n";
    let destroy = ["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"];
    rehearsal.run_with(scenario, &destroy).says(10, "gwinfra recover");
    let run = rehearsal.run_with(scenario, &["recover"]).expect(64);
    assert!(run.stdout.contains("gwinfra recover --retain Vpc"), "{}", run.stdout);
    rehearsal
        .run_with(scenario, &["recover", "--yes", "--force"])
        .says(0, "left behind, and yours to delete: AWS::EC2::VPC vpc-");
}
