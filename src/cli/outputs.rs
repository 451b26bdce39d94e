//! `gwinfra outputs`.

use std::collections::BTreeMap;

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, runtime};
use crate::engine::Outputs;
use crate::shell;

/// Print the outputs of a deployment
///
/// Outputs are addresses and names, never secrets.
#[derive(Debug, Args)]
pub(super) struct OutputsArgs {
    /// Output to print; default: all
    name: Option<String>,
    /// Print the value alone, for scripts
    #[arg(long, env = "GWINFRA_RAW", requires = "name")]
    raw: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &OutputsArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json, Output::Env])?;
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let deployment = Deployment::open(&args.aws, context, sink).await?;
        let result = deployment.outputs().await;
        deployment.close().await;
        let mut outputs = flat(&result?);
        if outputs.is_empty() {
            return Err(CliError::new(ErrorKind::Failed, "nothing is deployed").hint("gwinfra apply"));
        }
        if let Some(name) = &args.name {
            let Some(value) = outputs.get(name).cloned() else {
                let names: Vec<&str> = outputs.keys().map(String::as_str).collect();
                return Err(CliError::new(ErrorKind::Failed, format!("there is no output {name}"))
                    .hint(format!("the outputs are {}", names.join(", "))));
            };
            if args.raw {
                context.printer.out(value)?;
                return Ok(Exit::Ok);
            }
            outputs.retain(|other, _| other == name);
        }
        print(context, &outputs, false)?;
        Ok(Exit::Ok)
    })
}

/// Outputs by name. A name that several stacks use carries the stack's key in front.
pub(super) fn flat(outputs: &Outputs) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in outputs.values().flat_map(BTreeMap::keys) {
        *counts.entry(name).or_default() += 1;
    }
    outputs
        .iter()
        .flat_map(|(stack, values)| values.iter().map(move |(name, value)| (stack, name, value)))
        .map(|(stack, name, value)| {
            let name = if counts.get(name.as_str()) > Some(&1) { format!("{stack}.{name}") } else { name.clone() };
            (name, value.clone())
        })
        .collect()
}

/// Prints outputs in the format that was asked for.
pub(super) fn print(context: &Context, outputs: &BTreeMap<String, String>, only_main: bool) -> Result<(), CliError> {
    match context.global.output {
        Output::Json => {
            let text = serde_json::to_string_pretty(outputs).map_err(std::io::Error::from)?;
            context.printer.out(text)?;
        }
        Output::Env => {
            for (name, value) in outputs {
                context.printer.out(format_args!("GWINFRA_{}={}", variable(name), shell::quoted(value)))?;
            }
        }
        _ => {
            let shown: Vec<_> = outputs.iter().filter(|(name, _)| !only_main || is_main(name)).collect();
            let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in shown {
                context.printer.out(format_args!("{name:<width$}  {value}"))?;
            }
        }
    }
    Ok(())
}

/// The outputs that people want to see after an apply.
fn is_main(name: &str) -> bool {
    matches!(name, "GatewayUrl" | "ClientVpnEndpointId" | "MasterKeySecretArn" | "DashboardUrl" | "BastionInstanceId")
}

/// `GatewayUrl` becomes `GATEWAY_URL`.
fn variable(name: &str) -> String {
    let mut text = String::new();
    let mut lower = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && lower {
            text.push('_');
        }
        lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        text.push(if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_variable() {
        assert_eq!(variable("GatewayUrl"), "GATEWAY_URL");
        assert_eq!(variable("bedrock-access@222222222222.RoleArn"), "BEDROCK_ACCESS_222222222222_ROLE_ARN");
    }
}
