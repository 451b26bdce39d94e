//! What a user of a cache may do, as Redis and Valkey write it. ElastiCache gives back what is meant, and not what was written:
//! `off +get ~keys*` comes back as `off ~keys* -@all +get`.
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>

use std::collections::BTreeSet;

/// What an access string means.
#[derive(Debug, Default, PartialEq)]
struct Access {
    is_on: bool,
    /// Patterns of keys, each with what may be done with them unless that is everything.
    keys: BTreeSet<String>,
    channels: BTreeSet<String>,
    /// In their order: the last one that is about a command counts.
    commands: Vec<String>,
    /// What is none of these.
    others: BTreeSet<String>,
}

/// Whether two access strings mean the same. One that says nothing of channels has those that its engine gives by default:
/// all or none.
pub(super) fn is_same(declared: &str, actual: &str) -> bool {
    let (wanted, says_channels) = parsed(declared);
    let (mut found, _) = parsed(actual);
    let is_default = found.channels.is_empty() || found.channels == BTreeSet::from(["&*".to_owned()]);
    if !says_channels && is_default {
        found.channels.clear();
    }
    wanted == found
}

/// What a text means, and whether it says anything of channels.
fn parsed(text: &str) -> (Access, bool) {
    let (mut access, mut says_channels) = (Access::default(), false);
    for word in text.split_whitespace() {
        let lower = word.to_lowercase();
        match lower.as_str() {
            "on" => access.is_on = true,
            "off" => access.is_on = false,
            "resetkeys" => access.keys.clear(),
            "allkeys" => add(&mut access.keys, "~*"),
            "allchannels" => add(&mut access.channels, "&*"),
            "resetchannels" => access.channels.clear(),
            "allcommands" => access.command("+@all".to_owned()),
            "nocommands" => access.command("-@all".to_owned()),
            // What may be read and written.
            _ if lower.starts_with("%rw~") => add(&mut access.keys, word.get(3..).unwrap_or_default()),
            _ if word.starts_with(['~', '%']) => add(&mut access.keys, word),
            _ if word.starts_with('&') => add(&mut access.channels, word),
            _ if word.starts_with(['+', '-']) => access.command(lower.clone()),
            _ => add(&mut access.others, word),
        }
        says_channels |= word.starts_with('&') || ["allchannels", "resetchannels"].contains(&lower.as_str());
    }
    for (set, all) in [(&mut access.keys, "~*"), (&mut access.channels, "&*")] {
        if set.contains(all) {
            set.retain(|one| one == all);
        }
    }
    // In a row of commands that are all given, or all taken, the order says nothing.
    access.commands.chunk_by_mut(|one, next| one.starts_with('+') == next.starts_with('+')).for_each(<[_]>::sort);
    (access, says_channels)
}

fn add(set: &mut BTreeSet<String>, word: &str) {
    set.insert(word.to_owned());
}

impl Access {
    /// Gives or takes a command, or all of a category.
    fn command(&mut self, word: String) {
        let name = word.get(1..).unwrap_or_default().to_owned();
        let is_all = name == "@all";
        self.commands.retain(|one| !is_all && one.get(1..) != Some(name.as_str()));
        // Nobody may do anything at first.
        if word != "-@all" {
            self.commands.push(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_elasticache_gives_back_means_the_same() {
        assert!(is_same("off +get ~keys*", "off ~keys* -@all +get"));
        assert!(is_same("on allkeys allchannels allcommands", "on ~* &* +@all"));
        assert!(is_same("on ~* &* +@all -@dangerous +info", "on ~* &* +@all -@dangerous +info"));
        assert!(is_same("on ~a* ~b* -@all +@write +@read", "on ~b* ~a* -@all +@read +@write"));
        assert!(is_same("off -@all", "off resetchannels -@all"));
    }

    #[test]
    fn who_may_do_more_or_less_differs() {
        let own = "on ~* &* +@all -@dangerous +info";
        for other in [
            "on ~* &* +@all",
            "on ~* &* +@all +info -@dangerous",
            "off ~* &* +@all -@dangerous +info",
            "on ~app:* &* +@all -@dangerous +info",
            "on ~* &app +@all -@dangerous +info",
            "on ~* &* +@all -@dangerous +info +keys",
            "on ~* &* +@all -@dangerous +info nopass",
        ] {
            assert!(!is_same(own, other), "{other}");
        }
    }

    #[test]
    fn the_last_word_about_all_commands_counts() {
        assert!(is_same("on ~* +get -@all +set", "on ~* -@all +set"));
        assert!(!is_same("on ~* +get -@all +set", "on ~* -@all +get +set"));
    }

    #[test]
    fn keys_that_may_only_be_read_are_not_those_that_may_be_written() {
        assert!(!is_same("on %R~a* +get", "on ~a* +get"));
        assert!(is_same("on %RW~a* +get", "on ~a* +get"));
    }
}
