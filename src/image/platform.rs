//! Platforms: what a machine must be to run an image.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Operating system and processor, as OCI names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// `amd64`, `arm64` ...
    pub architecture: String,
    /// `linux`.
    pub os: String,
    /// Version of the processor's instructions, where there are several: `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// A text that names no platform.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no platform: write `linux/arm64` or `linux/amd64`")]
pub struct PlatformError(String);

impl Platform {
    /// Linux on that processor.
    pub fn linux(architecture: &str) -> Self {
        Self { architecture: architecture.to_owned(), os: "linux".to_owned(), variant: None }
    }

    /// Linux on the processor that this program was built for.
    pub fn own() -> Self {
        Self::linux(match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        })
    }

    /// Whether an image of that platform is one of this: a variant that is not named here is any, and one that an image
    /// does not name is what its processor has at least.
    pub fn takes(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.least() == other.least())
    }

    /// The variant, or else the least that the processor has.
    /// <https://github.com/containerd/platforms/blob/main/database.go>
    fn least(&self) -> Option<&str> {
        self.variant.as_deref().or(match self.architecture.as_str() {
            "arm64" => Some("v8"),
            "arm" => Some("v7"),
            "amd64" => Some("v1"),
            _ => None,
        })
    }

    /// Whether nothing runs on it: attestations stand in indexes as images of an unknown platform.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_word = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        match parts.as_slice() {
            [os, architecture, variant @ ..] if parts.iter().all(is_word) && variant.len() < 2 => Ok(Self {
                architecture: (*architecture).to_owned(),
                os: (*os).to_owned(),
                variant: variant.first().map(|variant| (*variant).to_owned()),
            }),
            _ => Err(PlatformError(text.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(formatter, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_read_and_written_alike() {
        for text in ["linux/amd64", "linux/arm64/v8"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for text in ["linux", "linux/", "Linux/amd64", "linux/arm/v7/x", ""] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_platform_without_a_variant_takes_every_variant() {
        let exact: Platform = "linux/arm64/v8".parse().unwrap();
        assert!(Platform::linux("arm64").takes(&exact));
        assert!(!Platform::linux("amd64").takes(&exact));
    }

    #[test]
    fn an_image_that_names_no_variant_is_for_the_least_of_its_processor() {
        let arm = Platform::linux("arm64");
        assert!("linux/arm64/v8".parse::<Platform>().unwrap().takes(&arm));
        assert!(!"linux/arm64/v9".parse::<Platform>().unwrap().takes(&arm));
    }
}
