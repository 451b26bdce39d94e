//! Expressions to values.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ForExpr, ObjectKey, Traversal, TraversalOperator};

use super::value::Value;
use super::{Evaluator, Source, function, operator, template};
use crate::tf::expression::{Reference, Target};

/// The names that an expression sees beside those of the module.
pub(super) struct Scope<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    source: &'a Source,
    /// `each`, `count`, and what `for` and `dynamic` name; the last wins.
    pub(super) names: Vec<(String, Value)>,
}

impl<'e, 'a> Scope<'e, 'a> {
    pub(super) fn new(evaluator: &'e Evaluator<'a>, source: &'a Source) -> Self {
        Self { evaluator, source, names: Vec::new() }
    }

    /// The value of an expression; what Terraform would refuse is unknown.
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Value {
        self.attempt(expression).unwrap_or_else(|| self.unknown(expression))
    }

    /// Runs with further names.
    pub(super) fn with<T>(
        &mut self,
        names: impl IntoIterator<Item = (String, Value)>,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.names.len();
        self.names.extend(names);
        let result = run(self);
        self.names.truncate(before);
        result
    }

    fn unknown(&self, expression: &Expression) -> Value {
        let text = self.source.slice(expression.span().unwrap_or_default());
        Value::Unknown(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The value of an expression, `None` for what Terraform would refuse.
    pub(super) fn attempt(&mut self, expression: &Expression) -> Option<Value> {
        match expression {
            Expression::Null(_) => Some(Value::Null),
            Expression::Bool(bool) => Some(Value::Bool(*bool.value())),
            Expression::Number(number) => number.value().as_f64().map(Value::number),
            Expression::String(text) => Some(Value::Text(text.as_str().to_owned())),
            Expression::Array(items) => {
                items.iter().map(|item| self.attempt(item)).collect::<Option<_>>().map(Value::List)
            }
            Expression::Object(object) => {
                let mut members = BTreeMap::new();
                for (key, value) in object {
                    let key = match key {
                        ObjectKey::Ident(name) => name.as_str().to_owned(),
                        ObjectKey::Expression(Expression::Variable(name)) => name.as_str().to_owned(),
                        ObjectKey::Expression(expression) => self.attempt(expression)?.to_text()?,
                    };
                    members.insert(key, self.attempt(value.expr())?);
                }
                Some(Value::Object(members))
            }
            Expression::StringTemplate(parts) => template::quoted(self, parts),
            Expression::HeredocTemplate(heredoc) => template::heredoc(self, heredoc),
            Expression::Parenthesis(inner) => self.attempt(inner.inner()),
            Expression::Variable(name) => {
                let named = self.named(name.as_str()).cloned();
                Some(named.unwrap_or_else(|| Value::Reference(name.as_str().to_owned())))
            }
            Expression::Conditional(conditional) => {
                let condition = self.attempt(&conditional.cond_expr)?;
                match condition.as_bool() {
                    Some(true) => self.attempt(&conditional.true_expr),
                    Some(false) => self.attempt(&conditional.false_expr),
                    None => {
                        let (yes, no) = (self.attempt(&conditional.true_expr)?, self.attempt(&conditional.false_expr)?);
                        let shown = format!("{} ? {} : {}", condition.show(), yes.show(), no.show());
                        Some(if yes == no { yes } else { Value::Unknown(shown) })
                    }
                }
            }
            Expression::FuncCall(call) => function::call(self, call),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(operation) => {
                let value = self.attempt(&operation.expr)?;
                operator::unary(*operation.operator.value(), &value)
            }
            Expression::BinaryOp(operation) => {
                let (left, right) = (self.attempt(&operation.lhs_expr)?, self.attempt(&operation.rhs_expr)?);
                operator::binary(*operation.operator.value(), &left, &right)
            }
            Expression::ForExpr(for_expression) => self.for_expression(expression, for_expression),
        }
    }

    fn named(&self, name: &str) -> Option<&Value> {
        self.names.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn for_expression(&mut self, whole: &Expression, each: &ForExpr) -> Option<Value> {
        let collection = self.attempt(&each.intro.collection_expr)?;
        let Some(items) = collection.items() else {
            return collection.is_symbol().then(|| self.unknown(whole));
        };
        let (mut list, mut groups) = (Vec::new(), BTreeMap::<String, Vec<Value>>::new());
        for (key, value) in items {
            let key_name = each.intro.key_var.as_ref().map(|name| (name.as_str().to_owned(), key));
            let names = key_name.into_iter().chain([(each.intro.value_var.as_str().to_owned(), value)]);
            let step = self.with(names, |scope| {
                if let Some(condition) = &each.cond {
                    match scope.attempt(&condition.expr)?.as_bool() {
                        Some(true) => {}
                        Some(false) => return Some(true),
                        None => return Some(false),
                    }
                }
                let value = scope.attempt(&each.value_expr)?;
                match &each.key_expr {
                    None => list.push(value),
                    Some(key) => groups.entry(scope.attempt(key)?.to_text()?).or_default().push(value),
                }
                Some(true)
            })?;
            if !step {
                return Some(self.unknown(whole));
            }
        }
        if each.key_expr.is_none() {
            return Some(Value::List(list));
        }
        let member = |(key, mut values): (String, Vec<Value>)| match (each.grouping, values.len()) {
            (true, _) => Some((key, Value::List(values))),
            (false, 1) => values.pop().map(|value| (key, value)),
            // Terraform refuses two values for one key.
            (false, _) => None,
        };
        groups.into_iter().map(member).collect::<Option<_>>().map(Value::Object)
    }

    fn traversal(&mut self, traversal: &Traversal) -> Option<Value> {
        let operators = &traversal.operators;
        let (value, operators) = match &traversal.expr {
            Expression::Variable(name) => match self.named(name.as_str()) {
                Some(value) => (value.clone(), operators.as_slice()),
                None => {
                    let reference = Reference { root: name.as_str(), operators, range: 0..0 };
                    match reference.target() {
                        Target::Address(address) => (self.evaluator.value(&address), reference.rest()),
                        _ => (Value::Reference(name.as_str().to_owned()), operators.as_slice()),
                    }
                }
            },
            other => (self.attempt(other)?, operators.as_slice()),
        };
        self.steps(value, operators)
    }

    fn steps(&mut self, value: Value, operators: &[hcl_edit::Decorated<TraversalOperator>]) -> Option<Value> {
        let Some((first, rest)) = operators.split_first() else { return Some(value) };
        let key = match first.value() {
            TraversalOperator::GetAttr(name) => Value::Text(name.as_str().to_owned()),
            TraversalOperator::Index(index) => self.attempt(index)?,
            TraversalOperator::LegacyIndex(index) => Value::number(*index.value() as f64),
            TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => return self.splat(value, rest),
        };
        let next = match (value, first.value()) {
            (Value::Instance(name) | Value::Reference(name), TraversalOperator::GetAttr(member)) => {
                Value::Reference(format!("{name}.{}", member.as_str()))
            }
            (Value::Instance(name) | Value::Reference(name), _) => Value::Reference(format!("{name}[{}]", key.show())),
            (Value::Unknown(name), TraversalOperator::GetAttr(member)) => {
                Value::Unknown(format!("{name}.{}", member.as_str()))
            }
            (Value::Unknown(name), _) => Value::Unknown(format!("{name}[{}]", key.show())),
            (value, _) if key.is_symbol() => Value::Unknown(format!("{}[{}]", value.show(), key.show())),
            (Value::List(items), _) => items.into_iter().nth(key.as_count()?)?,
            (Value::Object(mut members), _) => members.remove(&key.to_text()?)?,
            _ => return None,
        };
        self.steps(next, rest)
    }

    fn splat(&mut self, value: Value, rest: &[hcl_edit::Decorated<TraversalOperator>]) -> Option<Value> {
        match value {
            Value::List(items) => {
                let each = items.into_iter().map(|item| self.steps(item, rest));
                each.collect::<Option<_>>().map(Value::List)
            }
            Value::Null => Some(Value::List(Vec::new())),
            Value::Reference(name) => self.steps(Value::Reference(format!("{name}[*]")), rest),
            Value::Unknown(name) => self.steps(Value::Unknown(format!("{name}[*]")), rest),
            one => self.steps(one, rest).map(|one| Value::List(vec![one])),
        }
    }
}
