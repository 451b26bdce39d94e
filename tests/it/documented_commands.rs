//! The commands that documents, explanations and hints name exist, with their flags; and documents lead to files that are there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use regex::Regex;

use crate::support::repository;

/// A command inside another one.
static INSIDE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\((gwinfra [^)]*)\)").unwrap());
/// What stands in backticks and begins with the program's name.
static SPAN: LazyLock<Regex> = LazyLock::new(|| Regex::new("`(gwinfra [^`]+)`").unwrap());
/// A hint, in which three spaces end the command.
static HINT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""(gwinfra [^"]+?)   "#).unwrap());
/// What a command is given by another one, or filled in with.
static FILLED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""?\$\([^)]*\)"?|\{[^}]*\}"#).unwrap());
/// What may be put behind a word of a command.
static BEHIND: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(\w)\{[^}]*\}").unwrap());

/// Documents that are written by hand.
fn documents() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["docs", "gateway/middleware", "blueprints", "."]
        .iter()
        .flat_map(|folder| fs_err::read_dir(repository(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    all.sort();
    all
}

/// Sources with their explanations.
fn sources() -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![repository("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "md") {
                all.push(path);
            }
        }
    }
    all
}

/// A document without its blocks of code, and the commands of blocks that a shell would run.
fn taken_apart(text: &str) -> (String, Vec<String>) {
    let (mut prose, mut commands, mut fence) = (String::new(), Vec::new(), None);
    for line in text.lines() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            fence = if fence.is_none() { Some(kind.trim().to_owned()) } else { None };
            continue;
        }
        match fence.as_deref() {
            None => prose.push_str(&format!("{line}\n")),
            Some("sh" | "console") => {
                let line = line.trim().trim_start_matches("$ ");
                let line = line.split(" #").next().unwrap_or_default();
                commands.extend(line.split([';', '&']).map(|part| part.trim().to_owned()));
                commands.extend(INSIDE.captures_iter(line).map(|found| found[1].to_owned()));
            }
            Some(_) => {}
        }
    }
    (prose, commands)
}

fn in_backticks(text: &str) -> Vec<String> {
    SPAN.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The commands of a source: also in text that goes on in the next line.
fn in_source(text: &str) -> Vec<String> {
    let mut whole = String::new();
    for line in text.lines().map(str::trim_start) {
        let line = ["/// ", "//! ", "// "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
        match line.strip_suffix('\\') {
            Some(begun) => whole.push_str(begun),
            None => whole.push_str(&format!("{line}\n")),
        }
    }
    let mut all = in_backticks(&whole);
    all.extend(HINT.captures_iter(&whole).map(|found| found[1].to_owned()));
    all
}

/// The words of a command, each way to read it: `a|b` are two, and what is filled in later is a placeholder.
fn readings(command: &str) -> Vec<Vec<String>> {
    let command = BEHIND.replace_all(command, "$1");
    let command = FILLED.replace_all(&command, "X");
    let command = command.split("   ").next().unwrap_or_default();
    let mut all = vec![Vec::new()];
    for word in command.split_whitespace() {
        if matches!(word, "|" | ">") {
            break;
        }
        if word == "..." {
            continue;
        }
        let ends = word.ends_with(',');
        let choices: Vec<&str> = word.trim_end_matches(',').split('|').collect();
        all = all
            .iter()
            .flat_map(|words| {
                choices.iter().map(|choice| [words.clone(), vec![(*choice).to_owned()]].concat()).collect::<Vec<_>>()
            })
            .collect();
        if ends {
            break;
        }
    }
    all
}

/// Why a command cannot be; `None` for one that can. What is left out is no fault, nor is a placeholder such as `FILE`.
fn fault(known: &mut Command, command: &str) -> Option<String> {
    readings(command).into_iter().filter(|words| words.len() > 1).find_map(|words| {
        let error = known.try_get_matches_from_mut(&words).err()?;
        let is_placeholder = |kind| match error.get(kind) {
            Some(ContextValue::String(value)) => !value.contains(|letter: char| letter.is_ascii_lowercase()),
            _ => false,
        };
        let wrong = match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand => false,
            ErrorKind::InvalidSubcommand => !is_placeholder(ContextKind::InvalidSubcommand),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => !is_placeholder(ContextKind::InvalidValue),
            _ => true,
        };
        wrong.then(|| format!("`{}`: {}", words.join(" "), error.kind()))
    })
}

fn faults(files: &[PathBuf], commands: impl Fn(&str) -> Vec<String>) -> (usize, Vec<String>) {
    let mut named: BTreeMap<String, &Path> = BTreeMap::new();
    for file in files {
        let text = fs_err::read_to_string(file).unwrap();
        if !text.contains("gwinfra ") {
            continue;
        }
        let commands = commands(&text).into_iter().filter(|command| command.starts_with("gwinfra "));
        named.extend(commands.map(|command| (command, file.as_path())));
    }
    let mut known = gwinfra::cli::command();
    let faults =
        named.iter().filter_map(|(command, file)| Some(format!("{}: {}", file.display(), fault(&mut known, command)?)));
    (named.len(), faults.collect())
}

#[test]
fn every_command_in_a_document_exists() {
    let (count, faults) = faults(&documents(), |text| {
        let (prose, mut commands) = taken_apart(text);
        commands.extend(in_backticks(&prose));
        commands
    });
    assert!(count > 50, "{count}");
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn every_command_in_an_explanation_or_a_hint_exists() {
    let (count, faults) = faults(&sources(), in_source);
    assert!(count > 50, "{count}");
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn what_does_not_exist_is_found() {
    let mut known = gwinfra::cli::command();
    for wrong in
        ["gwinfra blueprint fork", "gwinfra plan --nonsense", "gwinfra image build|fetch", "gwinfra render --what no"]
    {
        assert!(fault(&mut known, wrong).is_some(), "{wrong}");
    }
    for right in ["gwinfra image build|push", "gwinfra plan --out FILE, then more", "gwinfra recover --skip {ids}"] {
        assert_eq!(fault(&mut known, right), None, "{right}");
    }
}

#[test]
fn every_link_of_a_document_leads_to_a_file_and_a_heading() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut lost = Vec::new();
    for file in documents() {
        let (prose, _) = taken_apart(&fs_err::read_to_string(&file).unwrap());
        for found in link.captures_iter(&prose) {
            if found[1].contains("://") {
                continue;
            }
            let (path, heading) = found[1].split_once('#').unwrap_or((&found[1], ""));
            let target =
                if path.is_empty() { file.clone() } else { file.parent().unwrap_or(Path::new(".")).join(path) };
            if !target.exists() || (!heading.is_empty() && !headings(&target).contains(&heading.to_owned())) {
                lost.push(format!("{}: {}", file.display(), &found[1]));
            }
        }
    }
    assert_eq!(lost, Vec::<String>::new());
}

/// The headings of a document as links name them.
fn headings(file: &Path) -> Vec<String> {
    let text = fs_err::read_to_string(file).unwrap();
    let name = |heading: &str| {
        let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
        heading.to_lowercase().chars().filter(kept).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    };
    let (prose, _) = taken_apart(&text);
    prose.lines().filter(|line| line.starts_with('#')).map(|line| name(line.trim_start_matches('#').trim())).collect()
}
