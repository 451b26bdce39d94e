//! Deletes sessions that were not used for longer than they are kept.

use std::time::Duration;

use uuid::Uuid;

use super::Store;
use crate::error::Failure;

const EVERY: Duration = Duration::from_secs(3600);
/// Sessions that are deleted at once: short transactions.
const BATCH: i64 = 200;

/// Tasks that sweep at once skip each other's rows.
const SWEEP: &str = "\
delete from sessions where id in (
    select id from sessions where updated_at < now() - make_interval(days => $1)
    order by updated_at limit $2 for update skip locked
)";

/// Sweeps every hour. Tasks that started together do not sweep together.
pub async fn sweep(store: Store, days: u32) {
    let offset = Duration::from_secs(u64::from(Uuid::new_v4().as_fields().0) % EVERY.as_secs());
    tokio::time::sleep(offset / 60).await;
    loop {
        // Errors are logged where they occur.
        if let Ok(deleted @ 1..) = store.sweep(days).await {
            tracing::info!(deleted, "deleted sessions that were not used for {days} days");
        }
        tokio::time::sleep(EVERY + offset / 60).await;
    }
}

/// Deletes all sessions that are too old now, and says how many.
pub async fn once(store: &Store, days: i32) -> Result<u64, Failure> {
    let mut deleted = 0;
    while store.is_ready() {
        let sweep = sqlx::query(SWEEP).bind(days).bind(BATCH);
        let swept = store.0.run("deleting old sessions", async |connection| sweep.execute(connection).await).await?;
        let batch = swept.rows_affected();
        deleted += batch;
        if batch == 0 {
            break;
        }
    }
    Ok(deleted)
}
