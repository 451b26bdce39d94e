//! What was called, by account, region and model.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use indexmap::{Equivalent, IndexMap};
use serde::Serialize;

use super::quota::Quota;
use super::settings::Settings;

/// Schema of the document at `/mock/stats`.
pub const SCHEMA: &str = "gwinfra.mock-llm/v1";
/// Most rows. What is called beyond them shares one: a client that makes up models must not fill the memory.
const MOST_ROWS: usize = 10_000;

/// The rows.
#[derive(Debug, Default)]
pub(super) struct Stats(RwLock<IndexMap<Key, Arc<Row>>>);

#[derive(Debug, PartialEq, Eq)]
struct Key {
    account: String,
    region: String,
    model: String,
}

/// A key that owns nothing.
#[derive(PartialEq, Eq)]
struct Asked<'a> {
    account: &'a str,
    region: &'a str,
    model: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.account.as_str(), self.region.as_str(), self.model.as_str()).hash(state);
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.account, self.region, self.model).hash(state);
    }
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.account == key.account && self.region == key.region && self.model == key.model
    }
}

/// A row: what was called, and what is left of its quota.
#[derive(Debug)]
pub(super) struct Row {
    /// The quota.
    pub quota: Quota,
    counts: [AtomicU64; Count::ALL],
}

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Count {
    /// Calls.
    Requests,
    /// Those of them that asked for a stream.
    Streams,
    /// Calls that were answered to the end.
    Answered,
    /// Calls above a quota.
    Throttled,
    /// Calls that failed on purpose.
    Failed,
    /// Calls whose caller went away.
    Aborted,
    /// Tokens of the prompts of answered calls.
    InputTokens,
    /// Tokens of the answers.
    OutputTokens,
}

impl Count {
    const ALL: usize = 8;
}

impl Row {
    fn new(settings: &Settings) -> Self {
        Self { quota: Quota::new(settings), counts: Default::default() }
    }

    /// Counts.
    pub fn add(&self, count: Count, amount: u64) {
        self.counts[count as usize].fetch_add(amount, Ordering::Relaxed);
    }

    fn totals(&self) -> Totals {
        let of = |count: Count| self.counts[count as usize].load(Ordering::Relaxed);
        Totals {
            requests: of(Count::Requests),
            streams: of(Count::Streams),
            answered: of(Count::Answered),
            throttled: of(Count::Throttled),
            failed: of(Count::Failed),
            aborted: of(Count::Aborted),
            input_tokens: of(Count::InputTokens),
            output_tokens: of(Count::OutputTokens),
        }
    }
}

/// Counts of calls and tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Calls.
    pub requests: u64,
    /// Those of them that asked for a stream.
    pub streams: u64,
    /// Calls that were answered to the end.
    pub answered: u64,
    /// Calls above a quota.
    pub throttled: u64,
    /// Calls that failed on purpose.
    pub failed: u64,
    /// Calls whose caller went away before the end.
    pub aborted: u64,
    /// Tokens of the prompts of answered calls: an estimate.
    pub input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
}

/// The document at `/mock/stats`.
#[derive(Debug, Serialize)]
pub struct Document {
    schema: &'static str,
    /// Seconds since the start, or since the counts were reset.
    seconds: f64,
    /// Everything together.
    pub total: Totals,
    rows: Vec<DocumentRow>,
}

#[derive(Debug, Serialize)]
struct DocumentRow {
    account: String,
    region: Option<String>,
    model: String,
    #[serde(flatten)]
    totals: Totals,
}

impl Stats {
    /// The row of an account, region and model.
    pub fn row(&self, account: &str, region: &str, model: &str, settings: &Settings) -> Arc<Row> {
        let asked = Asked { account, region, model };
        if let Some(row) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&asked) {
            return row.clone();
        }
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let full = rows.len() >= MOST_ROWS && !rows.contains_key(&asked);
        let owned = |text: &str| if full { "(others)".to_owned() } else { text.to_owned() };
        let key = Key { account: owned(account), region: owned(region), model: owned(model) };
        rows.entry(key).or_insert_with(|| Arc::new(Row::new(settings))).clone()
    }

    /// Models that were called.
    pub fn models(&self) -> Vec<String> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut models: Vec<String> = rows.keys().map(|key| key.model.clone()).collect();
        models.sort();
        models.dedup();
        models
    }

    /// Forgets everything, also what was taken of the quotas.
    pub fn reset(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was counted.
    pub fn document(&self, seconds: f64) -> Document {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<DocumentRow> = rows
            .iter()
            .map(|(key, row)| DocumentRow {
                account: key.account.clone(),
                region: (!key.region.is_empty()).then(|| key.region.clone()),
                model: key.model.clone(),
                totals: row.totals(),
            })
            .collect();
        rows.sort_by(|one, other| {
            (&one.account, &one.region, &one.model).cmp(&(&other.account, &other.region, &other.model))
        });
        let mut total = Totals::default();
        for Totals { requests, streams, answered, throttled, failed, aborted, input_tokens, output_tokens } in
            rows.iter().map(|row| row.totals)
        {
            total.requests += requests;
            total.streams += streams;
            total.answered += answered;
            total.throttled += throttled;
            total.failed += failed;
            total.aborted += aborted;
            total.input_tokens += input_tokens;
            total.output_tokens += output_tokens;
        }
        Document { schema: SCHEMA, seconds, total, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_a_region_and_a_model_have_a_row() {
        let (stats, settings) = (Stats::default(), Settings::default());
        for (account, region) in [("b", "us-east-1"), ("a", "us-west-2"), ("a", "us-west-2")] {
            stats.row(account, region, "m", &settings).add(Count::Requests, 1);
        }
        let document = serde_json::to_value(stats.document(1.0)).unwrap();
        let rows: Vec<_> =
            document["rows"].as_array().unwrap().iter().map(|row| (&row["account"], &row["requests"])).collect();
        assert_eq!(serde_json::to_value(rows).unwrap(), serde_json::json!([["a", 2], ["b", 1]]));
        assert_eq!(document["total"]["requests"], 3);
    }

    #[test]
    fn made_up_models_do_not_fill_the_memory() {
        let (stats, settings) = (Stats::default(), Settings::default());
        for number in 0..MOST_ROWS + 50 {
            stats.row("a", "", &number.to_string(), &settings).add(Count::Requests, 1);
        }
        assert_eq!(stats.document(1.0).rows.len(), MOST_ROWS + 1);
        assert_eq!(stats.document(1.0).total.requests, MOST_ROWS as u64 + 50);
    }
}
