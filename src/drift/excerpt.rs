//! Values in one line, as much of them as there is room for.

use serde_json::Value;

/// What stands for what was cut off.
const CUT: &str = "...";

/// A value as text; `None` for nothing.
pub(super) fn words(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(value) => Some(value.to_string()),
    }
}

/// The beginning of a text, of at most `longest` characters and the sign of what was cut off.
pub(super) fn beginning(text: &str, longest: usize) -> String {
    part(text, 0, longest)
}

/// Both sides of a difference, each of at most `longest` characters and the signs of what was cut off: of longer ones the parts
/// around the first character in which they differ, so that they never look the same.
pub(super) fn sides(one: &str, other: &str, longest: usize) -> (String, String) {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    // A third of the room is for what is before it.
    let before = longest / 3;
    let begin = if same + before < longest { 0 } else { same - before };
    let is_whole = |text: &str| text.chars().count() <= longest;
    let shown = |text: &str| if is_whole(text) { text.to_owned() } else { part(text, begin, longest) };
    (shown(one), shown(other))
}

fn part(text: &str, begin: usize, longest: usize) -> String {
    let before = if begin > 0 { format!("{CUT} ") } else { String::new() };
    let shown: String = text.chars().skip(begin).take(longest).collect();
    let after = if text.chars().count() > begin + longest { format!(" {CUT}") } else { String::new() };
    format!("{before}{shown}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_room_is_shown_whole() {
        assert_eq!(sides("one", "other", 10), ("one".to_owned(), "other".to_owned()));
        assert_eq!(beginning("0123456789", 10), "0123456789");
    }

    #[test]
    fn long_texts_that_differ_late_are_cut_around_the_difference() {
        let text = |last: &str| format!("{}{last}", "é".repeat(400));
        let (one, other) = sides(&text("arn:aws:s3:::acme"), &text("*"), 30);
        let before = format!("... {}", "é".repeat(10));
        assert_eq!((one, other), (format!("{before}arn:aws:s3:::acme"), format!("{before}*")));
    }

    #[test]
    fn long_texts_that_differ_early_are_shown_from_their_beginning() {
        let (one, other) = sides(&format!("a{}", "x".repeat(50)), &format!("b{}", "x".repeat(50)), 30);
        assert_eq!((one, other), (format!("a{} ...", "x".repeat(29)), format!("b{} ...", "x".repeat(29))));
    }

    #[test]
    fn a_long_text_whose_beginning_the_other_is_shows_what_it_has_more() {
        let (one, other) = sides(&"x".repeat(60), &format!("{}more", "x".repeat(60)), 30);
        assert_ne!(one, other);
        assert!(other.ends_with("xmore"), "{other}");
    }

    #[test]
    fn a_list_is_shown_as_json_and_nothing_as_nothing() {
        assert_eq!(words(Some(&serde_json::json!(["a"]))).as_deref(), Some("[\"a\"]"));
        assert_eq!(words(Some(&Value::Null)), None);
    }
}
