//! Text from files and services as Markdown: it reads as it was written, whatever it holds.

use crate::diagnostics::printable;

/// Longest text that is shown whole, in characters.
const LONGEST: usize = 300;

/// A name or value as code, in one line, also inside a table.
pub fn code(text: &str) -> String {
    let text = line(text);
    if text.is_empty() {
        return text;
    }
    // Between backticks nothing can be escaped, and a table splits its cells before it looks for code.
    if text.contains(['`', '|', '\\']) {
        return format!("<code>{}</code>", literal(&text));
    }
    format!("`{text}`")
}

/// A sentence in which names stand between backticks, in one line, also inside a table.
pub fn prose(text: &str) -> String {
    let text = line(text);
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1 && parts.iter().skip(1).step_by(2).all(|part| !part.trim().is_empty());
    if !is_paired {
        return literal(&text);
    }
    let written = |(index, part): (usize, &&str)| if index % 2 == 1 { code(part) } else { literal(part) };
    parts.iter().enumerate().map(written).collect()
}

/// A text in which nothing has a meaning, in one line.
pub fn plain(text: &str) -> String {
    literal(&line(text))
}

/// A text inside an HTML element that Markdown does not look into.
pub(super) fn html(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// In one line, without control characters, and not too long.
fn line(text: &str) -> String {
    let text = printable(text).replace(['\n', '\u{2028}', '\u{2029}'], " ");
    let text = text.trim();
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(LONGEST - 1).collect::<String>())
}

fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' => out.push_str("&#124;"),
            '\\' => out.push_str("&#92;"),
            '`' => out.push_str("&#96;"),
            '*' | '_' | '[' | ']' | '~' | '$' => {
                out.push('\\');
                out.push(character);
            }
            // `@name` would tell somebody, `#1` would point at an issue.
            '@' | '#' if characters.peek().is_some_and(|next| next.is_alphanumeric()) => {
                out.push(character);
                out.push_str("<!-- -->");
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_name_stands_between_backticks() {
        assert_eq!(code("acme-llm-network/Vpc"), "`acme-llm-network/Vpc`");
        assert_eq!(code("aws_subnet.a[\"x\"] <b>*"), "`aws_subnet.a[\"x\"] <b>*`");
    }

    #[test]
    fn a_name_that_would_end_its_code_or_its_cell_is_written_in_entities() {
        assert_eq!(code("a`b|c\\|d"), "<code>a&#96;b&#124;c&#92;&#124;d</code>");
    }

    #[test]
    fn a_line_break_ends_no_row() {
        assert_eq!(code("a\n| b\r"), "<code>a &#124; b</code>");
        assert_eq!(plain("a\n# b"), "a # b");
    }

    #[test]
    fn names_in_a_sentence_stay_code() {
        assert_eq!(prose("`nat` is no_value of <b>"), "`nat` is no\\_value of &lt;b&gt;");
    }

    #[test]
    fn a_backtick_without_a_second_one_is_a_backtick() {
        assert_eq!(prose("a ` b"), "a &#96; b");
        assert_eq!(prose("a `` b"), "a &#96;&#96; b");
    }

    #[test]
    fn nobody_is_called_and_no_issue_is_named() {
        assert_eq!(plain("@sam #1 a @ b"), "@<!-- -->sam #<!-- -->1 a @ b");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(plain(&"é".repeat(1000)).chars().count(), LONGEST);
    }
}
