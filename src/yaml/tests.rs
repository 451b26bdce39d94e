use super::*;

fn tree(text: &str) -> Node {
    parse(text, Aliases::Expand).unwrap().root
}

fn problem(text: &str) -> Problem {
    parse(text, Aliases::Expand).unwrap_err().problem
}

fn text<'a>(node: &'a Node, path: &str) -> &'a str {
    let node = path.split('.').fold(node, |node, key| node.get(key).unwrap());
    &node.as_scalar().unwrap().text
}

#[test]
fn plain_scalars_keep_their_text() {
    let tree = tree("a: 012345678901\nb: 1.10\nc: yes\n");
    assert_eq!([text(&tree, "a"), text(&tree, "b"), text(&tree, "c")], ["012345678901", "1.10", "yes"]);
}

#[test]
fn an_alias_repeats_its_anchor() {
    assert_eq!(text(&tree("a: &x {b: 1}\nc: *x\n"), "c.b"), "1");
}

#[test]
fn a_merge_key_adds_what_is_not_there() {
    let tree = tree("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n");
    assert_eq!([text(&tree, "d.b"), text(&tree, "d.c")], ["1", "3"]);
}

#[test]
fn the_first_of_several_merged_maps_wins() {
    let tree = tree("a: &x {k: 1}\nb: &y {k: 2}\nc: {<<: [*x, *y]}\n");
    assert_eq!(text(&tree, "c.k"), "1");
}

#[test]
fn a_merge_key_takes_only_maps() {
    assert_eq!(problem("a: {<<: 1}"), Problem::MergeValue);
}

#[test]
fn an_alias_in_its_own_anchor_is_refused() {
    assert_eq!(problem("a: &x [*x]"), Problem::AliasInItself);
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a0: &a0 [boom, boom, boom, boom, boom, boom, boom, boom, boom]\n".to_owned();
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert_eq!(problem(&bomb), Problem::AliasBomb);
}

#[test]
fn a_long_text_that_is_often_repeated_is_refused() {
    let text = "x".repeat(100_000);
    let aliases = vec!["*a"; 1000].join(", ");
    assert_eq!(problem(&format!("a: &a {text}\nb: [{aliases}]\n")), Problem::AliasBomb);
}

#[test]
fn aliases_may_not_nest_beyond_the_limit() {
    let mut deep = "a0: &a0 [[[[[x]]]]]\n".to_owned();
    for level in 1..30 {
        deep.push_str(&format!("a{level}: &a{level} [[[[*a{}]]]]\n", level - 1));
    }
    assert_eq!(problem(&deep), Problem::TooDeep);
}

#[test]
fn a_key_that_is_there_twice_is_found_at_its_second_place() {
    let document = parse("a: 1\nb: 2\na: 3\n", Aliases::Expand).unwrap();
    assert_eq!(document.duplicates[0].place.start.line, 3);
}

#[test]
fn a_block_map_ends_with_its_last_value() {
    let tree = tree("a:\n  b: 1\n\n# comment\nc: 2\n");
    assert_eq!(tree.get("a").unwrap().place.end, Position { line: 2, column: 7 });
}
