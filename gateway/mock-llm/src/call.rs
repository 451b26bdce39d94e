//! A call of a model, from its number to its last token.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use uuid::Uuid;

use super::account::caller;
use super::answer::{Answers, Words};
use super::fault::Fault;
use super::log::{Line, Log};
use super::prompt::Prompt;
use super::quota::Reserved;
use super::random::Random;
use super::settings::{ErrorStatus, Settings};
use super::stats::{Count, Row, Stats};
use super::tool::ToolCall;

/// Everything that calls share.
#[derive(Debug)]
pub(super) struct Model {
    /// How it behaves.
    pub settings: Settings,
    /// What it says.
    pub answers: Answers,
    /// The same in the events of each kind of stream.
    pub words: DialectWords,
    /// What was called.
    pub stats: Stats,
    /// Where calls are told.
    pub log: Option<Log>,
    calls: AtomicU64,
    started: Instant,
    /// Nanoseconds from the start to the last reset of the counts.
    reset: AtomicU64,
}

/// The words of answers in the form of each kind of stream.
#[derive(Debug)]
pub(super) struct DialectWords {
    /// Of OpenAI: only what changes in a chunk.
    pub openai: Arc<Words>,
    /// Whole events of `ConverseStream`.
    pub converse: Arc<Words>,
    /// Whole events of `InvokeModelWithResponseStream`.
    pub invoke: Arc<Words>,
}

/// The number of a call and what follows from it.
#[derive(Debug)]
pub(super) struct Ticket {
    /// The id of the answer.
    pub id: Uuid,
    /// The id of the request: the caller's own, or else the answer's.
    pub request_id: HeaderValue,
    random: Random,
    started: Instant,
}

/// What a caller wants, whatever the dialect.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// `chat`, `converse` ...
    pub operation: &'static str,
    /// The model.
    pub model: &'a str,
    /// The prompt.
    pub prompt: Prompt,
    /// The most tokens that the answer may have.
    pub max_tokens: Option<u64>,
    /// Whether the tokens are to come one by one.
    pub stream: bool,
    /// The tool to call instead of an answer.
    pub tool: Option<ToolCall>,
}

/// A call under way. Dropped before its end, it was aborted by its caller.
#[derive(Debug)]
pub(super) struct Call {
    model: Arc<Model>,
    row: Arc<Row>,
    reserved: Reserved,
    started: Instant,
    told: Option<Told>,
    ended: bool,
    /// Tokens of the prompt.
    pub input_tokens: u32,
    /// Tokens of the answer.
    pub output_tokens: u32,
    /// Those of them that were sent.
    sent: u32,
    /// Whether the answer ends because it may not be longer.
    pub cut_off: bool,
    /// What the whole answer takes, as it was drawn: not what the clock says, so that answers can be repeated.
    pub milliseconds: u64,
}

/// What the log needs of a call.
#[derive(Debug)]
struct Told {
    operation: &'static str,
    id: String,
    account: String,
    region: String,
    model: String,
}

impl Model {
    /// A model that was not called yet.
    pub fn new(settings: Settings, log: Option<Log>) -> Self {
        let answers = Answers::new();
        let words = DialectWords {
            openai: Arc::new(answers.words(|word| Bytes::copy_from_slice(word.as_bytes()))),
            converse: Arc::new(answers.words(super::bedrock::converse::text_event)),
            invoke: Arc::new(answers.words(super::bedrock::invoke::text_event)),
        };
        Self {
            settings,
            answers,
            words,
            stats: Stats::default(),
            log,
            calls: AtomicU64::new(0),
            started: Instant::now(),
            reset: AtomicU64::new(0),
        }
    }

    /// Nanoseconds since the start.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Begins to count anew: the next call is the first again.
    pub fn forget(&self) {
        self.stats.reset();
        self.calls.store(0, Ordering::Relaxed);
        self.reset.store(self.now(), Ordering::Relaxed);
    }

    /// Seconds since the start, or since the counts were reset.
    pub fn seconds(&self) -> f64 {
        Duration::from_nanos(self.now().saturating_sub(self.reset.load(Ordering::Relaxed))).as_secs_f64()
    }

    /// The ticket of the next call.
    pub fn ticket(&self, headers: &HeaderMap) -> Ticket {
        let started = Instant::now();
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut random = Random::new(self.settings.seed, number);
        let id = uuid::Builder::from_random_bytes(random.bits().to_be_bytes()).into_uuid();
        let given = headers.get("x-request-id").or_else(|| headers.get("x-amzn-requestid"));
        let request_id = given.cloned().unwrap_or_else(|| {
            let mut buffer = Uuid::encode_buffer();
            HeaderValue::from_str(id.as_hyphenated().encode_lower(&mut buffer))
                .unwrap_or_else(|_| HeaderValue::from_static("none"))
        });
        Ticket { id, request_id, random, started }
    }

    /// Takes a call on: waits as long as the model thinks, or refuses it.
    pub async fn begin(
        self: &Arc<Self>,
        mut ticket: Ticket,
        headers: &HeaderMap,
        wanted: &Wanted<'_>,
    ) -> Result<Call, Fault> {
        let (settings, random) = (&self.settings, &mut ticket.random);
        if !settings.models.is_empty() && !settings.models.iter().any(|name| name == wanted.model) {
            return Err(Fault::NoModel(wanted.model.to_owned()));
        }
        let fails = settings.error_share.hits(random);
        let latency = settings.latency.draw(random);
        let drawn = settings.answer_tokens.draw(random);
        let most = u32::try_from(wanted.max_tokens.unwrap_or(u64::MAX)).unwrap_or(u32::MAX).max(1);
        let (output_tokens, cut_off) = match &wanted.tool {
            // Half a call would be none.
            Some(tool) => (u32::try_from(tool.pieces().len()).unwrap_or(u32::MAX), false),
            None => (drawn.min(most), most < drawn),
        };
        let writing = settings
            .tokens_per_second
            .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(f64::from(output_tokens.saturating_sub(1)) / rate));
        let caller = caller(headers);
        let row = self.stats.row(&caller.account, caller.region, wanted.model, settings);
        row.add(Count::Requests, 1);
        if wanted.stream {
            row.add(Count::Streams, 1);
        }
        let input_tokens = wanted.prompt.tokens().max(1);
        let reserve = u64::from(input_tokens) + wanted.max_tokens.unwrap_or_else(|| u64::from(output_tokens));
        let now = self.now();
        let told = self.log.as_ref().map(|_| Told {
            operation: wanted.operation,
            id: ticket.request_id.to_str().unwrap_or_default().to_owned(),
            account: caller.account.clone().into_owned(),
            region: caller.region.to_owned(),
            model: wanted.model.to_owned(),
        });
        let taken = row.quota.take(now, reserve);
        let mut call = Call {
            model: self.clone(),
            row,
            reserved: taken.unwrap_or_default(),
            started: ticket.started,
            told,
            ended: false,
            input_tokens,
            output_tokens,
            sent: 0,
            cut_off,
            milliseconds: u64::try_from((latency + writing).as_millis()).unwrap_or(u64::MAX),
        };
        if let Err(exhausted) = taken {
            let left = 60 - (now / 1_000_000_000) % 60;
            return Err(call.refuse(Fault::Throttled(exhausted, left)));
        }
        let wait = if wanted.stream || fails { latency } else { latency + writing };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        if fails {
            return Err(call.refuse(Fault::Failed(settings.error_status)));
        }
        Ok(call)
    }
}

impl Call {
    /// The tokens that were sent so far.
    pub fn sent(&mut self, tokens: u32) {
        self.sent = tokens;
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Everything was sent.
    pub fn answered(mut self) {
        self.sent = self.output_tokens;
        self.row.add(Count::InputTokens, u64::from(self.input_tokens));
        self.end(Count::Answered, 200);
    }

    fn refuse(&mut self, fault: Fault) -> Fault {
        let throttled = matches!(fault, Fault::Throttled(..) | Fault::Failed(ErrorStatus::Throttled));
        self.end(if throttled { Count::Throttled } else { Count::Failed }, fault.status().as_u16());
        fault
    }

    fn end(&mut self, outcome: Count, status: u16) {
        self.ended = true;
        self.row.add(outcome, 1);
        self.row.add(Count::OutputTokens, u64::from(self.sent));
        // A refused call has used nothing; one that was aborted, its prompt and what was said by then.
        let prompt = if matches!(outcome, Count::Answered | Count::Aborted) { self.input_tokens } else { 0 };
        self.row.quota.settle(self.model.now(), self.reserved, u64::from(prompt) + u64::from(self.sent));
        let (Some(log), Some(told)) = (&self.model.log, &self.told) else { return };
        log.write(&Line {
            time: jiff::Timestamp::now(),
            id: &told.id,
            operation: told.operation,
            account: &told.account,
            region: &told.region,
            model: &told.model,
            status,
            outcome: match outcome {
                Count::Throttled => "throttled",
                Count::Failed => "failed",
                Count::Aborted => "aborted",
                _ => "answered",
            },
            input_tokens: self.input_tokens,
            output_tokens: self.sent,
            milliseconds: self.started.elapsed().as_secs_f64() * 1000.0,
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Count::Aborted, 499);
        }
    }
}
