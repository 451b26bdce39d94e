//! Chat history in PostgreSQL.
//!
//! A *turn* is what one request adds to a session: the caller's messages and the assistant's answer. It is written as a
//! whole when the answer is there, so that turns never mix; a client that is told "done" finds its turn in the next request.
//!
//! ```text
//! // What the session holds counts as memory of the request.
//! let (mut turn, past) = store.begin(&owner, session_id, held.share()).await?;
//! // ... LiteLLM answers 200 ...
//! turn.open().await?;                                      // streams only: before the client learns the session's id
//! // Once; safe to lose the connection to PostgreSQL in. It goes on when nobody waits for it.
//! turn.finish(vec![user_json, assistant_json], |written| {}).await?;
//! ```

pub mod assembly;
mod calls;
mod connect;
mod iam;
mod lease;
mod past;
mod retention;
mod store;
mod turn;

pub use self::past::Past;
pub use self::store::{Cursor, LARGEST_PAGE, MessagePage, SessionPage, Store};
pub use self::turn::Turn;

use sqlx::postgres::PgDatabaseError;

/// Longest id of a session that a client may choose.
pub const LONGEST_SESSION_ID: usize = 128;

/// Whether a text can be the id of a session at all. Anything else is not looked up.
pub fn is_session_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST_SESSION_ID && text.bytes().all(plain)
}

/// Whether an error of PostgreSQL may go away by itself: it restarts, fails over, or is out of connections.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.try_downcast_ref::<PgDatabaseError>().map_or("", PgDatabaseError::code);
            // Of the last three one is a writer that has become a reader; the others are a connection that is another one than
            // before, as a pooler gives it, and does not know what was prepared.
            ["08", "40", "53", "55", "57", "58", "25006", "26000", "42P05"].iter().any(|class| code.starts_with(class))
        }
        _ => false,
    }
}

/// Logs an error without what was bound to the statement, and says it to the client without any of it.
fn unavailable(error: &sqlx::Error, what: &'static str) -> crate::error::Failure {
    if is_transient(error) {
        tracing::warn!(%error, what, "PostgreSQL is not available");
        crate::error::Failure::HistoryUnavailable
    } else {
        tracing::error!(%error, what, "PostgreSQL refused a statement");
        crate::error::Failure::Internal
    }
}
