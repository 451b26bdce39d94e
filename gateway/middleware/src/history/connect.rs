//! Connections to PostgreSQL: the pool, tokens of RDS, the database and its tables.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgPool};

use super::{Store, iam};
use crate::config::{Authentication, Database};

/// How long a request waits for a connection: for other requests, or for PostgreSQL to come back.
const ACQUIRE: Duration = Duration::from_secs(10);
/// Connections are replaced, so that after a failover none stays with a former writer.
const LIFETIME: Duration = Duration::from_secs(600);
/// Longest statement. A turn waits for the turns before it.
const STATEMENT_TIMEOUT: &str = "set statement_timeout = '30s'";
/// Longest wait for a statement on this side. A server that has stopped, or a network that drops what is sent, breaks no
/// connection for many minutes.
const ATTEMPT: Duration = Duration::from_secs(12);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Database that every server has, to make another from.
const MAINTENANCE: &str = "postgres";

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The end of a statement, if it comes in time. A connection of which it does not is not to be used again.
pub async fn in_time<T>(statement: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let ended = tokio::time::timeout(ATTEMPT, statement).await;
    ended.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}

/// A pool that connects when it is used.
pub async fn pool(database: &Database) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(database.connections)
        .acquire_timeout(ACQUIRE)
        .max_lifetime(LIFETIME)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(STATEMENT_TIMEOUT).await.map(|_| ()) }))
        .connect_lazy_with(database.options.clone());
    if let Authentication::Iam { region } = &database.authentication {
        tokio::spawn(iam::refresh(pool.clone(), iam::Signer::new(region.clone()).await));
    }
    pool
}

/// Makes the database and its tables, and says when they are there. It tries until it can.
pub async fn prepare(store: Store, database: Database) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = migrate(&store.0.pool, &database).await {
        tracing::warn!(%error, "chat history is not available yet");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    store.0.ready.store(true, Ordering::Release);
    tracing::info!("chat history is ready");
}

/// Tasks that start together run the migrations once: sqlx takes an advisory lock for them.
async fn migrate(pool: &PgPool, database: &Database) -> Result<(), sqlx::migrate::MigrateError> {
    // Not through the pool, which would wait for a database that does not exist.
    let options = current(pool);
    match in_time(PgConnection::connect_with(&options)).await {
        Ok(connection) => drop(connection.close().await),
        Err(error) if has_code(&error, "3D000") => create(&options, database).await?,
        Err(error) => return Err(error.into()),
    }
    let mut migrator = Migrator { migrations: MIGRATIONS.migrations.clone(), ..Migrator::DEFAULT };
    // A task of the last release starts again while the next one's tables are there: after a rollback.
    migrator.set_ignore_missing(true);
    migrator.run(pool).await
}

/// The options with the token of the moment.
fn current(pool: &PgPool) -> PgConnectOptions {
    pool.connect_options().as_ref().clone()
}

async fn create(options: &PgConnectOptions, database: &Database) -> Result<(), sqlx::Error> {
    let name = database.options.get_database().unwrap_or_default();
    let options = options.clone().database(MAINTENANCE);
    let mut connection = in_time(PgConnection::connect_with(&options)).await?;
    let statement = format!("create database \"{}\"", name.replace('"', "\"\""));
    let created = connection.execute(AssertSqlSafe(statement)).await;
    let _ = connection.close().await;
    match created {
        Ok(_) => {
            tracing::info!(database = name, "made the database");
            Ok(())
        }
        // Another task was quicker; while both are at it, the second fails at the catalog's index.
        Err(error) if has_code(&error, "42P04") || has_code(&error, "23505") => Ok(()),
        Err(error) => Err(error),
    }
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.code() == code)
}
