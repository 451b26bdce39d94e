//! How an operation's events are shown: a live tree, plain lines, or one JSON object per line.

mod lines;
mod ndjson;
mod tree;

use std::sync::Arc;

use clap::ValueEnum;

use super::printer::{Printer, Verbosity};
use crate::engine::EventSink;

/// How progress is shown on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Progress {
    /// A live tree on a terminal, plain lines elsewhere
    #[default]
    Auto,
    /// A live tree
    Tree,
    /// One line per event
    Lines,
    /// One JSON object per event
    Ndjson,
    /// Nothing
    None,
}

/// Makes the sink that the flags ask for.
pub(super) fn sink(progress: Progress, printer: Printer) -> Arc<dyn EventSink> {
    let progress = match progress {
        Progress::Auto if printer.verbosity() == Verbosity::Quiet => Progress::None,
        Progress::Auto if std::io::IsTerminal::is_terminal(&std::io::stderr()) => Progress::Tree,
        Progress::Auto => Progress::Lines,
        chosen => chosen,
    };
    match progress {
        Progress::Tree | Progress::Auto => Arc::new(tree::Tree::new(printer)),
        Progress::Lines => Arc::new(lines::Lines::new(printer)),
        Progress::Ndjson => Arc::new(ndjson::Ndjson),
        Progress::None => Arc::new(Silent),
    }
}

/// Shows nothing.
struct Silent;

impl EventSink for Silent {
    fn emit(&self, _event: crate::engine::Event) {}
}
