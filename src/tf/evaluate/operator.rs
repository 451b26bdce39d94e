//! Arithmetic, comparison and logic.

use hcl_edit::expr::{BinaryOperator, UnaryOperator};

use super::value::Value;

pub(super) fn unary(operator: UnaryOperator, value: &Value) -> Option<Value> {
    if value.is_symbol() {
        let sign = if operator == UnaryOperator::Not { '!' } else { '-' };
        return Some(Value::Unknown(format!("{sign}{}", value.show())));
    }
    match operator {
        UnaryOperator::Neg => value.as_f64().map(|number| Value::number(-number)),
        UnaryOperator::Not => value.as_bool().map(|bool| Value::Bool(!bool)),
    }
}

pub(super) fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    use BinaryOperator as Op;
    let unknown = || Some(Value::Unknown(format!("{} {operator} {}", left.show(), right.show())));
    match operator {
        Op::Eq | Op::NotEq => {
            let same = left == right;
            // Two symbols may be the same value under two names.
            if !same && (left.has_symbol() || right.has_symbol()) {
                return unknown();
            }
            Some(Value::Bool(same == (operator == Op::Eq)))
        }
        Op::And | Op::Or => {
            let decides = operator == Op::Or;
            match (left.as_bool(), right.as_bool()) {
                (Some(one), _) | (_, Some(one)) if one == decides => Some(Value::Bool(decides)),
                (Some(_), Some(_)) => Some(Value::Bool(!decides)),
                _ if left.is_symbol() || right.is_symbol() => unknown(),
                _ => None,
            }
        }
        _ if left.is_symbol() || right.is_symbol() => unknown(),
        _ => {
            let (left, right) = (left.as_f64()?, right.as_f64()?);
            Some(match operator {
                Op::Plus => Value::number(left + right),
                Op::Minus => Value::number(left - right),
                Op::Mul => Value::number(left * right),
                Op::Div if right == 0.0 => return None,
                Op::Div => Value::number(left / right),
                Op::Mod if right == 0.0 => return None,
                Op::Mod => Value::number(left % right),
                Op::Less => Value::Bool(left < right),
                Op::LessEq => Value::Bool(left <= right),
                Op::Greater => Value::Bool(left > right),
                _ => Value::Bool(left >= right),
            })
        }
    }
}
