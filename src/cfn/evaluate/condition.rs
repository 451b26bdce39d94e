//! Conditions: true, false, or not known yet.

use super::{Evaluator, is_known, text_of};
use crate::cfn::template::Node;

impl Evaluator<'_> {
    /// The value of a condition; one that is not declared, or depends on itself, is not known.
    pub fn condition(&self, name: &str) -> Option<bool> {
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        // Found by a condition that depends on itself.
        self.conditions.borrow_mut().insert(name.to_owned(), None);
        let member = self.template.section("Conditions").and_then(|conditions| conditions.get(name));
        let value = member.and_then(|member| self.test(&member.node));
        self.conditions.borrow_mut().insert(name.to_owned(), value);
        value
    }

    fn test(&self, node: &Node) -> Option<bool> {
        let (name, member) = node.as_map().filter(|map| map.len() == 1)?.first()?;
        let argument = &member.node;
        match name.as_str() {
            "Condition" => self.condition(argument.as_str()?),
            "Fn::Equals" => {
                let [left, right] = argument.as_list()? else { return None };
                let (left, right) = (self.value(left)?, self.value(right)?);
                if !is_known(&left) || !is_known(&right) {
                    return None;
                }
                // `true` and `"true"` are the same to CloudFormation.
                Some(match (text_of(&left), text_of(&right)) {
                    (Some(left), Some(right)) => left == right,
                    _ => left == right,
                })
            }
            "Fn::Not" => argument.as_list()?.first().and_then(|inner| self.test(inner)).map(|value| !value),
            "Fn::And" => self.all(argument.as_list()?, true),
            "Fn::Or" => self.all(argument.as_list()?, false).map(|none| !none),
            _ => None,
        }
    }

    /// Whether all tests have the wanted value; one that has not decides, whatever is not known.
    fn all(&self, tests: &[Node], wanted: bool) -> Option<bool> {
        let mut unknown = false;
        for test in tests {
            match self.test(test) {
                Some(value) if value != wanted => return Some(false),
                Some(_) => {}
                None => unknown = true,
            }
        }
        (!unknown).then_some(true)
    }
}
