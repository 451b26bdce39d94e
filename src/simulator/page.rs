//! Pages of a list, and the tokens that lead from one to the next.

use super::request::{Fault, Request};

/// One page of `items`: at most `limit`, from where `token` points. The second value is the token of the next page, if there is one.
/// A token that this function did not make is refused with `code`.
pub fn page<T>(
    items: Vec<T>,
    limit: usize,
    token: Option<&str>,
    code: &str,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let start = match token {
        None => 0,
        Some(token) => token
            .strip_prefix(PREFIX)
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .ok_or_else(|| Fault::new(code, "Invalid token"))?,
    };
    let end = start.saturating_add(limit.max(1));
    let next = (end < items.len()).then(|| format!("{PREFIX}{end:08x}"));
    Ok((items.into_iter().skip(start).take(limit.max(1)).collect(), next))
}

/// What a token starts with, so that clients do not take it for a number of their own.
const PREFIX: &str = "sim-";

/// The page size that a request asks for in `name`, held between 1 and `maximum`; `maximum` if it does not say.
pub fn limit(request: &Request<'_>, name: &str, maximum: usize) -> usize {
    request
        .integer(name)
        .and_then(|number| usize::try_from(number).ok())
        .map_or(maximum, |number| number.clamp(1, maximum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let (items, next) = page((0..5).collect(), 2, token.as_deref(), "X").unwrap();
            seen.extend(items);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_strange_token_is_refused() {
        assert_eq!(page(vec![1], 1, Some("3"), "InvalidToken").unwrap_err().code, "InvalidToken");
    }
}
