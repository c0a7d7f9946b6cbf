//! TCP connections for the link, by address or by name.
//!
//! Invariant: one connection at a time, over buffers that outlive it, and none is left open when it is given up.

use core::net::Ipv4Addr;

use embassy_net::dns::DnsQueryType;
use embassy_net::tcp::{TcpReader, TcpSocket, TcpWriter};
use embassy_net::{IpAddress, Stack};
use embassy_time::{Duration, with_timeout};

use crate::link::{Network, Socket};

/// Without an acknowledgement of the peer for this long a connection is dead.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a reset may take to leave.
const FAREWELL: Duration = Duration::from_secs(1);

const BUFFER_LEN: usize = 2048;

/// The memory of one connection.
#[derive(Debug)]
pub struct Buffers {
    receive: [u8; BUFFER_LEN],
    transmit: [u8; BUFFER_LEN],
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

impl Buffers {
    /// Empty; a board keeps it in static memory.
    pub const fn new() -> Self {
        Self { receive: [0; BUFFER_LEN], transmit: [0; BUFFER_LEN] }
    }
}

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

    async fn resolve(stack: Stack<'static>, host: &str) -> Option<IpAddress> {
        if let Some(address) = address(host) {
            return Some(IpAddress::Ipv4(address));
        }
        stack.dns_query(host, DnsQueryType::A).await.ok()?.first().copied()
    }
}

/// An address of four numbers with dots between them; a host that is none is a name.
fn address(host: &str) -> Option<Ipv4Addr> {
    let mut numbers = host.split('.').map(|number| {
        let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse::<u8>().ok().filter(|_| is_decimal)
    });
    let octets = [numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then(|| octets.into())
}

impl Network for Tcp {
    type Socket<'n> = Connected<'n>;

    async fn connect(&mut self, host: &str, port: u16) -> Option<Connected<'_>> {
        self.stack.wait_config_up().await;
        let address = Self::resolve(self.stack, host).await?;
        let mut socket = TcpSocket::new(self.stack, &mut self.buffers.receive, &mut self.buffers.transmit);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_numbers_are_an_address_and_all_else_is_a_name() {
        assert_eq!(address("10.0.2.2"), Some(Ipv4Addr::new(10, 0, 2, 2)));
        assert_eq!(address("255.255.255.0"), Some(Ipv4Addr::new(255, 255, 255, 0)));
        for name in
            ["", "localhost", "10.0.2", "10.0.2.2.", "10.0.2.2.2", "10.0.2.256", "10.0.+2.2", "10..2.2", "a.b.c.d"]
        {
            assert_eq!(address(name), None, "{name}");
        }
    }
}
