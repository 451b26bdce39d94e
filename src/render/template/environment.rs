//! The minijinja environment.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, merge_maps};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value as Json;

use super::language::Language;
use super::output::{self, Output};
use super::problem::{Located, Problem};
use super::{failure, filters, functions, scan};
use crate::diagnostics::{Diagnostic, Position, SourceFile, Span};
use crate::render::yaml::VALUE_MARKERS;

/// Steps that one template may take. The biggest built-in one takes fewer than 50,000.
const FUEL: u64 = 2_000_000;
/// Includes, macro calls and expressions inside each other.
const DEPTH: usize = 100;

/// Where the texts of templates come from.
pub trait Files: Send + Sync + 'static {
    /// The text of a file, by its path from the blueprint's root; `None` when there is none.
    ///
    /// # Errors
    /// When the path leaves the blueprint or the file cannot be read.
    fn text(&self, path: &str) -> Result<Option<String>, Problem>;

    /// The name of a file for people: its path from where they are.
    fn display_name(&self, path: &str) -> String;

    /// The paths of all templates, for "did you mean".
    fn paths(&self) -> Vec<String>;
}

/// A template that was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Name for people, and the text as it was read.
    pub source: SourceFile,
    /// The text that minijinja has.
    pub(super) scanned: Arc<str>,
    path: String,
    base: u32,
    lines: u32,
    annotations: Vec<(u32, Vec<String>)>,
}

type Values = Arc<Mutex<Vec<Json>>>;

/// The templates of a blueprint and the context that they are rendered with.
pub struct Templates {
    environment: Environment<'static>,
    context: Value,
    files: Arc<dyn Files>,
    language: Arc<Language>,
    loaded: Arc<Mutex<Vec<Arc<Loaded>>>>,
    values: Values,
}

impl Templates {
    /// Templates from files, rendered with a context. A template is read and compiled when it is first used.
    pub fn new(files: impl Files, context: &impl Serialize, language: Language) -> Self {
        let language = Arc::new(language);
        let files: Arc<dyn Files> = Arc::new(files);
        let loaded = Arc::new(Mutex::new(Vec::new()));
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(DEPTH);
        // Errors then know the place in the template; it costs nothing until there is one.
        environment.set_debug(true);
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            environment.set_syntax(syntax);
        }
        // The formatter never looks at this; it makes the results of macros and `set` blocks text as it is.
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("typed".into()));
        let values = Values::default();
        environment.set_formatter({
            let (values, language) = (values.clone(), language.clone());
            move |out, _, value| format(out, &language, &values, value)
        });
        environment.set_loader({
            let (files, loaded, language) = (files.clone(), loaded.clone(), language.clone());
            move |path| load(&*files, &loaded, &language, path)
        });
        functions::add(&mut environment, &language);
        filters::add(&mut environment);
        Self { environment, context: Value::from(Serde(context)), files, language, loaded, values }
    }

    /// Renders a template. `variables` are names that only this render has, with their values.
    ///
    /// # Errors
    /// A finding in the template, with its place.
    pub fn render(&self, path: &str, variables: &[(&str, &Json)]) -> Result<Output, Box<Diagnostic>> {
        let context = if variables.is_empty() {
            self.context.clone()
        } else {
            let own = variables.iter().map(|(name, value)| ((*name).to_owned(), Value::from(Serde(*value))));
            merge_maps([Value::from_pairs(own.collect::<Vec<_>>()), self.context.clone()])
        };
        lock(&self.values).clear();
        let rendered = self.environment.get_template(path).and_then(|template| template.render(context.clone()));
        match rendered {
            Ok(marked) => Ok(output::finish(&marked, &lock(&self.values), &self.language)),
            Err(error) => Err(Box::new(failure::diagnostic(&error, path, &context, self))),
        }
    }

    /// The sources of the templates that were used.
    pub fn sources(&self) -> Vec<SourceFile> {
        self.with_loaded(|loaded| loaded.iter().map(|template| template.source.clone()).collect())
    }

    /// Where the lines of an output are from.
    pub fn trace(&self, output: &Output) -> Trace {
        Trace { marks: output.marks.clone(), templates: self.with_loaded(<[_]>::to_vec) }
    }

    pub(super) fn files(&self) -> &dyn Files {
        &*self.files
    }

    pub(super) fn loaded(&self, path: &str) -> Option<Arc<Loaded>> {
        self.with_loaded(|loaded| loaded.iter().find(|template| template.path == path).cloned())
    }

    fn with_loaded<T>(&self, read: impl FnOnce(&[Arc<Loaded>]) -> T) -> T {
        read(&lock(&self.loaded))
    }
}

/// Where the lines of an output are from. Cheap to make and to clone: nothing is looked up before it is asked for.
#[derive(Debug, Clone)]
pub struct Trace {
    marks: Vec<u32>,
    templates: Vec<Arc<Loaded>>,
}

/// A line of a template.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The template.
    pub source: &'a SourceFile,
    /// Line, from 1.
    pub line: u32,
    /// Keys of the spec that feed it.
    pub spec_paths: &'a [String],
}

impl Trace {
    /// The template's line that made a line of the output, both from 1.
    pub fn origin(&self, line: u32) -> Option<Origin<'_>> {
        let mark = *self.marks.get(line.checked_sub(1)? as usize)?;
        let template = self.templates.iter().find(|it| mark > it.base && mark <= it.base + it.lines)?;
        let line = mark - template.base;
        // Annotations are in the order of their lines.
        let at = template.annotations.partition_point(|(at, _)| *at < line);
        let spec_paths = template.annotations.get(at).filter(|(at, _)| *at == line).map_or(&[][..], |(_, paths)| paths);
        Some(Origin { source: &template.source, line, spec_paths })
    }

    /// The text of the template's line that made a line of the output, without its annotation.
    pub fn span(&self, line: u32) -> Option<Span> {
        let origin = self.origin(line)?;
        let text = origin.source.text.lines().nth(origin.line as usize - 1)?;
        let start = text.chars().take_while(|c| c.is_whitespace()).count();
        let end = text.split("{#:").next().unwrap_or_default().trim_end().chars().count().max(start);
        let position = |column: usize| Position { line: origin.line, column: u32::try_from(column + 1).unwrap_or(1) };
        Some(Span { file: origin.source.name.clone(), start: position(start), end: position(end) })
    }

    /// The keys of the spec that the template names on the lines of the output, each once.
    pub fn spec_paths(&self, lines: RangeInclusive<u32>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for path in lines.filter_map(|line| self.origin(line)).flat_map(|origin| origin.spec_paths) {
            if !found.contains(path) {
                found.push(path.clone());
            }
        }
        found
    }
}

fn load(
    files: &dyn Files,
    loaded: &Mutex<Vec<Arc<Loaded>>>,
    language: &Language,
    path: &str,
) -> Result<Option<String>, Error> {
    if !path.ends_with(language.extension()) {
        return Err(Problem::Kind.into());
    }
    let Some(text) = files.text(path)? else { return Ok(None) };
    let mut loaded = lock(loaded);
    let base = loaded.last().map_or(0, |last| last.base + last.lines);
    let scanned = scan::scan(&text, base, language);
    let (scanned, error) = match scanned {
        Ok(scanned) => (scanned, None),
        Err(located) => (scan::Scanned::default(), Some(located)),
    };
    let marked: Arc<str> = scanned.text.as_str().into();
    loaded.push(Arc::new(Loaded {
        source: SourceFile::new(files.display_name(path), text),
        scanned: marked,
        path: path.to_owned(),
        base,
        lines: scanned.lines,
        annotations: scanned.annotations,
    }));
    match error {
        Some(located) => Err(name_template(located, path)),
        None => Ok(Some(scanned.text)),
    }
}

/// An error of the loader carries no template's name of its own, so the problem's place does.
fn name_template(located: Located, path: &str) -> Error {
    Error::new(ErrorKind::SyntaxError, located.problem.to_string())
        .with_source(failure::InTemplate { path: path.to_owned(), located })
}

/// Prints one value so that it fills one place and nothing else, whatever the template says about escaping.
fn format(
    out: &mut minijinja::Output<'_>,
    language: &Language,
    values: &Mutex<Vec<Json>>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_safe() {
        return out.write_str(value.as_str().unwrap_or_default()).map_err(Error::from);
    }
    let json = functions::to_json(value)?;
    if let Some(text) = language.plain(&json)? {
        return out.write_str(&text).map_err(Error::from);
    }
    // How it is written best depends on what else stands on its line, which is known in the end only.
    let (open, close) = VALUE_MARKERS;
    let mut values = lock(values);
    values.push(json);
    write!(out, "{open}{}{close}", values.len() - 1).map_err(Error::from)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
