//! Functions of text and numbers.

use super::{Outcome, Value};

/// The outcome, `None` when the function is none of these.
pub(super) fn apply(name: &str, arguments: &[Value]) -> Option<Outcome> {
    Some(match (name, arguments) {
        ("format", [pattern, rest @ ..]) => match pattern {
            Value::Text(pattern) if !rest.iter().any(Value::is_symbol) || plain(pattern) => {
                format(pattern, rest).map(Value::Text).into()
            }
            _ => Outcome::Symbolic,
        },
        ("join", [separator, lists @ ..]) => join(separator, lists),
        ("tostring", [value]) => match value {
            Value::Null => Outcome::Known(Value::Null),
            symbol if symbol.is_symbol() => Outcome::Known(symbol.clone()),
            Value::Encoded(_) => Outcome::Known(value.clone()),
            other => other.to_text().map(Value::Text).into(),
        },
        ("tonumber", [value]) => number(value, |value| value),
        ("abs", [value]) => number(value, f64::abs),
        ("ceil", [value]) => number(value, f64::ceil),
        ("floor", [value]) => number(value, f64::floor),
        ("tobool", [value]) if value.is_symbol() => Outcome::Known(value.clone()),
        ("tobool", [value]) => value.as_bool().map(Value::Bool).into(),
        ("max", numbers) => fold(numbers, f64::max),
        ("min", numbers) => fold(numbers, f64::min),
        ("sum", [Value::List(numbers)]) => fold(numbers, |sum, item| sum + item),
        (name, [value]) if case(name).is_some() => {
            texts(&[value], |texts| case(name).map(|change| Value::Text(change(&texts[0]))))
        }
        ("trimprefix", [text, prefix]) => texts(&[text, prefix], |it| {
            Some(Value::Text(it[0].strip_prefix(it[1].as_str()).unwrap_or(&it[0]).to_owned()))
        }),
        ("trimsuffix", [text, suffix]) => texts(&[text, suffix], |it| {
            Some(Value::Text(it[0].strip_suffix(it[1].as_str()).unwrap_or(&it[0]).to_owned()))
        }),
        ("trim", [text, chars]) => {
            texts(&[text, chars], |it| Some(Value::Text(it[0].trim_matches(|char| it[1].contains(char)).to_owned())))
        }
        ("startswith", [text, prefix]) => {
            texts(&[text, prefix], |it| Some(Value::Bool(it[0].starts_with(it[1].as_str()))))
        }
        ("endswith", [text, suffix]) => texts(&[text, suffix], |it| Some(Value::Bool(it[0].ends_with(it[1].as_str())))),
        ("strcontains", [text, part]) => texts(&[text, part], |it| Some(Value::Bool(it[0].contains(it[1].as_str())))),
        ("split", [separator, text]) => texts(&[separator, text], |it| {
            Some(Value::List(it[1].split(it[0].as_str()).map(|part| Value::Text(part.to_owned())).collect()))
        }),
        ("replace", [text, from, to]) => texts(&[text, from, to], |it| replace(&it[0], &it[1], &it[2])),
        ("substr", [text, start, length]) => match (text, start.as_count(), length.as_f64()) {
            (Value::Text(text), Some(start), Some(length)) if !text.contains("${") => {
                let rest = text.chars().skip(start);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length of text")]
                let part = if length < 0.0 { rest.collect() } else { rest.take(length as usize).collect() };
                Outcome::Known(Value::Text(part))
            }
            _ => Outcome::Symbolic,
        },
        _ => return None,
    })
}

fn case(name: &str) -> Option<fn(&str) -> String> {
    match name {
        "lower" => Some(str::to_lowercase),
        "upper" => Some(str::to_uppercase),
        "trimspace" => Some(|text| text.trim().to_owned()),
        "chomp" => Some(|text| text.trim_end_matches(['\n', '\r']).to_owned()),
        "strrev" => Some(|text| text.chars().rev().collect()),
        _ => None,
    }
}

/// Applies a function to texts that are wholly known.
fn texts(arguments: &[&Value], apply: impl FnOnce(&[String]) -> Option<Value>) -> Outcome {
    let mut texts = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument.has_symbol() {
            return Outcome::Symbolic;
        }
        match argument.to_text() {
            Some(text) => texts.push(text),
            None => return Outcome::Refused,
        }
    }
    apply(&texts).into()
}

fn number(value: &Value, change: impl FnOnce(f64) -> f64) -> Outcome {
    if value.has_symbol() { Outcome::Symbolic } else { value.as_f64().map(|it| Value::number(change(it))).into() }
}

fn fold(numbers: &[Value], combine: impl Fn(f64, f64) -> f64) -> Outcome {
    if numbers.iter().any(Value::has_symbol) {
        return Outcome::Symbolic;
    }
    let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
    numbers.and_then(|numbers| numbers.into_iter().reduce(combine)).map(Value::number).into()
}

fn join(separator: &Value, lists: &[Value]) -> Outcome {
    let mut parts = Vec::new();
    for list in lists {
        match list {
            Value::List(items) if !items.iter().any(|item| matches!(item, Value::Unknown(_))) => {
                parts.extend(items.iter().map(Value::to_text));
            }
            _ => return Outcome::Symbolic,
        }
    }
    let parts: Option<Vec<String>> = parts.into_iter().collect();
    parts.zip(separator.to_text()).map(|(parts, separator)| Value::Text(parts.join(&separator))).into()
}

/// A pattern between slashes is a regular expression.
fn replace(text: &str, from: &str, to: &str) -> Option<Value> {
    let pattern = from.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let replaced = match pattern {
        Some(pattern) => regex_lite::Regex::new(pattern).ok()?.replace_all(text, to).into_owned(),
        None => text.replace(from, to),
    };
    Some(Value::Text(replaced))
}

/// Whether a pattern of `format` only joins text, so that symbols may stand in it.
fn plain(pattern: &str) -> bool {
    pattern.split('%').skip(1).all(|rest| rest.starts_with(['s', 'v', 'd']))
}

/// `format` with `%s`, `%d`, `%v`, `%t`, `%q`, `%f`, `%x` and `%%`, with width, zeros and precision.
fn format(pattern: &str, arguments: &[Value]) -> Option<String> {
    let mut result = String::new();
    let mut arguments = arguments.iter();
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '%' {
            result.push(char);
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = chars.next_if(|next| matches!(next, '-' | '0' | '+' | ' ' | '.' | '1'..='9')) {
            flags.push(flag);
        }
        let verb = chars.next()?;
        if verb == '%' {
            result.push('%');
            continue;
        }
        let argument = arguments.next()?;
        result += &pad(&flags, verb, &formatted(&flags, verb, argument)?)?;
    }
    // Terraform refuses arguments that the pattern does not use.
    arguments.next().is_none().then_some(result)
}

fn formatted(flags: &str, verb: char, argument: &Value) -> Option<String> {
    match verb {
        's' | 'v' | 't' => match argument {
            Value::List(_) | Value::Object(_) => Some(Value::Encoded(Box::new(argument.clone())).to_text()?),
            Value::Null => Some("null".to_owned()),
            other => other.to_text(),
        },
        'd' if argument.is_symbol() => argument.to_text(),
        'd' => argument.as_f64().map(|number| format!("{}", number.trunc())),
        'q' => argument.to_text().map(|text| serde_json::Value::from(text).to_string()),
        'x' => argument.as_count().map(|number| format!("{number:x}")),
        'f' => {
            let precision = flags.split_once('.').map_or(Some(6), |(_, digits)| digits.parse().ok())?;
            argument.as_f64().map(|number| format!("{number:.precision$}"))
        }
        _ => None,
    }
}

fn pad(flags: &str, verb: char, text: &str) -> Option<String> {
    let (before, _) = flags.split_once('.').unwrap_or((flags, ""));
    let left = before.starts_with('-');
    let digits = before.trim_start_matches(['-', '+', ' ']);
    let width: usize = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let missing = width.saturating_sub(text.chars().count());
    let zeros = digits.starts_with('0') && matches!(verb, 'd' | 'f' | 'x');
    Some(match (left, zeros) {
        (true, _) => format!("{text}{}", " ".repeat(missing)),
        (_, true) => format!("{}{text}", "0".repeat(missing)),
        _ => format!("{}{text}", " ".repeat(missing)),
    })
}
