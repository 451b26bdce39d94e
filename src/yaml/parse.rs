//! Text to a [`Node`]. JSON is YAML's flow style, so one parser reads both.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, StructureStyle};

use super::aliases::{Anchors, merge, merged_maps};
use super::{Aliases, Found, MAX_DEPTH, Map, Member, Node, Place, Problem, Scalar, Tag, Value};
use crate::diagnostics::Position;

/// The only document of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The tree.
    pub root: Node,
    /// Keys that are there twice; the tree has the last value of each.
    pub duplicates: Vec<Found>,
}

/// Reads the only document of a text. Total: any text gives a tree or a problem.
///
/// # Errors
/// The first problem after which no tree can be made.
pub fn parse(text: &str, aliases: Aliases) -> Result<Document, Found> {
    let options = granit_parser::options! { emit_comments: false };
    let mut builder = Builder::new(aliases);
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let at = position(error.marker());
            let problem = match error.kind() {
                ErrorKind::RecursionLimitExceeded => Problem::TooDeep,
                _ => Problem::Syntax(error.info()),
            };
            Found { place: Place { start: at, end: at }, problem }
        })?;
        let place = Place { start: position(&span.start), end: position(&span.end) };
        let tag_start = span.tag_start.as_ref().map_or(place.start, position);
        builder.take(event, place, tag_start).map_err(|problem| Found { place, problem })?;
    }
    let start = Position { line: 1, column: 1 };
    match builder.root {
        Some(root) => Ok(Document { root, duplicates: builder.duplicates }),
        None => Err(Found { place: Place { start, end: start }, problem: Problem::Empty }),
    }
}

/// The parser counts lines from 1 and columns from 0.
fn position(marker: &Marker) -> Position {
    let line = u32::try_from(marker.line().max(1)).unwrap_or(u32::MAX);
    let column = u32::try_from(marker.col().saturating_add(1)).unwrap_or(u32::MAX);
    Position { line, column }
}

/// A list or map that has not ended.
struct Open {
    content: Content,
    place: Place,
    tag: Option<Tag>,
    anchor: usize,
    /// A block collection ends where its last value does; its end event comes after blank lines and comments.
    flow: bool,
}

enum Content {
    List(Vec<Node>),
    Map { members: Map, key: Option<(String, Place)>, merged: Vec<Map> },
}

struct Builder {
    aliases: Aliases,
    anchors: Anchors,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    duplicates: Vec<Found>,
}

impl Builder {
    fn new(aliases: Aliases) -> Self {
        Self {
            aliases,
            anchors: Anchors::default(),
            open: Vec::new(),
            root: None,
            documents: 0,
            duplicates: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'_>, place: Place, tag_start: Position) -> Result<(), Problem> {
        let tag = event.tag().map(|tag| Tag { text: tag_text(tag), start: tag_start });
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Problem::SeveralDocuments);
                }
            }
            Event::Alias(anchor) => self.alias(anchor, place)?,
            Event::UnresolvedAlias(_) => return Err(Problem::Alias),
            Event::Anchor(..) => return Err(Problem::Anchor),
            Event::Scalar(text, style, anchor, _) => {
                self.allow_anchor(anchor)?;
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                // The parser ends a block scalar inside the indentation of what follows.
                let end = if block { Position { column: 1, ..place.end } } else { place.end };
                let place = Place { end: end.max(place.start), ..place };
                self.scalar(text, style == ScalarStyle::Plain, anchor, tag, place)?;
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(Content::List(Vec::new()), style, anchor, tag, place)?;
            }
            Event::MappingStart(style, anchor, _) => {
                let content = Content::Map { members: Map::default(), key: None, merged: Vec::new() };
                self.start(content, style, anchor, tag, place)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place)?,
            _ => {}
        }
        Ok(())
    }

    fn allow_anchor(&self, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 && self.aliases == Aliases::Refuse { Err(Problem::Anchor) } else { Ok(()) }
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Problem> {
        if self.aliases == Aliases::Refuse {
            return Err(Problem::Alias);
        }
        if self.awaits_key() {
            return Err(Problem::KeyNotScalar);
        }
        let (node, depth) = self.anchors.repeat(anchor)?;
        if self.open.len() + depth > MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        // A scalar is where it is used; the keys of a map are where they are written.
        let place = if node.as_scalar().is_some() { place } else { node.place };
        self.add(Node { place, ..node })
    }

    fn start(
        &mut self,
        content: Content,
        style: StructureStyle,
        anchor: usize,
        tag: Option<Tag>,
        place: Place,
    ) -> Result<(), Problem> {
        self.allow_anchor(anchor)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        if self.awaits_key() {
            return Err(Problem::KeyNotScalar);
        }
        self.open.push(Open { content, place, tag, anchor, flow: style == StructureStyle::Flow });
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        plain: bool,
        anchor: usize,
        tag: Option<Tag>,
        place: Place,
    ) -> Result<(), Problem> {
        if let Some(Open { content: Content::Map { members, key: key @ None, .. }, .. }) = self.open.last_mut() {
            if text == "<<" && plain && self.aliases == Aliases::Refuse {
                return Err(Problem::MergeKey);
            }
            if let Some(member) = members.get(text.as_ref()) {
                let problem = Problem::DuplicateKey { key: text.clone().into_owned(), first: member.key };
                self.duplicates.push(Found { place, problem });
            }
            *key = Some((text.into_owned(), place));
            return Ok(());
        }
        let node = Node { value: Value::Scalar(Scalar { text: text.into_owned(), plain }), place, tag };
        self.anchors.keep(anchor, &node);
        self.add(node)
    }

    fn end(&mut self, end: Place) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let last = match &open.content {
            Content::List(items) => items.last().map(|item| item.place.end),
            Content::Map { members, .. } => members.last().map(|(_, member)| member.node.place.end.max(member.key.end)),
        };
        // The last value may be an alias of something further up.
        let end = if open.flow { end.end } else { last.unwrap_or(open.place.end).max(open.place.end) };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { mut members, merged, .. } => {
                merge(&mut members, merged);
                Value::Map(members)
            }
        };
        let node = Node { value, place: Place { start: open.place.start, end }, tag: open.tag };
        self.anchors.keep(open.anchor, &node);
        self.add(node)
    }

    fn add(&mut self, node: Node) -> Result<(), Problem> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { content: Content::List(items), .. }) => items.push(node),
            Some(Open { content: Content::Map { members, key, merged }, .. }) => match key.take() {
                Some((name, _)) if name == "<<" && self.aliases == Aliases::Expand => {
                    merged.extend(merged_maps(node).ok_or(Problem::MergeValue)?);
                }
                Some((name, place)) => {
                    members.insert(name, Member { key: place, node });
                }
                None => {}
            },
        }
        Ok(())
    }
}

/// The tag as it was written; tags of YAML itself in their short form.
fn tag_text(tag: &granit_parser::Tag) -> String {
    match tag.core_suffix() {
        Some(core) => format!("!!{core}"),
        None if tag.handle() == "!" => format!("!{}", tag.suffix()),
        None => tag.original(),
    }
}
