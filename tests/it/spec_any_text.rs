//! Whatever a file holds is read to an end.

use gwinfra::diagnostics::{Reporter, TextReporter};
use gwinfra::spec;

use crate::spec_load::{EVERYTHING, minimal_and, only};

/// Loads a text and writes what was found, as a terminal would show it.
fn shown(bytes: &[u8]) -> String {
    let (_, report) = spec::check_all("gwinfra.yaml", bytes);
    let mut output = Vec::new();
    TextReporter::default().write(&report, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn a_spec_that_is_cut_anywhere_is_read_to_an_end() {
    for end in (0..EVERYTHING.len()).step_by(13) {
        assert!(shown(&EVERYTHING.as_bytes()[..end]).contains("finding"), "cut at {end}");
    }
}

#[test]
fn a_spec_with_any_line_moved_is_read_to_an_end() {
    for line in 0..EVERYTHING.lines().count() {
        let moved: Vec<String> = EVERYTHING
            .lines()
            .enumerate()
            .map(|(number, text)| if number == line { format!("   {text}") } else { text.to_owned() })
            .collect();
        assert!(shown(moved.join("\n").as_bytes()).contains("finding"), "line {line}");
    }
}

#[test]
fn wide_and_combining_characters_keep_their_columns() {
    let text = minimal_and("tags: {\"größe 🦀\": [x]}\n");
    assert_eq!(only(&text), ("GW0013", 12, 19, "tags.größe 🦀".to_owned()));
    assert!(shown(text.as_bytes()).contains("gwinfra.yaml:12:19"));
}

#[test]
fn windows_line_ends_count_as_one() {
    let text = minimal_and("engine: teraform\n").replace('\n', "\r\n");
    assert_eq!(only(&text), ("GW0014", 12, 9, "engine".to_owned()));
}
