//! The live screen: a line for each check that runs, and how many are done. It is gone when the report is printed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::printer::Printer;
use crate::smoke::{Observer, Outcome, Status};

const TICK: Duration = Duration::from_millis(120);

/// Draws on stderr.
pub(super) struct Screen {
    bars: MultiProgress,
    count: ProgressBar,
    state: Mutex<State>,
    colored: bool,
}

#[derive(Default)]
struct State {
    running: BTreeMap<String, ProgressBar>,
    pass: usize,
    fail: usize,
    skip: usize,
    round: String,
}

impl Screen {
    pub(super) fn new(printer: Printer) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12));
        let count = bars.add(ProgressBar::new_spinner());
        count.set_style(style("{msg}"));
        Self { bars, count, state: Mutex::default(), colored: printer.colors_stderr() }
    }

    fn spinner(&self, name: &str) -> ProgressBar {
        let bar = self.bars.insert_before(&self.count, ProgressBar::new_spinner());
        bar.set_style(style(if self.colored {
            "{spinner:.cyan} {prefix:16} {elapsed:.dim}"
        } else {
            "{spinner} {prefix:16} {elapsed}"
        }));
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(TICK);
        bar
    }

    fn tell(&self, state: &State) {
        let mut words = format!("{}{} passed", state.round, state.pass);
        if state.fail > 0 {
            words.push_str(&format!(", {} failed", state.fail));
        }
        if state.skip > 0 {
            words.push_str(&format!(", {} skipped", state.skip));
        }
        self.count.set_message(words);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Observer for Screen {
    fn round(&self, number: u32, of: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if of > 1 {
            state.round = format!("round {number} of {of}: ");
        }
        self.tell(&state);
    }

    fn started(&self, name: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.insert(name.to_owned(), self.spinner(name));
    }

    fn ended(&self, name: &str, outcomes: &[Outcome]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = state.running.remove(name) {
            bar.finish_and_clear();
        }
        for outcome in outcomes {
            match outcome.status {
                Status::Pass => state.pass += 1,
                Status::Fail => state.fail += 1,
                Status::Skip => state.skip += 1,
            }
        }
        self.tell(&state);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        for bar in self.state.lock().unwrap_or_else(PoisonError::into_inner).running.values() {
            bar.finish_and_clear();
        }
        self.count.finish_and_clear();
    }
}
