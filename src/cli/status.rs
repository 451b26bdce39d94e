//! `gwinfra status`.

use clap::Args;
use comfy_table::{Table, TableStyle};

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, runtime};
use crate::diagnostics::printable;
use crate::engine::{Running, Status};

/// Show how a deployment is
///
/// Exits with 10 when a stack needs `gwinfra recover`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &StatusArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let deployment = Deployment::open(&args.aws, context, sink).await?;
        let result = deployment.status().await;
        deployment.close().await;
        let status = result?;
        if context.global.output == Output::Json {
            context.printer.out(serde_json::to_string_pretty(&status).map_err(std::io::Error::from)?)?;
        } else {
            context.printer.out(text(&status))?;
        }
        if status.needs_attention() {
            return Err(
                CliError::new(ErrorKind::Attention, "a stack cannot be changed as it is").hint("gwinfra recover")
            );
        }
        Ok(Exit::Ok)
    })
}

fn text(status: &Status) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(["stack", "account", "region", "status", "changed", "next"]);
    for stack in &status.stacks {
        table.add_row([
            stack.name.as_str(),
            &stack.account,
            &stack.region,
            stack.status.as_deref().unwrap_or("not there"),
            stack.updated.as_deref().unwrap_or("-"),
            &stack.next,
        ]);
    }
    let mut text = lines(&table);
    for stack in &status.stacks {
        if let Some(reason) = &stack.reason {
            text.push_str(&format!("\n{}: {}", stack.name, printable(reason)));
        }
    }
    if !status.instances.is_empty() {
        let mut table = Table::new();
        table.load_style(TableStyle::new()).set_header(["stack set", "account", "status"]);
        for instance in &status.instances {
            let status = instance.status.as_deref().unwrap_or("not there");
            table.add_row([instance.stack_set.as_str(), &instance.account, status]);
        }
        text.push_str(&format!("\n\n{}", lines(&table)));
        for instance in &status.instances {
            if let Some(reason) = &instance.reason {
                text.push_str(&format!("\n{}: {}", instance.account, printable(reason)));
            }
        }
    }
    if let Some(service) = &status.service {
        let (desired, running, pending) = service.tasks;
        text.push_str(&format!(
            "\n\nservice {}   deployment {}   {running} of {desired} tasks run, {pending} pending",
            service.service, service.deployment
        ));
        for (container, image) in &service.images {
            text.push_str(&format!("\n  {container}  {image}"));
        }
    }
    for note in &status.notes {
        text.push_str(&format!("\n\nNot known: {}", printable(note)));
    }
    if let Some(Running { command, since, process }) = &status.running {
        text.push_str(&format!(
            "\n\nThe {command} that began {since} is at work (process {process}): `gwinfra watch` follows it."
        ));
    }
    if let Some((command, since)) = &status.unfinished {
        let next = match command.as_str() {
            "recover" => "`gwinfra recover` says what is left to do",
            "destroy" => "`gwinfra destroy` takes it up",
            "config push" => "`gwinfra config push` takes it up",
            _ => "`gwinfra apply` takes it up",
        };
        let how = if status.stopped { "was stopped by a signal" } else { "was cut off" };
        text.push_str(&format!("\n\nThe {command} that began {since} {how}: {next}."));
    }
    text
}

fn lines(table: &Table) -> String {
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
