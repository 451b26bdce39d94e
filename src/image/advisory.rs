//! Vulnerabilities of LiteLLM that its makers have told of, and in which version each is repaired.
//!
//! A version that has one still runs: whether anybody can reach it depends on the deployment, so it is told and not refused.
//! Of all advisories these are the ones that reach a gateway as it is deployed: its API for models and for keys.

use std::fmt;

use super::Reference;
use super::known_bad::tag_of_litellm;
use crate::model::images::{split, version};

type Version = (u32, u32, u32);

/// A vulnerability. <https://github.com/BerriAI/litellm/security/advisories>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Its name on GitHub.
    pub id: &'static str,
    /// The first version that has it.
    pub from: Version,
    /// The first version that does not have it any more.
    pub repaired_in: Version,
    /// A line of versions that got the repair earlier: its version, and the first patch of it that has the repair.
    pub repaired_line: Option<(Version, u32)>,
    /// What somebody can do, as the end of a sentence that begins with the version.
    pub effect: &'static str,
    /// The setting of `general_settings` that closes the way in, if one does.
    pub closed_by: Option<&'static str>,
}

/// What LiteLLM's makers have published, the worst first.
pub const ADVISORIES: &[Advisory] = &[
    Advisory {
        id: "GHSA-r75f-5x8p-qvmc",
        from: (1, 81, 16),
        repaired_in: (1, 83, 7),
        repaired_line: None,
        effect: "lets anybody read its database, without a key",
        closed_by: Some("disable_error_logs"),
    },
    // <https://docs.litellm.ai/blog/host-header-auth-bypass>
    Advisory {
        id: "GHSA-4xpc-pv4p-pm3w",
        from: (0, 0, 0),
        repaired_in: (1, 84, 0),
        repaired_line: Some(((1, 83, 10), 3)),
        effect: "lets a crafted Host header past the check of keys, where nothing before it checks that header",
        closed_by: None,
    },
    Advisory {
        id: "GHSA-v4p8-mg3p-g94g",
        from: (1, 74, 2),
        repaired_in: (1, 83, 7),
        repaired_line: None,
        effect: "runs commands for whoever has a key, through its test of MCP servers",
        closed_by: None,
    },
    Advisory {
        id: "GHSA-xqmj-j6mv-4862",
        from: (1, 80, 5),
        repaired_in: (1, 83, 7),
        repaired_line: None,
        effect: "runs code for whoever has a key, through its test of prompts",
        closed_by: None,
    },
];

/// The advisories of an image of LiteLLM, by its tag. Images of other programs may have any version.
pub fn of(image: &Reference) -> Vec<&'static Advisory> {
    tag_of_litellm(image).map(of_tag).unwrap_or_default()
}

/// The first version of which an image of another name is taken for LiteLLM: a smaller one is that of somebody's own image.
const OWN_BELOW: Version = (1, 50, 0);

/// The advisories of the image that the spec names for LiteLLM, whatever its repository is called.
pub fn of_litellm(image: &str) -> Vec<&'static Advisory> {
    let (repository, tag) = split(image);
    let is_own = !repository.contains("litellm") && version(tag).is_some_and(|found| found < OWN_BELOW);
    if is_own { Vec::new() } else { of_tag(tag) }
}

fn of_tag(tag: &str) -> Vec<&'static Advisory> {
    let Some(found) = version(tag) else { return Vec::new() };
    let patch: Option<u32> = tag.split_once("-stable.patch.").and_then(|(_, patch)| patch.parse().ok());
    let is_repaired = |advisory: &Advisory| {
        advisory.repaired_line.is_some_and(|(line, first)| line == found && patch.is_some_and(|patch| patch >= first))
    };
    let has = |advisory: &&Advisory| (advisory.from..advisory.repaired_in).contains(&found) && !is_repaired(advisory);
    ADVISORIES.iter().filter(has).collect()
}

impl fmt::Display for Advisory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.repaired_in;
        write!(formatter, "{} ({}, repaired in {major}.{minor}.{patch}", self.effect, self.id)?;
        match self.closed_by {
            Some(setting) => write!(formatter, "; `{setting}: true` in general_settings closes the way)"),
            None => formatter.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(image: &str) -> Vec<&'static str> {
        of(&image.parse().unwrap()).iter().map(|advisory| advisory.id).collect()
    }

    #[test]
    fn a_version_has_the_advisories_from_their_first_to_before_their_repair() {
        let everything: Vec<&str> = ADVISORIES.iter().map(|advisory| advisory.id).collect();
        assert_eq!(ids("ghcr.io/berriai/litellm:main-v1.83.6"), everything);
        assert_eq!(ids("ghcr.io/berriai/litellm:main-v1.83.7-stable"), ["GHSA-4xpc-pv4p-pm3w"]);
        assert_eq!(ids("ghcr.io/berriai/litellm:v1.74.1"), ["GHSA-4xpc-pv4p-pm3w"]);
        assert_eq!(ids("ghcr.io/berriai/litellm:v1.84.0"), [""; 0]);
    }

    #[test]
    fn a_line_that_is_looked_after_is_repaired_from_its_own_patch_on() {
        assert_eq!(ids("ghcr.io/berriai/litellm:v1.83.10-stable.patch.2"), ["GHSA-4xpc-pv4p-pm3w"]);
        assert_eq!(ids("ghcr.io/berriai/litellm:v1.83.10-stable.patch.3"), [""; 0]);
    }

    #[test]
    fn an_image_of_ones_own_has_versions_of_its_own() {
        assert_eq!(of_litellm("registry.example.com/team/gateway:1.0.3"), [] as [&Advisory; 0]);
        assert_eq!(of_litellm("registry.example.com/team/gateway:v1.83.7").len(), 1);
        assert_eq!(of_litellm("registry.example.com/litellm:1.0.3").len(), 1);
    }

    #[test]
    fn other_programs_and_images_without_a_version_have_none() {
        for image in ["docker.io/library/redis:1.83.6", "ghcr.io/berriai/litellm:latest"] {
            assert_eq!(ids(image), [""; 0], "{image}");
        }
    }
}
