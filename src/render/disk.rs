//! A bundle as a directory.
//!
//! ```text
//! cloudformation/<stack>.yaml
//! cloudformation/parameters/<stack>[.<account>].json
//! config/<sha256>.yaml
//! terraform/hub/<file>.tf
//! terraform/accounts/<name>/<file>.tf
//! manifest.json
//! ```

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};
use thiserror::Error;

use super::{Bundle, ParameterValue, RenderedStack, codes};
use crate::diagnostics::Diagnostic;

/// The file that says that a directory is a bundle.
pub const MANIFEST: &str = "manifest.json";

/// A bundle that could not be written or read.
#[derive(Debug, Error)]
pub enum BundleError {
    /// The directory holds something else.
    #[error("`{0}` is not empty and holds no bundle, so it is not replaced")]
    NotABundle(PathBuf),
    /// The path is a file.
    #[error("`{0}` is no directory")]
    NotADirectory(PathBuf),
    /// A file could not be written.
    #[error("the bundle could not be written to `{directory}`")]
    Write {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("the bundle in `{directory}` could not be read")]
    Read {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BundleError {
    /// The way out.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotABundle(_) => "name an empty or new directory with `--out`",
            Self::NotADirectory(_) => "name a directory with `--out`",
            Self::Write { .. } => "nothing was replaced: free space or change permissions, and render again",
            Self::Read { .. } => "render it again with `gwinfra render --out`",
        }
    }

    /// The error as a finding.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let message = match self {
            Self::Write { source, .. } | Self::Read { source, .. } => format!("{self}: {source}"),
            Self::NotABundle(_) | Self::NotADirectory(_) => self.to_string(),
        };
        Diagnostic::error(codes::BUNDLE_FILE, message).with_help(self.help())
    }
}

/// How a directory differs from a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Path in the bundle.
    pub path: String,
    /// How it differs.
    pub kind: DifferenceKind,
}

/// How a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// The directory lacks it.
    Missing,
    /// Its content is another.
    Changed,
    /// The bundle does not have it.
    Extra,
}

/// The files of a bundle by path, in order.
pub fn files(bundle: &Bundle) -> BTreeMap<String, Cow<'_, str>> {
    let mut files = BTreeMap::new();
    for stack in &bundle.stacks {
        files.insert(stack.template_path.clone(), Cow::Borrowed(&*stack.template));
        files.insert(parameters_path(stack), Cow::Owned(pretty(&parameters(stack))));
    }
    for module in &bundle.modules {
        for (name, text) in &module.files {
            files.insert(format!("terraform/{}/{name}", module.key), Cow::Borrowed(&**text));
        }
    }
    for object in &bundle.objects {
        files.insert(object.key.clone(), Cow::Borrowed(&*object.content));
    }
    files.insert(MANIFEST.to_owned(), Cow::Owned(pretty(&manifest(bundle))));
    files
}

/// Writes a bundle to a directory and replaces the bundle that is there as a whole: a reader sees the old one or the new
/// one, and a failure leaves the old one.
///
/// # Errors
/// When the directory holds something else, or cannot be written.
pub fn write(bundle: &Bundle, directory: &Path) -> Result<(), BundleError> {
    let failed = |source| BundleError::Write { directory: directory.to_owned(), source };
    let exists = match fs::symlink_metadata(directory) {
        Ok(metadata) if metadata.is_dir() => true,
        Ok(_) => return Err(BundleError::NotADirectory(directory.to_owned())),
        Err(_) => false,
    };
    if exists && !directory.join(MANIFEST).exists() && fs::read_dir(directory).map_err(failed)?.next().is_some() {
        return Err(BundleError::NotABundle(directory.to_owned()));
    }
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed)?;
    let fresh = tempfile::Builder::new().prefix(".gwinfra-bundle-").tempdir_in(parent).map_err(failed)?;
    let new = fresh.path().join("new");
    let mut made = BTreeSet::new();
    for (path, content) in files(bundle) {
        let file = new.join(path);
        let folder = file.parent().unwrap_or(&new);
        if made.insert(folder.to_owned()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(file, content.as_bytes()).map_err(failed)?;
    }
    if exists {
        let old = fresh.path().join("old");
        fs::rename(directory, &old).map_err(failed)?;
        if let Err(error) = fs::rename(&new, directory) {
            fs::rename(&old, directory).map_err(failed)?;
            return Err(failed(error));
        }
    } else {
        fs::rename(&new, directory).map_err(failed)?;
    }
    Ok(())
}

/// How a directory differs from a bundle; empty when it holds exactly that.
///
/// # Errors
/// When a file cannot be read.
pub fn check(bundle: &Bundle, directory: &Path) -> Result<Vec<Difference>, BundleError> {
    let failed = |source| BundleError::Read { directory: directory.to_owned(), source };
    let mut differences = Vec::new();
    let files = files(bundle);
    for (path, content) in &files {
        let kind = match fs::read(directory.join(path)) {
            Ok(bytes) if bytes == content.as_bytes() => continue,
            Ok(_) => DifferenceKind::Changed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => DifferenceKind::Missing,
            Err(error) => return Err(failed(error)),
        };
        differences.push(Difference { path: path.clone(), kind });
    }
    let mut present = BTreeSet::new();
    let mut folders = BTreeSet::from(
        ["", "cloudformation", "cloudformation/parameters", "config", "terraform/hub"].map(str::to_owned),
    );
    folders.extend(files.keys().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder.to_owned()));
    for folder in &folders {
        list(directory, folder, &mut present).map_err(failed)?;
    }
    let extra = present.into_iter().filter(|path| !files.contains_key(path));
    differences.extend(extra.map(|path| Difference { path, kind: DifferenceKind::Extra }));
    differences.sort();
    Ok(differences)
}

fn list(directory: &Path, folder: &str, present: &mut BTreeSet<String>) -> std::io::Result<()> {
    let entries = match fs::read_dir(directory.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            present.insert(if folder.is_empty() { name } else { format!("{folder}/{name}") });
        }
    }
    Ok(())
}

fn parameters_path(stack: &RenderedStack) -> String {
    format!("cloudformation/parameters/{}.json", stack.key.replace('@', "."))
}

/// Literals as they are, everything else with its kind.
fn parameters(stack: &RenderedStack) -> Value {
    let value = |value: &ParameterValue| match value {
        ParameterValue::Literal(text) => json!(text),
        other => json!(other),
    };
    Value::Object(stack.parameters.iter().map(|(name, given)| (name.clone(), value(given))).collect())
}

fn manifest(bundle: &Bundle) -> Value {
    let stacks: Vec<Value> = bundle
        .stacks
        .iter()
        .map(|stack| {
            json!({
                "key": stack.key,
                "name": stack.name,
                "account": stack.target.account,
                "region": stack.target.region,
                "template": stack.template_path,
                "parameters": parameters_path(stack),
                "depends_on": stack.dependencies().collect::<BTreeSet<_>>(),
                "termination_protection": stack.termination_protection,
                "capabilities": stack.capabilities,
                "tags": stack.tags,
            })
        })
        .collect();
    let objects: Vec<Value> = bundle
        .objects
        .iter()
        .map(|object| json!({"key": object.key, "bucket": object.bucket, "needed_by": object.needed_by, "sha256": object.sha256}))
        .collect();
    let modules: Vec<Value> = bundle
        .modules
        .iter()
        .map(|module| {
            json!({
                "key": module.key,
                "account": module.target.account,
                "region": module.target.region,
                "directory": format!("terraform/{}", module.key),
                "variables": module.variables,
                "state": module.state,
            })
        })
        .collect();
    json!({
        "schema": "gwinfra.bundle/v1",
        "tool": {"name": "gwinfra", "version": env!("CARGO_PKG_VERSION")},
        "digest": bundle.digest,
        "blueprint": bundle.blueprint,
        "deployment": bundle.deployment,
        "images": bundle.images,
        "lookups": bundle.lookups,
        "stacks": stacks,
        "modules": modules,
        "objects": objects,
    })
}

fn pretty(value: &Value) -> String {
    // A `Value` always has a text.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
