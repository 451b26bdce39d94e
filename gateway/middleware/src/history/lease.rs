//! A connection while it is used.

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

/// A connection of the pool. It goes back only if that is said, and else is closed, as when a client leaves in the middle of a
/// statement: the pool would ask it whether it still answers, for as long as that takes, and count it until then.
pub struct Lease {
    /// The connection.
    pub connection: PoolConnection<Postgres>,
    goes_back: bool,
}

impl Lease {
    /// Takes one.
    pub async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: pool.acquire().await?, goes_back: false })
    }

    /// Says whether it can be used again.
    pub fn end(mut self, goes_back: bool) {
        self.goes_back = goes_back;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.goes_back {
            self.connection.close_on_drop();
        }
    }
}
