//! Which call of a tool a piece of a stream belongs to.

/// What tells the calls of an answer apart. Most providers count them; some give all of them the same index, and each its
/// own id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallKey {
    /// Which of the calls.
    pub index: u32,
    /// What its result will be known by, once that is told.
    pub id: Option<String>,
}

impl CallKey {
    /// Whether a piece belongs to this call. Of several, it belongs to the one that began last.
    pub fn takes(&self, piece: &Self) -> bool {
        self.index == piece.index && (self.id.is_none() || piece.id.is_none() || self.id == piece.id)
    }
}

/// A text that says something. Some servers repeat the ids and names of calls as empty texts.
pub fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(index: u32, id: Option<&str>) -> CallKey {
        CallKey { index, id: id.map(str::to_owned) }
    }

    #[test]
    fn a_piece_without_an_id_belongs_to_the_call_of_its_index() {
        assert!(key(1, Some("a")).takes(&key(1, None)));
        assert!(!key(1, Some("a")).takes(&key(0, None)));
    }

    #[test]
    fn another_id_is_another_call_whatever_its_index() {
        assert!(!key(0, Some("a")).takes(&key(0, Some("b"))));
        assert!(key(0, Some("a")).takes(&key(0, Some("a"))));
    }
}
