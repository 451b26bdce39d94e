//! Every example, as it is and in each of its environments, for either engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gwinfra::spec::load_all;

use crate::rehearsal::files_below;
use crate::support::repository;

/// An example, with one of its environments or with none.
#[derive(Debug)]
pub struct Variant {
    pub file: PathBuf,
    pub environment: Option<String>,
    /// Rendered for Terraform, whatever engine the example names.
    terraform: bool,
}

impl Variant {
    /// The example's name, the environment's, and `terraform`.
    pub fn name(&self) -> String {
        let example = self.file.file_stem().unwrap().to_string_lossy().into_owned();
        let engine = self.terraform.then(|| "terraform".to_owned());
        [Some(example), self.environment.clone(), engine].into_iter().flatten().collect::<Vec<_>>().join("-")
    }

    /// Renders into a directory.
    pub fn render(&self, directory: &Path, more: &[&str]) -> Output {
        let copy = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwinfra"));
        command.env_clear().args(["render", "--quiet", "--file"]);
        if self.terraform {
            let file = copy.path().join(self.file.file_name().unwrap());
            fs_err::write(&file, for_terraform(&fs_err::read_to_string(&self.file).unwrap())).unwrap();
            command.arg(file);
        } else {
            command.arg(&self.file);
        }
        command.arg("--out").arg(directory);
        if let Some(environment) = &self.environment {
            command.args(["--env", environment]);
        }
        command.args(more).output().unwrap()
    }

    /// What it renders, by path below the bundle's directory.
    pub fn bundle(&self) -> BTreeMap<String, String> {
        let directory = tempfile::tempdir().unwrap();
        let bundle = directory.path().join("bundle");
        assert_code(&self.render(&bundle, &[]), 0, self);
        texts_below(&bundle)
    }
}

/// The text of a spec with Terraform as its engine, on the same lines where it named one.
fn for_terraform(spec: &str) -> String {
    let engine = "engine: terraform";
    if spec.lines().any(|line| line.starts_with("engine:")) {
        let line = |line: &str| if line.starts_with("engine:") { engine.to_owned() } else { line.to_owned() };
        return spec.lines().map(line).collect::<Vec<_>>().join("\n") + "\n";
    }
    format!("{spec}\n{engine}\n")
}

/// All examples, sorted by name, each in all its variants.
pub fn variants() -> Vec<Variant> {
    all(false)
}

/// The same for Terraform.
pub fn terraform_variants() -> Vec<Variant> {
    all(true)
}

fn all(terraform: bool) -> Vec<Variant> {
    let mut files: Vec<PathBuf> =
        fs_err::read_dir(repository("examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    let variants = files.into_iter().flat_map(|file| {
        let text = fs_err::read(&file).unwrap();
        let environments = load_all("example", &text).into_iter().map(|(environment, _)| environment);
        environments.map(|environment| Variant { file: file.clone(), environment, terraform }).collect::<Vec<_>>()
    });
    variants.collect()
}

/// Expects an exit code of a variant's run.
#[track_caller]
pub fn assert_code(output: &Output, code: i32, variant: &Variant) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{}:\n{stdout}\n{stderr}", variant.name());
}

/// Every file below a directory, by its path there.
pub fn texts_below(directory: &Path) -> BTreeMap<String, String> {
    let name = |file: &Path| file.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
    files_below(directory).iter().map(|file| (name(file), fs_err::read_to_string(file).unwrap())).collect()
}
