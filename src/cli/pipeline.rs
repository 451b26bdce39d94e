//! From the spec file to the bundle.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::origins::{Origins, place};
use super::{CliError, Context, input, report};
use crate::blueprint::Blueprint;
use crate::cfn::registry::Registry;
use crate::diagnostics::Report;
use crate::engine::{Lines, Places};
use crate::model::Model;
use crate::parity::{self, Parity};
use crate::render::{self, Bundle, Input, Rendering};
use crate::spec::{EngineName, Loaded};

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

/// Which engine a spec is rendered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engines {
    /// The one that it names.
    Own,
    /// This one.
    One(EngineName),
    /// CloudFormation and Terraform, in one bundle.
    Both,
}

/// Reads, checks and renders the spec. Warnings go to stderr.
pub(super) fn build(context: &Context) -> Result<Built, CliError> {
    build_for(context, Engines::Own)
}

/// The same for engines that the command line names. The rules are those of the spec's own engine.
pub(super) fn build_for(context: &Context, engines: Engines) -> Result<Built, CliError> {
    let loaded = load(context)?;
    let (built, found) = examine_for(context, loaded, engines);
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

/// Reads the spec with the environment of `-e`, if it has no errors, with what else was found. Nothing is rendered.
pub(super) fn checked(context: &Context) -> Result<(Loaded, Report), CliError> {
    let loaded = load(context)?;
    let found = check(&loaded);
    if found.has_errors() { Err(CliError::invalid(found)) } else { Ok((loaded, found)) }
}

/// What the rules find in a loaded spec.
pub(super) fn check(loaded: &Loaded) -> Report {
    let mut report = loaded.report();
    report.diagnostics = crate::rules::check(loaded);
    report.sort();
    report
}

/// Checks and renders a loaded spec; every finding. Nothing is rendered from a spec with errors.
pub(super) fn examine(context: &Context, loaded: Loaded) -> (Option<Built>, Report) {
    examine_for(context, loaded, Engines::Own)
}

fn examine_for(context: &Context, loaded: Loaded, engines: Engines) -> (Option<Built>, Report) {
    let mut report = check(&loaded);
    if report.has_errors() {
        return (None, report);
    }
    let rendered = blueprint(context, &loaded).and_then(|blueprint| {
        let mut input = input_of(&loaded);
        if let Engines::One(engine) = engines {
            engine.name().clone_into(&mut input.deployment.engine);
        }
        let rendering = match engines {
            Engines::Both => parity::render_both(&input, &blueprint, &REGISTRY).map_err(|report| *report),
            Engines::Own | Engines::One(_) => render::render(&input, &blueprint, &REGISTRY),
        }?;
        Ok((blueprint, rendering))
    });
    match rendered {
        Ok((blueprint, rendering)) => {
            merge(&mut report, rendering.report.clone());
            (Some(built(loaded, blueprint, rendering)), report)
        }
        Err(found) => {
            merge(&mut report, found);
            (None, report)
        }
    }
}

/// The spec's blueprint.
pub(super) fn blueprint(context: &Context, loaded: &Loaded) -> Result<Blueprint, Report> {
    let base = context.global.file.parent().unwrap_or(Path::new("."));
    Blueprint::open(&loaded.spec.blueprint, base, loaded.spans.value("blueprint"))
}

/// Compares the engines of a spec that was rendered for both.
pub(super) fn compare(context: &Context, built: &Built) -> Result<Parity, CliError> {
    let blueprint = blueprint(context, &built.loaded)?;
    let model = Model::new(&built.loaded.spec, built.loaded.environment.as_deref());
    Ok(parity::check(&built.bundle, &blueprint.manifest, &model, &REGISTRY))
}

fn merge(report: &mut Report, found: Report) {
    report.sources.merge(found.sources);
    report.diagnostics.extend(found.diagnostics);
    report.sort();
}

fn built(loaded: Loaded, blueprint: Blueprint, rendering: Rendering) -> Built {
    let bundle = rendering.bundle.clone();
    let loaded = Arc::new(loaded);
    let rendering = Arc::new(rendering);
    let origins = Origins::new(rendering.clone(), loaded.clone(), blueprint);
    let places: Places = Arc::new(move |stack: &str, name: &str, path: &[String]| origins.places(stack, name, path));
    let (of, spans) = (rendering.clone(), loaded.clone());
    let lines: Lines = Arc::new(move |module: &str, file: &str, line: u32| {
        let map = of.module_maps.get(module)?;
        let path = map.line_spec_paths(&format!("{module}/{file}"), line..=line).into_iter().next()?;
        place(&spans.spans, path)
    });
    Built { loaded, bundle, rendering, places, lines }
}

/// What a render starts from.
fn input_of(loaded: &Loaded) -> Input {
    Input::new(loaded, &Model::new(&loaded.spec, loaded.environment.as_deref()))
}
