//! Blueprints: the manifest and templates of what gets deployed, built in or forked.

mod annotations;
mod manifest;
mod read;
mod read_terraform;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;

use sha2::{Digest, Sha256};

pub use annotations::Annotations;
pub use manifest::{
    Config, Flag, Manifest, ModuleFile, Parameter, ParameterSource, Resource, Stack, StackTarget, Terraform,
};
pub use source::Source;

use crate::diagnostics::{Diagnostic, Report, SourceFile, Span};
use crate::render::codes;
use crate::render::template::{Files, nearest};
use crate::yaml::Place;

/// Name of the manifest in a blueprint.
pub const MANIFEST: &str = "blueprint.yaml";

/// A blueprint that was read and whose manifest is right.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The manifest.
    pub manifest: Manifest,
    /// The manifest's text, for findings.
    pub manifest_source: SourceFile,
    /// SHA-256 in hex over the manifest and all templates.
    pub sha256: String,
    /// Where the files are.
    pub source: Source,
}

impl Blueprint {
    /// Opens the blueprint that a spec names: a built-in one, or a directory when the name begins with `./`, `../` or
    /// `/`. A relative path starts at `base`, the directory of the spec. `place` is where the spec names it.
    ///
    /// # Errors
    /// All findings: unknown or unreadable blueprint, a wrong manifest, missing templates, another version of gwinfra.
    pub fn open(reference: &str, base: &Path, place: Option<Span>) -> Result<Self, Report> {
        let failed = |diagnostic: Diagnostic| Report { diagnostics: vec![diagnostic], ..Report::default() };
        let is_path = ["./", "../", "/"].iter().any(|start| reference.starts_with(start)) || reference == ".";
        let source = if is_path {
            Source::directory(&base.join(reference), reference).map_err(|problem| {
                failed(Diagnostic::error(problem.code(), problem.to_string()).with_span(place.clone()))
            })?
        } else {
            Source::builtin(reference).ok_or_else(|| failed(unknown(reference, place.clone())))?
        };
        Self::read(source, place)
    }

    fn read(source: Source, place: Option<Span>) -> Result<Self, Report> {
        let mut report = Report::default();
        let text = match source.text(MANIFEST) {
            Ok(Some(text)) => text,
            Ok(None) => {
                let message = format!("`{}` has no {MANIFEST}", source.name());
                let help =
                    "a fork is a copy of `blueprints/gateway` of the sources: blueprints/README.md says how it is made";
                report.diagnostics.push(Diagnostic::error(codes::UNREADABLE, message).with_span(place).with_help(help));
                return Err(report);
            }
            Err(problem) => {
                report.diagnostics.push(Diagnostic::error(problem.code(), problem.to_string()).with_span(place));
                return Err(report);
            }
        };
        let manifest_source = SourceFile::new(source.display_name(MANIFEST), text);
        report.sources.add(manifest_source.clone());
        let manifest = match read::manifest(&manifest_source) {
            Ok(manifest) => manifest,
            Err(findings) => {
                report.diagnostics = findings;
                return Err(report);
            }
        };
        let span = |at: Place| Some(at.in_file(&manifest_source.name));
        let own: Result<semver::Version, _> = env!("CARGO_PKG_VERSION").parse();
        if own.is_ok_and(|own| !manifest.requires.matches(&own)) {
            let message = format!(
                "the blueprint is for gwinfra {}, and this is {}",
                manifest.requires,
                env!("CARGO_PKG_VERSION")
            );
            report.diagnostics.push(
                Diagnostic::error(codes::REQUIRES, message)
                    .with_span(span(manifest.requires_place))
                    .with_help("use that version of gwinfra, or a version of the blueprint for this one"),
            );
        }
        let paths = source.paths();
        let stacks = manifest.stacks.iter().map(|stack| (&stack.template, stack.place));
        let modules = manifest.terraform.iter().flat_map(|terraform| terraform.hub.iter().chain(&terraform.account));
        for (template, place) in stacks.chain(modules.map(|file| (&file.template, file.place))) {
            if !paths.contains(template) {
                let message = format!("the blueprint has no template `{template}`");
                let mut finding = Diagnostic::error(codes::TEMPLATE_NOT_FOUND, message).with_span(span(place));
                if let Some(near) = nearest(template, paths.iter().map(String::as_str)) {
                    finding = finding.with_help(format!("did you mean `{near}`?"));
                }
                report.diagnostics.push(finding);
            }
        }
        let sha256 = match digest(&source) {
            Ok(sha256) => sha256,
            Err(problem) => {
                report.diagnostics.push(Diagnostic::error(problem.code(), problem.to_string()).with_span(place));
                String::new()
            }
        };
        if report.has_errors() { Err(report) } else { Ok(Self { manifest, manifest_source, sha256, source }) }
    }
}

fn unknown(name: &str, place: Option<Span>) -> Diagnostic {
    let names = Source::builtin_names();
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? A fork is named by its path: `./{name}`"),
        None => format!("built in: {}; a fork is named by its path: `./{name}`", names.join(", ")),
    };
    Diagnostic::error(codes::UNKNOWN_BLUEPRINT, format!("there is no blueprint `{name}`"))
        .with_span(place)
        .with_path("blueprint")
        .with_help(help)
}

/// The digest over names and texts of all files that a render may read.
fn digest(source: &Source) -> Result<String, crate::render::template::Problem> {
    let mut hasher = Sha256::new();
    for path in std::iter::once(MANIFEST.to_owned()).chain(source.paths()) {
        let text = source.text(&path)?.unwrap_or_default();
        for part in [path.as_str(), text.as_str()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    Ok(crate::hexadecimal::digits(hasher.finalize()))
}
