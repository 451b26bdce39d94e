//! `gwinfra mock-llm`.

use std::io::{BufWriter, LineWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::behaviour::BehaviourArgs;
use super::global::Output;
use super::signals::Signals;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output};
use crate::engine::Cancelled;
use crate::mock_llm::{Latency, Log, Server, ServerError};

/// Serve a model that answers at once, for load tests of a gateway
///
/// Speaks OpenAI's chat completions and Bedrock's Converse, ConverseStream, InvokeModel with the body of Anthropic's
/// messages, and CountTokens. Any key and any signature is accepted: a signature tells whose account it is, and each
/// account has its own quota and counts. A small STS on the same port gives a gateway the roles that it asks for.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct MockLlmArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "GWINFRA_MOCK_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Know these models only; any by default
    #[arg(long, env = "GWINFRA_MOCK_MODELS", value_name = "NAME", value_delimiter = ',')]
    models: Vec<String>,
    /// Write a line of JSON for each call; `-` is stdout
    #[arg(long, env = "GWINFRA_MOCK_LOG", value_name = "FILE")]
    log: Option<PathBuf>,
    /// Threads that answer; one for each core by default
    #[arg(long, env = "GWINFRA_MOCK_THREADS", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    #[command(flatten)]
    behaviour: BehaviourArgs,
}

const AFTER_HELP: &str = "\
Examples:
  gwinfra mock-llm --latency normal:300ms,50ms --tokens-per-second 80
  gwinfra mock-llm --requests-per-minute 60 --error-share 1%
  AWS_ENDPOINT_URL=http://127.0.0.1:8787 litellm --config config.yaml";

pub(super) fn run(args: &MockLlmArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let log = args.log.as_deref().map(open).transpose()?;
    runtime(args.threads)?.block_on(async {
        let server = Server::start(args.listen, args.behaviour.settings(args.models.clone(), Latency::default()), log)
            .await
            .map_err(refusal)?;
        tell(args, &server, context)?;
        let signals = Signals::listen_saying(context, "\nStopping: open streams have two seconds to end.")?;
        let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
        loop {
            tokio::select! {
                () = signals.cancel.reached(Cancelled::Stop) => break,
                _ = tick.tick() => server.flush(),
            }
        }
        let total = server.stats().total;
        tokio::select! {
            () = server.stop() => {}
            () = signals.cancel.reached(Cancelled::Leave) => {}
        }
        context.printer.say(format_args!(
            "{} answered, {} throttled, {} failed, {} aborted.",
            crate::plan::count(usize::try_from(total.answered).unwrap_or(usize::MAX), "call"),
            total.throttled,
            total.failed,
            total.aborted
        ));
        Ok(Exit::Ok)
    })
}

/// One thread needs no work stealing, and answers a fifth more calls without it.
fn runtime(threads: Option<u16>) -> Result<tokio::runtime::Runtime, CliError> {
    let mut builder = match threads {
        Some(1) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if let Some(threads) = threads.filter(|threads| *threads > 1) {
        builder.worker_threads(usize::from(threads));
    }
    Ok(builder.enable_all().build()?)
}

/// The screen at the start. stdout has the URL, or the log.
fn tell(args: &MockLlmArgs, server: &Server, context: &Context) -> Result<(), CliError> {
    let (printer, url) = (&context.printer, server.url());
    let json = context.global.output == Output::Json;
    match (json, args.log.as_deref() == Some(Path::new("-"))) {
        (_, true) => printer.say(&url),
        (true, false) => printer.out(serde_json::json!({"url": url}))?,
        (false, false) => printer.out(&url)?,
    }
    let bold = anstyle::Style::new().bold();
    let rows = [
        ("OpenAI", format!("OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=any")),
        ("Bedrock", format!("AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=222222222222 AWS_SECRET_ACCESS_KEY=any")),
        ("", "the access key says whose account it is; AssumeRole gives those of roles".to_owned()),
        ("Counts", format!("{url}/mock/stats (POST {url}/mock/reset begins anew)")),
        ("Behaviour", args.behaviour.words()),
        (
            "Try",
            format!(
                "curl {url}/v1/chat/completions -d '{{\"model\":\"any\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'"
            ),
        ),
    ];
    for (name, text) in rows {
        printer.say(format_args!("{bold}{name:<10}{bold:#} {text}"));
    }
    if !args.listen.ip().is_loopback() {
        printer.warn(format_args!("{} is not a loopback address: anybody who reaches it may call", args.listen.ip()));
    }
    printer.say("Ctrl-C ends it.");
    Ok(())
}

/// Opens the log. A terminal or a pipe gets every line at once; a file, a second's lines together.
fn open(path: &Path) -> Result<Log, CliError> {
    let place: Box<dyn Write + Send> = if path == Path::new("-") {
        Box::new(LineWriter::new(std::io::stdout()))
    } else {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path);
        Box::new(BufWriter::with_capacity(1 << 16, file.map_err(|error| CliError::new(ErrorKind::Usage, error))?))
    };
    Ok(Log::new(place))
}

fn refusal(error: ServerError) -> CliError {
    CliError::new(ErrorKind::Failed, error).hint("`--listen 127.0.0.1:0` takes a free port")
}
