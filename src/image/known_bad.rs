//! Versions of LiteLLM that must not run, whoever asks for them.

use super::Reference;
use super::config::Config;
use crate::model::images::{split, version};

/// A version that must not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBad {
    /// The version.
    pub version: (u32, u32, u32),
    /// Why, as the end of a sentence that begins with the version.
    pub reason: &'static str,
    /// What to do.
    pub help: &'static str,
}

/// Why images of the attacked versions are refused, and what to do about them.
const STOLEN: (&str, &str) = (
    "was published by an attacker and steals credentials",
    "use another version; if this one ever ran, replace every secret that it could read",
);

/// Versions that the Python package index quarantined in March 2026, and one that its own makers advise against.
/// <https://docs.litellm.ai/blog/security-update-march-2026>, <https://docs.litellm.ai/release_notes/v1.76.3-stable/v1-76-3>
pub const KNOWN_BAD: &[KnownBad] = &[
    KnownBad {
        version: (1, 76, 3),
        reason: "runs out of memory when it starts on Kubernetes: its release notes say so and advise against it",
        help: "use another version; the next stable one was 1.77.2",
    },
    KnownBad { version: (1, 82, 7), reason: STOLEN.0, help: STOLEN.1 },
    KnownBad { version: (1, 82, 8), reason: STOLEN.0, help: STOLEN.1 },
];

impl KnownBad {
    /// `1.82.7`.
    pub fn number(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }

    /// The whole reason.
    pub fn message(&self) -> String {
        format!("the package of LiteLLM {} {}", self.number(), self.reason)
    }
}

/// The entry of a version in a tag or a label.
pub fn by_version(text: &str) -> Option<&'static KnownBad> {
    let found = version(text)?;
    KNOWN_BAD.iter().find(|bad| bad.version == found)
}

/// The entry of an image of LiteLLM, by its tag. Images of other programs may have any version.
pub fn by_reference(image: &Reference) -> Option<&'static KnownBad> {
    tag_of_litellm(image).and_then(by_version)
}

/// The tag of an image of LiteLLM, as its repository is called.
pub(super) fn tag_of_litellm(image: &Reference) -> Option<&str> {
    let is_litellm = image.repository.rsplit('/').next().is_some_and(|name| name.contains("litellm"));
    image.tag.as_deref().filter(|_| is_litellm)
}

/// The entry of an image of LiteLLM, by what it says of itself, whatever its tag says.
pub fn by_labels(config: &Config) -> Option<&'static KnownBad> {
    let labels = &config.config.labels;
    let label = |name: &str| labels.get(&format!("org.opencontainers.image.{name}")).map(String::as_str);
    let titles = ["title", "source", "url", "base.name"];
    let is_litellm = titles.iter().filter_map(|name| label(name)).any(|text| text.contains("litellm"));
    label("version").filter(|_| is_litellm).and_then(by_version)
}

/// The entry of the image that the spec names for LiteLLM, whatever its repository is called.
pub fn of_litellm(image: &str) -> Option<&'static KnownBad> {
    by_version(split(image).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attacked_version_is_known_under_every_kind_of_tag() {
        for image in ["ghcr.io/berriai/litellm:v1.82.7", "ghcr.io/berriai/litellm-non_root:main-v1.82.8-stable"] {
            assert!(by_reference(&image.parse().unwrap()).is_some(), "{image}");
            assert!(of_litellm(image).is_some(), "{image}");
        }
    }

    #[test]
    fn other_versions_and_other_programs_are_not() {
        for image in ["ghcr.io/berriai/litellm:v1.82.6", "docker.io/library/redis:1.82.7", "ghcr.io/berriai/litellm"] {
            assert_eq!(by_reference(&image.parse().unwrap()), None, "{image}");
        }
    }

    #[test]
    fn a_version_that_its_makers_advise_against_is_known() {
        assert!(of_litellm("ghcr.io/berriai/litellm:v1.76.3-stable").is_some());
        assert_eq!(of_litellm("ghcr.io/berriai/litellm:v1.76.1-stable"), None);
    }

    #[test]
    fn the_reason_names_the_version() {
        let bad = by_version("1.82.7").unwrap();
        assert_eq!(bad.message(), "the package of LiteLLM 1.82.7 was published by an attacker and steals credentials");
    }
}
