//! One turn of a session.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;
use uuid::Uuid;

use super::lease::Lease;
use super::{Store, connect, is_transient, unavailable};
use crate::error::Failure;
use crate::keys::Owner;

/// How long a turn is tried to be written while PostgreSQL restarts or fails over.
const PATIENCE: Duration = Duration::from_secs(40);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const OPEN: &str = "insert into sessions (id, owner) values ($1, $2) on conflict (id) do nothing";

/// Appends messages, unless the turn is written. The update takes the session's row lock: turns that end at once are written one
/// after the other, each with positions of its own, in one round trip.
const APPEND: &str = "\
with session as (
    update sessions set messages = messages + cardinality($4::text[]), bytes = bytes + $5, updated_at = now()
    where id = $1 and owner = $2 returning messages
), turn as (
    insert into turns (session_id, turn_id) select $1, $3 from session
)
insert into messages (session_id, position, turn_id, message, instruction)
select $1, session.messages - cardinality($4::text[]) + item.number - 1, $3, item.message, $6 and item.number = 1
from session, unnest($4::text[]) with ordinality as item (message, number)";

/// As [`OPEN`] and [`APPEND`] in one, for a session that is new.
const OPEN_AND_APPEND: &str = "\
with session as (
    insert into sessions (id, owner, messages, bytes) values ($1, $2, cardinality($4::text[]), $5)
    on conflict (id) do update set messages = sessions.messages + excluded.messages,
        bytes = sessions.bytes + excluded.bytes, updated_at = now()
    where sessions.owner = excluded.owner returning messages
), turn as (
    insert into turns (session_id, turn_id) select $1, $3 from session
)
insert into messages (session_id, position, turn_id, message, instruction)
select $1, session.messages - cardinality($4::text[]) + item.number - 1, $3, item.message, $6 and item.number = 1
from session, unnest($4::text[]) with ordinality as item (message, number)";

/// What says that a turn is written.
const WRITTEN: &str = "turns_pkey";

/// A turn: a place for what is added to a session.
#[derive(Debug)]
pub struct Turn {
    entry: Entry,
    state: State,
}

/// What is known of the session, and what of it changes.
#[derive(Debug, Clone, Copy)]
struct State {
    /// Whether the session is there. If it is not when the turn is written, it was deleted.
    opened: bool,
    /// Whether the first message replaces the session's instructions.
    instructs: bool,
}

/// What identifies a turn.
#[derive(Debug)]
struct Entry {
    store: Store,
    owner: Owner,
    session: String,
    id: Uuid,
}

impl Turn {
    pub(super) fn new(store: Store, owner: Owner, session: String, opened: bool) -> Self {
        let entry = Entry { store, owner, session, id: Uuid::now_v7() };
        Self { entry, state: State { opened, instructs: false } }
    }

    /// Id of the session, for the client.
    pub fn session_id(&self) -> &str {
        &self.entry.session
    }

    /// Says that the first message of the turn replaces the session's instructions.
    pub fn instruct(&mut self) {
        self.state.instructs = true;
    }

    /// Makes the session if it is new. A client learns its id with the head of a stream, and may use it at once.
    ///
    /// # Errors
    /// If PostgreSQL is not available, or if the id was just taken by another owner.
    pub async fn open(&mut self) -> Result<(), Failure> {
        if self.state.opened {
            return Ok(());
        }
        let Entry { store, owner, session, .. } = &self.entry;
        let open = sqlx::query(OPEN).bind(session).bind(owner.as_str());
        let opened = store.0.run("opening a session", async |connection| open.execute(connection).await).await?;
        if opened.rows_affected() == 0 && !self.is_owned().await? {
            return Err(Failure::UnknownSession);
        }
        // From now on the client may delete it.
        self.state.opened = true;
        Ok(())
    }

    async fn is_owned(&self) -> Result<bool, Failure> {
        let Entry { store, owner, session, .. } = &self.entry;
        let find =
            sqlx::query("select 1 from sessions where id = $1 and owner = $2").bind(session).bind(owner.as_str());
        let found = store.0.run("reading a session", async |connection| find.fetch_optional(connection).await).await?;
        Ok(found.is_some())
    }

    /// Appends the turn's messages, JSON texts in OpenAI's form. When the future has returned `Ok`, they are there once; else
    /// not at all, as far as PostgreSQL could be asked. It is begun at once and goes on when the future is dropped: the
    /// client may be gone. `then` is told how it ended.
    ///
    /// # Errors
    /// If PostgreSQL is away for longer than a restart takes.
    pub fn finish(
        self,
        messages: Vec<String>,
        then: impl FnOnce(&Result<(), Failure>) + Send + 'static,
    ) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        let tasks = self.entry.store.0.tasks.clone();
        let writing = tasks.spawn(async move {
            let written = write(self.entry, self.state, messages).await;
            then(&written);
            written
        });
        async move {
            match writing {
                // Errors are logged where they occur.
                Some(writing) => writing.await.unwrap_or(Err(Failure::Internal)),
                None => Err(Failure::Internal),
            }
        }
    }
}

async fn write(entry: Entry, state: State, messages: Vec<String>) -> Result<(), Failure> {
    if messages.is_empty() {
        return Ok(());
    }
    let deadline = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match attempt(&entry, state, &messages).await {
            Ok(()) => return Ok(()),
            // By an earlier attempt, whose answer was lost.
            Err(error) if is_written(&error) => return Ok(()),
            Err(error) => error,
        };
        if !is_transient(&error) || Instant::now() + pause > deadline {
            return Err(unavailable(&error, "writing a turn"));
        }
        tracing::debug!(%error, "writing a turn again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn is_written(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.constraint()) == Some(WRITTEN)
}

async fn attempt(entry: &Entry, state: State, messages: &[String]) -> Result<(), sqlx::Error> {
    let mut lease = Lease::of(&entry.store.0.pool).await?;
    let written = connect::in_time(append(&mut lease.connection, entry, state, messages)).await;
    // Else it may be broken, or the connection to a writer that has become a reader.
    lease.end(written.is_ok());
    written
}

async fn append(
    connection: &mut PgConnection,
    entry: &Entry,
    state: State,
    messages: &[String],
) -> Result<(), sqlx::Error> {
    let bytes: usize = messages.iter().map(String::len).sum();
    let appended = sqlx::query(if state.opened { APPEND } else { OPEN_AND_APPEND })
        .bind(&entry.session)
        .bind(entry.owner.as_str())
        .bind(entry.id)
        .bind(messages)
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(state.instructs)
        .execute(connection)
        .await?;
    if appended.rows_affected() == 0 {
        tracing::info!("a session was deleted while its turn was under way");
    }
    Ok(())
}
