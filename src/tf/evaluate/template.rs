//! Templates to text.

use hcl_edit::template::{Directive, Element, HeredocTemplate, StringTemplate, Strip, Template};

use super::expression::Scope;
use super::value::Value;

/// A quoted template. One that is a single `${x}` is x itself, whatever its type.
pub(super) fn quoted(scope: &mut Scope<'_, '_>, template: &StringTemplate) -> Option<Value> {
    if let Some(Element::Interpolation(only)) = template.as_single_element() {
        return scope.attempt(&only.expr);
    }
    text(scope, template, false).map(Value::Text)
}

/// A heredoc. Terraform takes the indentation of `<<-` away after the spaces that `~` strips, hcl-edit before, so the
/// two together are not known.
pub(super) fn heredoc(scope: &mut Scope<'_, '_>, heredoc: &HeredocTemplate) -> Option<Value> {
    if heredoc.indent().is_some() && strips(&heredoc.template) {
        return None;
    }
    text(scope, &heredoc.template, true).map(Value::Text)
}

fn strips(template: &Template) -> bool {
    template.iter().any(|element| {
        let inner = match element {
            Element::Directive(directive) => match directive.as_ref() {
                Directive::If(it) => {
                    strips(&it.if_expr.template) || it.else_expr.as_ref().is_some_and(|it| strips(&it.template))
                }
                Directive::For(it) => strips(&it.for_expr.template),
            },
            _ => false,
        };
        inner || marks(element).iter().any(|strip| *strip != Strip::None)
    })
}

/// The strip marks of an element's tags, from the first to the last.
fn marks(element: &Element) -> Vec<Strip> {
    match element {
        Element::Literal(_) => Vec::new(),
        Element::Interpolation(it) => vec![it.strip],
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(it) => {
                let middle = it.else_expr.as_ref().map(|it| it.strip);
                [it.if_expr.strip].into_iter().chain(middle).chain([it.endif_expr.strip]).collect()
            }
            Directive::For(it) => vec![it.for_expr.strip, it.endfor_expr.strip],
        },
    }
}

fn before(strip: Strip) -> bool {
    matches!(strip, Strip::Start | Strip::Both)
}

fn after(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}

fn text(scope: &mut Scope<'_, '_>, template: &Template, by_line: bool) -> Option<String> {
    inside(scope, template, by_line, false, false)
}

/// The text of a template whose first and last literal the tags around it may strip.
fn inside(
    scope: &mut Scope<'_, '_>,
    template: &Template,
    by_line: bool,
    strip_start: bool,
    strip_end: bool,
) -> Option<String> {
    let elements: Vec<&Element> = template.iter().collect();
    let mut result = String::new();
    for (at, element) in elements.iter().enumerate() {
        match element {
            Element::Literal(literal) => {
                let previous = at.checked_sub(1).and_then(|at| marks(elements[at]).last().copied());
                let next = elements.get(at + 1).and_then(|next| marks(next).first().copied());
                let start = if at == 0 { strip_start } else { previous.is_some_and(after) };
                let end = if at + 1 == elements.len() { strip_end } else { next.is_some_and(before) };
                result += &stripped(literal.as_str(), by_line, start, end);
            }
            Element::Interpolation(it) => result += &scope.attempt(&it.expr)?.to_text()?,
            Element::Directive(directive) => result += &self::directive(scope, directive, by_line)?,
        }
    }
    Some(result)
}

/// In a heredoc every line is a literal of its own, so `~` reaches no further than its line.
fn stripped(literal: &str, by_line: bool, start: bool, end: bool) -> String {
    let mut lines: Vec<&str> = if by_line { literal.split_inclusive('\n').collect() } else { vec![literal] };
    if let (true, Some(first)) = (start, lines.first_mut()) {
        *first = first.trim_start();
    }
    if let (true, Some(last)) = (end, lines.last_mut()) {
        *last = last.trim_end();
    }
    lines.concat()
}

fn directive(scope: &mut Scope<'_, '_>, directive: &Directive, by_line: bool) -> Option<String> {
    match directive {
        Directive::If(it) => {
            let condition = scope.attempt(&it.if_expr.cond_expr)?;
            let (if_strip, end_strip) = (it.if_expr.strip, it.endif_expr.strip);
            let until = it.else_expr.as_ref().map_or(end_strip, |it| it.strip);
            match (condition.as_bool()?, &it.else_expr) {
                (true, _) => inside(scope, &it.if_expr.template, by_line, after(if_strip), before(until)),
                (false, None) => Some(String::new()),
                (false, Some(otherwise)) => {
                    inside(scope, &otherwise.template, by_line, after(otherwise.strip), before(end_strip))
                }
            }
        }
        Directive::For(it) => {
            let each = &it.for_expr;
            let (start, end) = (after(each.strip), before(it.endfor_expr.strip));
            let mut result = String::new();
            for (key, value) in scope.attempt(&each.collection_expr)?.items()? {
                let key_name = each.key_var.as_ref().map(|name| (name.as_str().to_owned(), key));
                let names = key_name.into_iter().chain([(each.value_var.as_str().to_owned(), value)]);
                result += &scope.with(names, |scope| inside(scope, &each.template, by_line, start, end))?;
            }
            Some(result)
        }
    }
}
