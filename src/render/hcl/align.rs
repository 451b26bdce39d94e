//! `terraform fmt`'s one rule that depends on neighbours: the equals signs of lines below each other stand in one column.
//!
//! Follows `formatCells` of HCL's `hclwrite`: a line takes part when its value ends on it, and a line that takes no part
//! ends the group. Everything else about the format is a matter of each line, and templates are written in it.

/// Aligns a text. The number of lines stays.
pub fn align(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut group: Vec<(&str, usize)> = Vec::new();
    let mut heredoc: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        if let Some(end) = heredoc {
            flush(&mut group, &mut out);
            out.push_str(line);
            if content.trim() == end {
                heredoc = None;
            }
            continue;
        }
        heredoc = heredoc_marker(content);
        match assignment(content).filter(|_| heredoc.is_none()) {
            Some(at) => group.push((line, at)),
            None => {
                flush(&mut group, &mut out);
                out.push_str(line);
            }
        }
    }
    flush(&mut group, &mut out);
    out
}

fn flush(group: &mut Vec<(&str, usize)>, out: &mut String) {
    let lead = |line: &str, at: usize| line[..at].trim_end().chars().count();
    let widest = group.iter().map(|(line, at)| lead(line, *at)).max().unwrap_or_default();
    for (line, at) in group.drain(..) {
        out.push_str(line[..at].trim_end());
        out.extend(std::iter::repeat_n(' ', widest - lead(line, at) + 1));
        out.push_str(&line[at..]);
    }
}

/// Where the equals sign of a line stands whose value ends on the line.
fn assignment(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = line.len() - line.trim_start().len();
    let mut equals = None;
    let mut depth = 0_i32;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'#' => break,
            b'/' if bytes.get(at + 1) == Some(&b'/') => break,
            b'=' if equals.is_none() => match bytes.get(at + 1) {
                Some(b'=' | b'>') => at += 1,
                _ if matches!(bytes.get(at.wrapping_sub(1)), Some(b'!' | b'<' | b'>')) => {}
                _ => {
                    equals = Some(at);
                    depth = 0;
                }
            },
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    equals.filter(|at| depth == 0 && !line[..*at].trim().is_empty())
}

/// The place after a quoted string, with the templates in it.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'$' | b'%' if bytes.get(at + 1) == Some(&b'{') && bytes.get(at.wrapping_sub(1)) != Some(&bytes[at]) => {
                at = template_end(bytes, at + 2);
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn template_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 1);
    while at < bytes.len() && depth > 0 {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The word that ends a heredoc, if one begins on the line.
fn heredoc_marker(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("<<")?;
    let word = after.trim_start_matches('-').trim_end();
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')).then_some(word)
}
