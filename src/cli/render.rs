//! `gwinfra render`.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::pipeline::{self, Built, Engines};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, global::Output, parity};
use crate::render::disk::{self, DifferenceKind};
use crate::render::{ParameterValue, explain};
use crate::spec::{EngineName, Spec};

/// Render the spec, without AWS and without credentials
///
/// The same spec renders the same bytes each time. Every template is read back and checked against AWS's resource schemas.
#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// Write everything to this directory, which is replaced as a whole
    #[arg(long, env = "GWINFRA_RENDER_OUT", value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compare with the directory instead; exits with 2 when it differs
    #[arg(long, env = "GWINFRA_CHECK", requires = "out")]
    check: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_WHAT", value_name = "WHAT")]
    what: What,
    /// Print only this stack, or this root module of Terraform
    #[arg(long, env = "GWINFRA_STACK", value_name = "KEY")]
    stack: Option<String>,
    /// Print where a resource comes from: the lines of the spec, of the blueprint and of the template
    #[arg(long, env = "GWINFRA_EXPLAIN", value_name = "LOGICAL_ID", conflicts_with_all = ["out", "check"])]
    explain: Option<String>,
    /// Render for this engine, whatever engine the spec names
    #[arg(long, value_enum, env = "GWINFRA_RENDER_ENGINE", value_name = "ENGINE")]
    engine: Option<EngineChoice>,
    /// Render for both engines, and say whether they build the same: every property and argument is compared, and with
    /// what gwinfra expects; exits with 3 when they do not
    #[arg(long, env = "GWINFRA_PARITY", conflicts_with_all = ["explain", "check", "what", "stack"])]
    parity: bool,
}

/// Which engine to render for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineChoice {
    /// CloudFormation stacks
    Cloudformation,
    /// Terraform's root modules
    Terraform,
    /// One after the other; into one directory with `--out`
    Both,
}

impl RenderArgs {
    fn engines(&self) -> Result<Engines, CliError> {
        match (self.engine, self.parity) {
            (Some(EngineChoice::Both), _) | (None, true) => Ok(Engines::Both),
            (Some(_), true) => {
                Err(CliError::usage("--parity compares both engines")
                    .hint("leave --engine out, or write `--engine both`"))
            }
            (Some(EngineChoice::Cloudformation), false) => Ok(Engines::One(EngineName::Cloudformation)),
            (Some(EngineChoice::Terraform), false) => Ok(Engines::One(EngineName::Terraform)),
            (None, false) => Ok(Engines::Own),
        }
    }
}

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum What {
    /// The spec with its environment and all defaults
    Spec,
    /// The templates
    #[default]
    Template,
    /// The parameters of each stack
    Parameters,
}

pub(super) fn run(args: &RenderArgs, context: &Context) -> CommandResult {
    let engines = args.engines()?;
    let outputs: &[Output] = match (args.parity, &args.explain) {
        (true, _) => parity::OUTPUTS,
        (false, Some(_)) => &[Output::Text],
        (false, None) => &[Output::Text, Output::Json],
    };
    check_output(context, outputs)?;
    // The process ends with this command: taking tens of thousands of small values apart would be for nothing.
    let built = ManuallyDrop::new(pipeline::build_for(context, engines)?);
    if let Some(directory) = &args.out {
        let written = write(args.check, directory, &built, context)?;
        if !args.parity {
            return Ok(written);
        }
    }
    if args.parity {
        return parity::run(&built, context);
    }
    if let Some(logical_id) = &args.explain {
        return explain_resource(logical_id, &built, context);
    }
    let stacks: Vec<_> =
        built.bundle.stacks.iter().filter(|stack| args.stack.as_ref().is_none_or(|key| *key == stack.key)).collect();
    let modules = || built.bundle.modules.iter();
    if let (Some(key), true) = (&args.stack, stacks.is_empty())
        && !modules().any(|module| module.key == *key)
    {
        let all = built.bundle.stacks.iter().map(|stack| &stack.key).chain(modules().map(|module| &module.key));
        let keys: Vec<&str> = all.map(String::as_str).collect();
        return Err(
            CliError::usage(format!("there is no stack {key}")).hint(format!("the stacks are {}", keys.join(", ")))
        );
    }
    match args.what {
        What::Spec => {
            let mut spec = built.loaded.spec.clone();
            spec.environments.clear();
            let text = if context.global.output == Output::Json {
                serde_json::to_string_pretty(&spec).map_err(std::io::Error::from)? + "\n"
            } else {
                yaml(&spec).map_err(|error| CliError::new(ErrorKind::Failed, error))?
            };
            context.printer.out_raw(text)?;
        }
        What::Template if context.global.output == Output::Json => {
            let templates = stacks.iter().map(|stack| (stack.template_path.clone(), (*stack.template).into()));
            let files = modules().filter(|module| args.stack.as_ref().is_none_or(|key| *key == module.key)).flat_map(
                |module| {
                    let files = module.files.iter().filter(|(name, _)| name.ends_with(".tf"));
                    files.map(move |(name, text)| (format!("terraform/{}/{name}", module.key), (**text).into()))
                },
            );
            let all: serde_json::Map<String, serde_json::Value> = templates.chain(files).collect();
            context.printer.out(serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?)?;
        }
        What::Template if engines == Engines::Both => {
            return Err(CliError::usage("the templates of two engines are no one text")
                .hint("pass `--out DIR` for the files, `-o json` for an object of them, or one engine"));
        }
        What::Template => {
            let mut shown = Vec::new();
            for stack in stacks {
                if !shown.contains(&&stack.template_path) {
                    shown.push(&stack.template_path);
                    context.printer.out_raw(format!("--- # {}\n{}", stack.template_path, stack.template))?;
                }
            }
            for module in
                built.bundle.modules.iter().filter(|module| args.stack.as_ref().is_none_or(|key| *key == module.key))
            {
                for (name, text) in module.files.iter().filter(|(name, _)| name.ends_with(".tf")) {
                    context.printer.out_raw(format!("# ---- terraform/{}/{name}\n{text}", module.key))?;
                }
            }
        }
        What::Parameters => {
            let all: serde_json::Map<String, serde_json::Value> = stacks
                .iter()
                .map(|stack| {
                    let values =
                        stack.parameters.iter().map(|(name, value)| (name.clone(), words(value).into())).collect();
                    (stack.key.clone(), serde_json::Value::Object(values))
                })
                .collect();
            context.printer.out(serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?)?;
        }
    }
    Ok(Exit::Ok)
}

/// A spec as it is read: alternatives are keys, and not YAML's tags.
fn yaml(spec: &Spec) -> Result<String, serde_yaml::Error> {
    let mut text = Vec::new();
    let mut serializer = serde_yaml::Serializer::new(&mut text);
    serde_yaml::with::singleton_map_recursive::serialize(spec, &mut serializer)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Where a parameter's value comes from, in words.
fn words(value: &ParameterValue) -> String {
    match value {
        ParameterValue::Literal(text) => text.clone(),
        ParameterValue::Output { stack, output } => format!("(output {output} of {stack})"),
        ParameterValue::Image(name) => format!("(image {name}, by digest)"),
        ParameterValue::Lookup(name) => format!("(lookup {name})"),
    }
}

fn write(check: bool, directory: &std::path::Path, built: &Built, context: &Context) -> CommandResult {
    let failed = |error: disk::BundleError| {
        let help = error.help();
        CliError::new(ErrorKind::Failed, error).hint(help)
    };
    if !check {
        disk::write(&built.bundle, directory).map_err(failed)?;
        let count = disk::files(&built.bundle).len();
        context.printer.say(format_args!("Wrote {} to {}", crate::plan::count(count, "file"), directory.display()));
        return Ok(Exit::Ok);
    }
    let differences = disk::check(&built.bundle, directory).map_err(failed)?;
    for difference in &differences {
        let word = match difference.kind {
            DifferenceKind::Changed => "differs",
            DifferenceKind::Missing => "is missing",
            DifferenceKind::Extra => "is not rendered any more",
        };
        context.printer.out(format_args!("{} {word}", difference.path))?;
    }
    if differences.is_empty() {
        return Ok(Exit::Ok);
    }
    context.printer.say(format_args!("Next: gwinfra render --out {}", directory.display()));
    Ok(Exit::Differences)
}

fn explain_resource(logical_id: &str, built: &Built, context: &Context) -> CommandResult {
    let found = explain(&built.rendering, logical_id, &built.loaded.spans);
    if found.is_empty() {
        let error = CliError::usage(format!("no template has a resource {logical_id}"));
        let engine = built.bundle.deployment.engine.as_str();
        let other = match (engine, logical_id.contains('.')) {
            ("cloudformation", true) => Some("terraform"),
            ("terraform", false) => Some("cloudformation"),
            _ => None,
        };
        return Err(match other {
            Some(other) => error.hint(format!(
                "the spec is rendered to {engine}, and this is a name of {other}'s: add `--engine {other}`"
            )),
            None => error.hint("`gwinfra render` prints the templates"),
        });
    }
    for explanation in found {
        context.printer.out(format_args!(
            "{}  {}  in stack {}",
            explanation.logical_id, explanation.resource_type, explanation.stack
        ))?;
        for (path, span) in &explanation.spec {
            let place = span.as_ref().map_or_else(
                || "default".to_owned(),
                |span| format!("{}:{}:{}", span.file, span.start.line, span.start.column),
            );
            context.printer.out(format_args!("  spec       {place}  {path}"))?;
        }
        if let Some(span) = &explanation.template {
            context.printer.out(format_args!("  blueprint  {}:{}", span.file, span.start.line))?;
        }
        let (first, last) = explanation.rendered_lines;
        context.printer.out(format_args!("  template   {}:{first}-{last}\n", explanation.rendered_file))?;
        for (line, text) in (first..).zip(explanation.rendered.lines()) {
            context.printer.out(format_args!("{line:>6} | {text}"))?;
        }
    }
    Ok(Exit::Ok)
}
