//! Which repository a directory is a clone of.

use std::path::Path;

/// The path of the repository `origin`: `owner/name`, or GitLab's `group/project`. `None` where Git does not say.
pub(super) fn origin(directory: &Path) -> Option<String> {
    let text = fs_err::read_to_string(directory.join(".git/config")).ok()?;
    let mut in_origin = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_origin = line == "[remote \"origin\"]";
        } else if in_origin
            && let Some(url) = line.strip_prefix("url").and_then(|rest| rest.trim_start().strip_prefix('='))
        {
            return path(url.trim());
        }
    }
    None
}

/// The path in a URL, or in `user@host:path`.
fn path(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once(':')?.1,
    };
    let path = path.trim_matches('/').trim_end_matches(".git");
    path.contains('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_url_has_its_path() {
        for url in [
            "git@github.com:acme/llm.git",
            "https://github.com/acme/llm",
            "ssh://git@github.com:22/acme/llm.git",
            "https://user@github.com/acme/llm.git/",
        ] {
            assert_eq!(path(url).as_deref(), Some("acme/llm"), "{url}");
        }
        assert_eq!(path("git@gitlab.com:acme/platform/llm.git").as_deref(), Some("acme/platform/llm"));
    }

    #[test]
    fn a_path_on_this_machine_is_no_repository() {
        assert_eq!(path("../llm"), None);
    }

    #[test]
    fn only_origin_is_read() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir(directory.path().join(".git")).unwrap();
        let text = "[remote \"fork\"]\n\turl = git@github.com:sam/llm.git\n[remote \"origin\"]\n\tfetch = +a\n\turl = \
                    git@github.com:acme/llm.git\n";
        fs_err::write(directory.path().join(".git/config"), text).unwrap();
        assert_eq!(origin(directory.path()).as_deref(), Some("acme/llm"));
    }
}
