//! Places inside a declaration by path.

/// The innermost item on a path that is there.
pub(super) mod innermost {
    use std::ops::Range;

    use hcl_edit::Span as _;
    use hcl_edit::expr::{Expression, ObjectKey};
    use hcl_edit::structure::{Block, Body};

    /// Functions that give their arguments on, so that a path goes through them.
    const TRANSPARENT: &[&str] =
        &["jsonencode", "merge", "tomap", "tolist", "toset", "concat", "sensitive", "nonsensitive"];

    /// The range of the innermost item of a body on a path, `None` when not even the first segment is there.
    pub(in super::super) fn in_body(body: &Body, path: &[&str]) -> Option<Range<usize>> {
        let (name, rest) = path.split_first()?;
        if let Some(attribute) = body.get_attribute(name) {
            // An argument on one line and its value are the same place; one of many lines has its own.
            let inside = in_expression(&attribute.value, rest);
            return inside.or_else(|| attribute.span());
        }
        let blocks: Vec<&Block> = body.get_blocks(name).collect();
        let (index, rest) = match rest.split_first().map(|(first, below)| (first.parse::<usize>(), below)) {
            Some((Ok(index), below)) => (index, below),
            _ => (0, rest),
        };
        let Some(block) = blocks.get(index) else {
            let dynamic = body.get_blocks("dynamic").find(|block| block.has_labels(&[*name]));
            return dynamic.and_then(|block| generated(block, rest)).or_else(|| blocks.last().and_then(|it| it.span()));
        };
        in_body(&block.body, rest).or_else(|| block.span())
    }

    fn generated(dynamic: &Block, rest: &[&str]) -> Option<Range<usize>> {
        let content = dynamic.body.get_blocks("content").next();
        content.and_then(|content| in_body(&content.body, rest)).or_else(|| dynamic.span())
    }

    /// The range of the innermost item of an expression on a path, `None` when not even the first segment is there.
    pub(in super::super) fn in_expression(expression: &Expression, path: &[&str]) -> Option<Range<usize>> {
        let (name, rest) = path.split_first()?;
        match expression {
            Expression::Object(object) => {
                let (key, value) = object.iter().find(|(key, _)| key_text(key) == Some(name))?;
                let whole = || Some(key.span()?.start..value.expr().span()?.end);
                in_expression(value.expr(), rest).or_else(whole)
            }
            Expression::Array(array) => {
                let item = match name.parse() {
                    Ok(index) => array.get(index)?,
                    // What looks at AWS names containers and their secrets rather than count them.
                    Err(_) => array.iter().find(|item| is_named(item, name))?,
                };
                in_expression(item, rest).or_else(|| item.span())
            }
            Expression::Parenthesis(inner) => in_expression(inner.inner(), path),
            Expression::FuncCall(call) if TRANSPARENT.contains(&call.name.name.as_str()) => {
                // The last object wins in a merge.
                call.args.iter().collect::<Vec<_>>().into_iter().rev().find_map(|item| in_expression(item, path))
            }
            _ => None,
        }
    }

    fn is_named(item: &Expression, name: &str) -> bool {
        let Expression::Object(object) = item else { return false };
        object.iter().any(|(key, value)| key_text(key) == Some("name") && value.expr().as_str() == Some(name))
    }

    fn key_text(key: &ObjectKey) -> Option<&str> {
        match key {
            ObjectKey::Ident(ident) => Some(ident.as_str()),
            ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
            ObjectKey::Expression(expression) => expression.as_str(),
        }
    }
}
