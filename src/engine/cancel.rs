//! Two-stage cancellation: the first signal stops cleanly, the second leaves at once.

use tokio::sync::watch;

/// What the user has asked for by signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Cancelled {
    /// Nothing.
    #[default]
    No,
    /// Stop cleanly: start nothing more, cancel or roll back what runs.
    Stop,
    /// Leave at once; AWS goes on by itself.
    Leave,
}

/// The side that hears the signals.
#[derive(Debug)]
pub struct Canceller(watch::Sender<Cancelled>);

/// The side that works.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Receiver<Cancelled>);

/// Makes the two sides.
pub fn cancellation() -> (Canceller, Cancel) {
    let (sender, receiver) = watch::channel(Cancelled::No);
    (Canceller(sender), Cancel(receiver))
}

impl Canceller {
    /// Goes one stage further and returns the stage.
    pub fn advance(&self) -> Cancelled {
        let next = match *self.0.borrow() {
            Cancelled::No => Cancelled::Stop,
            Cancelled::Stop | Cancelled::Leave => Cancelled::Leave,
        };
        // Without a receiver there is nothing left to stop.
        let _ = self.0.send(next);
        next
    }
}

impl Cancel {
    /// The stage that was reached.
    pub fn stage(&self) -> Cancelled {
        *self.0.borrow()
    }

    /// Waits until at least that stage is reached; forever, if the other side is gone.
    pub async fn reached(&self, stage: Cancelled) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|now| *now >= stage).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
