//! Why a text is no template.

use std::sync::Arc;

use thiserror::Error;

use super::Place;
use crate::cfn::codes;
use crate::diagnostics::{Diagnostic, Span};

/// A text that is no template, with the place where that shows.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{name}:{line}:{column}: {reason}", line = place.start.line, column = place.start.column)]
pub struct ParseError {
    /// The template's name as it was given.
    pub name: Arc<str>,
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: ParseErrorReason,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParseErrorReason {
    /// Neither YAML nor JSON.
    #[error("{0}")]
    Syntax(String),
    /// Nothing but space and comments.
    #[error("the template is empty")]
    Empty,
    /// A second `---` document.
    #[error("a template is one document, and this is a second one")]
    SeveralDocuments,
    /// A key that its map has already.
    #[error("the key `{0}` is there twice")]
    DuplicateKey(String),
    /// A key that is a list or a map.
    #[error("a key must be a scalar")]
    KeyNotScalar,
    /// An alias, `*name`.
    #[error("CloudFormation takes no YAML aliases")]
    Alias,
    /// An anchor, `&name`.
    #[error("CloudFormation takes no YAML anchors")]
    Anchor,
    /// A merge key, `<<`.
    #[error("CloudFormation takes no YAML merge keys")]
    MergeKey,
    /// Lists and maps inside each other beyond [`super::MAX_DEPTH`].
    #[error("more than {limit} lists and maps inside each other", limit = super::MAX_DEPTH)]
    TooDeep,
    /// A tag that is no intrinsic function.
    #[error("`{0}` is no intrinsic function of CloudFormation")]
    UnknownTag(String),
    /// A scalar that its tag does not fit.
    #[error("`{text}` is not what its tag `{tag}` says")]
    TagMismatch {
        /// The tag.
        tag: String,
        /// The scalar.
        text: String,
    },
    /// `!GetAtt` of something that is not `Resource.Attribute` or a list.
    #[error("!GetAtt takes `Resource.Attribute` or a list")]
    GetAttShape,
    /// The document is no map.
    #[error("a template is a map, and this is {0}")]
    NotAMap(&'static str),
    /// A section that is no map.
    #[error("the section {section} must be a map, and this is {found}")]
    SectionNotAMap {
        /// Its name.
        section: String,
        /// What it is.
        found: &'static str,
    },
    /// A member of a section that is no map.
    #[error("[/{section}/{id}] must be a map, and this is {found}")]
    MemberNotAMap {
        /// The section.
        section: &'static str,
        /// The member's name.
        id: String,
        /// What it is.
        found: &'static str,
    },
    /// No resources.
    #[error("At least one Resources member must be defined.")]
    NoResources,
    /// A resource without `Type`.
    #[error("[/Resources/{0}] Every Resources object must contain a Type member.")]
    NoType(String),
    /// A top-level key that is no section.
    #[error("Invalid template property or properties [{0}]")]
    UnknownSection(String),
}

impl ParseError {
    /// As a finding.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let span = Span { file: self.name.clone(), start: self.place.start, end: self.place.end };
        let finding = Diagnostic::error(codes::TEMPLATE_SYNTAX, self.reason.to_string()).with_span(Some(span));
        match self.reason {
            ParseErrorReason::Alias | ParseErrorReason::Anchor | ParseErrorReason::MergeKey => {
                finding.with_help("write the value out at each place")
            }
            _ => finding,
        }
    }
}
