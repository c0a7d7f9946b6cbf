//! A link that can be cut: forwards TCP between the cars and the front door until a test says otherwise.
//!
//! Invariant: while it is cut no byte passes and no connection lives; what is held is passed on when it is mended, and lost when it is cut.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the link does with traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bytes pass.
    Pass,
    /// Connections are closed as they come.
    Cut,
    /// Connections stay open, nothing passes.
    Stall,
    /// Connections stay open, nothing comes back from the service.
    Deaf,
}

/// The state of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    mode: Mode,
    /// How often it was cut: a connection that is older than the last cut dies, however soon the link was mended.
    cuts: u64,
}

/// A link between two sockets.
pub(crate) struct Proxy {
    /// Where the cars connect.
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
    accept: JoinHandle<()>,
}

impl Proxy {
    /// Opens a link to `target` on a free port.
    pub(crate) async fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (state, watch) = watch::channel(State { mode: Mode::Pass, cuts: 0 });
        let accept = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target, watch.clone()));
            }
        });
        Ok(Self { address, state, accept })
    }

    /// Closes every connection, and every new one at once.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| *state = State { mode: Mode::Cut, cuts: state.cuts + 1 });
    }

    /// Holds every connection open and what is on its way back.
    pub(crate) fn stall(&self) {
        self.state.send_modify(|state| state.mode = Mode::Stall);
    }

    /// Lets the service hear the cars and holds what it says to them.
    pub(crate) fn deafen(&self) {
        self.state.send_modify(|state| state.mode = Mode::Deaf);
    }

    /// Lets traffic pass again.
    pub(crate) fn mend(&self) {
        self.state.send_modify(|state| state.mode = Mode::Pass);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
        self.cut();
    }
}

async fn forward(client: TcpStream, target: SocketAddr, mut state: watch::Receiver<State>) {
    let State { mode, cuts } = *state.borrow();
    if mode == Mode::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    tokio::select! {
        () = copy(client_read, server_write, state.clone(), &[Mode::Stall]) => {}
        () = copy(server_read, client_write, state.clone(), &[Mode::Stall, Mode::Deaf]) => {}
        _ = state.wait_for(|state| state.cuts > cuts) => {}
    }
}

/// Passes bytes on until one end closes; that closes the other. In the modes of `held` they wait.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    held: &[Mode],
) {
    let cuts = state.borrow().cuts;
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let open = state.wait_for(|state| state.cuts > cuts || !held.contains(&state.mode)).await;
        let is_lost = open.map_or(true, |state| state.cuts > cuts);
        if is_lost || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
