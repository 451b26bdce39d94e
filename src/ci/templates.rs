//! Filling the templates. Their marks are `<[ ]>` and `<% %>`: `${{ }}` is GitHub's own.

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context};
use rust_embed::Embed;

use super::trust::APPLY_SECONDS;
use super::{Deployment, Install, Pipeline, System, TemplateError};

/// The templates, also in a debug binary.
#[derive(Embed)]
#[folder = "src/ci/templates/"]
struct Templates;

/// The shell of the steps, also in a debug binary.
#[derive(Embed)]
#[folder = "src/ci/scripts/"]
struct Scripts;

/// Directory of journals, beside the spec.
const JOURNAL: &str = ".gwinfra";

/// The text of a script, by its name.
pub fn script(name: &str) -> Option<String> {
    let file = Scripts::get(&format!("{name}.sh"))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// Fills a template.
pub(super) fn fill(name: &str, pipeline: &Pipeline, deployments: &[Deployment]) -> Result<String, TemplateError> {
    try_fill(name, pipeline, deployments).map_err(|source| TemplateError { name: name.to_owned(), source })
}

fn try_fill(name: &str, pipeline: &Pipeline, deployments: &[Deployment]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_syntax(
        SyntaxConfig::builder()
            .block_delimiters("<%", "%>")
            .variable_delimiters("<[", "]>")
            .comment_delimiters("<#", "#>")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    environment.set_loader(|name| {
        let file = Templates::get(name);
        Ok(file.map(|file| String::from_utf8_lossy(&file.data).into_owned()))
    });
    environment.add_function("script", |names: Rest<String>| text(&names));
    environment.add_function("wrapped", |names: Rest<String>| Ok::<_, Error>(wrapped("", &text(&names)?)));
    environment.add_function("wrapped_in", |step: String, names: Rest<String>| {
        let guard = format!("[ \"$STEP\" = {step} ] || exit 0\n");
        Ok::<_, Error>(wrapped(&guard, &text(&names)?))
    });
    let (install, variables) = match &pipeline.install {
        Install::Url { url, sha256 } => ("url", [("INSTALL_URL", url), ("INSTALL_SHA256", sha256)]),
        Install::Git { url, revision } => ("git", [("INSTALL_GIT", url), ("INSTALL_REV", revision)]),
    };
    let mut install_environment = String::new();
    for (name, value) in variables {
        // Writing to a String cannot fail.
        let _ = writeln!(install_environment, "{name}: {}", serde_json::Value::from(value.as_str()));
    }
    // The journal stands beside the spec.
    let journal = match pipeline.file.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/{JOURNAL}"),
        None => JOURNAL.to_owned(),
    };
    let packages = match install {
        "git" => "build-essential ca-certificates cmake curl git jq",
        _ => "ca-certificates curl jq",
    };
    let all: Vec<minijinja::Value> = deployments.iter().map(deployment).collect();
    environment.get_template(name)?.render(context! {
        command => &pipeline.command,
        file => &pipeline.file,
        branch => &pipeline.branch,
        schedule => &pipeline.schedule,
        image => &pipeline.image,
        audience => format!("https://{}", pipeline.gitlab_host),
        install,
        install_environment => install_environment.trim_end(),
        journal,
        packages,
        apply_seconds => APPLY_SECONDS,
        // A file for one deployment speaks of it directly.
        deployment => if pipeline.system == System::Codebuild { all.first().cloned() } else { None },
        deployments => all,
    })
}

fn deployment(deployment: &Deployment) -> minijinja::Value {
    context! {
        suffix => deployment.suffix(),
        environment => &deployment.environment,
        name => deployment.approval(),
        prefix => &deployment.prefix,
        region => &deployment.place.region,
        terraform => deployment.terraform,
        plan_role => &deployment.plan_role,
        apply_role => &deployment.apply_role,
    }
}

/// Several scripts one after the other, without the line break at the end.
fn text(names: &[String]) -> Result<String, Error> {
    let mut out = String::new();
    for name in names {
        let own = script(name)
            .ok_or_else(|| Error::new(ErrorKind::TemplateNotFound, format!("there is no script {name}")))?;
        out.push_str(&own);
    }
    Ok(out.trim_end().to_owned())
}

/// A script as a part of a longer one: what it sets and how it ends is its own.
fn wrapped(guard: &str, script: &str) -> String {
    format!("(\n{guard}set -euo pipefail\nexport PATH=\"$HOME/.local/bin:$PATH\"\n{script}\n)")
}
