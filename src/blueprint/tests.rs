use std::path::Path;

use super::*;

const MINIMAL: &str = "name: x\nversion: 1.0.0\nrequires: \">=0.1\"\ndescription: d\nstacks:\n  - {name: a, description: a, outputs: {Out: o}}\n";

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    directory
}

fn open(manifest: &str) -> Result<Blueprint, Report> {
    let directory = directory(&[(MANIFEST, manifest), ("cloudformation/a.yaml.j2", "a: 1\n")]);
    Blueprint::open("./", directory.path(), None)
}

/// Code, line, column, message and help of all findings.
fn findings(manifest: &str) -> String {
    let report = open(manifest).unwrap_err();
    let brief = |finding: &Diagnostic| {
        let start = finding.span.as_ref().map(|span| (span.start.line, span.start.column)).unwrap_or_default();
        let help = finding.help.as_deref().unwrap_or("-");
        format!("{} {}:{} {} / {help}", finding.code, start.0, start.1, finding.message)
    };
    report.diagnostics.iter().map(brief).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_built_in_blueprint_opens() {
    let blueprint = Blueprint::open("gateway", Path::new("."), None).unwrap_or_else(|report| panic!("{report:#?}"));
    assert_eq!(blueprint.manifest.name, "gateway");
    assert_eq!(blueprint.sha256.len(), 64);
}

#[test]
fn an_unknown_blueprint_is_named_with_the_nearest() {
    let report = Blueprint::open("gatway", Path::new("."), None).unwrap_err();
    assert_eq!(report.diagnostics[0].code, codes::UNKNOWN_BLUEPRINT);
    assert_eq!(
        report.diagnostics[0].help.as_deref(),
        Some("did you mean `gateway`? A fork is named by its path: `./gatway`")
    );
}

#[test]
fn a_directory_that_is_not_there_is_unreadable() {
    let report = Blueprint::open("./nowhere", Path::new("/tmp"), None).unwrap_err();
    assert_eq!(report.diagnostics[0].code, codes::UNREADABLE);
}

#[test]
fn a_directory_without_manifest_is_no_blueprint() {
    let directory = directory(&[]);
    let report = Blueprint::open("./", directory.path(), None).unwrap_err();
    assert_eq!(report.diagnostics[0].code, codes::UNREADABLE);
}

#[test]
fn the_digest_follows_every_template() {
    let digest = |text: &str| {
        let directory = directory(&[(MANIFEST, MINIMAL), ("cloudformation/a.yaml.j2", text)]);
        Blueprint::open("./", directory.path(), None).unwrap().sha256
    };
    assert_eq!(digest("a: 1\n"), digest("a: 1\n"));
    assert_ne!(digest("a: 1\n"), digest("a: 2\n"));
}

#[test]
fn unknown_keys_are_found_with_their_place() {
    insta::assert_snapshot!(findings(&format!("{MINIMAL}    \n").replace("description: a", "descriptoin: a, description: a").replace("requires", "requries")), @r"
    GW0823 3:1 unknown key `requries` / did you mean `requires`?
    GW0824 1:1 `requires` is missing / -
    GW0823 6:15 unknown key `descriptoin` / did you mean `description`?
    ");
}

#[test]
fn wrong_values_are_found_with_their_place() {
    insta::assert_snapshot!(findings("name: []\nversion: one\nrequires: new\ndescription: d\nstacks:\n  - {name: A, description: d, target: moon}\n  - 1\n"), @r#"
    GW0824 1:7 here is a text / -
    GW0824 2:10 `one` is not a version such as 1.0.0 / -
    GW0824 3:11 `new` is not a range of versions such as ">=0.1" / -
    GW0824 6:12 `A` is no name of a stack: lower-case letters and `-` / -
    GW0824 6:39 `moon` is no target: `hub` or `bedrock_accounts` / -
    GW0824 7:5 here is a map with name, template, description, when, target, stack_set_of, termination_protection, depends_on, parameters, outputs, spec, resources / -
    "#);
}

#[test]
fn references_to_nothing_are_found() {
    let manifest = format!(
        "{MINIMAL}  - name: b\n    description: b\n    template: a.yaml.j2\n    depends_on: [c]\n    parameters:\n      A: {{output: a.Otu}}\n      B: {{output: z.Out}}\n      C: {{nothing: 1}}\n      D: {{image: a, config: true}}\n      E: {{output: a}}\n"
    );
    insta::assert_snapshot!(findings(&manifest), @r"
    GW0823 14:11 unknown key `nothing` / known here: output, context, image, config, lookup
    GW0824 15:10 a source is one of `output`, `context`, `image`, `config`, `lookup` / -
    GW0824 16:19 `a` is no output: `stack.Output` / -
    GW0828 7:11 there is no stack `c` before this / -
    GW0828 12:7 the stack `a` lists no output `Otu` / -
    GW0828 13:7 there is no stack `z` before this / -
    ");
}

#[test]
fn a_stack_set_of_something_else_than_a_stack_of_accounts_is_found() {
    let set = |of: &str| format!("{MINIMAL}  - {{name: b, description: b, template: a.yaml.j2, stack_set_of: {of}}}\n");
    insta::assert_snapshot!(findings(&set("a")), @"GW0824 7:12 `stack_set_of` of `b` names a stack of Bedrock accounts, and `b` is one of the hub / -");
    insta::assert_snapshot!(findings(&set("c")), @"GW0828 7:12 there is no stack `c` before this / -");
}

#[test]
fn a_manifest_that_is_no_yaml_is_found() {
    insta::assert_snapshot!(findings("name: [\n"), @"GW0822 1:7 unclosed bracket '[' / -");
    assert!(findings(&format!("{MINIMAL}name: y\n")).contains(codes::MANIFEST_SYNTAX));
}

#[test]
fn a_blueprint_for_another_version_is_refused() {
    insta::assert_snapshot!(findings(&MINIMAL.replace(">=0.1", ">=99")), @"GW0825 3:11 the blueprint is for gwinfra >=99, and this is 0.1.0 / use that version of gwinfra, or a version of the blueprint for this one");
}

#[test]
fn a_template_that_is_not_there_is_named_with_the_nearest() {
    insta::assert_snapshot!(findings(&MINIMAL.replace("name: a,", "name: ab,")), @"GW0803 6:12 the blueprint has no template `cloudformation/ab.yaml.j2` / did you mean `cloudformation/a.yaml.j2`?");
}

#[test]
fn no_path_leads_out_of_a_fork() {
    let directory = directory(&[(MANIFEST, MINIMAL), ("cloudformation/a.yaml.j2", "a: 1\n")]);
    let outside = tempfile::tempdir().unwrap();
    fs_err::write(outside.path().join("secret.yaml.j2"), "secret").unwrap();
    fs_err::os::unix::fs::symlink(outside.path().join("secret.yaml.j2"), directory.path().join("link.yaml.j2"))
        .unwrap();
    fs_err::os::unix::fs::symlink(outside.path(), directory.path().join("folder")).unwrap();
    let source = Source::directory(directory.path(), "./").unwrap();
    for path in
        ["../secret.yaml.j2", "/etc/passwd", "a/../../x", "link.yaml.j2", "folder/secret.yaml.j2", "", "a\\b", "./x"]
    {
        let result = source.text(path);
        assert!(matches!(result, Err(crate::render::template::Problem::Confinement(_))), "{path}: {result:?}");
    }
    assert_eq!(source.text("nothing.yaml.j2"), Ok(None));
}

#[test]
fn a_file_that_is_too_big_is_refused() {
    let directory = directory(&[(MANIFEST, MINIMAL), ("cloudformation/a.yaml.j2", &"#".repeat(1_048_577))]);
    let report = Blueprint::open("./", directory.path(), None).unwrap_err();
    assert_eq!(report.diagnostics[0].code, codes::TOO_BIG);
}

#[test]
fn a_binary_file_is_refused() {
    let directory = directory(&[(MANIFEST, MINIMAL)]);
    fs_err::create_dir(directory.path().join("cloudformation")).unwrap();
    fs_err::write(directory.path().join("cloudformation/a.yaml.j2"), [0xFF, 0xFE]).unwrap();
    let report = Blueprint::open("./", directory.path(), None).unwrap_err();
    assert_eq!(report.diagnostics[0].code, codes::UNREADABLE);
}
