//! Why a template cannot be used: found before minijinja sees it, or by a function that it calls.

use thiserror::Error;

use crate::render::codes;
use crate::render::hcl;
use crate::render::yaml::Unwritable;

/// A problem that gwinfra itself finds in a template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// `{{resolve:` in the text of a template.
    #[error("`{{{{resolve:` is no expression")]
    Resolve,
    /// An expression next to other text.
    #[error("the expression fills only a part of a value")]
    PartialValue,
    /// `sub` with something else than a string as its text.
    #[error("the text of `sub` must be written out here")]
    SubText,
    /// An annotation between other text.
    #[error("an annotation stands at the end of a line, or alone on the line above")]
    MisplacedAnnotation,
    /// An annotation without a path.
    #[error("the annotation names no key of the spec")]
    EmptyAnnotation,
    /// A character that marks lines, in the text of a template.
    #[error("the template contains the private-use character U+{0:X}")]
    Marker(u32),
    /// More lines than there are marks.
    #[error("the templates of one stack have more than 60,000 lines")]
    TooManyLines,
    /// A path that leaves the blueprint.
    #[error("the path `{0}` leaves the blueprint")]
    Confinement(String),
    /// A file of the blueprint beyond the limit.
    #[error("`{0}` has more than 1 MiB")]
    TooBig(String),
    /// A file of the blueprint that is no text.
    #[error("{0}")]
    Unreadable(String),
    /// A value that cannot be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// A value that cannot be written in HCL.
    #[error(transparent)]
    UnwritableHcl(#[from] hcl::Unwritable),
    /// A template whose name does not say what it makes.
    #[error("the name of a template ends in `.yaml.j2`, or `.tf.j2` in a root module")]
    Kind,
    /// A name that is no logical id, parameter or attribute.
    #[error("`{0}` is no name of a resource, parameter or attribute")]
    Name(String),
    /// Text for `tf` that is no reference.
    #[error("`{0}` is no expression for `tf`")]
    Expression(String),
    /// A variable of `sub` that its text does not use.
    #[error("the text of `sub` does not use the variable `{0}`")]
    UnusedVariable(String),
    /// A variable of `sub` that is a list or a map.
    #[error("the variable `{0}` of `sub` is neither a text, a number nor a reference")]
    Variable(String),
}

impl Problem {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Resolve => codes::RESOLVE,
            Self::PartialValue => codes::PARTIAL_VALUE,
            Self::SubText => codes::SUB_TEXT,
            Self::MisplacedAnnotation | Self::EmptyAnnotation => codes::ANNOTATION,
            Self::Marker(_) | Self::Unwritable(_) | Self::UnwritableHcl(_) => codes::VALUE,
            Self::TooManyLines | Self::TooBig(_) => codes::TOO_BIG,
            Self::Confinement(_) => codes::CONFINEMENT,
            Self::Unreadable(_) => codes::UNREADABLE,
            Self::Kind => codes::TEMPLATE_NOT_FOUND,
            Self::Name(_) | Self::Expression(_) | Self::UnusedVariable(_) | Self::Variable(_) => codes::OPERATION,
        }
    }

    /// The way out.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Resolve => "write `{{ secret_ref(arn, \"key\") }}`",
            Self::PartialValue => {
                "compute the whole value in the expression: `{{ \"a-\" ~ x }}`, or `{{ sub(\"a-${x}\", x=x) }}`"
            }
            Self::SubText => {
                "write the text as a string and bring values in as variables, `sub(\"${x}-role\", x=name)`; a value of the context that has references in it is `{\"Fn::Sub\": ..}` there"
            }
            Self::MisplacedAnnotation => "move `{#: ... #}` to the end of the line",
            Self::EmptyAnnotation => "name the key: `{#: ingress.idle_timeout_seconds #}`",
            Self::UnwritableHcl(hcl::Unwritable::Reference(_)) => {
                "name the expression in blueprint.yaml, below `references` of `terraform`"
            }
            Self::UnwritableHcl(hcl::Unwritable::Function(_)) => "write the expression out, or `{{ tf(\"...\") }}`",
            Self::Marker(_)
            | Self::Unwritable(Unwritable::Marker(_))
            | Self::UnwritableHcl(hcl::Unwritable::Marker(_)) => {
                "remove the character; what a macro or `set` block gives can only be printed, not computed with"
            }
            Self::Unwritable(Unwritable::DynamicReference) => {
                "name a secret where the spec takes one, not in plain values"
            }
            Self::Unwritable(Unwritable::LongKey(_)) => "shorten the key",
            Self::TooManyLines | Self::TooBig(_) => "split the templates",
            Self::Confinement(_) => "copy the file into the blueprint, and name it relative to the blueprint's root",
            Self::Unreadable(_) => return None,
            Self::Kind => "rename the template",
            Self::Name(_) => "logical ids are letters and digits; pseudo parameters begin with `AWS::`",
            Self::Expression(_) => "write names with dots and indices, such as `aws_vpc.main.id`",
            Self::UnusedVariable(_) => "remove it, or use it as `${name}`",
            Self::Variable(_) => "pass a text, a number, `ref(..)` or `getatt(..)`",
        })
    }
}

impl From<Problem> for minijinja::Error {
    fn from(problem: Problem) -> Self {
        Self::new(minijinja::ErrorKind::InvalidOperation, problem.to_string()).with_source(problem)
    }
}

/// A problem and its place in the template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct Located {
    /// What.
    pub problem: Problem,
    /// Line, from 1.
    pub line: u32,
    /// Columns in characters, from 1; the second is exclusive.
    pub columns: (u32, u32),
}

impl From<Located> for minijinja::Error {
    fn from(located: Located) -> Self {
        Self::new(minijinja::ErrorKind::SyntaxError, located.problem.to_string()).with_source(located)
    }
}
