//! A link that can be cut: forwards TCP between the cars and the front door until a test says otherwise.
//!
//! Invariant: after `cut` no byte passes and no connection lives until `mend`.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the link does with traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bytes pass.
    Pass,
    /// Connections are closed at once.
    Cut,
    /// Connections stay open, nothing passes.
    Stall,
}

/// A link between two sockets.
pub(crate) struct Proxy {
    /// Where the cars connect.
    pub(crate) address: SocketAddr,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    /// Opens a link to `target` on a free port.
    pub(crate) async fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (mode, watch) = watch::channel(Mode::Pass);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target, watch.clone()));
            }
        });
        Ok(Self { address, mode })
    }

    /// Closes every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Holds every connection open and passes nothing.
    pub(crate) fn stall(&self) {
        self.mode.send_replace(Mode::Stall);
    }

    /// Lets traffic pass again; connections that were stalled are closed.
    pub(crate) fn mend(&self) {
        self.mode.send_replace(Mode::Pass);
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, mut mode: watch::Receiver<Mode>) {
    match *mode.borrow_and_update() {
        Mode::Cut => return,
        Mode::Stall => {
            let _ = mode.changed().await;
            return;
        }
        Mode::Pass => {}
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let stalled = tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => false,
        _ = mode.changed() => *mode.borrow_and_update() == Mode::Stall,
    };
    if stalled {
        let _ = mode.changed().await;
    }
}
