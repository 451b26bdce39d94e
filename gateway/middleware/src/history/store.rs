//! Sessions and their messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::PgPool;
use uuid::Uuid;

use super::turn::Turn;
use super::{connect, is_session_id, retention, unavailable};
use crate::config::History;
use crate::error::Failure;
use crate::keys::Owner;
use crate::tasks::Tasks;

/// Most sessions on one page.
pub const LARGEST_PAGE: i64 = 1000;

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
    /// Whether there are more.
    pub more: bool,
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
        self.is_ready() && sqlx::query("select 1").execute(&self.0.pool).await.is_ok()
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// Begins a turn: of a new session without an id, else of the caller's session of that id.
    ///
    /// # Errors
    /// [`Failure::UnknownSession`] if the caller has no such session.
    pub async fn begin(&self, owner: &Owner, session: Option<&str>) -> Result<Turn, Failure> {
        self.check_ready()?;
        let Some(session) = session else {
            let session = Uuid::new_v4().to_string();
            return Ok(Turn::new(self.clone(), owner.clone(), session, Vec::new(), false));
        };
        if !is_session_id(session) {
            return Err(Failure::UnknownSession);
        }
        match self.past(owner, session).await? {
            Some(past) => Ok(Turn::new(self.clone(), owner.clone(), session.to_owned(), past, true)),
            None if self.0.client_session_ids => {
                let turn = Turn::new(self.clone(), owner.clone(), session.to_owned(), Vec::new(), false);
                // Now, so that nobody else takes the id while the model answers.
                turn.open().await?;
                Ok(turn)
            }
            None => Err(Failure::UnknownSession),
        }
    }

    /// All messages of a session, if the owner has it.
    async fn past(&self, owner: &Owner, session: &str) -> Result<Option<Vec<String>>, Failure> {
        // One row, also for a session of thousands of messages.
        const PAST: &str = "select case when bytes <= $3 then \
                            array(select message from messages where session_id = id order by position) end \
                            from sessions where id = $1 and owner = $2";
        let found = sqlx::query_scalar::<_, Option<Vec<String>>>(PAST)
            .bind(session)
            .bind(owner.as_str())
            .bind(i64::try_from(self.0.limit).unwrap_or(i64::MAX))
            .fetch_optional(&self.0.pool)
            .await
            .map_err(|error| unavailable(&error, "reading a session"))?;
        match found {
            Some(None) => Err(Failure::SessionFull { limit: self.0.limit }),
            found => Ok(found.flatten()),
        }
    }

    /// Messages of a session behind a position, at most `limit`.
    ///
    /// # Errors
    /// [`Failure::UnknownSession`] if the owner has no such session.
    pub async fn messages(
        &self,
        owner: &Owner,
        session: &str,
        after: Option<i64>,
        limit: Option<i64>,
    ) -> Result<MessagePage, Failure> {
        const MESSAGES: &str = "select position, message from sessions left join messages on session_id = id and position > $3 \
                                where id = $1 and owner = $2 order by position limit $4";
        self.check_ready()?;
        if !is_session_id(session) {
            return Err(Failure::UnknownSession);
        }
        let wanted = limit.unwrap_or(i64::MAX - 1);
        let rows = sqlx::query_as::<_, (Option<i64>, Option<String>)>(MESSAGES)
            .bind(session)
            .bind(owner.as_str())
            .bind(after.unwrap_or(-1))
            .bind(wanted + 1)
            .fetch_all(&self.0.pool)
            .await
            .map_err(|error| unavailable(&error, "reading messages"))?;
        if rows.is_empty() {
            return Err(Failure::UnknownSession);
        }
        let mut rows: Vec<(i64, String)> = rows.into_iter().filter_map(|(at, message)| at.zip(message)).collect();
        let most = usize::try_from(wanted).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().map(|&(position, _)| position).filter(|_| more);
        Ok(MessagePage { messages: rows.into_iter().map(|(_, message)| message).collect(), next })
    }

    /// Sessions of an owner, the last used first, behind a session of his.
    ///
    /// # Errors
    /// If PostgreSQL is not available.
    pub async fn sessions(&self, owner: &Owner, after: Option<&str>, limit: i64) -> Result<SessionPage, Failure> {
        const SESSIONS: &str = "select id from sessions where owner = $1 and ($2::text is null or (updated_at, id) < \
                                (select updated_at, id from sessions where id = $2 and owner = $1)) \
                                order by updated_at desc, id desc limit $3";
        self.check_ready()?;
        if after.is_some_and(|after| !is_session_id(after)) {
            return Err(Failure::UnknownSession);
        }
        let mut ids = sqlx::query_scalar::<_, String>(SESSIONS)
            .bind(owner.as_str())
            .bind(after)
            .bind(limit + 1)
            .fetch_all(&self.0.pool)
            .await
            .map_err(|error| unavailable(&error, "listing sessions"))?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = ids.len() > most;
        ids.truncate(most);
        Ok(SessionPage { ids, more })
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
        let deleted = sqlx::query("delete from sessions where id = $1 and owner = $2")
            .bind(session)
            .bind(owner.as_str())
            .execute(&self.0.pool)
            .await
            .map_err(|error| unavailable(&error, "deleting a session"))?;
        if deleted.rows_affected() == 0 { Err(Failure::UnknownSession) } else { Ok(()) }
    }

    /// Deletes all sessions that were not used for some days, and says how many.
    ///
    /// # Errors
    /// If PostgreSQL is not available.
    pub async fn sweep(&self, days: u32) -> Result<u64, Failure> {
        let swept = retention::once(self, i32::try_from(days).unwrap_or(i32::MAX)).await;
        swept.map_err(|error| unavailable(&error, "deleting old sessions"))
    }

    fn check_ready(&self) -> Result<(), Failure> {
        if self.is_ready() { Ok(()) } else { Err(Failure::HistoryUnavailable) }
    }
}
