//! YAML or JSON text to a [`Node`]. JSON is YAML's flow style, so one loader reads both.

use std::borrow::Cow;

use granit_parser::{Event, Marker, Parser, ScalarStyle, StructureStyle, Tag};

use super::error::ParseErrorReason as Reason;
use super::{MAX_DEPTH, Map, Member, Node, Place, Value, scalar, short_form};
use crate::diagnostics::Position;

/// A reason and its place.
pub(super) type Failure = (Place, Reason);

/// Reads the only document of a text. Total: any text gives a tree or a reason.
pub(super) fn load(text: &str) -> Result<Node, Failure> {
    let options = granit_parser::options! { emit_comments: false };
    let mut loader = Loader::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let at = position(error.marker());
            (Place { start: at, end: at }, Reason::Syntax(error.info()))
        })?;
        let place = Place { start: position(&span.start), end: position(&span.end) };
        let tag_start = span.tag_start.as_ref().map(position);
        loader.take(event, place, tag_start)?;
    }
    let start = Position { line: 1, column: 1 };
    loader.root.ok_or((Place { start, end: start }, Reason::Empty))
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
    tag: Option<(String, Position)>,
    /// A block collection ends where its last value does; its end event comes after blank lines and comments.
    flow: bool,
}

enum Content {
    List(Vec<Node>),
    Map { members: Map, key: Option<(String, Place)> },
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Loader {
    fn take(&mut self, event: Event<'_>, place: Place, tag_start: Option<Position>) -> Result<(), Failure> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((place, Reason::SeveralDocuments));
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => return Err((place, Reason::Alias)),
            Event::Anchor(..) => return Err((place, Reason::Anchor)),
            Event::Scalar(text, style, anchor, tag) => {
                refuse_anchor(anchor, place)?;
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                // The parser ends a block scalar inside the indentation of what follows.
                let end = if block { Position { column: 1, ..place.end } } else { place.end };
                let place = Place { end: end.max(place.start), ..place };
                self.scalar(text, style, function(tag, place, tag_start)?, place)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                refuse_anchor(anchor, place)?;
                self.start(Content::List(Vec::new()), style, function(tag, place, tag_start)?, place)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                refuse_anchor(anchor, place)?;
                let content = Content::Map { members: Map::new(), key: None };
                self.start(content, style, function(tag, place, tag_start)?, place)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place)?,
            _ => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        content: Content,
        style: StructureStyle,
        tag: Option<(String, Position)>,
        place: Place,
    ) -> Result<(), Failure> {
        if self.open.len() >= MAX_DEPTH {
            return Err((place, Reason::TooDeep));
        }
        if self.awaits_key() {
            return Err((place, Reason::KeyNotScalar));
        }
        self.open.push(Open { content, place, tag, flow: style == StructureStyle::Flow });
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<(String, Position)>,
        place: Place,
    ) -> Result<(), Failure> {
        if let Some(Open { content: Content::Map { members, key: key @ None }, .. }) = self.open.last_mut() {
            if text == "<<" && style == ScalarStyle::Plain {
                return Err((place, Reason::MergeKey));
            }
            if members.contains_key(text.as_ref()) {
                return Err((place, Reason::DuplicateKey(text.into_owned())));
            }
            *key = Some((text.into_owned(), place));
            return Ok(());
        }
        let node = match tag {
            Some((tag, start)) => short_form::scalar(&tag, &text, style, Place { start, end: place.end }, place)?,
            None => {
                let plain = style == ScalarStyle::Plain;
                let value = if plain { scalar::plain(&text) } else { Value::String(text.into_owned()) };
                Node { value, place }
            }
        };
        self.add(node);
        Ok(())
    }

    fn end(&mut self, end: Place) -> Result<(), Failure> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let last = match &open.content {
            Content::List(items) => items.last().map(|item| item.place.end),
            Content::Map { members, .. } => members.last().map(|(_, member)| member.node.place.end.max(member.key.end)),
        };
        let end = if open.flow { end.end } else { last.unwrap_or(open.place.end) };
        let place = Place { start: open.place.start, end };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { members, .. } => Value::Map(members),
        };
        let node = Node { value, place };
        let node = match open.tag {
            Some((tag, start)) => short_form::collection(&tag, node, Place { start, end })?,
            None => node,
        };
        self.add(node);
        Ok(())
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { content: Content::List(items), .. }) => items.push(node),
            Some(Open { content: Content::Map { members, key }, .. }) => {
                if let Some((name, place)) = key.take() {
                    members.insert(name, Member { key: place, node });
                }
            }
        }
    }
}

fn refuse_anchor(anchor: usize, place: Place) -> Result<(), Failure> {
    if anchor == 0 { Ok(()) } else { Err((place, Reason::Anchor)) }
}

/// The tag as it was written, and where.
fn function(
    tag: Option<Cow<'_, Tag>>,
    place: Place,
    start: Option<Position>,
) -> Result<Option<(String, Position)>, Failure> {
    let Some(tag) = tag else { return Ok(None) };
    let start = start.unwrap_or(place.start);
    if let Some(core) = tag.core_suffix() {
        return Ok(Some((format!("!!{core}"), start)));
    }
    let text = if tag.handle() == "!" { format!("!{}", tag.suffix()) } else { tag.original() };
    if text == "!" || short_form::long_form(&text).is_some() {
        Ok(Some((text, start)))
    } else {
        Err((Place { start, end: place.start }, Reason::UnknownTag(text)))
    }
}
