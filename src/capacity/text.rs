//! The report as text for people.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, TableStyle};

use super::report::{Document, ModelCapacity, Simulation};
use super::scenario::Spread;
use crate::model::capacity::Quota;
use crate::plan::count;
use crate::quotas::AccountQuota;

/// The report as text, with a line break at its end.
pub fn text(document: &Document) -> String {
    if document.models.is_empty() {
        return "No model of the spec is served by Bedrock: there is no quota to count.\n".to_owned();
    }
    let mut out = document.quotas.as_deref().map(found).unwrap_or_default();
    let _ = writeln!(out, "{}\n", models(document));
    for model in &document.models {
        let _ = writeln!(out, "{}", verdict(model, document.headroom));
    }
    if let Some(simulation) = &document.simulation {
        let _ = write!(out, "\n{}", run(simulation));
    }
    out
}

fn models(document: &Document) -> String {
    let mut rows = Vec::new();
    for model in &document.models {
        let quotas = [
            (
                Quota::Tokens,
                model.quota_tokens_per_minute,
                model.usable_tokens_per_minute,
                model.expected_tokens_per_minute,
            ),
            (
                Quota::Requests,
                model.quota_requests_per_minute,
                model.usable_requests_per_minute,
                model.expected_requests_per_minute,
            ),
        ];
        let mut known: Vec<_> = quotas.into_iter().filter(|quota| quota.1.is_some()).collect();
        if known.is_empty() {
            known.push(quotas[0]);
        }
        for (index, (quota, whole, usable, expected)) in known.into_iter().enumerate() {
            let first = |text: String| if index == 0 { text } else { String::new() };
            rows.push([
                first(model.name.clone()),
                first(model.accounts.to_string()),
                first(model.deployments.to_string()),
                match quota {
                    Quota::Tokens => "tokens".to_owned(),
                    Quota::Requests => "requests".to_owned(),
                },
                whole.map_or_else(|| "not given".to_owned(), grouped),
                usable.map_or_else(dash, grouped),
                expected.map_or_else(dash, grouped),
                whole
                    .filter(|whole| *whole > 0)
                    .zip(expected)
                    .map_or_else(dash, |(whole, expected)| percent(ratio(expected, whole), 0)),
                first(model.accounts_needed.map_or_else(dash, |accounts| accounts.to_string())),
                first(model.accounts_needed_with_one_lost.map_or_else(dash, |accounts| accounts.to_string())),
            ]);
        }
    }
    let usable = format!("usable ({})", percent(document.headroom, 0));
    let header = [
        "model",
        "accounts",
        "deployments",
        "per minute",
        "quota",
        &usable,
        "expected",
        "of quota",
        "accounts needed",
        "with one lost",
    ];
    table(&header, rows, &[0, 3])
}

fn found(quotas: &[AccountQuota]) -> String {
    let rows = quotas.iter().map(|quota| {
        [
            quota.model.clone(),
            quota.account.clone(),
            quota.region.clone(),
            quota.code.clone().unwrap_or_else(dash),
            quota.applied.map_or_else(dash, grouped),
            quota.default.map_or_else(dash, grouped),
            quota.spec.map_or_else(dash, grouped),
            quota.standing.words().to_owned(),
        ]
    });
    let header = ["model", "account", "region", "quota", "applied", "default", "spec", ""];
    format!("Tokens per minute by Service Quotas\n\n{}\n\n", table(&header, rows.collect(), &[0, 1, 2, 3, 7]))
}

fn verdict(model: &ModelCapacity, headroom: f64) -> String {
    let name = &model.name;
    if model.accounts == 0 {
        return format!("{name}: no account serves it.");
    }
    let Some(fits) = model.fits else {
        let missing = match (model.expected_requests_per_minute, model.quota_tokens_per_minute) {
            (None, None) if model.quota_requests_per_minute.is_none() => "`bedrock.tpm` and `expected`",
            (None, _) => "`expected`",
            _ => "`bedrock.tpm`",
        };
        return format!("{name}: {missing} would say whether the accounts are enough.");
    };
    let (Some(needed), Some(with_one_lost)) = (model.accounts_needed, model.accounts_needed_with_one_lost) else {
        return format!("{name}: does not fit. AWS allows nothing in its accounts.");
    };
    let have = model.accounts as u64;
    let used = percent(model.utilization.unwrap_or_default(), 0);
    let mut line = if !fits {
        format!(
            "{name}: does not fit. {used} of the quota is above the headroom of {}: {} would be enough, {with_one_lost} with \
             one lost.",
            percent(headroom, 0),
            count_u64(needed, "account"),
        )
    } else if have >= with_one_lost {
        format!("{name}: fits, also with one account lost.")
    } else {
        format!("{name}: fits, but not with one account lost: that takes {}.", count_u64(with_one_lost, "account"))
    };
    if let (Some(request), Some(_)) = (model.request, model.quota_tokens_per_minute) {
        let _ = write!(
            line,
            "\n  A request takes {} tokens: {} are reserved at its start, {} are settled at its end{}.",
            grouped(request.planned()),
            grouped(request.reserved),
            grouped(request.settled),
            match model.burndown {
                1 => String::new(),
                rate => format!(" (the answer counts {rate} times)"),
            },
        );
        if request.reserved > request.settled {
            let saved = 1.0 - ratio(request.settled, request.reserved);
            let _ = write!(line, " A lower max_tokens saves up to {}.", percent(saved, 0));
        }
    }
    line
}

fn run(simulation: &Simulation) -> String {
    let mut out = preamble(simulation);
    let rows = simulation.strategies.iter().map(|outcome| {
        let busiest = outcome.accounts.iter().max_by(|one, other| one.share.total_cmp(&other.share));
        let mark = if outcome.strategy == simulation.configured { "* " } else { "  " };
        [
            format!("{mark}{}", outcome.strategy.name()),
            percent(outcome.refused_share, 1),
            grouped(outcome.refused),
            grouped(outcome.throttled),
            outcome.wait.map_or_else(dash, |wait| milliseconds(wait.p50_ms)),
            outcome.wait.map_or_else(dash, |wait| milliseconds(wait.p99_ms)),
            busiest.map_or_else(dash, |account| format!("{} {}", account.account, percent(account.share, 0))),
        ]
    });
    let header =
        ["strategy", "429 to clients", "refused", "throttled calls", "wait p50", "wait p99", "busiest account"];
    let _ = writeln!(out, "{}\n\n  * of the spec", table(&header, rows.collect(), &[0, 6]));
    let Some(outcome) = simulation.strategies.iter().find(|outcome| outcome.strategy == simulation.configured) else {
        return out;
    };
    let rows = outcome.accounts.iter().map(|account| {
        [
            account.account.clone(),
            grouped(account.answered),
            percent(account.share, 1),
            grouped(account.throttled),
            grouped(account.most_at_once),
            account.fullest_minute.map_or_else(dash, |share| percent(share, 0)),
        ]
    });
    let header = ["account", "answered", "share", "throttled calls", "most at once", "fullest minute"];
    let _ = writeln!(out, "\nAccounts under {}\n\n{}", outcome.strategy.name(), table(&header, rows.collect(), &[0]));
    let _ = writeln!(
        out,
        "\nUnder {}, {}.",
        outcome.strategy.name(),
        refusals(outcome.requests, outcome.refused, outcome.refused_share),
    );
    if let Some(loss) = &simulation.one_more_lost {
        let _ =
            writeln!(out, "With {} lost, {}.", loss.account, refusals(loss.requests, loss.refused, loss.refused_share));
    }
    out
}

fn refusals(requests: u64, refused: u64, share: f64) -> String {
    let requests = grouped(requests);
    if refused == 0 {
        return format!("no client gets 429: all of {requests} requests are answered");
    }
    format!("clients get 429 for {} of {requests} requests ({})", grouped(refused), percent(share, 1))
}

fn preamble(simulation: &Simulation) -> String {
    let lost = simulation.lost.as_ref().map(|account| format!(", `{account}` lost")).unwrap_or_default();
    format!(
        "Simulated: {} requests per minute of {} for {} s ({}), {} in {}{lost}.\n\
         Prompts of {} tokens, {}answers of {} tokens in {} s, max_tokens {}{}.\n\
         {}, cool-down {} s; {} with {:.1} ms for a request; seed {}.\n\n",
        trimmed(simulation.requests_per_minute),
        simulation.model,
        trimmed(simulation.seconds),
        match simulation.arrivals {
            Spread::Constant => "constant arrivals",
            Spread::Exponential => "Poisson arrivals",
        },
        count(simulation.deployments, "deployment"),
        count(simulation.accounts, "account"),
        grouped(simulation.input_tokens),
        match simulation.answers {
            Spread::Constant => "",
            Spread::Exponential => "exponential ",
        },
        grouped(simulation.output_tokens),
        trimmed(simulation.answer_seconds),
        grouped(simulation.max_tokens),
        if simulation.tokens_from_expected { "" } else { " (defaults: the model has no `expected`)" },
        match simulation.retries {
            1 => "1 retry".to_owned(),
            retries => format!("{retries} retries"),
        },
        simulation.cooldown_seconds,
        count(simulation.workers as usize, "worker"),
        simulation.milliseconds_per_request,
        simulation.seed,
    )
}

/// A table without lines; columns are aligned to the right but those that are `left`.
fn table<const N: usize>(header: &[&str; N], rows: Vec<[String; N]>, left: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header).add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        if !left.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn dash() -> String {
    "-".to_owned()
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn count_u64(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", share * 100.0)
}

fn milliseconds(time: f64) -> String {
    if time < 1000.0 { format!("{time:.0} ms") } else { format!("{:.1} s", time / 1000.0) }
}

/// Without decimals where there are none.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "quotas are far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn numbers_have_no_needless_decimals() {
        assert_eq!([500.0, 8.5, 0.125].map(trimmed), ["500", "8.5", "0.125"]);
    }
}
