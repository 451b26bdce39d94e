//! Where a blueprint's files are: in the binary, or in a directory that nothing can lead out of.

use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use rust_embed::Embed;

use super::MANIFEST;
use crate::render::template::{Files, Problem};

/// The largest file of a blueprint, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// The most files of a blueprint.
const MAX_FILES: usize = 200;
/// The most directories inside each other.
const MAX_DEPTH: usize = 6;
/// The folder of macros that every blueprint may import.
const SHARED: &str = "shared/";

/// The blueprints that the binary carries, also a debug binary.
#[derive(Embed)]
#[folder = "blueprints/"]
struct Builtin;

/// Where a blueprint's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In the binary, in the folder of that name.
    Builtin(String),
    /// In a directory.
    Directory {
        /// Without symbolic links.
        root: PathBuf,
        /// As the spec names it.
        name: String,
    },
}

impl Source {
    /// The built-in blueprint of that name.
    pub fn builtin(name: &str) -> Option<Self> {
        let known = !name.contains(['/', '\\']) && Builtin::get(&format!("{name}/{MANIFEST}")).is_some();
        known.then(|| Self::Builtin(name.to_owned()))
    }

    /// The names of the built-in blueprints.
    pub fn builtin_names() -> Vec<String> {
        Builtin::iter()
            .filter_map(|path| path.strip_suffix(MANIFEST)?.strip_suffix('/').map(str::to_owned))
            .filter(|name| !name.contains('/'))
            .collect()
    }

    /// The blueprint in a directory; `name` is how the spec names it.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn directory(path: &Path, name: &str) -> Result<Self, Problem> {
        let root = fs::canonicalize(path).map_err(|error| Problem::Unreadable(error.to_string()))?;
        if root.is_dir() {
            Ok(Self::Directory { root, name: name.trim_end_matches('/').to_owned() })
        } else {
            Err(Problem::Unreadable(format!("`{name}` is no directory")))
        }
    }

    /// The name as the spec has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Builtin(name) | Self::Directory { name, .. } => name,
        }
    }
}

impl Files for Source {
    fn text(&self, path: &str) -> Result<Option<String>, Problem> {
        if !is_confined(path) {
            return Err(Problem::Confinement(path.to_owned()));
        }
        let own = match self {
            Self::Builtin(name) => embedded(&format!("{name}/{path}"))?,
            Self::Directory { root, .. } => read(root, path)?,
        };
        if own.is_none() && path.starts_with(SHARED) { embedded(path) } else { Ok(own) }
    }

    fn display_name(&self, path: &str) -> String {
        match self {
            Self::Builtin(name) if path.starts_with(SHARED) && Builtin::get(&format!("{name}/{path}")).is_none() => {
                format!("blueprints/{path}")
            }
            Self::Builtin(name) => format!("blueprints/{name}/{path}"),
            Self::Directory { root, .. } if path.starts_with(SHARED) && !root.join(path).exists() => {
                format!("blueprints/{path}")
            }
            Self::Directory { name, .. } => format!("{name}/{path}"),
        }
    }

    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = match self {
            Self::Builtin(name) => Builtin::iter()
                .filter_map(|path| path.strip_prefix(name.as_str())?.strip_prefix('/').map(str::to_owned))
                .collect(),
            Self::Directory { root, .. } => {
                let mut found = Vec::new();
                walk(root, "", 0, &mut found);
                found
            }
        };
        paths.extend(Builtin::iter().filter(|path| path.starts_with(SHARED)).map(|path| path.into_owned()));
        paths.retain(|path| path.ends_with(".j2"));
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Whether a path names something below its root by plain names only.
fn is_confined(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)))
}

fn embedded(path: &str) -> Result<Option<String>, Problem> {
    let Some(file) = Builtin::get(path) else { return Ok(None) };
    let text =
        std::str::from_utf8(&file.data).map_err(|_| Problem::Unreadable(format!("`{path}` is no UTF-8 text")))?;
    Ok(Some(text.to_owned()))
}

fn read(root: &Path, path: &str) -> Result<Option<String>, Problem> {
    let unreadable = |error: std::io::Error| Problem::Unreadable(error.to_string());
    let file = match fs::canonicalize(root.join(path)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !file.starts_with(root) {
        return Err(Problem::Confinement(path.to_owned()));
    }
    let metadata = fs::metadata(&file).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::Unreadable(format!("`{path}` is no file")));
    }
    if metadata.len() > MAX_FILE {
        return Err(Problem::TooBig(path.to_owned()));
    }
    let bytes = fs::read(&file).map_err(unreadable)?;
    String::from_utf8(bytes).map(Some).map_err(|_| Problem::Unreadable(format!("`{path}` is no UTF-8 text")))
}

/// Collects the files below a directory, in a bounded walk. What cannot be read is found when it is needed.
fn walk(directory: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = entry.path();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if path.is_dir() && !is_link && depth < MAX_DEPTH {
            walk(&path, &format!("{prefix}{name}/"), depth + 1, found);
        } else if path.is_file() && found.len() < MAX_FILES {
            found.push(format!("{prefix}{name}"));
        }
    }
}
