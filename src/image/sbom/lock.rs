//! What a package depends on, from the lock file of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The lock file that this gwinfra was built with.
const LOCK: &str = include_str!("../../../Cargo.lock");
/// What the middleware says of itself: a lock file does not tell what only tests use.
const MIDDLEWARE: &str = include_str!("../../../gateway/middleware/Cargo.toml");
/// Beginnings of the names of packages that hold nothing on Linux: a lock file is of every system, an image is of one.
const OTHER_SYSTEMS: &[&str] = &[
    "android",
    "core-foundation",
    "hermit-abi",
    "jni",
    "js-sys",
    "ndk",
    "objc",
    "r-efi",
    "redox",
    "rustls-platform-verifier-android",
    "schannel",
    "security-framework",
    "system-configuration",
    "wasi",
    "wasm",
    "web-sys",
    "web-time",
    "winapi",
    "windows",
    "wit-bindgen",
];

/// A package of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of what crates.io has.
    pub checksum: Option<String>,
    /// Package URLs of what it needs.
    pub needs: Vec<String>,
}

impl Package {
    /// Its package URL: `pkg:cargo/axum@0.8.9`.
    pub fn url(&self) -> String {
        url(&self.name, &self.version)
    }
}

fn url(name: &str, version: &str) -> String {
    // A plus sign means a space in URLs.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Manifest {
    package: Named,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
    #[serde(default)]
    target: BTreeMap<String, ForTarget>,
}

/// What is needed for some systems only: images are for one of them.
#[derive(Deserialize)]
struct ForTarget {
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The middleware and everything that it depends on, itself among them, by name and version.
pub fn middleware() -> Vec<Package> {
    // Both are files of this very build, which cargo has read before: a test reads them too.
    let (Ok(lock), Ok(manifest)) = (toml::from_str::<Lock>(LOCK), toml::from_str::<Manifest>(MIDDLEWARE)) else {
        return Vec::new();
    };
    let direct: BTreeSet<&str> = manifest
        .dependencies
        .iter()
        .chain(manifest.target.values().flat_map(|target| &target.dependencies))
        .map(|(key, value)| value.get("package").and_then(toml::Value::as_str).unwrap_or(key))
        .collect();
    closure(&lock.package, &manifest.package.name, &direct)
}

/// A package and what it depends on. Of its own dependencies only those that are named: the others are for its tests.
fn closure(entries: &[Entry], root: &str, direct: &BTreeSet<&str>) -> Vec<Package> {
    let by_name = |wanted: &str| {
        // `name`, or `name version` where there are several of that name.
        let (name, version) = wanted.split_once(' ').map_or((wanted, None), |(name, version)| (name, Some(version)));
        entries
            .iter()
            .filter(move |entry| entry.name == name && version.is_none_or(|version| entry.version == version))
            .collect::<Vec<_>>()
    };
    let mut found: BTreeMap<(&str, &str), Package> = BTreeMap::new();
    let mut waiting = by_name(root);
    while let Some(entry) = waiting.pop() {
        if found.contains_key(&(entry.name.as_str(), entry.version.as_str())) {
            continue;
        }
        let needs: Vec<&Entry> = entry
            .dependencies
            .iter()
            .flat_map(|wanted| by_name(wanted))
            .filter(|needed| entry.name != root || direct.contains(needed.name.as_str()))
            .filter(|needed| !OTHER_SYSTEMS.iter().any(|other| needed.name.starts_with(other)))
            .collect();
        let package = Package {
            name: entry.name.clone(),
            version: entry.version.clone(),
            checksum: entry.checksum.clone(),
            needs: needs.iter().map(|needed| url(&needed.name, &needed.version)).collect(),
        };
        found.insert((&entry.name, &entry.version), package);
        waiting.extend(needs);
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(packages: &[Package]) -> Vec<String> {
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    fn entry(name: &str, version: &str, dependencies: &[&str]) -> Entry {
        let dependencies = dependencies.iter().map(|name| (*name).to_owned()).collect();
        Entry { name: name.to_owned(), version: version.to_owned(), checksum: None, dependencies }
    }

    #[test]
    fn two_versions_of_one_name_are_told_apart() {
        let entries = [
            entry("own", "1.0.0", &["a 1.0.0", "test-only"]),
            entry("a", "1.0.0", &["b"]),
            entry("a", "2.0.0", &[]),
            entry("b", "1.0.0", &["windows-sys", "own"]),
            entry("test-only", "1.0.0", &["a 2.0.0"]),
            entry("windows-sys", "1.0.0", &[]),
        ];
        let packages = closure(&entries, "own", &BTreeSet::from(["a"]));
        assert_eq!(names(&packages), ["a 1.0.0", "b 1.0.0", "own 1.0.0"]);
    }

    #[test]
    fn the_files_of_this_build_can_be_read() {
        let packages = middleware();
        assert!(packages.len() > 50, "{}", packages.len());
        assert!(packages.iter().any(|package| package.name == "gwinfra-middleware"));
    }
}
