//! Entries of a list that should be unique.

/// Every entry that stands earlier in the list too: the first place, and this one.
pub(super) fn repeated<'a>(entries: impl IntoIterator<Item = &'a str>) -> Vec<(usize, usize)> {
    let mut seen: Vec<&str> = Vec::new();
    let mut pairs = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        if let Some(first) = seen.iter().position(|other| *other == entry) {
            pairs.push((first, index));
        }
        seen.push(entry);
    }
    pairs
}
