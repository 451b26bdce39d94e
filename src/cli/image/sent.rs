//! What was sent, as the result of `push` and `mirror`.

use indicatif::HumanBytes;
use serde_json::json;

use crate::cli::global::Output;
use crate::cli::{CommandResult, Context, Exit};
use crate::image::copy::{Copied, Tally};

/// Prints the result.
pub(super) fn print(context: &Context, verb: &str, copied: &Copied) -> CommandResult {
    let tally = &copied.tally;
    if context.global.output == Output::Json {
        let document = json!({
            "schema": "gwinfra.image-push/v1",
            "reference": copied.tagged.as_ref().map(ToString::to_string),
            "pinned": copied.pinned.to_string(),
            "digest": copied.digest,
            "blobs": {"sent": tally.sent, "bytes": tally.bytes, "mounted": tally.mounted, "there": tally.there},
            "manifests": {"sent": tally.manifests},
        });
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
        return Ok(Exit::Ok);
    }
    context.printer.out(format_args!("{verb} {}", copied.pinned))?;
    if let Some(tagged) = &copied.tagged {
        context.printer.out(format_args!("  as {tagged}"))?;
    }
    context.printer.out(format_args!("  {}", words(tally)))?;
    Ok(Exit::Ok)
}

/// What was done, in words.
fn words(tally: &Tally) -> String {
    if tally.sent == 0 && tally.mounted == 0 && tally.manifests == 0 {
        return "nothing was sent: all of it was there".to_owned();
    }
    let mut parts = Vec::new();
    if tally.sent > 0 {
        parts.push(format!("{} sent ({})", crate::plan::count(tally.sent, "blob"), HumanBytes(tally.bytes)));
    }
    if tally.mounted > 0 {
        parts.push(format!("{} taken from the same registry", crate::plan::count(tally.mounted, "blob")));
    }
    if tally.there > 0 {
        parts.push(format!("{} there before", crate::plan::count(tally.there, "blob")));
    }
    if tally.sent == 0 {
        parts.push("no layer was sent".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_of_what_is_there_says_that_nothing_was_sent() {
        assert_eq!(words(&Tally::default()), "nothing was sent: all of it was there");
        let again = Tally { there: 4, manifests: 1, ..Tally::default() };
        assert_eq!(words(&again), "4 blobs there before, no layer was sent");
    }

    #[test]
    fn what_was_sent_is_counted() {
        let tally = Tally { sent: 1, bytes: 2048, mounted: 2, there: 0, manifests: 3 };
        assert_eq!(words(&tally), "1 blob sent (2.00 KiB), 2 blobs taken from the same registry");
    }
}
