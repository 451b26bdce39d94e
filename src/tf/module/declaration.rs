//! One thing that a module declares.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Body};

use super::Source;
use super::path::innermost;
use crate::diagnostics::Span;

/// What a declaration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `terraform`: versions, providers and the backend.
    Terraform,
    /// `provider "aws"`.
    Provider,
    /// `variable "name"`.
    Variable,
    /// One argument of a `locals` block.
    Local,
    /// `data "type" "name"`.
    Data,
    /// `resource "type" "name"`, which Terraform manages.
    Resource,
    /// `ephemeral "type" "name"`, of which nothing is stored.
    Ephemeral,
    /// `output "name"`.
    Output,
    /// `moved`.
    Moved,
    /// `removed`.
    Removed,
    /// `import`.
    Import,
    /// `check "name"`.
    Check,
    /// `module "name"`.
    Module,
    /// A block that Terraform does not know at this place.
    Unknown,
}

impl Kind {
    pub(super) fn of(block: &str) -> Self {
        match block {
            "terraform" => Self::Terraform,
            "provider" => Self::Provider,
            "variable" => Self::Variable,
            "data" => Self::Data,
            "resource" => Self::Resource,
            "ephemeral" => Self::Ephemeral,
            "output" => Self::Output,
            "moved" => Self::Moved,
            "removed" => Self::Removed,
            "import" => Self::Import,
            "check" => Self::Check,
            "module" => Self::Module,
            _ => Self::Unknown,
        }
    }

    /// How many labels its block has.
    pub fn labels(self) -> usize {
        match self {
            Self::Data | Self::Resource | Self::Ephemeral => 2,
            Self::Provider | Self::Variable | Self::Output | Self::Check | Self::Module => 1,
            Self::Terraform | Self::Local | Self::Moved | Self::Removed | Self::Import | Self::Unknown => 0,
        }
    }

    /// Whether other expressions can refer to it.
    pub fn is_addressable(self) -> bool {
        matches!(
            self,
            Self::Variable | Self::Local | Self::Data | Self::Resource | Self::Ephemeral | Self::Output | Self::Module
        )
    }

    /// Whether it is of a provider's type and may have many instances.
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Data | Self::Resource | Self::Ephemeral)
    }
}

#[derive(Debug)]
enum Content {
    Block(Block),
    Local(Attribute),
}

/// One thing that a module declares: a block, or one argument of a `locals` block.
#[derive(Debug)]
pub struct Declaration {
    kind: Kind,
    address: String,
    source: Arc<Source>,
    content: Content,
}

impl Declaration {
    pub(super) fn block(block: Block, source: Arc<Source>) -> Self {
        let kind = Kind::of(&block.ident);
        let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
        let address = match kind {
            Kind::Resource => labels.join("."),
            Kind::Variable => format!("var.{}", labels.join(".")),
            _ => std::iter::once(block.ident.as_str()).chain(labels).collect::<Vec<_>>().join("."),
        };
        Self { kind, address, source, content: Content::Block(block) }
    }

    pub(super) fn local(attribute: Attribute, source: Arc<Source>) -> Self {
        let address = format!("local.{}", attribute.key.as_str());
        Self { kind: Kind::Local, address, source, content: Content::Local(attribute) }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How expressions name it: `aws_vpc.main`, `data.aws_region.current`, `ephemeral.aws_ssm_parameter.key`,
    /// `var.region`, `local.tags`, `output.url`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its own name, the last part of the address; empty for a block without a label.
    pub fn name(&self) -> &str {
        match &self.content {
            Content::Local(attribute) => attribute.key.as_str(),
            Content::Block(block) => block.labels.last().map_or("", |label| label.as_str()),
        }
    }

    /// The provider's type, `aws_vpc`. `None` for what has none.
    pub fn type_name(&self) -> Option<&str> {
        let block = self.as_block()?;
        self.kind.is_typed().then(|| block.labels.first().map(|label| label.as_str()))?
    }

    /// The file's name.
    pub fn file(&self) -> &Arc<str> {
        self.source.name()
    }

    /// The file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The lines of the whole block, or of the local value, from 1.
    pub fn lines(&self) -> RangeInclusive<u32> {
        self.source.lines(self.range())
    }

    /// The line on which it starts, from 1.
    pub fn header_line(&self) -> u32 {
        self.source.line(self.range().start)
    }

    /// The place of its header: the block's name and labels, or the local value's name.
    pub fn header_span(&self) -> Span {
        let (start, end) = match &self.content {
            Content::Local(attribute) => return self.source.span(attribute.key.span().unwrap_or_default()),
            Content::Block(block) => (block.ident.span(), block.labels.last().and_then(|label| label.span())),
        };
        let start = start.unwrap_or_default();
        self.source.span(start.start..end.map_or(start.end, |end| end.end))
    }

    /// The place of a node of this declaration.
    pub fn span(&self, range: Option<Range<usize>>) -> Span {
        self.source.span(range.unwrap_or_else(|| self.range()))
    }

    /// The block. `None` for a local value.
    pub fn as_block(&self) -> Option<&Block> {
        match &self.content {
            Content::Block(block) => Some(block),
            Content::Local(_) => None,
        }
    }

    /// What stands between the braces. `None` for a local value.
    pub fn body(&self) -> Option<&Body> {
        self.as_block().map(|block| &block.body)
    }

    /// The value of a local, of an output (`value`) or of a variable (`default`).
    pub fn value(&self) -> Option<&Expression> {
        let name = match (&self.content, self.kind) {
            (Content::Local(attribute), _) => return Some(&attribute.value),
            (_, Kind::Output) => "value",
            (_, Kind::Variable) => "default",
            _ => return None,
        };
        self.argument(name)
    }

    /// The expression of an argument of the block itself.
    pub fn argument(&self, name: &str) -> Option<&Expression> {
        self.body()?.get_attribute(name).map(|attribute| &attribute.value)
    }

    /// The lines of an argument or block inside it, from 1: `["cidr_block"]`, `["tags", "Name"]`,
    /// `["rule", "3", "statement"]`. Blocks that repeat, and items of lists, are told apart by their index from 0;
    /// without an index it is the first. What `dynamic` generates is the `dynamic` block. Where the path goes deeper
    /// than the text, the nearest enclosing item that is there counts, at last the declaration itself.
    pub fn attribute_lines(&self, path: &[&str]) -> Option<RangeInclusive<u32>> {
        let range = match &self.content {
            Content::Local(attribute) => innermost::in_expression(&attribute.value, path),
            Content::Block(block) => innermost::in_body(&block.body, path),
        };
        Some(self.source.lines(range.unwrap_or_else(|| self.range())))
    }

    fn range(&self) -> Range<usize> {
        match &self.content {
            Content::Block(block) => block.span(),
            Content::Local(attribute) => attribute.span(),
        }
        .unwrap_or_default()
    }
}
