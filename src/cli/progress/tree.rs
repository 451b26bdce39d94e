//! The live tree: a line per stack, and under it a line per resource that is being worked on or has failed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::lines::words;
use crate::cli::printer::Printer;
use crate::diagnostics::printable;
use crate::engine::{Event, EventKind, EventSink};

/// Draws the tree on stderr.
pub(super) struct Tree {
    bars: MultiProgress,
    state: Mutex<State>,
    colored: bool,
}

#[derive(Default)]
struct State {
    stacks: BTreeMap<String, StackLine>,
}

struct StackLine {
    bar: ProgressBar,
    resources: BTreeMap<String, ProgressBar>,
    complete: usize,
    /// Whether it is there for the deployment of the service, which no step of the stack ends.
    converges: bool,
}

const TICK: Duration = Duration::from_millis(120);

impl Tree {
    pub(super) fn new(printer: Printer) -> Self {
        Self {
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12)),
            state: Mutex::new(State::default()),
            colored: printer.colors_stderr(),
        }
    }

    fn style(&self, template: &str, plain: &str) -> ProgressStyle {
        let template = if self.colored { template } else { plain };
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
    }

    fn spinner(&self, bar: ProgressBar, prefix: String, indent: &str) -> ProgressBar {
        bar.set_style(self.style(
            &format!("{indent}{{spinner:.cyan}} {{prefix:44}} {{msg:.dim}} {{elapsed:.dim}}"),
            &format!("{indent}{{spinner}} {{prefix:44}} {{msg}} {{elapsed}}"),
        ));
        bar.set_prefix(prefix);
        bar.enable_steady_tick(TICK);
        bar
    }

    fn stack<'a>(&self, state: &'a mut State, key: &str) -> &'a mut StackLine {
        state.stacks.entry(key.to_owned()).or_insert_with(|| StackLine {
            bar: self.spinner(self.bars.add(ProgressBar::new_spinner()), key.to_owned(), ""),
            resources: BTreeMap::new(),
            complete: 0,
            converges: false,
        })
    }

    fn resource(
        &self,
        state: &mut State,
        key: &str,
        logical_id: &str,
        label: String,
        status: &str,
        reason: Option<&str>,
    ) {
        let line = self.stack(state, key);
        let words = status.to_ascii_lowercase().replace('_', " ");
        if status.ends_with("_FAILED") {
            let after = line.resources.remove(logical_id);
            if let Some(bar) = after {
                bar.finish_and_clear();
            }
            // Only the words are cleaned: the mark's colour is ours.
            let told = format!("{label}  {words}  {}", reason.unwrap_or_default());
            let _ = self.bars.println(format!("  {} {}", self.mark(false), printable(&told)));
        } else if status.ends_with("_COMPLETE") || status == "DELETE_SKIPPED" {
            if let Some(bar) = line.resources.remove(logical_id) {
                bar.finish_and_clear();
            }
            line.complete += 1;
            line.bar.set_message(format!("{} done", crate::plan::count(line.complete, "resource")));
        } else if let Some(bar) = line.resources.get(logical_id) {
            bar.set_message(words);
        } else {
            let last = line.resources.values().last().unwrap_or(&line.bar).clone();
            let bar = self.bars.insert_after(&last, ProgressBar::new_spinner());
            let bar = self.spinner(bar, label, "  ");
            bar.set_message(words);
            line.resources.insert(logical_id.to_owned(), bar);
        }
    }

    fn mark(&self, good: bool) -> String {
        let style = if good { anstyle::AnsiColor::Green } else { anstyle::AnsiColor::Red }.on_default();
        let symbol = if good { "✔" } else { "✗" };
        if self.colored { format!("{style}{symbol}{style:#}") } else { symbol.to_owned() }
    }

    fn finish(&self, state: &mut State, key: &str, good: bool, result: &str) {
        let Some(line) = state.stacks.remove(key) else { return };
        for bar in line.resources.values() {
            bar.finish_and_clear();
        }
        let seconds = line.bar.elapsed().as_secs();
        line.bar.finish_and_clear();
        let _ = self.bars.println(format!(
            "{} {key:<44} {} {}",
            self.mark(good),
            printable(result),
            if seconds > 0 { crate::plan::duration(seconds) } else { String::new() }
        ));
    }
}

/// The step that waits for the service.
const CONVERGE: &str = "converge";

impl State {
    /// Takes the lines away of services that are no longer waited for: a line that is still drawn would be drawn over
    /// what is printed after it.
    fn converged(&mut self) {
        self.stacks.retain(|_, line| {
            if line.converges {
                line.resources.values().chain([&line.bar]).for_each(ProgressBar::finish_and_clear);
            }
            !line.converges
        });
    }
}

impl EventSink for Tree {
    fn emit(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let key = event.stack.as_deref();
        match (&event.kind, key) {
            (EventKind::StepStarted { .. }, Some(key)) => {
                self.stack(&mut state, key);
            }
            (EventKind::StepStarted { .. }, None) => {}
            (EventKind::StepFinished { result, .. }, Some(key)) => self.finish(&mut state, key, true, result),
            (EventKind::StepFailed { reason, .. }, Some(key)) => self.finish(&mut state, key, false, reason),
            (EventKind::StepFinished { step, result }, None) => {
                if step == CONVERGE {
                    state.converged();
                }
                let _ = self.bars.println(format!("{} {step:<44} {}", self.mark(true), printable(result)));
            }
            (EventKind::StepFailed { step, reason }, None) => {
                if step == CONVERGE {
                    state.converged();
                }
                let _ = self.bars.println(format!("{} {step:<44} {}", self.mark(false), printable(reason)));
            }
            (EventKind::StackStatus { status, .. }, Some(key)) => {
                let line = self.stack(&mut state, key);
                line.bar.set_message(status.to_ascii_lowercase().replace('_', " "));
            }
            (EventKind::Resource { logical_id, description, status, reason, .. }, Some(key)) => {
                let label = description.clone().unwrap_or_else(|| logical_id.clone());
                self.resource(&mut state, key, logical_id, label, status, reason.as_deref());
            }
            (EventKind::EcsDeployment { tasks, status, .. }, Some(key)) => {
                let (desired, running, _, failed) = tasks;
                let line = self.stack(&mut state, key);
                line.converges = true;
                line.bar
                    .set_message(format!("{} {running}/{desired} tasks, {failed} failed", status.to_ascii_lowercase()));
            }
            (kind, _) => {
                if let Some(words) = words(kind) {
                    let _ = self.bars.println(format!("  {}", printable(&words)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anstream::ColorChoice;

    use super::*;
    use crate::cli::printer::Verbosity;

    fn event(stack: Option<&str>, kind: EventKind) -> Event {
        Event { at: String::new(), stack: stack.map(ToOwned::to_owned), kind }
    }

    #[test]
    fn no_line_is_left_when_the_service_has_converged() {
        let tree = Tree::new(Printer::new(ColorChoice::Never, Verbosity::Normal));
        tree.emit(event(Some("gateway"), EventKind::StepStarted { step: "gateway".to_owned() }));
        tree.emit(event(
            Some("gateway"),
            EventKind::StepFinished { step: "gateway".to_owned(), result: "CREATE_COMPLETE".to_owned() },
        ));
        tree.emit(event(
            Some("gateway"),
            EventKind::EcsDeployment {
                service: "gateway".to_owned(),
                status: "SUCCESSFUL".to_owned(),
                tasks: (2, 2, 0, 0),
                reason: None,
            },
        ));
        let bar = tree.state.lock().unwrap().stacks["gateway"].bar.clone();
        tree.emit(event(None, EventKind::StepFinished { step: CONVERGE.to_owned(), result: "well".to_owned() }));
        assert!(bar.is_finished() && tree.state.lock().unwrap().stacks.is_empty());
    }
}
