//! Reports of every command in every format, against the schemas that others wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gwinfra::diagnostics::comment::LIMIT;
use gwinfra::engine::journal::Journal;
use gwinfra::plan::Plan;
use serde_json::{Value, json};

use crate::moto_server::{interpreter, skip};
use crate::rehearsal::{Rehearsal, SPEC};
use crate::support::repository;

/// Formats with a schema of somebody else's, and the endings of their files.
const SCHEMED: [(&str, &str); 2] = [("sarif", "sarif"), ("junit", "xml")];
const ALL: [&str; 6] = ["text", "json", "sarif", "junit", "github", "markdown"];

/// Runs the checks with Python; `None`, said aloud, where their packages are not installed.
fn python(arguments: &[&str], file: &Path) -> Option<String> {
    let import = Command::new(interpreter()).args(["-c", "import jsonschema, lxml, markdown_it"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        skip(&format!("{} has no jsonschema, lxml, markdown-it-py: make tools", interpreter()));
        return None;
    }
    let mut command = Command::new(interpreter());
    command.arg(repository("tests/reports/check.py")).args(arguments).arg(file).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

/// Reports of one test, checked together.
struct Reports {
    directory: tempfile::TempDir,
    count: usize,
}

impl Reports {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), count: 0 }
    }

    /// Takes a command's reports in the formats with a schema.
    fn take(&mut self, rehearsal: &Rehearsal, code: i32, arguments: &[&str]) {
        self.take_in(&SCHEMED, rehearsal, code, arguments);
    }

    fn take_in(&mut self, formats: &[(&str, &str)], rehearsal: &Rehearsal, code: i32, arguments: &[&str]) {
        for (format, ending) in formats {
            let run = rehearsal.run(&[arguments, &["-o", format]].concat()).expect(code);
            self.count += 1;
            fs_err::write(self.directory.path().join(format!("{:04}.{ending}", self.count)), run.stdout).unwrap();
        }
    }

    fn check(&self) {
        assert!(self.count > 0);
        python(&["schemas"], self.directory.path());
    }
}

/// The results of a SARIF log: rule, level, file and line.
fn results(sarif: &Value) -> Vec<(String, String, String, u64)> {
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let one = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        (
            result["ruleId"].as_str().unwrap().to_owned(),
            result["level"].as_str().unwrap().to_owned(),
            place["artifactLocation"]["uri"].as_str().unwrap().to_owned(),
            place["region"]["startLine"].as_u64().unwrap(),
        )
    };
    results.iter().map(one).collect()
}

/// The line of a spec that has these words.
fn line_of(spec: &str, words: &str) -> u64 {
    spec.lines().position(|line| line.contains(words)).unwrap() as u64 + 1
}

/// A deployment whose next apply replaces what holds data and what does not, and deletes.
fn changed() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("172.16.0.0/22", "172.20.0.0/22");
    rehearsal.change("\nbedrock:\n", "\nobservability: {dashboard: false}\nbedrock:\n");
    rehearsal
}

#[test]
fn every_command_has_every_format() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    for command in [&["validate"][..], &["plan"], &["drift"], &["smoke"], &["accounts", "verify"]] {
        for format in ALL {
            let run = rehearsal.run(&[command, &["-o", format]].concat()).expect(0);
            assert!(!run.stdout.trim().is_empty(), "{command:?} -o {format}");
        }
    }
}

#[test]
fn what_is_well_is_valid_in_the_schemas_of_sarif_and_junit() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let mut reports = Reports::new();
    for command in [&["validate"][..], &["plan"], &["drift"], &["smoke"], &["accounts", "verify"]] {
        reports.take(&rehearsal, 0, command);
    }
    reports.check();
}

#[test]
fn findings_of_every_invalid_spec_are_valid_in_the_schemas() {
    let mut reports = Reports::new();
    let rehearsal = Rehearsal::of("");
    let mut count = 0;
    for entry in fs_err::read_dir(repository("tests/specs/invalid")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs_err::read(&path).unwrap();
        if path.is_file() && String::from_utf8_lossy(&text).contains(" error ") {
            fs_err::write(rehearsal.path("gwinfra.yaml"), text).unwrap();
            reports.take(&rehearsal, 3, &["validate"]);
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
    reports.check();
}

#[test]
fn plans_drifts_smoke_calls_and_accounts_with_failures_are_valid_in_the_schemas() {
    let mut reports = Reports::new();
    let rehearsal = changed();
    reports.take(&rehearsal, 0, &["plan"]);
    reports.take(&Rehearsal::new(), 10, &["accounts", "verify"]);
    let dead = ["smoke", "--url", "http://127.0.0.1:9", "--only", "health,waf"];
    reports.take(&rehearsal, 13, &dead);
    reports.take(&Rehearsal::of(""), 13, &dead);
    let other = Rehearsal::new();
    other.apply();
    crate::drift::change_log_group(&other);
    reports.take(&other, 2, &["drift"]);
    reports.check();
}

#[test]
fn every_kind_of_drift_and_what_is_accepted_is_valid_in_the_schemas() {
    const HUB: (&str, &str) = ("111122223333", "us-east-1");
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    crate::drift::change_log_group(&rehearsal);
    rehearsal.tamper(|world| {
        let identifier = |world: &gwinfra::simulator::World, type_name: &str| {
            world.resources_of(HUB.0, HUB.1, type_name).next().unwrap().identifier.clone()
        };
        let alarm = identifier(world, "AWS::CloudWatch::Alarm");
        world.remove(HUB.0, HUB.1, "AWS::CloudWatch::Alarm", &alarm);
        let group = identifier(world, "AWS::EC2::SecurityGroup");
        let rule = json!({"GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"});
        let now = world.now();
        let id = "sgr-0123456789abcdef0";
        world.put(HUB.0, HUB.1, gwinfra::simulator::Resource::new("AWS::EC2::SecurityGroupIngress", id, rule, now));
    });
    let kinds = |document: &Value| {
        let findings = document["findings"].as_array().unwrap().iter();
        findings.map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(2).json();
    assert_eq!(kinds(&document), ["added", "changed", "deleted"].map(str::to_owned).into());
    let mut reports = Reports::new();
    reports.take(&rehearsal, 2, &["drift"]);
    let rule = "accept:\n  - {address: acme-llm-*, reason: an exercise, owner: sam, expires: 9999-12-31}\n";
    rehearsal.write("drift.yaml", rule);
    reports.take(&rehearsal, 0, &["drift"]);
    reports.check();
}

#[test]
fn what_doctor_finds_is_valid_in_the_schema_of_junit() {
    const JUNIT: [(&str, &str); 1] = [("junit", "xml")];
    let rehearsal = Rehearsal::new();
    let mut reports = Reports::new();
    let scenario = r#"quotas: [{account: "111122223333", region: us-east-1, code: L-0263D0A3, value: 0}]"#;
    rehearsal.write("scenario.yaml", scenario);
    reports.take_in(&JUNIT, &rehearsal, 5, &["doctor", "--only", "quotas", "--scenario", "scenario.yaml"]);
    rehearsal.apply();
    reports.take_in(&JUNIT, &rehearsal, 0, &["doctor", "--only", "stacks"]);
    reports.check();
}

#[test]
fn a_plan_points_at_the_lines_that_cost_data() {
    let rehearsal = changed();
    let spec = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let found = results(&rehearsal.run(&["plan", "-o", "sarif"]).expect(0).json());
    let vpn = ("GW1020".into(), "error".into(), "gwinfra.yaml".into(), line_of(&spec, "client_cidr"));
    assert!(found.contains(&vpn), "{found:?}");
    assert!(found.iter().any(|(rule, level, ..)| rule == "GW1022" && level == "warning"), "{found:?}");
    let annotations = rehearsal.run(&["plan", "-o", "github"]).expect(0).stdout;
    let line = line_of(&spec, "client_cidr");
    assert!(annotations.contains(&format!("::error file=gwinfra.yaml,line={line},")), "{annotations}");
    assert!(annotations.contains("--allow-replace acme-llm-access/ClientVpn"), "{annotations}");
}

#[test]
fn a_closed_gate_is_a_failed_case() {
    let junit = changed().run(&["plan", "-o", "junit"]).expect(0).stdout;
    assert_eq!(junit.matches("<failure ").count(), 1, "{junit}");
    assert!(junit.contains("type=\"--allow-replace acme-llm-access/ClientVpn\""), "{junit}");
}

#[test]
fn a_saved_plan_has_the_same_formats() {
    let rehearsal = changed();
    let _ = rehearsal.run(&["plan", "--out", "acme.gwplan"]).expect(0);
    for format in ALL {
        let shown = rehearsal.run(&["show", "acme.gwplan", "-o", format]).expect(0).stdout;
        assert!(!shown.trim().is_empty(), "{format}");
    }
}

#[test]
fn what_goes_is_told_at_its_line_also_where_the_template_makes_up_its_name() {
    let rehearsal = Rehearsal::of(&crate::rehearsal::SPEC.replace("readers: 0", "readers: 2"));
    rehearsal.apply();
    rehearsal.change("readers: 2", "readers: 1");
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    let rows = plan["changes"].as_array().unwrap();
    let gone = rows.iter().find(|row| row["actions"] == serde_json::json!(["delete"])).unwrap();
    let path = gone["source"][0]["path"].as_str().unwrap_or_default();
    assert!(path.starts_with("database.aurora_postgres"), "{gone}");
}

#[test]
fn an_account_without_its_role_is_told_at_its_line() {
    let rehearsal = Rehearsal::new();
    let found = results(&rehearsal.run(&["accounts", "verify", "-o", "sarif"]).expect(10).json());
    let line = line_of(SPEC, "222222222222");
    assert!(found.contains(&("GW1302".into(), "error".into(), "gwinfra.yaml".into(), line)), "{found:?}");
}

#[test]
fn accounts_that_lack_the_same_are_one_row() {
    let markdown = Rehearsal::new().run(&["accounts", "verify", "-o", "markdown"]).expect(10).stdout;
    assert!(markdown.contains("`ACCOUNT ACCOUNT` in 2 accounts: 222222222222, 333333333333"), "{markdown}");
}

#[test]
fn smoke_without_a_spec_has_findings_without_a_place() {
    let rehearsal = Rehearsal::new();
    fs_err::remove_file(rehearsal.path("gwinfra.yaml")).unwrap();
    let run = rehearsal.run(&["smoke", "--url", "http://127.0.0.1:9", "--only", "health", "-o", "sarif"]).expect(13);
    let result = &run.json()["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["locations"]), (&json!("GW1401"), &Value::Null));
}

/// Names that would break Markdown.
const HOSTILE: [&str; 10] = [
    "a|b",
    "a\\|b\\",
    "`a`|``b",
    "a\nb | c |\n|---|",
    "<script>alert(1)</script>",
    "</details><!-- -->",
    "[x](http://example.com) ![y](z)",
    "@everyone #1 **b** _c_ ~d~",
    "&lt;b&gt; &#124; $x$",
    "- a",
];

/// What a reader sees of a name.
fn seen(name: &str) -> String {
    name.replace('\n', " ").trim().to_owned()
}

/// The cells of every table of a Markdown text, as a parser reads them.
fn cells(markdown: &str) -> Option<Vec<Vec<String>>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), markdown).unwrap();
    let text = python(&["cells"], file.path())?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A plan with so many changes, of which every `nth` is a replacement, and as many gates as are asked for.
fn plan_of(base: &Value, changes: usize, nth: usize, name: impl Fn(usize) -> String) -> Plan {
    let mut plan = base.clone();
    let stack = plan["stacks"][0]["key"].clone();
    let row = |index: usize| {
        let mut change = base["changes"][0].clone();
        let actions = match index % nth {
            0 => json!(["create", "delete"]),
            1 => json!(["create"]),
            _ => json!(["update"]),
        };
        change["address"] = json!(format!("{}/{}", stack.as_str().unwrap(), name(index)));
        change["stack"] = stack.clone();
        change["actions"] = actions;
        change["paths"] = json!([[name(index), "x".repeat(index % 200)]]);
        change["type"] = json!(name(index));
        change
    };
    plan["changes"] = (0..changes).map(row).collect();
    plan["stacks"][0]["action"] = json!("update");
    serde_json::from_value(plan).unwrap()
}

fn base() -> Value {
    Rehearsal::new().run(&["plan", "-o", "json"]).expect(0).json()
}

#[test]
fn a_plan_of_thousands_of_changes_is_short_and_names_every_replacement() {
    let base = base();
    for (changes, nth) in [(10, 3), (900, 2), (3_000, 7), (9_000, 10), (20_000, 40)] {
        let plan = plan_of(&base, changes, nth, |index| format!("Resource{index:05}"));
        let markdown = gwinfra::plan::markdown(&plan);
        assert!(markdown.chars().count() < LIMIT, "{changes}: {}", markdown.chars().count());
        for index in (0..changes).step_by(nth) {
            assert!(markdown.contains(&format!("Resource{index:05}`")), "{changes}: Resource{index:05}\n{markdown}");
        }
        let left_out = markdown.contains("**Left out: ");
        assert_eq!(left_out, changes >= 900, "{changes}");
    }
}

#[test]
fn a_plan_with_hostile_names_is_a_table_of_those_names() {
    let plan = plan_of(&base(), HOSTILE.len() * 3, 3, |index| HOSTILE[index / 3].to_owned());
    let Some(rows) = cells(&gwinfra::plan::markdown(&plan)) else { return };
    assert!(rows.iter().all(|row| row.len() == 5), "{rows:#?}");
    for name in HOSTILE {
        assert!(rows.iter().any(|row| row[1].ends_with(&seen(name)) && row[2] == seen(name)), "{name}: {rows:#?}");
    }
}

#[test]
fn findings_with_hostile_words_are_a_table_of_those_words() {
    use gwinfra::diagnostics::{Diagnostic, MarkdownReporter, Report, Reporter};
    let findings = HOSTILE.map(|name| Diagnostic::error("GW0001", name).with_path(name).with_help(name));
    let report = Report { diagnostics: findings.to_vec(), ..Report::default() };
    let mut markdown = Vec::new();
    MarkdownReporter::default().write(&report, &mut markdown).unwrap();
    let Some(rows) = cells(&String::from_utf8(markdown).unwrap()) else { return };
    for (row, name) in rows[1..].iter().zip(HOSTILE) {
        // Paired backticks are code, and are not seen.
        let words = if name.matches('`').count() == 2 { seen(name).replace('`', "") } else { seen(name) };
        assert_eq!((&row[1], &row[3], &row[4]), (&seen(name), &words, &words));
    }
}

#[test]
fn a_drift_of_thousands_of_differences_is_short_and_names_what_is_gone() {
    use gwinfra::drift::{Coverage, Document, Finding, Kind, Level, Reader, Source};
    let finding = |index: usize| Finding {
        address: format!("acme-llm-network/Resource{index:05}"),
        stack: "network".into(),
        account: "111122223333".into(),
        region: "us-east-1".into(),
        resource_type: "AWS::EC2::Subnet".into(),
        kind: if index.is_multiple_of(9) { Kind::Deleted } else { Kind::Changed },
        path: vec![HOSTILE[index % HOSTILE.len()].to_owned()],
        expected: Some(json!("x".repeat(index % 500))),
        actual: Some(json!({"a": [HOSTILE[index % HOSTILE.len()], index]})),
        severity: if index.is_multiple_of(9) { Level::High } else { Level::Medium },
        reader: Reader::CloudControl,
        source: Vec::new(),
        accepted_by: None,
        id: None,
        command: None,
        by_change_set: false,
    };
    let document = Document {
        schema: gwinfra::drift::SCHEMA.into(),
        deployment: Source {
            name: "acme-llm".into(),
            engine: "cloudformation".into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
        },
        findings: (0..5_000).map(finding).collect(),
        potential: Vec::new(),
        folded: Vec::new(),
        coverage: Coverage::default(),
        first: None,
        notes: Vec::new(),
        live: BTreeMap::new(),
    };
    let markdown = gwinfra::drift::markdown(&document, &[]);
    assert!(markdown.chars().count() < LIMIT, "{}", markdown.chars().count());
    for index in (0..5_000).step_by(9) {
        assert!(markdown.contains(&format!("`acme-llm-network/Resource{index:05}`")), "Resource{index:05}");
    }
    assert!(markdown.contains("**Left out: "), "{markdown}");
    let Some(rows) = cells(&markdown) else { return };
    assert!(rows.iter().all(|row| row.len() == 6), "{rows:#?}");
}

/// A stack in the hub that needs a decision first, and one before it that changes.
fn stuck() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("tags: {team: platform}", "tags: {team: other}");
    rehearsal.change("memory: 4096", "memory: 8192");
    let fails = "{match: {type: \"AWS::ECS::Service\"}, fail: {step: rollback, reason: \"still failing\"}}";
    let scenario = format!("faults:\n  - {{circuit_breaker: {{}}}}\n  - {fails}\n");
    drop(rehearsal.run_with(&scenario, &["apply", "--yes"]).expect(10));
    rehearsal
}

#[test]
fn a_plan_that_a_stack_keeps_from_being_made_tells_what_is_known_and_what_blocks() {
    let rehearsal = stuck();
    let document = rehearsal.run(&["plan", "-o", "json"]).says(10, "UPDATE_ROLLBACK_FAILED").json();
    assert_eq!((&document["schema"], &document["blocked"].as_array().unwrap().len()), (&json!("gwinfra.plan/v1"), &1));
    let block = &document["blocked"][0];
    assert!(block["message"].as_str().unwrap().contains("acme-llm-gateway"), "{block}");
    assert_eq!(block["help"], json!("gwinfra recover"));
    let known: Vec<_> = document["stacks"].as_array().unwrap().iter().map(|stack| &stack["name"]).collect();
    assert!(known.contains(&&json!("acme-llm-network")) && !known.contains(&&json!("acme-llm-gateway")), "{known:?}");
    serde_json::from_value::<Plan>(document).unwrap();
    let mut reports = Reports::new();
    reports.take(&rehearsal, 10, &["plan"]);
    reports.check();
    let annotations = rehearsal.run(&["plan", "-o", "github"]).expect(10).stdout;
    assert!(annotations.contains("::error") && annotations.contains("GW1025"), "{annotations}");
    let comment = rehearsal.run(&["plan", "-o", "markdown"]).expect(10).stdout;
    assert!(comment.starts_with("<!-- gwinfra:plan:acme-llm -->"), "{comment}");
    assert!(comment.contains("could not be made whole") && comment.contains("gwinfra recover"), "{comment}");
}

#[test]
fn a_plan_that_cloudformation_refuses_is_a_document_with_its_findings() {
    let rehearsal = Rehearsal::new();
    let scenario = "faults:\n  - match: {action: CreateChangeSet}\n    times: 9\n    refuse: {code: ValidationError, message: \"Template format error: no\", status: 400}\n";
    rehearsal.write("refused.yaml", scenario);
    let mut arguments = vec!["plan", "--scenario", "refused.yaml", "-o", "json"];
    let run = rehearsal.run(&arguments).expect(3);
    let code = run.json()["blocked"][0]["code"].as_str().unwrap().to_owned();
    arguments[4] = "sarif";
    let sarif = rehearsal.run(&arguments).expect(3).json();
    assert!(results(&sarif).iter().any(|result| result.0 == code && result.1 == "error"), "{sarif:#}");
}

#[test]
fn a_plan_offline_that_would_be_refused_tells_of_it_with_all_its_rows() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    // An earlier blueprint had another type under the name.
    let journal = Journal::new(&rehearsal.path(".gwinfra"), "acme-llm");
    let mut applied = journal.applied().unwrap().unwrap();
    for stack in applied.stacks.iter_mut().filter(|stack| stack.key == "network") {
        let (now, before) = ("AWS::EC2::InternetGateway", "AWS::EC2::EgressOnlyInternetGateway");
        stack.template = stack.template.replace(now, before).into();
    }
    journal.remember(Some(&applied)).unwrap();
    rehearsal.change("memory: 4096", "memory: 8192");
    let document = rehearsal.bare(&["plan", "--offline", "-o", "json"]).says(3, "GW1002").json();
    assert_eq!((&document["schema"], &document["offline"]), (&json!("gwinfra.plan/v1"), &json!(true)));
    assert_eq!((&document["blocked"][0]["code"], &document["blocked"][1]), (&json!("GW1002"), &json!(null)));
    let rows = document["changes"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["address"] == "acme-llm-gateway/TaskDefinition"), "{rows:#?}");
    serde_json::from_value::<Plan>(document).unwrap();
    let run = rehearsal.bare(&["plan", "--offline"]).says(3, "GW1002");
    assert!(run.stdout.contains("Not whole, and cannot be applied"), "{}", run.stdout);
    assert!(run.stdout.contains("TaskDefinition"), "{}", run.stdout);
    let sarif = rehearsal.bare(&["plan", "--offline", "-o", "sarif"]).expect(3).json();
    assert!(results(&sarif).iter().any(|result| result.0 == "GW1002"), "{sarif:#}");
}

#[test]
fn a_spec_of_which_no_plan_can_be_made_gives_its_findings() {
    let rehearsal = Rehearsal::new();
    rehearsal.change("memory: 4096", "memory: 4097");
    let document = rehearsal.run(&["plan", "-o", "json"]).expect(3).json();
    assert_eq!((&document["schema"], &document["valid"]), (&json!("gwinfra.report/v1"), &json!(false)));
    let mut reports = Reports::new();
    reports.take(&rehearsal, 3, &["plan"]);
    reports.check();
}

#[test]
fn a_plan_without_some_accounts_is_a_document_that_says_so() {
    let rehearsal = Rehearsal::new();
    let scenario = "faults:\n  - match: {action: AssumeRole, role: \"arn:aws:iam::222222222222:role/gwinfra-deploy\"}\n    times: 1000\n    refuse: {code: AccessDenied, message: not authorized to perform sts:AssumeRole, status: 403}\n";
    let document =
        rehearsal.run_with(scenario, &["plan", "-o", "json"]).says(10, "1 account could not be asked").json();
    let stacks = document["stacks"].as_array().unwrap();
    assert!(stacks.iter().any(|stack| stack["action"] == "unreachable" && stack["account"] == "222222222222"));
}
