//! From the spec file to the bundle.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::{CliError, Context, input, report};
use crate::blueprint::Blueprint;
use crate::cfn::registry::Registry;
use crate::diagnostics::Report;
use crate::engine::{Lines, Places};
use crate::model::Model;
use crate::plan::SourcePlace;
use crate::render::{self, Bundle, Input, Rendering};
use crate::spec::Loaded;

/// The resource schemas that a render meets. As a static it is not taken apart when the process ends. The input of a
/// render is: with 500 accounts its memory is needed again to write the bundle.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::builtin);

/// A spec and what it renders to.
pub(super) struct Built {
    /// The spec.
    pub loaded: Arc<Loaded>,
    /// What it renders to.
    pub bundle: Bundle,
    /// The rendering, with where everything is from.
    pub rendering: Arc<Rendering>,
    /// From properties to places in the spec.
    pub places: Places,
    /// From lines of rendered files to places in the spec.
    pub lines: Lines,
}

/// Reads, checks and renders the spec. Warnings go to stderr.
pub(super) fn build(context: &Context) -> Result<Built, CliError> {
    let loaded = load(context)?;
    let (built, found) = examine(context, loaded);
    match built {
        Some(built) if !found.has_errors() => {
            report::warnings(context, &found);
            Ok(built)
        }
        _ => Err(CliError::invalid(found)),
    }
}

/// Reads the spec with the environment of `-e`.
pub(super) fn load(context: &Context) -> Result<Loaded, CliError> {
    let bytes = input::read_spec(&context.global.file)?;
    let name = context.global.file.display().to_string();
    Ok(crate::spec::load(&name, &bytes, context.global.env.as_deref())?)
}

/// Checks and renders a loaded spec; every finding. Nothing is rendered from a spec with errors.
pub(super) fn examine(context: &Context, loaded: Loaded) -> (Option<Built>, Report) {
    let mut report = loaded.report();
    report.diagnostics = crate::rules::check(&loaded);
    if report.has_errors() {
        report.sort();
        return (None, report);
    }
    let base = context.global.file.parent().unwrap_or(Path::new("."));
    let place = loaded.spans.value("blueprint");
    let rendered = Blueprint::open(&loaded.spec.blueprint, base, place)
        .and_then(|blueprint| render::render(&input_of(&loaded), &blueprint, &REGISTRY));
    match rendered {
        Ok(rendering) => {
            merge(&mut report, rendering.report.clone());
            (Some(built(loaded, rendering)), report)
        }
        Err(found) => {
            merge(&mut report, found);
            (None, report)
        }
    }
}

fn merge(report: &mut Report, found: Report) {
    report.sources.merge(found.sources);
    report.diagnostics.extend(found.diagnostics);
    report.sort();
}

fn built(loaded: Loaded, rendering: Rendering) -> Built {
    let bundle = rendering.bundle.clone();
    let loaded = Arc::new(loaded);
    let rendering = Arc::new(rendering);
    let (of, spans) = (rendering.clone(), loaded.clone());
    let places: Places = Arc::new(move |stack: &str, logical_id: &str, path: &[String]| {
        of.spec_paths(stack, logical_id, path)
            .into_iter()
            .filter_map(|path| {
                let span = spans.spans.nearest(&path)?;
                Some(SourcePlace {
                    file: span.file.to_string(),
                    line: span.start.line,
                    column: span.start.column,
                    path: Some(path),
                })
            })
            .collect()
    });
    let (of, spans) = (rendering.clone(), loaded.clone());
    let lines: Lines = Arc::new(move |module: &str, file: &str, line: u32| {
        let map = of.module_maps.get(module)?;
        let path = map.line_spec_paths(&format!("{module}/{file}"), line..=line).into_iter().next()?;
        let span = spans.spans.nearest(&path)?;
        Some(SourcePlace {
            file: span.file.to_string(),
            line: span.start.line,
            column: span.start.column,
            path: Some(path),
        })
    });
    Built { loaded, bundle, rendering, places, lines }
}

/// What a render starts from.
fn input_of(loaded: &Loaded) -> Input {
    Input::new(loaded, &Model::new(&loaded.spec, loaded.environment.as_deref()))
}
