//! How a registry wants to be told who asks: its `WWW-Authenticate` header.
//!
//! <https://distribution.github.io/distribution/spec/auth/token/>

use std::collections::BTreeMap;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token, which somebody else gives.
    Bearer {
        /// URL of who gives tokens.
        realm: String,
        /// For whom the token is.
        service: Option<String>,
    },
}

impl Challenge {
    /// The best of what a registry offers.
    pub fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let all: Vec<(String, BTreeMap<String, String>)> = headers.flat_map(challenges).collect();
        let of = |scheme: &str| all.iter().find(|(found, _)| found.eq_ignore_ascii_case(scheme));
        let bearer = of("bearer").and_then(|(_, parameters)| {
            Some(Self::Bearer { realm: parameters.get("realm")?.clone(), service: parameters.get("service").cloned() })
        });
        bearer.or_else(|| of("basic").map(|_| Self::Basic))
    }
}

/// Takes a header apart: `Scheme name="value", name=value, Scheme ...`.
fn challenges(header: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = header.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '=', ',']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if let Some(value) = after.strip_prefix('=') {
            let (value, after) = value_of(value);
            if let Some((_, parameters)) = found.last_mut() {
                parameters.insert(word.to_ascii_lowercase(), value);
            }
            rest = after;
        } else {
            found.push((word.to_owned(), BTreeMap::new()));
            rest = after;
        }
        rest = rest.trim_start_matches([' ', ',']);
    }
    found
}

/// A value, quoted or not, and what comes after it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<Challenge> {
        Challenge::read([header].into_iter())
    }

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(ToOwned::to_owned) })
    }

    #[test]
    fn a_token_is_asked_for_as_public_registries_do() {
        let header = r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull,push""#;
        assert_eq!(read(header), bearer("https://ghcr.io/token", Some("ghcr.io")));
    }

    #[test]
    fn ecr_asks_for_a_name_and_a_password() {
        let header =
            r#"Basic realm="https://111122223333.dkr.ecr.us-east-1.amazonaws.com/",service="ecr.amazonaws.com""#;
        assert_eq!(read(header), Some(Challenge::Basic));
    }

    #[test]
    fn a_token_is_preferred_where_both_are_offered() {
        assert_eq!(read(r#"Basic realm="a b", Bearer realm=https://t/x"#), bearer("https://t/x", None));
        let two = Challenge::read(["Basic realm=x", "bearer REALM=\"https://t\""].into_iter());
        assert_eq!(two, bearer("https://t", None));
    }

    #[test]
    fn an_escaped_quote_does_not_end_a_value() {
        assert_eq!(read(r#"Bearer realm="https://t/\"x",service="s""#), bearer("https://t/\"x", Some("s")));
    }

    #[test]
    fn nonsense_is_no_challenge() {
        for header in ["", ",", "Negotiate", "Bearer", "Bearer service=x", "=", "realm=\"x"] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
