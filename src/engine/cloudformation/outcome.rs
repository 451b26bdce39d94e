//! What the end of an operation means.

use super::status_table;
use super::watch::Rest;
use crate::engine::StackFailure;
use crate::render::RenderedStack;

/// Statuses in which a stack has what was asked for.
pub(super) fn is_good(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE")
}

/// Whether a failed stack is back at its previous good state, so that nothing is left half-done. A stack whose creation
/// was rolled back holds nothing, but must be deleted before it can be made again.
pub(super) fn is_rolled_back(status: &str) -> bool {
    matches!(status, "UPDATE_ROLLBACK_COMPLETE" | "ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE")
}

/// Turns the end of an operation into a failure, unless it is the good end. `edited` is the place in the spec that the
/// operation came from; without one it is where the failed resource comes from.
pub(super) fn failure(stack: &RenderedStack, rest: &Rest, edited: Option<String>) -> Option<StackFailure> {
    let status = rest.stack.as_ref().map_or("DELETE_COMPLETE", |found| found.status.as_str());
    if is_good(status) {
        return None;
    }
    let place = edited.or_else(|| rest.causes.iter().find_map(|cause| cause.place.clone()));
    let rolled_back = is_rolled_back(status) || status == "DELETE_COMPLETE";
    let next = match place {
        Some(place) if rolled_back => format!("edit {place}, then `gwinfra plan`"),
        _ => status_table::lookup(status).next.to_owned(),
    };
    Some(StackFailure {
        stack: stack.name.clone(),
        account: stack.target.account.clone(),
        status: status.to_owned(),
        rolled_back,
        causes: rest.causes.clone(),
        reason: rest.stack.as_ref().and_then(|found| found.reason.clone()),
        next,
    })
}
