//! The checks, one file each.

mod accounts;
mod auth;
mod balance;
mod chat;
mod converse;
mod converse_stream;
mod fallback;
mod health;
mod history;
mod models;
mod plaintext;
mod rate_limit;
mod readiness;
mod stream;
mod virtual_keys;
mod waf;

use super::check::Check;

/// Checks that say why nothing else works: they are tried also when they are not wanted, unless refused.
pub(super) const DECIDES: [&str; 2] = ["health", "auth"];

/// All checks, in the order of the report.
pub fn all() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(health::Health),
        Box::new(readiness::Readiness),
        Box::new(auth::Auth),
        Box::new(models::Models),
        Box::new(chat::Chat),
        Box::new(stream::Stream),
        Box::new(balance::Balance),
        Box::new(accounts::Accounts),
        Box::new(fallback::Fallback),
        Box::new(rate_limit::RateLimit),
        Box::new(virtual_keys::VirtualKeys),
        Box::new(converse::Converse),
        Box::new(converse_stream::ConverseStream),
        Box::new(history::History),
        Box::new(waf::Waf),
        Box::new(plaintext::Plaintext),
    ]
}

/// Names of the checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().into_iter().map(|check| check.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_says_what_it_proves() {
        let unique: std::collections::BTreeSet<&str> = names().collect();
        assert_eq!(unique.len(), all().len());
        assert!(all().iter().all(|check| !check.proves().is_empty()));
    }

    #[test]
    fn every_check_is_documented() {
        let docs = include_str!("../../../docs/smoke.md");
        for check in all() {
            assert!(docs.contains(&format!("| `{}` | {} |", check.name(), check.proves())), "{}", check.name());
        }
    }
}
