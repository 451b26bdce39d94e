//! The keys that LiteLLM reads, as its own package names them.

/// Sections with settings, and the keys that LiteLLM reads in each.
const SECTIONS: [(&str, &str); 3] = [
    ("litellm_settings", include_str!("keys/litellm_settings.txt")),
    ("router_settings", include_str!("keys/router_settings.txt")),
    ("general_settings", include_str!("keys/general_settings.txt")),
];

/// The keys of a section with settings; none for another.
pub(super) fn of(section: &str) -> impl Iterator<Item = &'static str> {
    let text = SECTIONS.iter().find(|(name, _)| *name == section).map_or("", |(_, text)| *text);
    text.lines().filter(|line| !line.starts_with('#'))
}

/// Whether LiteLLM reads a key in a section.
pub(super) fn knows(section: &str, key: &str) -> bool {
    of(section).any(|known| known == key)
}

/// Names of the sections with settings.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(name, _)| *name)
}

/// The key of a section that was meant: two letters differ at most, hyphens and underscores aside.
pub(super) fn near(section: &str, key: &str) -> Option<&'static str> {
    let letters = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
    let typed = letters(key);
    of(section)
        .map(|known| (strsim::osa_distance(&typed, &letters(known)), known))
        .filter(|(distance, known)| *distance <= 2 && *distance * 3 < known.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_known_again() {
        assert_eq!(near("general_settings", "masterkey"), Some("master_key"));
        assert_eq!(near("router_settings", "num_retrys"), Some("num_retries"));
    }

    #[test]
    fn a_key_of_ones_own_is_no_misspelling() {
        assert_eq!(near("litellm_settings", "my_callback_options"), None);
    }

    #[test]
    fn every_section_has_keys() {
        assert!(sections().all(|section| of(section).count() > 40));
    }

    #[test]
    fn what_gwinfra_generates_is_known() {
        for (section, keys) in crate::model::litellm::OWNED {
            for key in *keys {
                assert!(knows(section, key), "{section}.{key}");
            }
        }
    }
}
