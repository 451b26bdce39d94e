//! The README's table of variables.

use gwinfra_middleware::config::VARIABLES;

#[test]
fn the_readme_lists_every_variable_that_is_read_with_its_default() {
    let readme = include_str!("../../README.md");
    let rows = VARIABLES.iter().map(|variable| {
        let default = variable.default.map_or("none".to_owned(), |default| format!("`{default}`"));
        format!("| `{}` | {default} | {} |\n", variable.name, variable.meaning)
    });
    let table = format!("| variable | default | meaning |\n|---|---|---|\n{}", rows.collect::<String>());
    assert!(readme.contains(&table), "put this table into gateway/middleware/README.md:\n\n{table}");
}
