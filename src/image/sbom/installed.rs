//! The packages that are installed in an image, from the lists that package managers keep there.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::root::Files;

/// Where apk keeps its list, before and after distributions made `/lib` a link.
const APK: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
/// Where dpkg keeps its list. Images without a shell have a file for each package below the other.
const DPKG: [&str; 2] = ["var/lib/dpkg/status", "var/lib/dpkg/status.d/"];
/// Where a distribution says which it is.
const RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];
/// Longer texts in a `License` field are a licence, and not its name.
const LONGEST_NAME: usize = 80;

/// The licence of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum License {
    /// An SPDX expression.
    Expression(String),
    /// Whatever the package says.
    Name(String),
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Its licence, if it says so.
    pub license: Option<License>,
}

/// Packages by package URL, so in an order that depends on nothing else.
pub type Packages = BTreeMap<String, Installed>;

/// Whether a file of an image says what is installed.
pub fn tells(path: &str) -> bool {
    let is_of_python = path.ends_with(".dist-info/METADATA") || path.ends_with(".egg-info/PKG-INFO");
    is_of_python || APK.contains(&path) || RELEASE.contains(&path) || is_of_dpkg(path)
}

fn is_of_dpkg(path: &str) -> bool {
    path == DPKG[0] || (path.starts_with(DPKG[1]) && !path.ends_with(".md5sums"))
}

/// The packages of an image's files.
pub fn packages(files: &Files) -> Packages {
    let text = |path: &str| files.get(path).map(|contents| String::from_utf8_lossy(contents).into_owned());
    let release = RELEASE.iter().find_map(|path| text(path)).unwrap_or_default();
    let distribution = |or: &str| {
        let id = release.lines().find_map(|line| line.strip_prefix("ID="));
        id.map_or(or, |id| id.trim_matches('"')).to_ascii_lowercase()
    };
    let mut found = Packages::new();
    for (path, contents) in files {
        let contents = String::from_utf8_lossy(contents);
        if APK.contains(&path.as_str()) {
            found.extend(stanzas(&contents).filter_map(|stanza| of_apk(stanza, &distribution("alpine"))));
        } else if is_of_dpkg(path) {
            found.extend(stanzas(&contents).filter_map(|stanza| of_dpkg(stanza, &distribution("debian"))));
        } else if !RELEASE.contains(&path.as_str()) {
            found.extend(of_python(&contents));
        }
    }
    found
}

fn stanzas(list: &str) -> impl Iterator<Item = &str> {
    list.split("\n\n").filter(|stanza| !stanza.trim().is_empty())
}

/// The value of a field; what continues it on the next line is left out.
fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    fields(stanza, name).next()
}

fn fields<'a>(stanza: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let value = move |line: &'a str| line.strip_prefix(name)?.strip_prefix(':').map(str::trim);
    stanza.lines().filter_map(value).filter(|value| !value.is_empty())
}

fn of_apk(stanza: &str, distribution: &str) -> Option<(String, Installed)> {
    let (name, version) = (field(stanza, "P")?, field(stanza, "V")?);
    let license = field(stanza, "L").map(|name| License::Name(name.to_owned()));
    let url = of_distribution("apk", distribution, name, version, field(stanza, "A"));
    Some((url, Installed { name: name.to_owned(), version: version.to_owned(), license }))
}

fn of_dpkg(stanza: &str, distribution: &str) -> Option<(String, Installed)> {
    // One that was removed is listed as long as its settings are there. Lists of single packages have no status.
    if field(stanza, "Status").is_some_and(|status| !status.ends_with(" installed")) {
        return None;
    }
    let (name, version) = (field(stanza, "Package")?, field(stanza, "Version")?);
    let url = of_distribution("deb", distribution, name, version, field(stanza, "Architecture"));
    // Licences are in a text beside the package.
    Some((url, Installed { name: name.to_owned(), version: version.to_owned(), license: None }))
}

fn of_python(metadata: &str) -> Option<(String, Installed)> {
    let head = metadata.split("\n\n").next()?.replace('\r', "");
    let (name, version) = (field(&head, "Name")?.to_owned(), field(&head, "Version")?.to_owned());
    let parts = name.to_ascii_lowercase();
    let normal: Vec<&str> = parts.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    let url = format!("pkg:pypi/{}@{}", escaped(&normal.join("-")), escaped(&version));
    Some((url, Installed { license: license_of_python(&head), name, version }))
}

/// The licence: the field of today, else that of before if it has a name, else what the package is filed under.
fn license_of_python(head: &str) -> Option<License> {
    if let Some(expression) = field(head, "License-Expression") {
        return Some(License::Expression(expression.to_owned()));
    }
    let filed: BTreeSet<&str> = fields(head, "Classifier")
        .filter_map(|classifier| classifier.strip_prefix("License :: ")?.rsplit(" :: ").next())
        .filter(|name| *name != "OSI Approved")
        .collect();
    let named = field(head, "License").filter(|name| name.len() <= LONGEST_NAME && *name != "UNKNOWN");
    let filed = (!filed.is_empty()).then(|| filed.into_iter().collect::<Vec<_>>().join(", "));
    named.map(ToOwned::to_owned).or(filed).map(License::Name)
}

fn of_distribution(kind: &str, distribution: &str, name: &str, version: &str, processor: Option<&str>) -> String {
    let url = format!("pkg:{kind}/{}/{}@{}", escaped(distribution), escaped(name), escaped(version));
    processor.map_or(url.clone(), |processor| format!("{url}?arch={}", escaped(processor)))
}

/// A part of a package URL. <https://github.com/package-url/purl-spec>
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        let license = |package: &Installed| match &package.license {
            Some(License::Expression(text) | License::Name(text)) => text.clone(),
            None => String::new(),
        };
        packages(&files).iter().map(|(url, package)| (url.clone(), license(package))).collect()
    }

    fn pair(url: &str, license: &str) -> (String, String) {
        (url.to_owned(), license.to_owned())
    }

    #[test]
    fn packages_of_python_have_the_name_of_their_index() {
        let metadata = "Metadata-Version: 2.4\nName: Typing_Extensions.X\nVersion: 1.0+local\nLicense-Expression: MIT OR Apache-2.0\n\nName: of the description\n";
        assert_eq!(
            of(&[("app/typing_extensions-1.0.dist-info/METADATA", metadata)]),
            [pair("pkg:pypi/typing-extensions-x@1.0%2Blocal", "MIT OR Apache-2.0")]
        );
    }

    #[test]
    fn a_licence_is_its_name_and_not_its_text() {
        let head = |license: &str| format!("License: {license}\nClassifier: License :: OSI Approved :: BSD License");
        assert_eq!(license_of_python(&head("BSD-3-Clause")), Some(License::Name("BSD-3-Clause".to_owned())));
        let text = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software";
        for other in [text, "UNKNOWN", ""] {
            assert_eq!(license_of_python(&head(other)), Some(License::Name("BSD License".to_owned())), "{other}");
        }
        assert_eq!(license_of_python("Classifier: License :: OSI Approved"), None);
    }

    #[test]
    fn packages_of_apk_are_those_of_the_distribution_that_the_image_names() {
        let list = "C:Q1\nP:libgcc\nV:14.2.0-r5\nA:x86_64\nL:GPL-3.0-or-later\n\nC:Q2\nP:wolfi-baselayout\nV:20230201-r16\nA:x86_64\n";
        assert_eq!(
            of(&[("etc/os-release", "NAME=Wolfi\nID=wolfi\n"), ("usr/lib/apk/db/installed", list)]),
            [
                pair("pkg:apk/wolfi/libgcc@14.2.0-r5?arch=x86_64", "GPL-3.0-or-later"),
                pair("pkg:apk/wolfi/wolfi-baselayout@20230201-r16?arch=x86_64", ""),
            ]
        );
    }

    #[test]
    fn of_dpkg_only_what_is_installed_is_listed() {
        let list = "Package: libstdc++6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:12.2.0-14+deb12u1\n\n\
                    Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n";
        assert_eq!(
            of(&[("var/lib/dpkg/status", list)]),
            [pair("pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64", "")]
        );
    }

    #[test]
    fn images_without_a_shell_have_a_list_for_each_package() {
        let stanza = "Package: tzdata\nVersion: 2026a\nArchitecture: all\n";
        let files = [("var/lib/dpkg/status.d/tzdata", stanza), ("etc/os-release", "ID=\"debian\"\n")];
        assert!(files.iter().all(|(path, _)| tells(path)) && !tells("var/lib/dpkg/status.d/tzdata.md5sums"));
        assert_eq!(of(&files), [pair("pkg:deb/debian/tzdata@2026a?arch=all", "")]);
    }
}
