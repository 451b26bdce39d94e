//! A spec that is made from a LiteLLM configuration.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::{CliError, Context, input};
use crate::diagnostics::printable;
use crate::litellm::ConfigFile;
use crate::litellm::import::{Imported, Kind, Note};

/// Reads a configuration.
pub(super) fn read(path: &Path) -> Result<ConfigFile, CliError> {
    let bytes = input::read(path, &input::CONFIGURATION)?;
    ConfigFile::read(&path.display().to_string(), &bytes).map_err(CliError::invalid)
}

/// What was left or changed, as comments of the spec.
pub(super) fn comments(imported: &Imported) -> String {
    let mut text = String::new();
    for (kind, heading) in HEADINGS {
        let notes = lines(imported, kind);
        if !notes.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "#\n# {heading}:");
            notes.iter().for_each(|line| _ = writeln!(text, "#   {line}"));
        }
    }
    text
}

/// The parts of the spec that the configuration says.
pub(super) fn parts(imported: &Imported) -> String {
    let mut text = String::new();
    for (key, value) in &imported.spec {
        let part = serde_json::Map::from_iter([(key.clone(), value.clone())]);
        // Values of a configuration all have a YAML form; JSON is one, too.
        let part = serde_yaml::to_string(&part).unwrap_or_else(|_| serde_json::Value::Object(part).to_string());
        let _ = write!(text, "\n{part}");
    }
    text
}

/// Says what was left or changed, and which secrets have to be made.
pub(super) fn tell(imported: &Imported, context: &Context) -> Result<(), CliError> {
    for (kind, heading) in HEADINGS {
        let notes = lines(imported, kind);
        if !notes.is_empty() {
            context.printer.out(format_args!("\n{heading}:"))?;
            notes.iter().try_for_each(|line| context.printer.out(format_args!("  {line}")))?;
        }
    }
    if !imported.secrets.is_empty() {
        context.printer.out("\nSecrets that Secrets Manager needs before the first apply:")?;
        for (secret, variable) in &imported.secrets {
            context.printer.out(format_args!("  {secret}  the value of {variable}"))?;
        }
    }
    Ok(())
}

const HEADINGS: [(Kind, &str); 2] = [(Kind::Left, "Not carried over"), (Kind::Changed, "Carried over differently")];

fn lines(imported: &Imported, kind: Kind) -> Vec<String> {
    let line = |note: &Note| {
        let place = note
            .place
            .as_ref()
            .map_or_else(String::new, |span| format!("{}:{}:{}  ", span.file, span.start.line, span.start.column));
        printable(&format!("{place}{}: {}", note.path, note.reason)).replace('\n', " ")
    };
    imported.notes.iter().filter(|note| note.kind == kind).map(line).collect()
}
