//! Paths of properties inside a resource type.

use std::fmt;

/// A property's path: `VpcId`, `Endpoint.Address`, `Rules.*.Name`. `*` stands for any list index or map key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PropertyPath {
    dotted: String,
    segments: Vec<String>,
}

impl PropertyPath {
    /// Reads a registry pointer, `/properties/Endpoint/Address`. `None` for a pointer to something else.
    pub fn from_pointer(pointer: &str) -> Option<Self> {
        let segments: Vec<String> = pointer
            .strip_prefix("/properties/")?
            .split('/')
            // Some schemas repeat the keywords of the schema inside a pointer.
            .filter(|segment| !matches!(*segment, "properties" | "items"))
            .map(str::to_owned)
            .collect();
        Some(Self { dotted: segments.join("."), segments })
    }

    /// The dotted form, as `Fn::GetAtt` writes it.
    pub fn as_str(&self) -> &str {
        &self.dotted
    }

    /// The names from the outside in.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// How a concrete path (list indices as numbers) relates to this one.
    pub(super) fn relation<S: AsRef<str>>(&self, path: &[S]) -> Relation {
        let mut own = self.segments.iter().peekable();
        let mut other = path.iter().map(AsRef::as_ref).peekable();
        loop {
            match (own.peek(), other.peek()) {
                (None, _) => return Relation::Covers,
                (Some(_), None) => return Relation::Inside,
                (Some(a), Some(b)) if *a == b || *a == "*" => {
                    own.next();
                    other.next();
                }
                // Some pointers leave the list level out: `/properties/Containers/Image`.
                (Some(_), Some(b)) if b.bytes().all(|byte| byte.is_ascii_digit()) => {
                    other.next();
                }
                _ => return Relation::Apart,
            }
        }
    }
}

/// Where a path lies as seen from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// The other path is this one or below it.
    Covers,
    /// This path is below the other one.
    Inside,
    /// Neither.
    Apart,
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dotted)
    }
}
