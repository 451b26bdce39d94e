//! The references and function calls of expressions.

use std::ops::Range;

use hcl_edit::expr::{Expression, FuncCall, ObjectKey, TraversalOperator};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Directive, Element, Template};
use hcl_edit::{Decorated, Span as _};

use super::module::{Declaration, Kind};

/// A name that an expression reads, with what it reads of it.
#[derive(Debug, Clone)]
pub struct Reference<'a> {
    /// The first name: `aws_vpc` in `aws_vpc.main.id`.
    pub root: &'a str,
    /// Everything after the first name.
    pub operators: &'a [Decorated<TraversalOperator>],
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A declaration: `aws_vpc.main`, `var.region`, `local.tags`, `data.aws_region.current`.
    Address(String),
    /// `each`, `count`, `self`, `path` or `terraform`.
    Builtin(String),
    /// A name with nothing after it, or with an index where a name should stand.
    Incomplete,
}

impl<'a> Reference<'a> {
    /// What it names.
    pub fn target(&self) -> Target {
        if matches!(self.root, "each" | "count" | "self" | "path" | "terraform") {
            return Target::Builtin(self.root.to_owned());
        }
        let names = self.names(self.address_operators());
        if names.len() < self.address_operators() {
            return Target::Incomplete;
        }
        let root = if self.root == "resource" { None } else { Some(self.root) };
        Target::Address(root.into_iter().chain(names).collect::<Vec<_>>().join("."))
    }

    /// What stands after the address: `[0].id` in `aws_subnet.a[0].id`.
    pub fn rest(&self) -> &'a [Decorated<TraversalOperator>] {
        self.operators.get(self.address_operators()..).unwrap_or_default()
    }

    fn address_operators(&self) -> usize {
        if matches!(self.root, "data" | "ephemeral" | "resource") { 2 } else { 1 }
    }

    /// The names right after the root, at most so many.
    pub fn names(&self, most: usize) -> Vec<&'a str> {
        self.operators.iter().take(most).map_while(|operator| attribute_name(operator)).collect()
    }
}

/// The name that `.name` reads.
pub fn attribute_name(operator: &TraversalOperator) -> Option<&str> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(name.as_str()),
        _ => None,
    }
}

/// What an expression does that reaches out of it.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// It reads a name.
    Reference(Reference<'a>),
    /// It calls a function.
    Call(&'a FuncCall),
}

/// Calls `visit` for all that the expressions of a declaration read and call. Names that are no references, such as
/// the `provider` of a resource, the `type` of a variable and `ignore_changes`, are left out.
pub fn visit_declaration<'a>(declaration: &'a Declaration, visit: &mut dyn FnMut(Event<'a>)) {
    let mut scope = Vec::new();
    match (declaration.body(), declaration.value()) {
        (Some(body), _) => visit_body(declaration.kind(), body, &mut Vec::new(), &mut scope, visit),
        (None, Some(value)) => visit_expression(value, &mut scope, visit),
        (None, None) => {}
    }
}

/// Whether an argument holds names that are no references.
pub fn is_keyword_argument(kind: Kind, blocks: &[&str], argument: &str) -> bool {
    match (kind, blocks, argument) {
        (Kind::Terraform, ..) | (Kind::Moved | Kind::Removed, _, "from" | "to") => true,
        (Kind::Import, _, "to" | "provider") | (Kind::Variable, [], "type") | (Kind::Module, [], "providers") => true,
        (Kind::Resource | Kind::Data | Kind::Ephemeral, blocks, argument) => matches!(
            (blocks, argument),
            ([], "provider") | (["lifecycle"], "ignore_changes") | (["provisioner", ..], "when" | "on_failure")
        ),
        _ => false,
    }
}

fn visit_body<'a>(
    kind: Kind,
    body: &'a Body,
    blocks: &mut Vec<&'a str>,
    scope: &mut Vec<&'a str>,
    visit: &mut dyn FnMut(Event<'a>),
) {
    // What `iterator` names is a symbol, and `labels` and `content` see it; `for_each` does not.
    let dynamic = blocks.last() == Some(&"dynamic");
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                let name = attribute.key.as_str();
                if !(is_keyword_argument(kind, blocks, name) || dynamic && name == "iterator") {
                    visit_expression(&attribute.value, scope, visit);
                }
            }
            Structure::Block(block) => {
                let before = scope.len();
                let iterator = if block.has_ident("dynamic") { iterator_name(block) } else { None };
                blocks.push(block.ident.as_str());
                if let Some(iterator) = iterator {
                    for argument in block.body.attributes().filter(|argument| !argument.has_key("iterator")) {
                        let inner = argument.has_key("labels").then_some(iterator);
                        scope.extend(inner);
                        visit_expression(&argument.value, scope, visit);
                        scope.truncate(before);
                    }
                    scope.push(iterator);
                    for content in block.body.blocks() {
                        blocks.push(content.ident.as_str());
                        visit_body(kind, &content.body, blocks, scope, visit);
                        blocks.pop();
                    }
                } else {
                    visit_body(kind, &block.body, blocks, scope, visit);
                }
                blocks.pop();
                scope.truncate(before);
            }
        }
    }
}

/// The name under which a `dynamic` block's content reads the current item: `iterator`, or else the label.
pub fn iterator_name(dynamic: &hcl_edit::structure::Block) -> Option<&str> {
    match dynamic.body.get_attribute("iterator").map(|attribute| &attribute.value) {
        Some(Expression::Variable(name)) => Some(name.as_str()),
        _ => dynamic.labels.first().map(|label| label.as_str()),
    }
}

/// Calls `visit` for all that an expression reads and calls. Names in `scope` are those of an enclosing `for`.
pub fn visit_expression<'a>(expression: &'a Expression, scope: &mut Vec<&'a str>, visit: &mut dyn FnMut(Event<'a>)) {
    match expression {
        Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) | Expression::String(_) => {}
        Expression::Array(array) => array.iter().for_each(|item| visit_expression(item, scope, visit)),
        Expression::Object(object) => {
            for (key, value) in object {
                match key {
                    // A bare name is the key itself.
                    ObjectKey::Ident(_) | ObjectKey::Expression(Expression::Variable(_)) => {}
                    ObjectKey::Expression(key) => visit_expression(key, scope, visit),
                }
                visit_expression(value.expr(), scope, visit);
            }
        }
        Expression::StringTemplate(template) => visit_template(template, scope, visit),
        Expression::HeredocTemplate(heredoc) => visit_template(&heredoc.template, scope, visit),
        Expression::Parenthesis(inner) => visit_expression(inner.inner(), scope, visit),
        Expression::Variable(name) => {
            if !scope.contains(&name.as_str()) {
                let range = name.span().unwrap_or_default();
                visit(Event::Reference(Reference { root: name.as_str(), operators: &[], range }));
            }
        }
        Expression::Conditional(conditional) => {
            visit_expression(&conditional.cond_expr, scope, visit);
            visit_expression(&conditional.true_expr, scope, visit);
            visit_expression(&conditional.false_expr, scope, visit);
        }
        Expression::FuncCall(call) => {
            visit(Event::Call(call));
            call.args.iter().for_each(|argument| visit_expression(argument, scope, visit));
        }
        Expression::Traversal(traversal) => {
            match &traversal.expr {
                Expression::Variable(name) if !scope.contains(&name.as_str()) => {
                    let start = name.span().unwrap_or_default();
                    let end = traversal.operators.last().and_then(|last| last.span()).map_or(start.end, |it| it.end);
                    let range = start.start..end;
                    let operators = &traversal.operators;
                    visit(Event::Reference(Reference { root: name.as_str(), operators, range }));
                }
                other => visit_expression(other, scope, visit),
            }
            for operator in &traversal.operators {
                if let TraversalOperator::Index(index) = operator.value() {
                    visit_expression(index, scope, visit);
                }
            }
        }
        Expression::UnaryOp(operation) => visit_expression(&operation.expr, scope, visit),
        Expression::BinaryOp(operation) => {
            visit_expression(&operation.lhs_expr, scope, visit);
            visit_expression(&operation.rhs_expr, scope, visit);
        }
        Expression::ForExpr(for_expression) => {
            let intro = &for_expression.intro;
            visit_expression(&intro.collection_expr, scope, visit);
            let before = scope.len();
            scope.extend(intro.key_var.iter().map(|name| name.as_str()));
            scope.push(intro.value_var.as_str());
            if let Some(key) = &for_expression.key_expr {
                visit_expression(key, scope, visit);
            }
            visit_expression(&for_expression.value_expr, scope, visit);
            if let Some(condition) = &for_expression.cond {
                visit_expression(&condition.expr, scope, visit);
            }
            scope.truncate(before);
        }
    }
}

fn visit_template<'a>(template: &'a Template, scope: &mut Vec<&'a str>, visit: &mut dyn FnMut(Event<'a>)) {
    for element in template {
        match element {
            Element::Literal(_) => {}
            Element::Interpolation(interpolation) => visit_expression(&interpolation.expr, scope, visit),
            Element::Directive(directive) => match directive.as_ref() {
                Directive::If(directive) => {
                    visit_expression(&directive.if_expr.cond_expr, scope, visit);
                    visit_template(&directive.if_expr.template, scope, visit);
                    if let Some(otherwise) = &directive.else_expr {
                        visit_template(&otherwise.template, scope, visit);
                    }
                }
                Directive::For(directive) => {
                    let for_expression = &directive.for_expr;
                    visit_expression(&for_expression.collection_expr, scope, visit);
                    let before = scope.len();
                    scope.extend(for_expression.key_var.iter().map(|name| name.as_str()));
                    scope.push(for_expression.value_var.as_str());
                    visit_template(&for_expression.template, scope, visit);
                    scope.truncate(before);
                }
            },
        }
    }
}
