//! Work that outlives its request, and that the service waits for before it ends.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

/// Counts work in the background.
#[derive(Debug, Clone)]
pub struct Tasks(Arc<watch::Sender<usize>>);

impl Default for Tasks {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

/// Counts one piece of work for as long as it exists.
struct Running(Tasks);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Tasks {
    /// Starts work that goes on when its request is gone. Outside of a runtime it is not done.
    pub fn spawn<F>(&self, work: F) -> Option<tokio::task::JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        self.0.send_modify(|count| *count += 1);
        let running = Running(self.clone());
        Some(runtime.spawn(async move {
            let _running = running;
            work.await
        }))
    }

    /// How much work is going on.
    pub fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until there is none.
    pub async fn idle(&self) {
        let mut receiver = self.0.subscribe();
        // The sender is alive: `self` holds it.
        let _ = receiver.wait_for(|&count| count == 0).await;
    }
}
