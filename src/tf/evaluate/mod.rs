//! What a module's text alone says of each instance: a module is expanded into instances, and every argument into the
//! value that is known without AWS, so that two renderings can be compared.
//!
//! References to attributes of resources, data sources and ephemeral resources stay symbols. That is why this is an
//! evaluator of its own and not `hcl::eval` of hcl-rs: there a value is plain data, an expression that meets a name
//! without a value is an error as a whole, and a function cannot return "`lower` of that".
//!
//! Values are JSON:
//! * `{"$ref": "aws_vpc.main.id"}` is the attribute; inside text it is `${aws_vpc.main.id}`.
//! * `{"$json": tree}` is what `jsonencode` makes of the tree.
//! * `{"$unknown": "lower(aws_vpc.main.id)"}` is what only Terraform knows.
//!
//! A text that itself has `${` in it, written `$${` in HCL, is not told apart from a reference.

mod expression;
mod function;
mod operator;
mod template;
#[cfg(test)]
mod tests;
mod value;

use std::cell::RefCell;
use std::collections::BTreeMap;

use hcl_edit::structure::{Body, Structure};
use serde_json::{Map, Value as Json};

use super::expression::iterator_name;
use super::module::{Declaration, Kind, Module, Source};
use expression::Scope;
use value::Value;

/// One instance of a resource, a data source or an ephemeral resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its address: `aws_vpc.main`, `aws_subnet.private["a"]`, `aws_eip.nat[0]`; `aws_subnet.private[*]` stands for
    /// all instances when their keys are not known.
    pub address: String,
    /// The address of its declaration.
    pub declaration: String,
    /// What it is.
    pub kind: Kind,
    /// The provider's type.
    pub type_name: String,
    /// Arguments and nested blocks, blocks always as lists. What is `null`, and what Terraform itself reads
    /// (`count`, `lifecycle`, ...), is left out.
    pub arguments: Map<String, Json>,
}

/// What follows from a module's text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// The instances, by declaration in reading order, then by key.
    pub instances: Vec<Instance>,
    /// The outputs by name.
    pub outputs: Map<String, Json>,
}

/// Evaluates a module. `variables` are values for its variables, in place of their defaults; a variable that has
/// neither stays a symbol, `var.name`.
pub fn evaluate(module: &Module, variables: &BTreeMap<String, Json>) -> Evaluation {
    let evaluator = Evaluator { module, variables, known: RefCell::new(BTreeMap::new()) };
    let typed = module.declarations().iter().filter(|it| it.kind().is_typed());
    let instances = typed.flat_map(|declaration| evaluator.instances(declaration)).collect();
    let outputs = module.outputs().filter_map(|output| {
        let value = evaluator.root(output).evaluate(output.value()?);
        Some((output.name().to_owned(), value.to_json()))
    });
    Evaluation { instances, outputs: outputs.collect() }
}

/// The arguments and blocks of a declaration that has no instances, such as a provider.
pub fn arguments(module: &Module, declaration: &Declaration, variables: &BTreeMap<String, Json>) -> Map<String, Json> {
    let evaluator = Evaluator { module, variables, known: RefCell::new(BTreeMap::new()) };
    declaration.body().map(|body| block(&mut evaluator.root(declaration), body)).unwrap_or_default()
}

/// Which instances a declaration has.
#[derive(Debug, Clone)]
enum Keys {
    One,
    Count(usize),
    Each(BTreeMap<String, Value>),
    Unknown,
}

struct Evaluator<'a> {
    module: &'a Module,
    variables: &'a BTreeMap<String, Json>,
    /// The values of addresses that have been asked for; `None` while one is being computed.
    known: RefCell<BTreeMap<String, Option<Value>>>,
}

impl<'a> Evaluator<'a> {
    /// The scope of a declaration outside every `for`.
    fn root<'e>(&'e self, declaration: &'a Declaration) -> Scope<'e, 'a> {
        Scope::new(self, declaration.source())
    }

    /// What an address stands for.
    fn value(&self, address: &str) -> Value {
        match self.known.borrow().get(address) {
            Some(Some(value)) => return value.clone(),
            // It waits for itself.
            Some(None) => return Value::Unknown(address.to_owned()),
            None => {}
        }
        self.known.borrow_mut().insert(address.to_owned(), None);
        let value = self.compute(address);
        self.known.borrow_mut().insert(address.to_owned(), Some(value.clone()));
        value
    }

    fn compute(&self, address: &str) -> Value {
        let Some(declaration) = self.module.get(address) else { return Value::Reference(address.to_owned()) };
        match declaration.kind() {
            Kind::Variable => {
                let given = self.variables.get(declaration.name()).map(Value::from_json);
                let default = || Some(self.root(declaration).evaluate(declaration.value()?));
                given.or_else(default).unwrap_or_else(|| Value::Reference(address.to_owned()))
            }
            Kind::Local => declaration.value().map_or(Value::Null, |value| self.root(declaration).evaluate(value)),
            _ => match self.keys(declaration) {
                Keys::One => Value::Instance(address.to_owned()),
                Keys::Count(count) => {
                    Value::List((0..count).map(|at| Value::Instance(format!("{address}[{at}]"))).collect())
                }
                Keys::Each(items) => {
                    let instance = |key: String| {
                        let address = keyed(address, &key);
                        (key, Value::Instance(address))
                    };
                    Value::Object(items.into_keys().map(instance).collect())
                }
                Keys::Unknown => Value::Reference(address.to_owned()),
            },
        }
    }

    fn keys(&self, declaration: &'a Declaration) -> Keys {
        let mut scope = self.root(declaration);
        if let Some(count) = declaration.argument("count") {
            return match scope.evaluate(count).as_count() {
                Some(count) => Keys::Count(count),
                None => Keys::Unknown,
            };
        }
        let Some(for_each) = declaration.argument("for_each") else { return Keys::One };
        match scope.evaluate(for_each) {
            Value::Object(items) => Keys::Each(items),
            Value::List(items) => {
                let keyed = items.into_iter().map(|item| Some((item.to_text()?, item)));
                keyed.collect::<Option<_>>().map_or(Keys::Unknown, Keys::Each)
            }
            _ => Keys::Unknown,
        }
    }

    fn instances(&self, declaration: &'a Declaration) -> Vec<Instance> {
        let Some(body) = declaration.body() else { return Vec::new() };
        let make = |address: String, name: Option<(&str, Value)>| {
            let mut scope = self.root(declaration);
            if let Some((name, value)) = name {
                scope.names.push((name.to_owned(), value));
            }
            let mut arguments = block(&mut scope, body);
            let meta = ["count", "for_each", "depends_on", "provider", "lifecycle", "provisioner", "connection"];
            arguments.retain(|name, _| !meta.contains(&name.as_str()));
            Instance {
                address,
                declaration: declaration.address().to_owned(),
                kind: declaration.kind(),
                type_name: declaration.type_name().unwrap_or_default().to_owned(),
                arguments,
            }
        };
        let address = declaration.address();
        match self.keys(declaration) {
            Keys::One => vec![make(address.to_owned(), None)],
            Keys::Count(count) => {
                let index = |at: usize| Value::object([("index", Value::number(at as f64))]);
                (0..count).map(|at| make(format!("{address}[{at}]"), Some(("count", index(at))))).collect()
            }
            Keys::Each(items) => {
                let items = items.into_iter();
                items
                    .map(|(key, value)| {
                        let own = keyed(address, &key);
                        let each = Value::object([("key", Value::Text(key)), ("value", value)]);
                        make(own, Some(("each", each)))
                    })
                    .collect()
            }
            Keys::Unknown => vec![make(format!("{address}[*]"), None)],
        }
    }
}

/// The address of one instance of a declaration with `for_each`.
fn keyed(address: &str, key: &str) -> String {
    format!("{address}[{}]", Json::from(key))
}

/// The arguments and blocks of a body.
fn block(scope: &mut Scope<'_, '_>, body: &Body) -> Map<String, Json> {
    let mut members = Map::new();
    let push = |members: &mut Map<String, Json>, name: &str, item: Json| {
        let list = members.entry(name).or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(items) = list {
            items.push(item);
        }
    };
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                let value = scope.evaluate(&attribute.value).to_json();
                if !value.is_null() {
                    members.insert(attribute.key.as_str().to_owned(), value);
                }
            }
            Structure::Block(dynamic) if dynamic.has_ident("dynamic") => {
                let Some(label) = dynamic.labels.first() else { continue };
                for item in generated(scope, dynamic) {
                    push(&mut members, label.as_str(), item);
                }
            }
            Structure::Block(nested) => {
                let item = Json::Object(block(scope, &nested.body));
                push(&mut members, nested.ident.as_str(), item);
            }
        }
    }
    members
}

/// The blocks that a `dynamic` block makes.
fn generated(scope: &mut Scope<'_, '_>, dynamic: &hcl_edit::structure::Block) -> Vec<Json> {
    let content = dynamic.body.get_blocks("content").next();
    let for_each = dynamic.body.get_attribute("for_each");
    let (Some(content), Some(for_each), Some(name)) = (content, for_each, iterator_name(dynamic)) else {
        return Vec::new();
    };
    let value = scope.evaluate(&for_each.value);
    let Some(items) = value.items() else { return vec![Value::Unknown(value.show()).to_json()] };
    let make = |(key, value): (Value, Value)| {
        let own = Value::object([("key", key), ("value", value)]);
        scope.with([(name.to_owned(), own)], |scope| Json::Object(block(scope, &content.body)))
    };
    items.into_iter().map(make).collect()
}
