//! `gwinfra ci init`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::repository;
use crate::ci::{Deployment, File, Install, Pipeline, RoleName, System, roles};
use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, input};
use crate::cron;
use crate::spec::{EngineName, Loaded, State};
use crate::whole_file::WholeFile;

/// What stands for a repository that nobody has named.
const SOME_REPOSITORY: &str = "OWNER/NAME";

/// Write a pipeline for the spec
///
/// Pull requests are validated and planned, with the plan as one comment; what is merged is planned again, saved, and exactly
/// that plan applied; every night drift opens, updates or closes one issue. One job for each environment of the spec, or only
/// for that of -e; with --base also for the deployment without environment. Nothing is sent anywhere.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where the pipeline runs
    #[arg(value_enum)]
    system: Where,
    /// Address of the program, or of a .tar.gz with it and the middleware's programs; needs --install-sha256
    #[arg(long, env = "GWINFRA_CI_INSTALL_URL", value_name = "URL", requires = "install_sha256")]
    install_url: Option<String>,
    /// SHA-256 of what is there
    #[arg(long, env = "GWINFRA_CI_INSTALL_SHA256", value_name = "HEX", requires = "install_url")]
    install_sha256: Option<String>,
    /// Git repository from which jobs compile gwinfra; needs --install-rev
    #[arg(
        long,
        env = "GWINFRA_CI_INSTALL_GIT",
        value_name = "URL",
        requires = "install_rev",
        conflicts_with = "install_url"
    )]
    install_git: Option<String>,
    /// Commit of that repository, all 40 digits
    #[arg(long, env = "GWINFRA_CI_INSTALL_REV", value_name = "COMMIT", requires = "install_git")]
    install_rev: Option<String>,
    /// Also the deployment without environment, where the spec has environments
    #[arg(long, env = "GWINFRA_CI_BASE")]
    base: bool,
    /// Role that plans and looks for drift, by name or ARN; default: <prefix>-ci-plan in the account of the hub
    #[arg(long, env = "GWINFRA_CI_PLAN_ROLE", value_name = "ROLE")]
    plan_role: Option<String>,
    /// Role that applies, by name or ARN; default: <prefix>-ci-apply in the account of the hub
    #[arg(long, env = "GWINFRA_CI_APPLY_ROLE", value_name = "ROLE")]
    apply_role: Option<String>,
    /// Branch whose commits are applied. On GitHub the default branch: no other looks for drift every night
    #[arg(long, env = "GWINFRA_CI_BRANCH", value_name = "NAME", default_value = "main")]
    branch: String,
    /// When drift is looked for: cron, in UTC. GitLab's and CodeBuild's schedules are made outside of the file
    #[arg(long, env = "GWINFRA_CI_SCHEDULE", value_name = "CRON", default_value = "17 3 * * *")]
    schedule: String,
    /// Image of GitLab's jobs: Debian or Ubuntu
    #[arg(long, env = "GWINFRA_CI_IMAGE", value_name = "IMAGE")]
    image: Option<String>,
    /// Host of GitLab
    #[arg(long, env = "GWINFRA_CI_GITLAB_HOST", value_name = "HOST", default_value = "gitlab.com")]
    gitlab_host: String,
    /// Repository, for the trust of the roles: owner/name; default: Git's `origin`
    #[arg(long, env = "GWINFRA_CI_REPOSITORY", value_name = "PATH")]
    repository: Option<String>,
    /// Root of the repository
    #[arg(long, env = "GWINFRA_CI_DIRECTORY", value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Write nothing; exit with 2 when a file is not what would be written
    #[arg(long, env = "GWINFRA_CI_CHECK", conflicts_with = "force")]
    check: bool,
    /// Replace files that exist
    #[arg(long, env = "GWINFRA_CI_FORCE")]
    force: bool,
    /// Print the roles as JSON, with who may assume each and what it needs, and write nothing
    #[arg(long, env = "GWINFRA_CI_EMIT_TRUST_POLICY", conflicts_with_all = ["check", "force"])]
    emit_trust_policy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Where {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// AWS CodeBuild
    Codebuild,
}

pub(super) fn run(args: &InitArgs, context: &Context) -> CommandResult {
    let formats: &[Output] = if args.emit_trust_policy { &[Output::Text, Output::Json] } else { &[Output::Text] };
    check_output(context, formats)?;
    let pipeline = pipeline(args, context)?;
    let named = args.repository.clone().or_else(|| repository::origin(&args.directory));
    if args.emit_trust_policy {
        let is_needed = pipeline.system != System::Codebuild;
        if is_needed && named.is_none() {
            return Err(
                CliError::usage("Git does not say which repository this is").hint("pass `--repository OWNER/NAME`")
            );
        }
        let roles = roles(&pipeline, named.as_deref().unwrap_or(SOME_REPOSITORY));
        context.printer.out(serde_json::to_string_pretty(&roles).map_err(std::io::Error::from)?)?;
        tell_left_out(args, context, &pipeline);
        return Ok(Exit::Ok);
    }
    let files = pipeline.files().map_err(|error| CliError::new(ErrorKind::Failed, error))?;
    let different = different(&files, &args.directory)?;
    if args.check {
        for file in &different {
            context.printer.out(format_args!("{} is not what would be written", file.path))?;
        }
        return Ok(if different.is_empty() { Exit::Ok } else { Exit::Differences });
    }
    let in_the_way: Vec<&str> = different
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| args.directory.join(path).symlink_metadata().is_ok())
        .collect();
    if !in_the_way.is_empty() && !args.force {
        return Err(CliError::usage(format!("{} exists already, and is something else", in_the_way.join(" and ")))
            .hint("--check   compares; --force   replaces it"));
    }
    for file in &files {
        let is_new = different.iter().any(|other| other.path == file.path);
        if is_new {
            let path = args.directory.join(&file.path);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent)?;
            }
            WholeFile::shared(&path).lasting().write(file.text.as_bytes())?;
        }
        context.printer.out(format_args!("{} {}", if is_new { "Wrote" } else { "Unchanged:" }, file.path))?;
    }
    tell(&pipeline, named.as_deref(), context);
    tell_left_out(args, context, &pipeline);
    Ok(Exit::Ok)
}

/// Says that the deployment without environment has no jobs, where nobody has chosen.
fn tell_left_out(args: &InitArgs, context: &Context, pipeline: &Pipeline) {
    let has_environments = pipeline.deployments.iter().any(|deployment| deployment.environment.is_some());
    if has_environments && !args.base && context.global.env.is_none() {
        context.printer.say("\nThe deployment without environment is left out; --base includes it.");
    }
}

/// What is left to do by hand.
fn tell(pipeline: &Pipeline, repository: Option<&str>, context: &Context) {
    let printer = &context.printer;
    printer.say("\nRoles that the jobs assume:");
    for role in roles(pipeline, repository.unwrap_or(SOME_REPOSITORY)) {
        printer.say(format_args!("  {}   {}", role.role, role.purpose));
    }
    printer.say(format_args!(
        "\nNext:\n  {} --emit-trust-policy   who may assume them, and what they need",
        pipeline.command
    ));
    let names: Vec<&str> = pipeline.deployments.iter().map(Deployment::approval).collect();
    match pipeline.system {
        System::Github => printer.say(format_args!(
            "  Settings > Environments, in {}: allow the branch {} only, or a pull request may have the role that applies; \
             and say who approves, or what is merged is applied at once",
            names.join(", "),
            pipeline.branch
        )),
        System::Gitlab => printer.say(format_args!(
            "  Settings > CI/CD: the masked variable GITLAB_TOKEN, a schedule on {}, and who approves in {}",
            pipeline.branch,
            names.join(", ")
        )),
        System::Codebuild => printer.say(
            "  Projects for STEP=plan (with a webhook), STEP=apply and STEP=drift (with a schedule), and STEP=save-plan where \
             somebody approves in CodePipeline; the file says what each does",
        ),
    }
}

/// The files that are not there, or are something else.
fn different<'a>(files: &'a [File], directory: &Path) -> Result<Vec<&'a File>, CliError> {
    let mut different = Vec::new();
    for file in files {
        match fs_err::read(directory.join(&file.path)) {
            Ok(bytes) if bytes == file.text.as_bytes() => {}
            Ok(_) => different.push(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => different.push(file),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(different)
}

fn pipeline(args: &InitArgs, context: &Context) -> Result<Pipeline, CliError> {
    let file = &context.global.file;
    if file.is_absolute() || file.components().any(|part| part.as_os_str() == "..") {
        return Err(CliError::usage(format!("{} is not a path inside the repository", file.display()))
            .hint("run it in the root of the repository, with -f FILE relative to it"));
    }
    let role =
        |name: &Option<String>| -> Result<Option<RoleName>, CliError> { name.as_deref().map(role_name).transpose() };
    let (plan_role, apply_role) = (role(&args.plan_role)?, role(&args.apply_role)?);
    let deployments = loaded(args, context)?
        .iter()
        .map(|loaded| Deployment::new(loaded, plan_role.as_ref(), apply_role.as_ref()))
        .collect();
    let image = match (&args.image, &args.install_git) {
        (Some(image), _) => image.clone(),
        (None, Some(_)) => "rust:1.95-bookworm".to_owned(),
        (None, None) => "debian:bookworm-slim".to_owned(),
    };
    for (flag, value) in [("--branch", &args.branch), ("--schedule", &args.schedule), ("--image", &image)] {
        if value.is_empty() || value.contains(|c: char| c.is_control()) {
            return Err(CliError::usage(format!("{flag} is empty, or has a control character")));
        }
    }
    cron::check_crontab(&args.schedule).map_err(|reason| {
        CliError::usage(format!("--schedule: {reason}"))
            .hint("--schedule '17 3 * * *'   minute, hour, day of month, month, day of week")
    })?;
    Ok(Pipeline {
        system: match args.system {
            Where::Github => System::Github,
            Where::Gitlab => System::Gitlab,
            Where::Codebuild => System::Codebuild,
        },
        command: command(args, context),
        file: file.display().to_string(),
        branch: args.branch.clone(),
        install: install(args)?,
        schedule: args.schedule.clone(),
        image,
        gitlab_host: args.gitlab_host.clone(),
        deployments,
    })
}

/// The spec as it is deployed: with the environment of `-e`, or else with each of its environments; without any if it has
/// none, or also so with `--base`.
fn loaded(args: &InitArgs, context: &Context) -> Result<Vec<Loaded>, CliError> {
    let bytes = input::read_spec(&args.directory.join(&context.global.file))?;
    let name = context.global.file.display().to_string();
    let loaded = match &context.global.env {
        Some(environment) => {
            let base = args.base.then(|| crate::spec::load(&name, &bytes, None)).transpose()?;
            base.into_iter().chain([crate::spec::load(&name, &bytes, Some(environment))?]).collect()
        }
        None => {
            let (mut all, found) = crate::spec::check_all(&name, &bytes);
            if found.has_errors() {
                return Err(CliError::invalid(found));
            }
            if !args.base && all.iter().any(|loaded| loaded.environment.is_some()) {
                all.retain(|loaded| loaded.environment.is_some());
            }
            all
        }
    };
    let lost = loaded
        .iter()
        .find(|loaded| loaded.spec.engine == EngineName::Terraform && !matches!(loaded.spec.state, State::S3(_)));
    match lost {
        Some(loaded) => Err(CliError::new(
            ErrorKind::Invalid,
            format!("{} keeps Terraform's state in files, which end with the job that wrote them", loaded.prefix()),
        )
        .hint("state: {s3: {bucket: NAME}}   keeps it in a bucket, which `gwinfra state bootstrap` makes")),
        None => Ok(loaded),
    }
}

fn role_name(text: &str) -> Result<RoleName, CliError> {
    let is_name = |text: &str| {
        !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c))
    };
    match text.split_once(":role/") {
        Some((before, name)) if before.starts_with("arn:aws") && name.split('/').all(is_name) => {
            Ok(RoleName::Arn(text.to_owned()))
        }
        None if is_name(text) => Ok(RoleName::Name(text.to_owned())),
        _ => Err(CliError::usage(format!("`{text}` is neither the name nor the ARN of a role"))),
    }
}

fn install(args: &InitArgs) -> Result<Install, CliError> {
    match (&args.install_url, &args.install_sha256, &args.install_git, &args.install_rev) {
        (Some(url), Some(sha256), ..) => {
            if !url.starts_with("https://") {
                return Err(CliError::usage("--install-url takes an address that begins with https://"));
            }
            if sha256.len() != 64 || !sha256.chars().all(|c| c.is_ascii_hexdigit()) {
                return Err(CliError::usage("--install-sha256 takes 64 hexadecimal digits"));
            }
            Ok(Install::Url { url: url.clone(), sha256: sha256.to_ascii_lowercase() })
        }
        (_, _, Some(url), Some(revision)) => {
            // A branch or a tag moves, and a job runs what it finds there with the rights of its role.
            if revision.len() != 40 || !revision.chars().all(|c| c.is_ascii_hexdigit()) {
                return Err(CliError::usage("--install-rev takes the 40 hexadecimal digits of a commit")
                    .hint("git ls-remote URL   lists the commits of branches and tags"));
            }
            Ok(Install::Git { url: url.clone(), revision: revision.to_ascii_lowercase() })
        }
        _ => Err(CliError::usage("the jobs have to get gwinfra from somewhere")
            .hint("--install-url URL --install-sha256 HEX   a program, or a .tar.gz with it and gwinfra-middleware")
            .hint("--install-git URL --install-rev COMMIT   each job compiles it")),
    }
}

/// The command that writes the same files again.
fn command(args: &InitArgs, context: &Context) -> String {
    let system = args.system.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut words = vec!["gwinfra ci init".to_owned(), system];
    let file = context.global.file.display().to_string();
    let given = [
        ("-f", (file != "gwinfra.yaml").then_some(&file)),
        ("-e", context.global.env.as_ref()),
        ("--install-url", args.install_url.as_ref()),
        ("--install-sha256", args.install_sha256.as_ref()),
        ("--install-git", args.install_git.as_ref()),
        ("--install-rev", args.install_rev.as_ref()),
        ("--plan-role", args.plan_role.as_ref()),
        ("--apply-role", args.apply_role.as_ref()),
        ("--branch", (args.branch != "main").then_some(&args.branch)),
        ("--schedule", (args.schedule != "17 3 * * *").then_some(&args.schedule)),
        ("--image", args.image.as_ref()),
        ("--gitlab-host", (args.gitlab_host != "gitlab.com").then_some(&args.gitlab_host)),
    ];
    for (flag, value) in given {
        if let Some(value) = value {
            words.push(format!("{flag} {}", quoted(value)));
        }
    }
    if args.base {
        words.push("--base".to_owned());
    }
    words.join(" ")
}

/// A word for a shell, in one line.
fn quoted(word: &str) -> String {
    crate::shell::word(&crate::diagnostics::printable(word).replace('\n', " "))
}
