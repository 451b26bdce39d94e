//! What a plain YAML scalar means to CloudFormation, which reads YAML 1.1:
//!
//! * `yes`, `no`, `on`, `off` and `true`, `false` (lower, upper or title case) are booleans; `y` and `n` are strings.
//! * `0x1F` is hexadecimal, `0b11` binary, `017` octal, `1_000` a thousand and `1:30` sixty-based (90): an account id
//!   that begins with 0, or a `HH:MM` time, must be quoted. `018` is a string, because 8 is no octal digit.
//! * `1.10` is the number 1.1: a version must be quoted.
//! * `2012-10-17` stays a string: CloudFormation has no timestamps.
//! * `.inf` and `.nan` stay strings: JSON has no such numbers.
//! * `~`, `null` and nothing at all are null.

use super::Value;

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    let starts_a_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    if starts_a_number {
        integer(text).or_else(|| float(text)).unwrap_or_else(|| Value::String(text.to_owned()))
    } else {
        Value::String(text.to_owned())
    }
}

/// The value of a scalar that is tagged `!!int`.
pub(super) fn integer(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !unsigned.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let digits = unsigned.replace('_', "");
    let magnitude = if let Some(hexadecimal) = digits.strip_prefix("0x") {
        parse(hexadecimal, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        parse(binary, 2)
    } else if digits.contains(':') {
        sexagesimal(&digits)
    } else if digits.len() > 1 && digits.starts_with('0') {
        parse(&digits, 8)
    } else {
        parse(&digits, 10)
    }?;
    let signed = if negative { -magnitude } else { magnitude };
    Some(match i64::try_from(signed) {
        Ok(number) => Value::Integer(number),
        Err(_) => Value::Float(signed as f64),
    })
}

fn parse(digits: &str, radix: u32) -> Option<i128> {
    // A sign was taken off already; `from_str_radix` would take a second one.
    if digits.starts_with(['+', '-']) { None } else { i128::from_str_radix(digits, radix).ok() }
}

/// `1:30` is 90. The first group may be any size, the others 0 to 59.
fn sexagesimal(digits: &str) -> Option<i128> {
    let mut groups = digits.split(':');
    let first = groups.next().filter(|first| !first.starts_with('0'))?;
    groups.try_fold(parse(first, 10)?, |total, group| {
        let group = (group.len() <= 2).then(|| parse(group, 10))?.filter(|value| *value < 60)?;
        total.checked_mul(60)?.checked_add(group)
    })
}

/// The value of a scalar that is tagged `!!float`, or looks like one: digits with a point or an exponent.
pub(super) fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let looks_like_one = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b"._eE+-".contains(&byte))
        && unsigned.contains(['.', 'e', 'E']);
    if !looks_like_one {
        return None;
    }
    text.replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_off_are_booleans() {
        assert_eq!(plain("yes"), Value::Bool(true));
        assert_eq!(plain("Off"), Value::Bool(false));
    }

    #[test]
    fn y_is_a_string() {
        assert_eq!(plain("y"), Value::String("y".into()));
    }

    #[test]
    fn a_leading_zero_makes_an_octal_number() {
        assert_eq!(plain("017"), Value::Integer(15));
    }

    #[test]
    fn a_leading_zero_with_an_eight_is_a_string() {
        assert_eq!(plain("018"), Value::String("018".into()));
    }

    #[test]
    fn hours_and_minutes_are_sixty_based() {
        assert_eq!(plain("1:30"), Value::Integer(90));
        assert_eq!(plain("09:30"), Value::String("09:30".into()));
    }

    #[test]
    fn underscores_group_digits() {
        assert_eq!(plain("1_000"), Value::Integer(1000));
    }

    #[test]
    fn a_version_loses_its_trailing_zero() {
        assert_eq!(plain("1.10"), Value::Float(1.1));
    }

    #[test]
    fn a_date_is_a_string() {
        assert_eq!(plain("2012-10-17"), Value::String("2012-10-17".into()));
    }

    #[test]
    fn an_address_range_is_a_string() {
        assert_eq!(plain("10.0.0.0/16"), Value::String("10.0.0.0/16".into()));
    }

    #[test]
    fn infinity_is_a_string() {
        assert_eq!(plain(".inf"), Value::String(".inf".into()));
        assert_eq!(plain("1e999"), Value::String("1e999".into()));
    }

    #[test]
    fn a_number_beyond_64_bits_is_a_float() {
        assert_eq!(plain("99999999999999999999"), Value::Float(1e20));
    }

    #[test]
    fn signs_and_dots_alone_are_strings() {
        for text in ["-", "+", ".", "...", "-x", "--1", "+-1", "1-2", "0x", "0b", "1:", ":", "1e", "e1", "-.e1"] {
            assert_eq!(plain(text), Value::String(text.into()));
        }
    }
}
