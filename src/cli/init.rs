//! `gwinfra init`.

mod from_litellm;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use dialoguer::{Confirm, Input, Select};

use super::printer::is_interactive;
use super::signals::LastSignal;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, pipeline};
use crate::diagnostics::Report;
use crate::litellm::ConfigFile;
use crate::litellm::import::{self, Hub, Imported};
use crate::whole_file::WholeFile;

/// Write a first spec
///
/// Asks a few questions; every answer is also a flag, and with `--yes` what is not given takes its default; the account has none. Nothing is
/// sent anywhere.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Name of the deployment, the prefix of every resource
    #[arg(long, env = "GWINFRA_INIT_NAME")]
    name: Option<String>,
    /// Account that the gateway runs in
    #[arg(long, env = "GWINFRA_INIT_ACCOUNT", value_name = "ID")]
    account: Option<String>,
    /// Region that the gateway runs in
    #[arg(long = "hub-region", env = "GWINFRA_INIT_HUB_REGION", value_name = "REGION")]
    hub_region: Option<String>,
    /// Where the load balancer stands
    #[arg(long, value_enum, env = "GWINFRA_INIT_EXPOSURE")]
    exposure: Option<Exposure>,
    /// Networks that may connect to a public gateway
    #[arg(long, env = "GWINFRA_INIT_ALLOW_FROM", value_name = "CIDR", value_delimiter = ',')]
    allow_from: Vec<String>,
    /// ARN of the load balancer's certificate in ACM
    #[arg(long, env = "GWINFRA_INIT_CERTIFICATE", value_name = "ARN", conflicts_with = "domain")]
    certificate: Option<String>,
    /// Name that clients use, one of that certificate's; its DNS record is yours to make
    #[arg(long, env = "GWINFRA_INIT_CERTIFICATE_NAME", value_name = "NAME", requires = "certificate")]
    certificate_name: Option<String>,
    /// Name of the gateway, for which a certificate is issued
    #[arg(long, env = "GWINFRA_INIT_DOMAIN", value_name = "NAME")]
    domain: Option<String>,
    /// Route 53 hosted zone of that name
    #[arg(long, env = "GWINFRA_INIT_HOSTED_ZONE", value_name = "ZONE", requires = "domain")]
    hosted_zone: Option<String>,
    /// Further account whose Bedrock quotas are used; may be repeated
    #[arg(long = "bedrock-account", env = "GWINFRA_INIT_BEDROCK_ACCOUNTS", value_name = "ID", value_delimiter = ',')]
    bedrock_accounts: Vec<String>,
    /// Bedrock model or inference profile to serve
    #[arg(long, env = "GWINFRA_INIT_MODEL", value_name = "ID")]
    model: Option<String>,
    /// Carry a LiteLLM configuration of your own over: accounts, models, routing, guardrails, settings. Says what has no
    /// place in a spec
    #[arg(
        long,
        env = "GWINFRA_INIT_FROM_LITELLM",
        value_name = "FILE",
        conflicts_with_all = ["bedrock_accounts", "model"]
    )]
    from_litellm: Option<PathBuf>,
    /// Take the default for every answer that is not given, and ask nothing
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    /// Replace a spec that exists
    #[arg(long, env = "GWINFRA_INIT_FORCE")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Exposure {
    /// Reachable from the VPC and over a VPN
    Internal,
    /// Reachable from the networks in `--allow-from`
    Public,
}

/// Every question answered.
struct Answers {
    name: String,
    account: String,
    region: String,
    exposure: Exposure,
    allow_from: Vec<String>,
    tls: TlsAnswer,
    serving: Serving,
}

/// What the gateway serves.
enum Serving {
    /// One model of Bedrock.
    Model { bedrock_accounts: Vec<String>, model: String },
    /// What a configuration of LiteLLM says.
    Imported(Imported),
}

enum TlsAnswer {
    Certificate { arn: String, name: Option<String> },
    Domain { name: String, zone: String },
}

/// The model that a gateway serves when nothing else is wanted.
const DEFAULT_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Its inference profile in a region; `None` where Bedrock has none. Asia's countries have profiles of their own, and what
/// they have in common is the global one.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>
fn default_model(region: &str) -> Option<String> {
    let geography = match crate::rules::geography_of(region)? {
        "apac" => "global",
        geography => geography,
    };
    Some(format!("{geography}.{DEFAULT_MODEL}"))
}

pub(super) fn run(args: &InitArgs, context: &Context) -> CommandResult {
    let path = &context.global.file;
    if path.exists() && !args.force {
        return Err(CliError::new(ErrorKind::Usage, format!("{} exists already", path.display()))
            .hint("pass `--force` to replace it, or `-f FILE` to write another"));
    }
    let ask = !args.yes && !context.global.no_input && is_interactive();
    if !ask && !args.yes {
        return Err(CliError::usage("there is no terminal to ask questions on")
            .hint("pass `--yes`, and the answers as flags: `gwinfra init --help` lists them"));
    }
    let config = args.from_litellm.as_deref().map(from_litellm::read).transpose()?;
    let answers = Asker { ask }.answers(args, config.as_ref())?;
    let text = spec_text(&answers);
    let found = check(path, &text)?;
    // What a configuration of one's own says may need a decision before it is a valid spec: it is better seen in the spec.
    if found.has_errors() && config.is_none() {
        return Err(CliError::invalid(found)
            .hint("nothing was written: the places are those of the spec that these answers make"));
    }
    WholeFile::shared(path).lasting().write(text.as_bytes())?;
    let state = path.with_file_name(".gwinfra");
    fs_err::create_dir_all(&state)?;
    let schema = crate::spec::json_schema::json_schema_text();
    WholeFile::shared(&state.join("gwinfra.v1.schema.json")).lasting().write(schema.as_bytes())?;
    let ignored = ignore_state(path)?;
    let file = path.display();
    context
        .printer
        .out(format_args!("Wrote {file}{}", if ignored { " and added .gwinfra/ to .gitignore" } else { "" }))?;
    if let Serving::Imported(imported) = &answers.serving {
        from_litellm::tell(imported, context)?;
        if found.has_errors() {
            return Err(CliError::invalid(found).hint(format!("{file} is written: edit it, then `gwinfra validate`")));
        }
    }
    let flag = if file.to_string() == "gwinfra.yaml" { String::new() } else { format!(" -f {file}") };
    context.printer.say(format_args!(
        "\nNext:\n  gwinfra validate{flag}              check it\n  gwinfra apply --simulate{flag}      \
         rehearse it in simulated accounts\n  gwinfra plan{flag}                  see what it would make in yours"
    ));
    Ok(Exit::Ok)
}

/// The findings that the spec has. Answers of the wrong form are refused.
fn check(path: &Path, text: &str) -> Result<Report, CliError> {
    let loaded = crate::spec::load(&path.display().to_string(), text.as_bytes(), None)?;
    Ok(pipeline::check(&loaded))
}

struct Asker {
    ask: bool,
}

impl Asker {
    fn answers(&self, args: &InitArgs, config: Option<&ConfigFile>) -> Result<Answers, CliError> {
        let near = config.and_then(import::region);
        let near = near.as_deref().unwrap_or("us-east-1");
        let name = self.text("Name of the deployment", "--name", args.name.clone(), Some("llm-gateway"))?;
        let account = self.text("Account id of the gateway", "--account", args.account.clone(), None)?;
        let region = self.text("Region of the gateway", "--hub-region", args.hub_region.clone(), Some(near))?;
        let exposure = self.exposure(args.exposure)?;
        let allow_from = match (exposure, args.allow_from.as_slice()) {
            (Exposure::Public, []) => vec![self.text("Network that may connect", "--allow-from", None, None)?],
            (_, given) => given.to_vec(),
        };
        let tls = self.tls(args)?;
        let serving = match config {
            Some(config) => {
                let hub = Hub { name: &name, account: &account, region: &region };
                Serving::Imported(import::import(config, &hub))
            }
            None => self.serving(args, &region)?,
        };
        Ok(Answers { name, account, region, exposure, allow_from, tls, serving })
    }

    fn serving(&self, args: &InitArgs, region: &str) -> Result<Serving, CliError> {
        let bedrock_accounts = match (self.ask, args.bedrock_accounts.as_slice()) {
            (true, []) => {
                let list: String = prompt(
                    Input::new()
                        .with_prompt("Further Bedrock accounts, separated by commas (empty: only the gateway's own)")
                        .allow_empty(true)
                        .interact_text(),
                )?;
                list.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
            }
            (_, given) => given.to_vec(),
        };
        let usual = default_model(region);
        let model = self.text("Bedrock model or inference profile", "--model", args.model.clone(), usual.as_deref())?;
        Ok(Serving::Model { bedrock_accounts, model })
    }

    fn text(
        &self,
        question: &str,
        flag: &str,
        given: Option<String>,
        default: Option<&str>,
    ) -> Result<String, CliError> {
        if let Some(given) = given {
            return Ok(given);
        }
        if self.ask {
            let mut input = Input::<String>::new().with_prompt(question);
            if let Some(default) = default {
                input = input.default(default.to_owned());
            }
            return prompt(input.interact_text());
        }
        default.map(ToOwned::to_owned).ok_or_else(|| {
            CliError::usage(format!("`{flag}` is needed: {}", question.to_lowercase())).hint(format!("pass `{flag}`"))
        })
    }

    fn exposure(&self, given: Option<Exposure>) -> Result<Exposure, CliError> {
        match given {
            Some(given) => Ok(given),
            None if self.ask => {
                let choice = prompt(
                    Select::new()
                        .with_prompt("Who reaches the gateway?")
                        .items(["the VPC and VPN users (internal)", "some networks on the internet (public)"])
                        .default(0)
                        .interact(),
                )?;
                Ok(if choice == 0 { Exposure::Internal } else { Exposure::Public })
            }
            None => Ok(Exposure::Internal),
        }
    }

    fn tls(&self, args: &InitArgs) -> Result<TlsAnswer, CliError> {
        if let Some(arn) = &args.certificate {
            return Ok(TlsAnswer::Certificate { arn: arn.clone(), name: self.certificate_name(args)? });
        }
        let issue = match &args.domain {
            Some(_) => true,
            None if self.ask => {
                prompt(Confirm::new().with_prompt("Issue a certificate through Route 53?").default(true).interact())?
            }
            None => {
                return Err(CliError::usage("there is no silent plaintext: the load balancer needs a certificate")
                    .hint("pass `--certificate ARN`, or `--domain NAME --hosted-zone ZONE` to have one issued"));
            }
        };
        if issue {
            let name = self.text("Name of the gateway", "--domain", args.domain.clone(), None)?;
            let parent = name.split_once('.').map(|(_, parent)| parent.to_owned());
            let zone =
                self.text("Hosted zone of that name", "--hosted-zone", args.hosted_zone.clone(), parent.as_deref())?;
            return Ok(TlsAnswer::Domain { name, zone });
        }
        let arn = self.text("ARN of the certificate in ACM", "--certificate", None, None)?;
        Ok(TlsAnswer::Certificate { arn, name: self.certificate_name(args)? })
    }

    fn certificate_name(&self, args: &InitArgs) -> Result<Option<String>, CliError> {
        if !self.ask || args.certificate_name.is_some() {
            return Ok(args.certificate_name.clone());
        }
        let name: String = prompt(
            Input::new()
                .with_prompt("Name that clients use, one of the certificate's (empty: none yet)")
                .allow_empty(true)
                .interact_text(),
        )?;
        Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
    }
}

/// Nothing listens to signals here: one ends the command as it is.
fn prompt<T>(answer: Result<T, dialoguer::Error>) -> Result<T, CliError> {
    super::ask::given(answer, &LastSignal::default())
}

/// The spec as text, with the comments that a first-time reader wants.
fn spec_text(answers: &Answers) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from(
        "# yaml-language-server: $schema=.gwinfra/gwinfra.v1.schema.json\n\
         # The schema: `gwinfra schema > .gwinfra/gwinfra.v1.schema.json`; `gwinfra init` has written it.\n",
    );
    if let Serving::Imported(imported) = &answers.serving {
        text.push_str(&from_litellm::comments(imported));
    }
    text.push_str(&format!("version: 1\nname: {}\n\n", answers.name));
    text.push_str(&format!(
        "hub: # where the gateway runs\n  account: {}\n  region: {}\n\n",
        quoted(&answers.account),
        answers.region
    ));
    text.push_str("ingress:\n");
    if let Serving::Imported(Imported { timeout_seconds: Some(seconds @ 601..), .. }) = &answers.serving {
        text.push_str(&format!("  idle_timeout_seconds: {seconds}\n"));
    }
    if answers.exposure == Exposure::Public {
        let networks: Vec<String> = answers.allow_from.iter().map(|cidr| quoted(cidr)).collect();
        text.push_str(&format!("  exposure: public\n  allow_from: [{}]\n", networks.join(", ")));
    }
    match &answers.tls {
        TlsAnswer::Certificate { arn, name } => {
            let name = name.as_ref().map(|name| format!(", name: {}", quoted(name))).unwrap_or_default();
            text.push_str(&format!("  tls:\n    certificate: {{arn: {}{name}}}\n", quoted(arn)));
        }
        TlsAnswer::Domain { name, zone } => {
            let (name, zone) = (quoted(name), quoted(zone));
            text.push_str(&format!("  tls:\n    domain: {{name: {name}, hosted_zone: {zone}}}\n"));
        }
    }
    match &answers.serving {
        Serving::Imported(imported) => text.push_str(&from_litellm::parts(imported)),
        Serving::Model { bedrock_accounts, model } => {
            text.push_str(&serving_text(&answers.region, bedrock_accounts, model))
        }
    }
    text
}

/// The accounts and the model, and an environment as an example.
fn serving_text(region: &str, bedrock_accounts: &[String], model: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::new();
    text.push_str("\nbedrock:\n  include_hub: true # the gateway's own account serves too\n");
    if !bedrock_accounts.is_empty() {
        text.push_str("  accounts: # each needs a role that gwinfra may assume to deploy into it\n");
        for (index, id) in bedrock_accounts.iter().enumerate() {
            text.push_str(&format!(
                "    - id: {}\n      name: bedrock-{}\n      regions: [{}]\n      deploy_role: arn:{}:iam::{id}:role/gwinfra-deploy\n",
                quoted(id),
                index + 1,
                region,
                crate::spec::types::Region(region.to_owned()).partition(),
            ));
        }
    }
    text.push_str(&format!("\nmodels:\n  - name: {}\n    bedrock: {{model: {}}}\n", model_name(model), quoted(model)));
    text.push_str(
        "\nenvironments: # chosen with `-e dev`; merged over the above\n  dev:\n    compute: {fargate: {tasks: {min: 1, desired: 1, max: 2}}}\n    \
         database: {aurora_postgres: {readers: 0, deletion_protection: false}}\n",
    );
    text
}

/// A short public name for a model: `us.anthropic.claude-sonnet-4-5-20250929-v1:0` is served as `claude-sonnet-4-5`.
fn model_name(id: &str) -> String {
    let name = id.rsplit('.').next().unwrap_or(id);
    let parts: Vec<&str> = name
        .split(['-', ':'])
        .take_while(|part| !(part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit())))
        .filter(|part| !matches!(*part, "v1" | "v2" | "v3" | "0"))
        .collect();
    parts.join("-")
}

/// Adds `.gwinfra/` to the `.gitignore` beside the spec. Returns whether it had to.
fn ignore_state(spec: &Path) -> Result<bool, CliError> {
    let path: PathBuf = spec.with_file_name(".gitignore");
    let before = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    if before.lines().any(|line| matches!(line.trim().trim_matches('/'), ".gwinfra")) {
        return Ok(false);
    }
    let separator = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    WholeFile::shared(&path).lasting().write(format!("{before}{separator}.gwinfra/\n").as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_without_its_date_and_version() {
        assert_eq!(model_name("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), "claude-sonnet-4-5");
        assert_eq!(model_name("amazon.nova-pro-v1:0"), "nova-pro");
    }

    #[test]
    fn the_usual_model_is_called_in_the_geography_of_the_gateway() {
        for (region, geography) in
            [("us-east-1", "us"), ("eu-central-1", "eu"), ("ap-south-2", "global"), ("us-gov-west-1", "us-gov")]
        {
            assert_eq!(default_model(region), Some(format!("{geography}.{DEFAULT_MODEL}")), "{region}");
        }
        assert_eq!(default_model("cn-north-1"), None);
    }

    #[test]
    fn state_is_ignored_once() {
        let directory = tempfile::tempdir().unwrap();
        let spec = directory.path().join("gwinfra.yaml");
        assert!(ignore_state(&spec).unwrap());
        assert!(!ignore_state(&spec).unwrap());
    }
}
