//! Progress of copying an image: a bar per blob on a terminal, a line per event elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::printer::{Printer, Verbosity};
use crate::diagnostics::printable;
use crate::image::{Digest, Event, How, Watch};

/// Shows what happens on stderr.
pub(super) struct Shown {
    printer: Printer,
    bars: Option<MultiProgress>,
    running: Mutex<BTreeMap<Digest, ProgressBar>>,
}

impl Shown {
    /// Bars on a terminal, lines elsewhere, nothing when quiet.
    pub fn new(printer: Printer) -> Self {
        let is_drawn = printer.verbosity() > Verbosity::Quiet && std::io::stderr().is_terminal();
        let bars = is_drawn.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12)));
        Self { printer, bars, running: Mutex::default() }
    }

    /// Takes the bars away.
    pub fn end(&self) {
        for bar in self.running().values() {
            bar.finish_and_clear();
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, ProgressBar>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: String) {
        match &self.bars {
            // Nothing sensible can be done when stderr is closed.
            Some(bars) => drop(bars.println(text)),
            None => self.printer.say(text),
        }
    }

    fn bar(&self, bars: &MultiProgress, digest: &Digest, size: u64) -> ProgressBar {
        let bar = bars.add(ProgressBar::new(size));
        let template = "  {prefix} [{bar:24}] {bytes:>10}/{total_bytes:10} {bytes_per_sec}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(digest.short().to_owned());
        bar
    }
}

/// That an image was copied without what is about it.
fn alone(image: &Digest, reason: &str) -> String {
    let told = format!(
        "whether there are signatures or bills of materials of {} could not be seen, and none were copied: {reason}",
        image.short()
    );
    printable(&told).into_owned()
}

impl Watch for Shown {
    fn saw(&self, event: Event) {
        match event {
            Event::Sending { blob } => {
                if let Some(bars) = &self.bars {
                    let bar = self.bar(bars, &blob.digest, blob.size);
                    self.running().insert(blob.digest, bar);
                }
            }
            Event::Progress { digest, bytes } => {
                if let Some(bar) = self.running().get(&digest) {
                    bar.inc(bytes);
                }
            }
            Event::Restarted { digest } => {
                if let Some(bar) = self.running().get(&digest) {
                    bar.set_position(0);
                }
            }
            Event::Blob { blob, how } => {
                if let Some(bar) = self.running().remove(&blob.digest) {
                    bar.finish_and_clear();
                }
                let what = match how {
                    How::There => "there already",
                    How::Mounted => "taken from the same registry",
                    How::Sent => "sent",
                };
                self.line(format!("  {} {:>11}  {what}", blob.digest.short(), HumanBytes(blob.size).to_string()));
            }
            Event::Manifest { reference, sent } => {
                let what = if sent { "written" } else { "there already" };
                self.line(format!("  {reference}  {what}"));
            }
            Event::Alone { image, reason } => {
                let told = alone(&image, &reason);
                match &self.bars {
                    Some(bars) => drop(bars.println(format!("warning: {told}"))),
                    None => self.printer.warn(told),
                }
            }
            Event::Retry { call, delay, reason } => {
                let told = format!("  {call}: {reason}; again in {} ms", delay.as_millis());
                self.line(printable(&told).to_string());
            }
        }
    }
}
