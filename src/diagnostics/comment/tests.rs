use super::*;

fn row(weight: Weight, kind: &'static str, name: &str) -> Row {
    Row::new(weight, kind, "~", name, vec![code(&"x".repeat(200))])
}

fn comment(rows: Vec<Row>) -> String {
    let mut comment = Comment::new("plan", "acme", "`gwinfra plan`");
    comment.section(Section::new("Stack", &["resource", "what"], rows));
    comment.text()
}

#[test]
fn all_rows_that_fit_are_shown_and_nothing_is_said_of_others() {
    let text = comment(vec![row(Weight::Low, "change", "a/One"), row(Weight::Must, "replacement", "a/Two")]);
    assert!(text.starts_with("<!-- gwinfra:plan:acme -->\n"), "{text}");
    assert!(text.find("a/One") < text.find("a/Two"), "{text}");
    assert!(!text.contains("Left out"), "{text}");
}

#[test]
fn what_does_not_fit_is_counted_by_its_kind() {
    let rows = (0..5_000).map(|index| row(Weight::Normal, "change", &format!("a/R{index}"))).collect();
    let text = comment(rows);
    let shown = text.matches("| ~ |").count();
    assert!(text.len() <= LIMIT && shown > 200, "{shown}");
    assert!(text.contains(&format!("**Left out: {} changes.** `gwinfra plan` shows all.", 5_000 - shown)), "{text}");
}

#[test]
fn what_must_be_named_is_named_even_without_its_row() {
    let must = (0..900).map(|index| row(Weight::Must, "replacement", &format!("acme-llm-data/Cluster{index}")));
    let rows = (0..5_000).map(|index| row(Weight::Normal, "change", &format!("a/R{index}"))).chain(must).collect();
    let text = comment(rows);
    assert!(text.len() <= LIMIT, "{}", text.len());
    for index in 0..900 {
        assert!(text.contains(&format!("`acme-llm-data/Cluster{index}`")), "Cluster{index}");
    }
    assert!(text.contains("**Left out: 5000 changes.**"), "{text}");
}

#[test]
fn more_names_than_fit_are_counted() {
    let must = (0..9_000).map(|index| row(Weight::Must, "replacement", &format!("acme-llm-data/Cluster{index}")));
    let text = comment(must.collect());
    assert!(text.len() <= LIMIT && text.contains("Left out: "), "{}", text.len());
}

#[test]
fn the_same_in_several_accounts_is_said_once() {
    let rows = (0..6).map(|index| {
        let id = format!("{index}").repeat(12);
        row(Weight::Must, "replacement", &format!("{id}:acme/Role")).of_account(&[&id])
    });
    let text = comment(rows.collect());
    let place = "`ACCOUNT:acme/Role` in 6 accounts: 000000000000, 111111111111, 222222222222, 333333333333 and 2 more";
    assert!(text.contains(place), "{text}");
    assert_eq!(text.matches("| ~ |").count(), 1);
}

#[test]
fn what_differs_between_accounts_is_said_of_each() {
    let rows = ["111111111111", "222222222222"].map(|id| {
        let cells = vec![code(if id.starts_with('1') { "a" } else { "b" })];
        Row::new(Weight::Must, "replacement", "~", &format!("{id}:acme/Role"), cells).of_account(&[id])
    });
    let text = comment(rows.to_vec());
    assert!(text.contains("`111111111111:acme/Role`") && text.contains("`222222222222:acme/Role`"), "{text}");
}

#[test]
fn the_longest_head_leaves_room_for_rows() {
    let mut comment = Comment::once("`gwinfra plan`");
    for _ in 0..1_000 {
        comment.line(&"x".repeat(300));
    }
    comment.section(Section::new("", &["resource", "what"], vec![row(Weight::Must, "replacement", "a/One")]));
    let text = comment.text();
    assert!(text.len() <= LIMIT && text.contains("a/One"), "{}", text.len());
}

/// A difference of so many lines behind so many rows.
fn with_listing(lines: usize, rows: Vec<Row>) -> String {
    let text: String = (0..lines).map(|index| format!("+  - line {index}\n")).collect();
    let mut comment = Comment::new("plan", "acme", "`gwinfra plan`");
    comment.section(Section::new("Stack", &["resource", "what"], rows));
    comment.listing(Listing::new("Configuration: <3>", "diff", &text, "`gwinfra config diff`"));
    comment.text()
}

#[test]
fn a_text_stands_folded_behind_the_tables() {
    let text = with_listing(2, vec![row(Weight::Low, "change", "a/One")]);
    let listing = "\n<details><summary>Configuration: &lt;3&gt;</summary>\n\n```diff\n+  - line 0\n+  - line 1\n```\n\n</details>\n";
    assert!(text.ends_with(listing), "{text}");
}

#[test]
fn of_a_text_that_does_not_fit_the_beginning_is_shown_and_the_rest_counted() {
    let text = with_listing(50_000, Vec::new());
    let shown = text.matches("+  - line ").count();
    assert!(text.len() <= LIMIT && text.len() > LIMIT - 100, "{}", text.len());
    assert!(text.contains(&format!("**{} lines more.** `gwinfra config diff` shows all.", 50_000 - shown)), "{shown}");
}

#[test]
fn a_long_text_leaves_room_for_rows_and_rows_for_a_text() {
    let rows = (0..5_000).map(|index| row(Weight::Normal, "change", &format!("a/R{index}"))).collect();
    let text = with_listing(50_000, rows);
    let (rows, lines) = (text.matches("| ~ |").count(), text.matches("+  - line ").count());
    assert!(text.len() <= LIMIT && rows > 150 && lines > 800, "{rows} {lines}");
    assert!(text.contains("**Left out: "), "{text}");
}

#[test]
fn names_that_must_be_there_take_the_room_of_a_text() {
    let must = (0..1_800).map(|index| row(Weight::Must, "replacement", &format!("acme-llm-data/Cluster{index}")));
    let text = with_listing(50_000, must.collect());
    assert!(text.len() <= LIMIT, "{}", text.len());
    for index in 0..1_800 {
        assert!(text.contains(&format!("`acme-llm-data/Cluster{index}`")), "Cluster{index}");
    }
}

#[test]
fn a_text_with_a_fence_ends_no_fence() {
    let mut comment = Comment::once("`gwinfra plan`");
    comment.listing(Listing::new("x", "diff", "+ ````\n+ </details>\n", "`gwinfra config diff`"));
    assert!(comment.text().contains("\n`````diff\n+ ````\n+ </details>\n`````\n"), "{}", comment.text());
}
