//! What comes nearest to something that is not offered.

use std::cmp::Ordering;

/// The most that are named.
const MOST: usize = 3;

/// The nearest of the classes, node types or instance types that are offered, the nearest first: of the same kind and size,
/// then of another size, then of another kind.
pub(super) fn classes<'a>(wanted: &str, offered: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    let Some(wanted) = Class::parse(wanted) else { return Vec::new() };
    let known = offered.into_iter().filter_map(|name| Some((wanted.distance(&Class::parse(name)?), name.as_str())));
    let mut sorted: Vec<_> = known.collect();
    sorted.sort_unstable();
    sorted.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// The nearest of the versions that are offered, the oldest first: of the same major version if there are any.
pub(super) fn versions<'a>(wanted: &str, offered: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    let Some((major, minor)) = numbers(wanted) else { return Vec::new() };
    let known = offered.into_iter().filter_map(|version| Some((numbers(version)?, version.as_str())));
    let mut sorted: Vec<_> = known.collect();
    sorted.sort_unstable_by_key(|(one, _)| {
        // Of an older major version the last comes nearest, of a newer one the first.
        let between = match one.0.cmp(&major) {
            Ordering::Less => u32::MAX - one.1,
            Ordering::Equal => one.1.abs_diff(minor),
            Ordering::Greater => one.1,
        };
        (one.0.abs_diff(major), between, *one)
    });
    sorted.truncate(MOST);
    sorted.sort_unstable();
    sorted.into_iter().map(|(_, version)| version).collect()
}

/// Major and minor version. Others, such as `16.6-limitless`, are for something else.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// `cache.r7g.large`: memory (`r`) of the seventh generation with Graviton (`g`), in the size `large`.
#[derive(Debug, PartialEq, Eq)]
struct Class<'a> {
    kind: &'a str,
    generation: u32,
    features: &'a str,
    /// The binary logarithm of how big it is, in tenths.
    size: i32,
}

impl<'a> Class<'a> {
    /// `None` for what has no size, such as `db.serverless`.
    fn parse(name: &'a str) -> Option<Self> {
        let (rest, size) = name.rsplit_once('.')?;
        let family = rest.rsplit('.').next()?;
        let digit = family.find(|letter: char| letter.is_ascii_digit())?;
        let (kind, rest) = family.split_at(digit);
        let features = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let generation = rest.strip_suffix(features)?.parse().ok()?;
        Some(Self { kind, generation, features, size: size_of(size)? })
    }

    fn distance(&self, other: &Self) -> (bool, u32, bool, u32) {
        (
            self.kind != other.kind,
            self.size.abs_diff(other.size),
            self.features != other.features,
            self.generation.abs_diff(other.generation),
        )
    }
}

/// The binary logarithm of a size, in tenths. An `xlarge` has four vCPUs, and each size before it half as much.
fn size_of(name: &str) -> Option<i32> {
    const BELOW: [&str; 5] = ["nano", "micro", "small", "medium", "large"];
    if let Some(place) = BELOW.iter().position(|size| *size == name) {
        return Some(10 * (i32::try_from(place).ok()? - 5));
    }
    let times = name.strip_suffix("xlarge")?;
    let times: u32 = if times.is_empty() { 1 } else { times.parse().ok()? };
    // Tenths are fine enough to tell 12xlarge from 16xlarge.
    (times > 0).then(|| (f64::from(times).log2() * 10.0).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_same_size_of_an_older_generation_is_nearer_than_another_size() {
        let offered = names(&["cache.m7g.large", "cache.r5.large", "cache.r6g.large", "cache.r7g.xlarge"]);
        assert_eq!(classes("cache.r7g.large", &offered), ["cache.r6g.large", "cache.r5.large", "cache.r7g.xlarge"]);
    }

    #[test]
    fn the_next_size_is_nearer_than_the_one_after_it() {
        let offered = names(&["db.r6g.16xlarge", "db.r6g.8xlarge", "db.r6g.large"]);
        assert_eq!(classes("db.r6g.12xlarge", &offered), ["db.r6g.16xlarge", "db.r6g.8xlarge", "db.r6g.large"]);
    }

    #[test]
    fn what_has_no_size_is_near_to_nothing() {
        assert_eq!(classes("db.serverless", &names(&["db.r6g.large"])), Vec::<&str>::new());
    }

    #[test]
    fn versions_of_the_same_major_version_are_nearer() {
        let offered = names(&["15.17", "16.4", "16.6-limitless", "16.8", "16.10", "17.5"]);
        assert_eq!(versions("16.5", &offered), ["16.4", "16.8", "16.10"]);
        assert_eq!(versions("18.1", &offered), ["16.8", "16.10", "17.5"]);
    }
}
