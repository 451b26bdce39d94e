//! The functions that templates may call. Only these make references.

use minijinja::value::{Kwargs, Rest, Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};
use serde_json::{Map, Value as Json, json};

use super::language::Language;
use super::problem::Problem;
use crate::cfn::check::limits::COMBINED_CONDITIONS;
use crate::render::hcl::EXPRESSION;
use crate::render::yaml::{self, DYNAMIC};

/// Adds all functions.
pub fn add(environment: &mut Environment<'_>, language: &Language) {
    environment.add_function("ref", reference);
    environment.add_function("getatt", attribute);
    environment.add_function("sub", substitute);
    match language {
        Language::Yaml => {
            environment.add_function("secret_ref", secret_reference);
            environment.add_function("block", block);
            environment.add_function("one_of", one_of);
        }
        Language::Hcl(_) => {
            environment.add_function("tf", expression);
            environment.add_function("secret_ref", secret_expression);
        }
    }
    environment.add_function("json", json_text);
    environment.add_function("range", minijinja::functions::range);
    environment.add_function("namespace", minijinja::functions::namespace);
}

/// `ref("Vpc")`: `!Ref Vpc`.
fn reference(name: &str) -> Result<Value, Error> {
    Ok(value(json!({"Ref": checked(name)?})))
}

/// `getatt("Database", "Endpoint.Address")`: `!GetAtt Database.Endpoint.Address`.
fn attribute(logical_id: &str, attribute: &str) -> Result<Value, Error> {
    Ok(value(json!({"Fn::GetAtt": [checked(logical_id)?, checked(attribute)?]})))
}

/// `tf("aws_vpc.main.id")`: a traversal of Terraform, as it is.
fn expression(text: &str) -> Result<Value, Error> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]\"*".contains(&byte));
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
    if plain && begins {
        Ok(value(json!({EXPRESSION: text})))
    } else {
        Err(Problem::Expression(text.to_owned()).into())
    }
}

/// `secret_ref(tf("aws_secretsmanager_secret.x.arn"), "password")`: the text of a dynamic reference of CloudFormation, for
/// a stack inside a root module.
fn secret_expression(secret: Value, key: &str) -> Result<Value, Error> {
    let secret = to_json(&secret)?;
    let expression = secret.get(EXPRESSION).and_then(Json::as_str);
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match expression.filter(|_| plain) {
        Some(arn) => {
            let text = format!("\"{{{{resolve:secretsmanager:${{{arn}}}:SecretString:{key}}}}}\"");
            Ok(value(json!({EXPRESSION: text})))
        }
        None => Err(Problem::Variable("arn".to_owned()).into()),
    }
}

/// `sub("${Name}-${x}", x=value)`: `!Sub`. A text or number fills its place literally, and a `${` in it stays text; a
/// reference becomes a variable of `Fn::Sub`. What is no variable is left to CloudFormation.
fn substitute(text: &str, positional: Rest<Value>, named: Kwargs) -> Result<Value, Error> {
    let mut variables = Map::new();
    for map in positional.iter() {
        match to_json(map)? {
            Json::Object(map) => variables.extend(map),
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "the variables of `sub` are a map or named arguments",
                ));
            }
        }
    }
    for name in named.args() {
        variables.insert(name.to_owned(), to_json(&named.get::<Value>(name)?)?);
    }
    named.assert_all_used()?;
    let mut result = text.to_owned();
    let mut references = Map::new();
    for (name, variable) in variables {
        let place = format!("${{{name}}}");
        if !text.contains(&place) {
            return Err(Problem::UnusedVariable(name).into());
        }
        match variable {
            Json::Object(_) => {
                references.insert(name, variable);
            }
            Json::String(literal) => result = fill(&result, &place, &literal)?,
            Json::Number(number) => result = fill(&result, &place, &number.to_string())?,
            _ => return Err(Problem::Variable(name).into()),
        }
    }
    if result.matches("{{resolve:").count() != text.matches("{{resolve:").count() {
        return Err(Problem::Unwritable(yaml::Unwritable::DynamicReference).into());
    }
    let argument = if references.is_empty() { json!(result) } else { json!([result, references]) };
    Ok(value(json!({"Fn::Sub": argument})))
}

/// Puts a literal into the text of `Fn::Sub`. A `$` in front of the place, or at the end of the literal in front of a
/// `{`, would make a new reference out of two halves; so would a literal that is filled in twice, and so places are
/// found in the text before, never in what was filled in.
fn fill(text: &str, place: &str, literal: &str) -> Result<String, Error> {
    yaml::check(literal).map_err(Problem::from)?;
    let escaped = literal.replace("${", "${!");
    let mut filled = String::with_capacity(text.len() + escaped.len());
    let mut parts = text.split(place).peekable();
    while let Some(part) = parts.next() {
        filled.push_str(part);
        if let Some(next) = parts.peek() {
            if (part.ends_with('$') && escaped.starts_with('{')) || (escaped.ends_with('$') && next.starts_with('{')) {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "a `$` before and a `{` inside the value would make a reference",
                ));
            }
            filled.push_str(&escaped);
        }
    }
    Ok(filled)
}

/// `secret_ref(arn, "password")`: `{{resolve:secretsmanager:...}}`. The ARN is a text, or a reference to a secret or
/// parameter of the template. Without a key it is the whole secret.
fn secret_reference(secret: Value, key: Option<&str>, named: Kwargs) -> Result<Value, Error> {
    let stage: Option<&str> = named.get("stage")?;
    named.assert_all_used()?;
    let part = |text: &str| -> Result<String, Error> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./+=@".contains(&byte));
        if plain { Ok(text.to_owned()) } else { Err(Problem::Name(text.to_owned()).into()) }
    };
    let tail = format!(":SecretString:{}:{}", part(key.unwrap_or_default())?, part(stage.unwrap_or_default())?);
    let tail = tail.trim_end_matches(':');
    let secret = to_json(&secret)?;
    if let Json::String(name) = &secret {
        name.split(':').try_for_each(|name| part(name).map(drop))?;
        return Ok(value(json!({DYNAMIC: format!("{{{{resolve:secretsmanager:{name}{tail}}}}}")})));
    }
    let name = match (secret.get("Ref"), secret.get("Fn::GetAtt").and_then(Json::as_array).map(Vec::as_slice)) {
        (Some(Json::String(name)), _) => name.clone(),
        (_, Some([Json::String(id), Json::String(attribute)])) => format!("{id}.{attribute}"),
        _ => return Err(Problem::Variable("arn".to_owned()).into()),
    };
    Ok(value(json!({"Fn::Sub": format!("{{{{resolve:secretsmanager:${{{name}}}{tail}}}}}")})))
}

/// `one_of(ref("AWS::AccountId"), accounts)`: a condition that holds when the first is one of the others. A mapping would
/// do for 200 of them.
fn one_of(found: Value, choices: Value) -> Result<Value, Error> {
    let (found, choices) = (to_json(&found)?, to_json(&choices)?);
    let mut conditions: Vec<Json> =
        choices.as_array().into_iter().flatten().map(|choice| json!({"Fn::Equals": [found, choice]})).collect();
    while conditions.len() > 1 {
        conditions = conditions.chunks(COMBINED_CONDITIONS).map(any).collect();
    }
    let nothing =
        || Error::new(ErrorKind::InvalidOperation, "the second argument of `one_of` is a list, and not empty");
    conditions.pop().map(value).ok_or_else(nothing)
}

/// A condition that holds when one of these does.
fn any(conditions: &[Json]) -> Json {
    match conditions {
        [only] => only.clone(),
        several => json!({"Fn::Or": several}),
    }
}

/// `block(value, 8)`: the value in block style. It stands alone on a line that is indented by 8 spaces.
fn block(tree: &Value, indent: usize) -> Result<Value, Error> {
    let text = yaml::block(&to_json(tree)?, indent.min(200)).map_err(Problem::from)?;
    Ok(Value::from_safe_string(text))
}

/// `json(value)`: the value as JSON in a string.
fn json_text(tree: &Value) -> Result<String, Error> {
    Ok(to_json(tree)?.to_string())
}

/// A value as JSON. Nothing undefined gets through, however deep.
pub fn to_json(value: &Value) -> Result<Json, Error> {
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Json::Null,
        ValueKind::String => Json::String(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => match serde_json::to_value(value) {
            Ok(number @ Json::Number(_)) => number,
            _ => return Err(Error::new(ErrorKind::BadSerialization, "the number is infinite or none")),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            Json::Array(value.try_iter()?.map(|item| to_json(&item)).collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter()? {
                map.insert(key.to_string(), to_json(&value.get_item(&key)?)?);
            }
            Json::Object(map)
        }
        kind => return Err(Error::new(ErrorKind::BadSerialization, format!("a {kind} has no place in a template"))),
    })
}

fn value(json: Json) -> Value {
    Value::from(Serde(&json))
}

/// A logical id, an attribute or a pseudo parameter.
fn checked(name: &str) -> Result<&str, Error> {
    let bare = name.strip_prefix("AWS::").unwrap_or(name);
    let valid = bare.starts_with(|first: char| first.is_ascii_alphabetic())
        && bare.ends_with(|last: char| last.is_ascii_alphanumeric())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if valid { Ok(name) } else { Err(Problem::Name(name.to_owned()).into()) }
}
