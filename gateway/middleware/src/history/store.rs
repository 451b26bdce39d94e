//! Sessions and their messages.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::lease::Lease;
use super::past::Past;
use super::turn::Turn;
use super::{connect, is_session_id, is_transient, retention, unavailable};
use crate::body::Share;
use crate::config::History;
use crate::error::Failure;
use crate::keys::Owner;
use crate::tasks::Tasks;

/// Most sessions on one page.
pub const LARGEST_PAGE: i64 = 1000;
/// Most bytes of messages on one page. A message that is longer is a page of its own.
const LONGEST_PAGE: usize = 4 * 1024 * 1024;
/// Most bytes of a session that are read without having a share of the memory before: one question is enough for most.
const SMALL: usize = 256 * 1024;
/// How many copies of a text are held while it is read: what PostgreSQL sends, and the text that is made of it.
const COPIES: usize = 2;

/// The end of the year 9999, in microseconds since 1970: PostgreSQL knows times behind it, but not all that a number can say.
const LATEST: i64 = 253_402_300_799_999_999;

/// Chat history.
#[derive(Debug, Clone)]
pub struct Store(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub pool: PgPool,
    /// Whether the tables are there.
    pub ready: AtomicBool,
    pub tasks: Tasks,
    /// Most bytes of messages in a session.
    limit: usize,
    client_session_ids: bool,
}

/// Messages of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// JSON texts, oldest first.
    pub messages: Vec<String>,
    /// Position of the last of them, from which the next page starts. `None`: there is no more.
    pub next: Option<i64>,
}

/// Sessions of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPage {
    /// Ids, the last used first.
    pub ids: Vec<String>,
    /// Where the next page starts. `None`: there is no more.
    pub next: Option<Cursor>,
}

/// A place among the sessions of an owner. It stays where it is when the session before it is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// When the session was used, in microseconds since 1970.
    used: i64,
    id: String,
}

impl Cursor {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (used, id) = text.split_once('.')?;
        let used = used.parse().ok().filter(|used| (0..=LATEST).contains(used))?;
        is_session_id(id).then_some(Self { used, id: id.to_owned() })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.used, self.id)
    }
}

/// Bytes of a session, its messages, and the positions of instructions.
type Read = (i64, Option<Vec<String>>, Option<Vec<i64>>);

impl Inner {
    /// Runs a statement, whose time is limited on this side, too: a server that has stopped tells nothing.
    pub async fn run<T>(
        &self,
        what: &'static str,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, Failure> {
        let done = async {
            let mut lease = Lease::of(&self.pool).await?;
            let done = connect::in_time(work(&mut lease.connection)).await;
            // Else it may be broken, or have forgotten what was prepared on it.
            lease.end(!done.as_ref().is_err_and(is_transient));
            done
        };
        done.await.map_err(|error| unavailable(&error, what))
    }
}

impl Store {
    /// A store that connects, and makes its database and tables, in the background: the service starts, and serves what
    /// needs no history, also while PostgreSQL is away.
    pub async fn start(settings: &History, limit: usize, tasks: Tasks) -> Self {
        let pool = connect::pool(&settings.database).await;
        let client_session_ids = settings.client_session_ids;
        let store = Self(Arc::new(Inner { pool, ready: AtomicBool::new(false), tasks, limit, client_session_ids }));
        tokio::spawn(connect::prepare(store.clone(), settings.database.clone()));
        if let Some(days) = settings.retention_days {
            tokio::spawn(retention::sweep(store.clone(), days));
        }
        store
    }

    /// Whether the database and its tables are there.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Whether PostgreSQL answers now.
    pub async fn answers(&self) -> bool {
        let asked = sqlx::query("select 1");
        self.is_ready() && self.0.run("asking", async |connection| asked.execute(connection).await).await.is_ok()
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// Begins a turn: of a new session without an id, else of the caller's session of that id. The share of the request
    /// grows by what the session holds.
    ///
    /// # Errors
    /// [`Failure::UnknownSession`] if the caller has no such session; [`Failure::Busy`] if others have the memory.
    pub async fn begin(
        &self,
        owner: &Owner,
        session: Option<&str>,
        share: &mut Share,
    ) -> Result<(Turn, Past), Failure> {
        self.check_ready()?;
        let Some(session) = session else {
            let session = Uuid::new_v4().to_string();
            return Ok((Turn::new(self.clone(), owner.clone(), session, false), Past::default()));
        };
        if !is_session_id(session) {
            return Err(Failure::UnknownSession);
        }
        match self.past(owner, session, share).await? {
            Some(past) => Ok((Turn::new(self.clone(), owner.clone(), session.to_owned(), true), past)),
            None if self.0.client_session_ids => {
                let mut turn = Turn::new(self.clone(), owner.clone(), session.to_owned(), false);
                // Now, so that nobody else takes the id while the model answers.
                turn.open().await?;
                Ok((turn, Past::default()))
            }
            None => Err(Failure::UnknownSession),
        }
    }

    /// What a session holds, if the owner has it.
    async fn past(&self, owner: &Owner, session: &str, share: &mut Share) -> Result<Option<Past>, Failure> {
        let limit = self.0.limit;
        let mut most = limit.min(SMALL);
        let before = share.bytes();
        loop {
            let Some((bytes, messages, instructions)) = self.read(owner, session, most).await? else { return Ok(None) };
            let bytes = usize::try_from(bytes).unwrap_or_default();
            match messages {
                Some(messages) => {
                    if share.bytes() > before {
                        share.shrink_to(before + bytes);
                    } else {
                        share.grow(bytes)?;
                    }
                    return Ok(Some(Past::new(messages, &instructions.unwrap_or_default())));
                }
                None if bytes > limit || most == limit => return Err(Failure::SessionFull { limit }),
                None => {
                    share.grow(bytes.saturating_mul(COPIES))?;
                    most = limit;
                }
            }
        }
    }

    /// How long a session is, and if it is no longer than that, its messages and the positions of instructions.
    async fn read(&self, owner: &Owner, session: &str, most: usize) -> Result<Option<Read>, Failure> {
        // One row, also for a session of thousands of messages.
        const READ: &str = "select bytes, case when bytes <= $3 then \
                            array(select message from messages where session_id = id order by position) end, \
                            case when bytes <= $3 then array(select position from messages \
                            where session_id = id and instruction order by position) end \
                            from sessions where id = $1 and owner = $2";
        let read =
            sqlx::query_as(READ).bind(session).bind(owner.as_str()).bind(i64::try_from(most).unwrap_or(i64::MAX));
        self.0.run("reading a session", async |connection| read.fetch_optional(connection).await).await
    }

    /// Messages of a session behind a position, at most `limit`, and no more than a page holds. The share grows by what they
    /// take, before they are read.
    ///
    /// # Errors
    /// [`Failure::UnknownSession`] if the owner has no such session; [`Failure::Busy`] if others have the memory.
    pub async fn messages(
        &self,
        owner: &Owner,
        session: &str,
        after: Option<i64>,
        limit: Option<i64>,
        share: &mut Share,
    ) -> Result<MessagePage, Failure> {
        // The sums need no message to be read; positions have no gaps.
        const SIZE: &str = "\
select sessions.messages, page.last, page.bytes from sessions left join lateral (
    select max(position) as last, sum(bytes)::bigint as bytes from (
        select position, octet_length(message) as bytes, sum(octet_length(message)) over (order by position) as sum
        from messages where session_id = $1 and position > $3 order by position limit $4
    ) as behind where sum <= $5 or sum = bytes
) as page on true where id = $1 and owner = $2";
        const MESSAGES: &str = "\
select message from messages where session_id = $1 and position > $3 and position <= $4
and exists (select from sessions where id = $1 and owner = $2) order by position";
        self.check_ready()?;
        if !is_session_id(session) {
            return Err(Failure::UnknownSession);
        }
        let after = after.unwrap_or(-1);
        let size = sqlx::query_as::<_, (i64, Option<i64>, Option<i64>)>(SIZE)
            .bind(session)
            .bind(owner.as_str())
            .bind(after)
            .bind(limit.unwrap_or(i64::MAX))
            .bind(i64::try_from(LONGEST_PAGE).unwrap_or(i64::MAX));
        let size = self.0.run("reading messages", async |connection| size.fetch_optional(connection).await).await?;
        let Some((count, last, bytes)) = size else { return Err(Failure::UnknownSession) };
        let (Some(last), Some(bytes)) = (last, bytes) else {
            return Ok(MessagePage { messages: Vec::new(), next: None });
        };
        let bytes = usize::try_from(bytes).unwrap_or_default();
        let before = share.bytes();
        share.grow(bytes.saturating_mul(COPIES))?;
        let messages = sqlx::query_scalar(MESSAGES).bind(session).bind(owner.as_str()).bind(after).bind(last);
        let messages = self.0.run("reading messages", async |connection| messages.fetch_all(connection).await).await?;
        share.shrink_to(before + bytes);
        Ok(MessagePage { messages, next: Some(last).filter(|last| last + 1 < count) })
    }

    /// Sessions of an owner, the last used first, behind the last of another page. One that holds nothing is not among them, as
    /// when its first request was refused.
    ///
    /// # Errors
    /// If PostgreSQL is not available.
    pub async fn sessions(&self, owner: &Owner, after: Option<&Cursor>, limit: i64) -> Result<SessionPage, Failure> {
        const SESSIONS: &str = "\
select (extract(epoch from updated_at) * 1000000)::bigint, id from sessions
where owner = $1 and messages > 0 and ($2::bigint is null or (updated_at, id) < (timestamptz 'epoch' + $2 * interval '1 microsecond', $3))
order by updated_at desc, id desc limit $4";
        self.check_ready()?;
        let rows = sqlx::query_as::<_, (i64, String)>(SESSIONS)
            .bind(owner.as_str())
            .bind(after.map(|after| after.used))
            .bind(after.map(|after| after.id.as_str()))
            .bind(limit + 1);
        let mut rows = self.0.run("listing sessions", async |connection| rows.fetch_all(connection).await).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(|(used, id)| Cursor { used: *used, id: id.clone() });
        Ok(SessionPage { ids: rows.into_iter().map(|(_, id)| id).collect(), next })
    }

    /// Deletes a session with its messages.
    ///
    /// # Errors
    /// [`Failure::UnknownSession`] if the owner has no such session.
    pub async fn delete(&self, owner: &Owner, session: &str) -> Result<(), Failure> {
        self.check_ready()?;
        if !is_session_id(session) {
            return Err(Failure::UnknownSession);
        }
        let delete =
            sqlx::query("delete from sessions where id = $1 and owner = $2").bind(session).bind(owner.as_str());
        let deleted = self.0.run("deleting a session", async |connection| delete.execute(connection).await).await?;
        if deleted.rows_affected() == 0 { Err(Failure::UnknownSession) } else { Ok(()) }
    }

    /// Deletes all sessions that were not used for some days, and says how many.
    ///
    /// # Errors
    /// If PostgreSQL is not available.
    pub async fn sweep(&self, days: u32) -> Result<u64, Failure> {
        retention::once(self, i32::try_from(days).unwrap_or(i32::MAX)).await
    }

    fn check_ready(&self) -> Result<(), Failure> {
        if self.is_ready() { Ok(()) } else { Err(Failure::HistoryUnavailable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_no_page_has_told_is_none() {
        assert_eq!(
            Cursor::parse("1700000000000000.a").map(|cursor| cursor.to_string()).as_deref(),
            Some("1700000000000000.a")
        );
        for text in ["", "a", "1.", ".a", "-1.a", "9223372036854775807.a", "253402300800000000.a", "1.a b"] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
