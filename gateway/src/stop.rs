//! The wish to stop: SIGTERM, SIGINT, or whoever holds the handle.
//!
//! Invariant: once wished it stays wished; every waiter learns of it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Who may wish the process to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// The other end.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Everybody who waits shall stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// A wish that only its handle makes.
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// A wish that comes with SIGTERM or SIGINT.
    pub fn on_signals() -> std::io::Result<(std::sync::Arc<Stopper>, Self)> {
        let (stopper, stop) = Self::new();
        let stopper = std::sync::Arc::new(stopper);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let on_signal = stopper.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            on_signal.stop();
        });
        Ok((stopper, stop))
    }

    /// Whether it is wished.
    pub fn is_wished(&self) -> bool {
        *self.0.borrow()
    }

    /// Until it is wished; for ever if nobody can any more.
    pub async fn wished(&mut self) {
        if self.0.wait_for(|&wished| wished).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
