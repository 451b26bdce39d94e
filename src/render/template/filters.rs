//! The filters and tests that templates may use. Those that make text take and give ordinary text: nothing but a
//! macro, a `set` block and `block()` makes text that is printed as it is.

use minijinja::value::{Rest, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, filters, tests};
use serde_json::Value as Json;

use super::functions::to_json;
use crate::model::tags::{NAME, STACK};
use crate::render::snake;

/// Adds all filters and tests.
pub fn add(environment: &mut Environment<'_>) {
    environment.add_filter("lower", |text: String| text.to_lowercase());
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("capitalize", capitalize);
    environment.add_filter("trim", |text: String| text.trim().to_owned());
    environment.add_filter("replace", |text: String, from: String, to: String| text.replace(&from, &to));
    environment.add_filter("string", |text: String| text);
    environment.add_filter("join", join);
    environment
        .add_filter("split", |text: String, by: String| text.split(&by).map(str::to_owned).collect::<Vec<String>>());
    environment.add_filter("length", filters::length);
    environment.add_filter("count", filters::length);
    environment.add_filter("items", filters::items);
    environment.add_filter("dictsort", filters::dictsort);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("min", filters::min);
    environment.add_filter("max", filters::max);
    environment.add_filter("sort", filters::sort);
    environment.add_filter("unique", filters::unique);
    environment.add_filter("reverse", filters::reverse);
    environment.add_filter("map", filters::map);
    environment.add_filter("select", filters::select);
    environment.add_filter("reject", filters::reject);
    environment.add_filter("selectattr", filters::selectattr);
    environment.add_filter("rejectattr", filters::rejectattr);
    environment.add_filter("groupby", filters::groupby);
    environment.add_filter("sum", filters::sum);
    environment.add_filter("int", filters::int);
    environment.add_filter("abs", filters::abs);
    environment.add_filter("chain", filters::chain);
    environment.add_filter("list", list);
    environment.add_filter("snake", |text: String| snake(&text));
    environment.add_filter("camel_keys", camel_keys);
    environment.add_filter("parsed", parsed);
    environment.add_filter("own_tags", own_tags);

    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("none", tests::is_none);
    environment.add_test("string", tests::is_string);
    environment.add_test("number", tests::is_number);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("iterable", tests::is_iterable);
    environment.add_test("true", tests::is_true);
    environment.add_test("false", tests::is_false);
    environment.add_test("in", tests::is_in);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("gt", tests::is_gt);
    environment.add_test("lt", tests::is_lt);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
}

fn capitalize(text: String) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn join(items: Value, separator: Rest<String>) -> Result<String, Error> {
    let texts: Vec<String> = items.try_iter()?.map(|item| item.to_string()).collect();
    Ok(texts.join(separator.first().map_or("", String::as_str)))
}

fn list(items: Value) -> Result<Vec<Value>, Error> {
    Ok(items.try_iter()?.collect())
}

/// A tree whose keys begin with a small letter: ECS takes container definitions like that, CloudFormation does not.
fn camel_keys(tree: Value) -> Result<Value, Error> {
    Ok(Value::from(Serde(&lower_keys(to_json(&tree)?))))
}

fn lower_keys(tree: Json) -> Json {
    let key = |name: String| {
        // `Ref` and `Fn::Sub` are no keys, and neither are the names of options such as `awslogs-group`.
        if name == "Ref" || name.starts_with("Fn::") {
            return name;
        }
        let mut rest = name.chars();
        rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
    };
    match tree {
        Json::Object(map) => Json::Object(
            map.into_iter()
                .map(
                    |(name, value)| {
                        if name.starts_with("Fn::") { (name, value) } else { (key(name), lower_keys(value)) }
                    },
                )
                .collect(),
        ),
        Json::Array(items) => items.into_iter().map(lower_keys).collect(),
        other => other,
    }
}

/// The tree that a text of JSON stands for; one with references in it keeps them.
fn parsed(text: Value) -> Result<Value, Error> {
    let json = to_json(&text)?;
    let (text, has_references) = match &json {
        Json::String(text) => (text.as_str(), false),
        Json::Object(map) if map.len() == 1 => (map.get("Fn::Sub").and_then(Json::as_str).unwrap_or_default(), true),
        _ => ("", false),
    };
    let tree: Json = serde_json::from_str(text)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("the text is no JSON: {error}")))?;
    Ok(Value::from(Serde(&if has_references { with_references(tree) } else { tree })))
}

fn with_references(tree: Json) -> Json {
    match tree {
        Json::String(text) if text.contains("${") => serde_json::json!({"Fn::Sub": text}),
        Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| (key, with_references(value))).collect()),
        Json::Array(items) => items.into_iter().map(with_references).collect(),
        other => other,
    }
}

/// The tags of a resource that the provider's default tags do not have: its name and its stack.
fn own_tags(tags: Value, stack: String) -> Result<Value, Error> {
    let mut own = serde_json::Map::new();
    for tag in to_json(&tags)?.as_array().into_iter().flatten() {
        if tag["Key"] == NAME {
            own.insert(NAME.to_owned(), tag["Value"].clone());
        }
    }
    own.insert(STACK.to_owned(), Json::String(stack));
    Ok(Value::from(Serde(&Json::Object(own))))
}
