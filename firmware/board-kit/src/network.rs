//! TCP connections for the link, by address or by name.
//!
//! Invariant: one connection at a time, over buffers that outlive it, and none is left open when it is given up.

use embassy_net::Stack;
#[cfg(feature = "dns")]
use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{TcpReader, TcpSocket, TcpWriter};
use embassy_time::{Duration, with_timeout};

use crate::link::{Network, Socket};

/// Without a segment of the peer for this long a connection is dead.
///
/// The stack counts an idle connection's silence too, so this is longer than the MQTT client waits to ask and be answered; what is under
/// way has shorter deadlines of its own.
const TIMEOUT: Duration = Duration::from_secs(75);

/// How long a reset may take to leave.
const FAREWELL: Duration = Duration::from_secs(1);

/// What may be under way each way. A record of TLS, which is worked on whole, goes at once; without, a message goes in pieces.
const BUFFER_LEN: usize = if cfg!(feature = "tls") { 2048 } else { 1024 };

/// The memory of one connection: what comes in, then what goes out. A board keeps it in static memory.
pub type Buffers = [u8; 2 * BUFFER_LEN];

/// The way to the cloud.
pub struct Tcp {
    stack: Stack<'static>,
    buffers: &'static mut Buffers,
}

impl core::fmt::Debug for Tcp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Tcp")
    }
}

impl Tcp {
    /// Over a running stack.
    pub fn new(stack: Stack<'static>, buffers: &'static mut Buffers) -> Self {
        Self { stack, buffers }
    }
}

impl Network for Tcp {
    type Socket<'n> = Connected<'n>;

    async fn connect(&mut self, host: &str, port: u16) -> Option<Connected<'_>> {
        self.stack.wait_config_up().await;
        // An address of four numbers is answered without asking anybody.
        #[cfg(feature = "dns")]
        let address = self.stack.dns_query(host, DnsQueryType::A).await.ok()?.first().copied()?;
        #[cfg(not(feature = "dns"))]
        let address = host.parse::<core::net::Ipv4Addr>().ok()?;
        let (receive, transmit) = self.buffers.split_at_mut(BUFFER_LEN);
        let mut socket = TcpSocket::new(self.stack, receive, transmit);
        socket.set_timeout(Some(TIMEOUT));
        socket.set_nagle_enabled(false);
        socket.connect((address, port)).await.ok()?;
        Some(Connected(socket))
    }
}

impl core::fmt::Debug for Connected<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Connected")
    }
}

/// A connection.
pub struct Connected<'b>(TcpSocket<'b>);

impl Socket for Connected<'_> {
    type Reader<'s>
        = TcpReader<'s>
    where
        Self: 's;
    type Writer<'s>
        = TcpWriter<'s>
    where
        Self: 's;

    fn halves(&mut self) -> (TcpReader<'_>, TcpWriter<'_>) {
        self.0.split()
    }

    async fn cut(mut self) {
        self.0.abort();
        // The reset leaves with the next poll of the stack; if it cannot, the peer's own time-out has to do.
        let _ = with_timeout(FAREWELL, self.0.flush()).await;
    }
}
