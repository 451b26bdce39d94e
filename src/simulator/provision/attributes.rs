//! Read-only attributes: identifiers, ARNs, endpoints.

use serde_json::{Map, Value};

use super::shapes::SHAPES;
use super::{Origin, Place, naming};
use crate::cfn::registry::ResourceSchema;
use crate::simulator::clock::iso8601;
use crate::simulator::identity::partition;
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

/// Adds the read-only attributes of a new resource.
pub(super) fn complete(
    world: &World,
    schema: &ResourceSchema,
    place: Place<'_>,
    origin: &Origin,
    properties: &mut Map<String, Value>,
) {
    let type_name = schema.type_name();
    let made = Made { world, place, origin, type_name, name: naming::name_property(schema) };
    if type_name == "AWS::ECS::TaskDefinition" {
        let arn = made.task_definition_arn(properties);
        properties.insert("TaskDefinitionArn".to_owned(), Value::String(arn));
    }
    for (_, path, shape) in SHAPES.iter().filter(|(name, ..)| *name == type_name) {
        if !shape.is_empty()
            && lookup(properties, path).is_none()
            && offers(schema, path)
            && applies(type_name, path, properties)
        {
            let text = made.fill(shape, path, properties);
            insert(properties, path, typed(schema, path, text));
        }
    }
    for path in schema.read_only() {
        let path = path.as_str();
        if lookup(properties, path).is_none()
            && !path.contains(['.', '*'])
            && let Some(value) = made.default(schema, path, properties)
        {
            insert(properties, path, value);
        }
    }
}

/// Brings attributes up to date that follow from properties.
pub(super) fn refresh(schema: &ResourceSchema, resource: &mut Resource) {
    if schema.type_name() == "AWS::EC2::LaunchTemplate"
        && let Some(latest) = resource.text("LatestVersionNumber").and_then(|text| text.parse::<u32>().ok())
        && let Some(properties) = resource.properties.as_object_mut()
    {
        properties.insert("LatestVersionNumber".to_owned(), Value::String((latest + 1).to_string()));
    }
}

/// Attributes that only some configurations have.
fn applies(type_name: &str, path: &str, properties: &Map<String, Value>) -> bool {
    let is_set = |name: &str| {
        properties.get(name).is_some_and(|value| value == &Value::Bool(true) || value.as_str() == Some("true"))
    };
    match (type_name, path) {
        ("AWS::RDS::DBCluster", "MasterUserSecret.SecretArn") => is_set("ManageMasterUserPassword"),
        _ => true,
    }
}

/// Some shapes are of attributes that an older schema does not have.
fn offers(schema: &ResourceSchema, path: &str) -> bool {
    let top = path.split('.').next().unwrap_or(path);
    schema.properties().is_some_and(|properties| properties.contains_key(top))
}

struct Made<'a> {
    world: &'a World,
    place: Place<'a>,
    origin: &'a Origin,
    type_name: &'a str,
    name: Option<&'a str>,
}

impl Made<'_> {
    fn name(&self, properties: &Map<String, Value>) -> String {
        self.name
            .and_then(|property| properties.get(property))
            .and_then(Value::as_str)
            .map_or_else(|| format!("{}-{}", self.origin.prefix, self.origin.logical_id), str::to_owned)
    }

    fn digits(&self, path: &str, salt: &str, length: usize) -> String {
        self.world.stable_token(&[&self.origin.token, self.type_name, path, salt], length)
    }

    fn fill(&self, shape: &str, path: &str, properties: &Map<String, Value>) -> String {
        let mut result = String::new();
        let mut rest = shape;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, after) = after.split_once('}').unwrap_or((after, ""));
            result.push_str(before);
            let salt = format!("{}{word}", result.len());
            result.push_str(&self.word(word, path, &salt, properties));
            rest = after;
        }
        result.push_str(rest);
        result
    }

    fn word(&self, word: &str, path: &str, salt: &str, properties: &Map<String, Value>) -> String {
        let count = |prefix: &str| word.strip_prefix(prefix).and_then(|digits| digits.parse::<usize>().ok());
        let numbers = |length: usize, radix: u8| -> String {
            let digits = self.digits(path, salt, 64);
            digits
                .as_bytes()
                .chunks(2)
                .map(|pair| {
                    let digit = u8::from_str_radix(std::str::from_utf8(pair).unwrap_or("0"), 16).unwrap_or(0) % radix;
                    char::from_digit(u32::from(digit), 36).unwrap_or('0').to_ascii_uppercase()
                })
                .take(length)
                .collect()
        };
        let octet = |salt: &str| u8::from_str_radix(&self.digits(path, salt, 2), 16).unwrap_or(7).max(1);
        match word {
            "p" => partition(self.place.region).to_owned(),
            "r" => self.place.region.to_owned(),
            // ElastiCache writes regions in short: use1, euw1.
            "r8" => short_region(self.place.region),
            "a" => self.place.account.to_owned(),
            "name" => self.name(properties),
            "uuid" => crate::simulator::world::uuid_form(&self.digits(path, "uuid", 32)),
            // 203.0.113.0/24 is set aside for documentation.
            "ip" => format!("203.0.113.{}", octet("ip")),
            "octet" => octet(salt).to_string(),
            "now" => iso8601(self.world.now()),
            "Path" => properties.get("Path").and_then(Value::as_str).unwrap_or("/").to_owned(),
            _ => {
                if let Some(length) = count("hex") {
                    return self.digits(path, salt, length);
                }
                if let Some(length) = count("up") {
                    return numbers(length, 36);
                }
                if let Some(length) = count("num") {
                    return numbers(length, 10);
                }
                let (word, fallback) = word.split_once(':').unwrap_or((word, ""));
                let (property, after) = word.split_once('#').unwrap_or((word, ""));
                let text = lookup(properties, property).and_then(crate::simulator::request::scalar);
                let text = text
                    .unwrap_or_else(|| if fallback.is_empty() { "default".to_owned() } else { fallback.to_owned() });
                match (after.is_empty(), text.split_once(after)) {
                    (false, Some((_, tail))) => tail.to_owned(),
                    _ => text,
                }
            }
        }
    }

    fn task_definition_arn(&self, properties: &Map<String, Value>) -> String {
        let family = properties.get("Family").and_then(Value::as_str).unwrap_or("task");
        let stem = format!(
            "arn:{}:ecs:{}:{}:task-definition/{family}:",
            partition(self.place.region),
            self.place.region,
            self.place.account
        );
        // Revisions count on, also past deregistered ones.
        let counter = self
            .world
            .service(self.place.account, self.place.region, "ecs-revisions")
            .get(family)
            .and_then(Value::as_u64);
        let highest = self
            .world
            .resources_of(self.place.account, self.place.region, "AWS::ECS::TaskDefinition")
            .filter_map(|resource| resource.text("TaskDefinitionArn")?.strip_prefix(&stem)?.parse::<u64>().ok())
            .max();
        format!("{stem}{}", counter.max(highest).unwrap_or(0) + 1)
    }

    fn default(&self, schema: &ResourceSchema, path: &str, properties: &Map<String, Value>) -> Option<Value> {
        let node = schema.property_schema(&[path])?;
        let kind = match node.get("type")? {
            Value::Array(kinds) => kinds.first()?.as_str()?,
            kind => kind.as_str()?,
        };
        let own = self.type_name.rsplit("::").next().unwrap_or_default();
        let identifies = schema.primary_identifier().iter().any(|primary| primary.as_str() == path);
        match kind {
            "boolean" => Some(Value::Bool(false)),
            "integer" | "number" => Some(Value::from(0)),
            "array" => Some(Value::Array(Vec::new())),
            "string" => {
                if let Some(first) = node.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
                    return Some(first.clone());
                }
                let service = self.type_name.split("::").nth(1).unwrap_or_default().to_lowercase();
                let text = if path.ends_with("Arn") || path.ends_with("ARN") {
                    self.fill(
                        &format!("arn:{{p}}:{service}:{{r}}:{{a}}:{}/{{name}}", own.to_lowercase()),
                        path,
                        properties,
                    )
                } else if path.ends_with("Time")
                    || path.ends_with("Date")
                    || path.ends_with("At")
                    || path.ends_with("Timestamp")
                {
                    iso8601(self.world.now())
                } else if path == "Status" || path == "State" {
                    "ACTIVE".to_owned()
                } else if path.ends_with("AccountId") || path == "OwnerId" {
                    self.place.account.to_owned()
                } else if path == "VpcId" {
                    return None;
                } else if path.ends_with("Id") || identifies {
                    self.fill("{uuid}", path, properties)
                } else {
                    return None;
                };
                Some(Value::String(text))
            }
            _ => None,
        }
    }
}

fn short_region(region: &str) -> String {
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let rest: String = parts.map(|part| part.chars().next().unwrap_or('x')).collect();
    format!("{area}{rest}")
}

fn typed(schema: &ResourceSchema, path: &str, text: String) -> Value {
    let segments: Vec<&str> = path.split('.').collect();
    match schema.property_schema(&segments).and_then(|node| node.get("type")).and_then(Value::as_str) {
        Some("integer" | "number") => text.parse::<i64>().map_or(Value::String(text), Value::from),
        _ => Value::String(text),
    }
}

fn lookup<'v>(properties: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let mut parts = path.split('.');
    let first = properties.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

fn insert(properties: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            properties.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = properties.entry(first.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                insert(inner, rest, value);
            }
        }
    }
}
