//! The command line: the only module that prints, reads environment variables or decides exit codes.
//!
//! One file per subcommand, each with its `Args` and a `run` that resolves settings, calls the library and prints.

mod accounts;
mod apply;
mod ask;
mod assumed;
mod aws_args;
mod aws_error;
mod behaviour;
mod cancel;
mod capacity;
mod ci;
mod codes;
mod completions;
mod config;
mod deployment;
mod destroy;
mod diagnose;
mod diagnosis;
mod doctor;
mod drift;
mod engine_error;
mod error;
mod exit;
mod explain;
mod flags;
mod global;
mod image;
mod images;
mod init;
mod input;
mod local;
mod man;
mod mock_llm;
mod origins;
mod outputs;
mod parity;
mod pipeline;
mod plan;
mod printer;
mod progress;
mod recover;
mod reference;
mod render;
mod report;
mod runtime;
mod schema;
mod show;
mod signals;
mod simulate;
mod smoke;
mod state;
mod status;
mod terraform_args;
mod validate;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use error::CliError;
pub use exit::{ErrorKind, Exit, TABLE as EXIT_CODES};
use global::{GlobalArgs, Output};
use printer::Printer;
pub use reference::reference_markdown;
use signals::LastSignal;

use crate::diagnostics::printable;

/// One typed YAML spec to a production LLM gateway on AWS
#[derive(Debug, Parser)]
#[command(name = "gwinfra", version, propagate_version = true, max_term_width = 110, disable_help_subcommand = true)]
#[command(after_help = "Start with `gwinfra init`. Nothing needs an AWS account until you leave `--simulate` out.")]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Validate(validate::ValidateArgs),
    Render(render::RenderArgs),
    Plan(plan::PlanArgs),
    Show(show::ShowArgs),
    Apply(apply::ApplyArgs),
    Status(status::StatusArgs),
    Outputs(outputs::OutputsArgs),
    Smoke(smoke::SmokeArgs),
    Doctor(doctor::DoctorArgs),
    Accounts(accounts::AccountsArgs),
    Capacity(capacity::CapacityArgs),
    Drift(drift::DriftArgs),
    Watch(watch::WatchArgs),
    Cancel(cancel::CancelArgs),
    Diagnose(diagnose::DiagnoseArgs),
    Ci(ci::CiArgs),
    Recover(recover::RecoverArgs),
    Destroy(destroy::DestroyArgs),
    State(state::StateArgs),
    Config(config::ConfigArgs),
    Image(image::ImageArgs),
    Simulate(simulate::SimulateArgs),
    Local(local::LocalArgs),
    MockLlm(mock_llm::MockLlmArgs),
    Explain(explain::ExplainArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// What a command gets beside its own flags.
#[derive(Debug, Clone)]
struct Context {
    global: GlobalArgs,
    printer: Printer,
    last_signal: LastSignal,
}

type CommandResult = Result<Exit, CliError>;

/// Reads the command line and the environment.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = flags::without_empty(command());
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Parses the command line, runs the command and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own code for a wrong command line is 2, which means "differences" here.
            let code = if error.use_stderr() { ErrorKind::Usage.code() } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let context = Context { printer: cli.global.printer(), global: cli.global, last_signal: LastSignal::default() };
    match dispatch(cli.command, &context) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let code = error.kind.code();
            // Nothing sensible can be done when the streams are closed.
            let _ = print_error(&context, error);
            ExitCode::from(code)
        }
    }
}

fn dispatch(command: Command, context: &Context) -> CommandResult {
    match command {
        Command::Init(args) => init::run(&args, context),
        Command::Validate(args) => validate::run(&args, context),
        Command::Render(args) => render::run(&args, context),
        Command::Plan(args) => plan::run(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Apply(args) => apply::run(&args, context),
        Command::Status(args) => status::run(&args, context),
        Command::Outputs(args) => outputs::run(&args, context),
        Command::Smoke(args) => smoke::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Accounts(args) => accounts::run(&args, context),
        Command::Capacity(args) => capacity::run(&args, context),
        Command::Drift(args) => drift::run(&args, context),
        Command::Watch(args) => watch::run(&args, context),
        Command::Cancel(args) => cancel::run(&args, context),
        Command::Diagnose(args) => diagnose::run(&args, context),
        Command::Ci(args) => ci::run(&args, context),
        Command::Recover(args) => recover::run(&args, context),
        Command::Destroy(args) => destroy::run(&args, context),
        Command::State(args) => state::run(&args, context),
        Command::Config(args) => config::run(&args, context),
        Command::Image(args) => image::run(&args, context),
        Command::Simulate(args) => simulate::run(&args, context),
        Command::Local(args) => local::run(&args, context),
        Command::MockLlm(args) => mock_llm::run(&args, context),
        Command::Explain(args) => explain::run(&args, context),
        Command::Schema(args) => schema::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args, context),
    }
}

/// The clap command, for completions, the man page and the reference.
pub fn command() -> clap::Command {
    flags::boolish(Cli::command())
}

fn print_error(context: &Context, error: CliError) -> std::io::Result<()> {
    let printer = &context.printer;
    let mut stderr = printer.stderr();
    if let Some(document) = &error.diagnosis {
        drop(stderr);
        return diagnosis::print(context, &error, document);
    }
    if let Some(found) = &error.report {
        report::explain(context, found)?;
    } else if !error.silent {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        writeln!(stderr, "{red}error{red:#}: {}", printable(&error.error.to_string()))?;
        let mut source = error.error.source();
        while let Some(cause) = source {
            writeln!(stderr, "  caused by: {}", printable(&cause.to_string()))?;
            source = cause.source();
        }
    }
    let cyan = anstyle::AnsiColor::Cyan.on_default().bold();
    for hint in &error.hints {
        writeln!(stderr, "  {cyan}next{cyan:#}: {}", printable(hint))?;
    }
    Ok(())
}

/// Refuses a format that the command does not have.
fn check_output(context: &Context, offered: &[Output]) -> Result<(), CliError> {
    use clap::ValueEnum;
    if offered.contains(&context.global.output) {
        return Ok(());
    }
    let name = |output: &Output| output.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
    Err(CliError::usage(format!("this command has no output format `{}`", name(&context.global.output)))
        .hint(format!("`-o` takes {}", offered.iter().map(name).collect::<Vec<_>>().join(", "))))
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Failed, error)
    }
}
