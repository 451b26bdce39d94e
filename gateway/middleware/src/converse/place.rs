//! Where in a request something is, for error messages.

use std::fmt;

/// A path into a request such as `messages[0].content[2].image`, made on the stack and written only in an error.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// The request itself.
    Request,
    /// A member of what is at another place.
    Member(&'a Place<'a>, &'static str),
    /// An element of what is at another place.
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// The member of that name.
    pub fn member(&self, name: &'static str) -> Place<'_> {
        Place::Member(self, name)
    }

    /// The element of that index.
    pub fn element(&self, index: usize) -> Place<'_> {
        Place::Element(self, index)
    }

    /// The error of what is here.
    pub fn invalid(&self, reason: impl fmt::Display) -> Invalid {
        match self {
            Self::Request => Invalid(reason.to_string()),
            _ => Invalid(format!("{self}: {reason}")),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => Ok(()),
            Self::Member(Place::Request, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Element(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// A request that cannot be carried out as it is written, with the place and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_like_a_path_of_json() {
        let messages = Place::Request.member("messages");
        let message = messages.element(1);
        let content = message.member("content");
        assert_eq!(content.element(0).invalid("is empty").to_string(), "messages[1].content[0]: is empty");
    }
}
