//! MQTT 3.1.1 as far as a publisher needs it: log in with a last will, publish at `QoS` 1, ping, log out.
//!
//! It is written out here because the codec of the front door stays behind the front door, and because the owner's broker
//! is spoken with over a connection whose address was checked.
//! Invariant: no packet from the broker is larger than [`MAX_PACKET`], and an answer that was not asked for changes nothing.

use std::collections::HashSet;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The largest packet that a broker may send us: it has nothing to tell but acknowledgements.
const MAX_PACKET: usize = 4 * 1024;

/// Seconds without a packet after which the broker takes us for gone.
pub(super) const KEEP_ALIVE_S: u16 = 60;

/// Why a broker is not spoken with any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum MqttError {
    /// The connection failed.
    #[error("the connection to the broker failed")]
    Connection(#[from] std::io::Error),
    /// The broker ended it.
    #[error("the broker closed the connection")]
    Closed,
    /// The broker let us not in (MQTT 3.1.1 §3.2.2.3).
    #[error("the broker refused the log-in: {0}")]
    Refused(&'static str),
    /// The broker sends what is no MQTT.
    #[error("the broker does not speak MQTT 3.1.1")]
    Protocol,
    /// A topic or a text is longer than MQTT carries.
    #[error("a text is too long for MQTT")]
    TooLong,
}

/// Who logs in, and what the broker says when the connection is lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) client: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) will_topic: &'a str,
    pub(super) will: &'a [u8],
}

/// A connection to a broker.
#[derive(Debug)]
pub(super) struct Client<S> {
    stream: S,
    read: Vec<u8>,
    next_id: u16,
    /// What the broker has not acknowledged yet.
    waiting: HashSet<u16>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Logs in over an open connection.
    pub(super) async fn log_in(stream: S, login: &Login<'_>) -> Result<Self, MqttError> {
        let mut client = Self { stream, read: Vec::new(), next_id: 0, waiting: HashSet::new() };
        client.stream.write_all(&connect(login)?).await?;
        client.stream.flush().await?;
        match client.packet().await? {
            (0x20, body) => match body.get(1) {
                Some(0) => Ok(client),
                Some(1) => Err(MqttError::Refused("it does not speak this version")),
                Some(2) => Err(MqttError::Refused("it does not take our name")),
                Some(4) => Err(MqttError::Refused("name or password is wrong")),
                Some(5) => Err(MqttError::Refused("not allowed")),
                _ => Err(MqttError::Refused("it is not available")),
            },
            _ => Err(MqttError::Protocol),
        }
    }

    /// Publishes a retained message; an empty one takes away what is retained.
    pub(super) async fn retain(&mut self, topic: &str, payload: &[u8]) -> Result<(), MqttError> {
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        let mut body = Vec::with_capacity(topic.len() + payload.len() + 4);
        text(&mut body, topic.as_bytes())?;
        body.extend_from_slice(&self.next_id.to_be_bytes());
        body.extend_from_slice(payload);
        self.waiting.insert(self.next_id);
        // PUBLISH at the first quality of service, retained.
        self.stream.write_all(&framed(0x33, &body)?).await?;
        Ok(self.stream.flush().await?)
    }

    /// Waits until the broker has taken everything.
    pub(super) async fn settle(&mut self) -> Result<(), MqttError> {
        while !self.waiting.is_empty() {
            self.listen().await?;
        }
        Ok(())
    }

    /// Takes in one packet of the broker's. Given up half-way, nothing of it is lost.
    pub(super) async fn listen(&mut self) -> Result<(), MqttError> {
        let (kind, body) = self.packet().await?;
        if kind & 0xF0 == 0x40
            && let Some(id) = body.first_chunk::<2>()
        {
            self.waiting.remove(&u16::from_be_bytes(*id));
        }
        Ok(())
    }

    /// Shows the broker that we are there.
    pub(super) async fn ping(&mut self) -> Result<(), MqttError> {
        self.stream.write_all(&[0xC0, 0]).await?;
        Ok(self.stream.flush().await?)
    }

    /// Logs out, so that the last will is not said.
    pub(super) async fn log_out(mut self) -> Result<(), MqttError> {
        self.stream.write_all(&[0xE0, 0]).await?;
        self.stream.flush().await?;
        Ok(self.stream.shutdown().await?)
    }

    async fn packet(&mut self) -> Result<(u8, Vec<u8>), MqttError> {
        loop {
            if let Some((kind, from, to)) = whole(&self.read)? {
                let body = self.read.get(from..to).unwrap_or_default().to_vec();
                self.read.drain(..to);
                return Ok((kind, body));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(MqttError::Closed);
            }
        }
    }
}

/// The kind of the first packet, and where its body begins and ends, if it is there as a whole.
fn whole(read: &[u8]) -> Result<Option<(u8, usize, usize)>, MqttError> {
    let Some((kind, rest)) = read.split_first() else { return Ok(None) };
    let mut len = 0_usize;
    for (index, byte) in rest.iter().take(4).enumerate() {
        len |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let (from, to) = (index + 2, index + 2 + len);
            return if len > MAX_PACKET {
                Err(MqttError::Protocol)
            } else {
                Ok((read.len() >= to).then_some((*kind, from, to)))
            };
        }
    }
    if rest.len() < 4 { Ok(None) } else { Err(MqttError::Protocol) }
}

fn connect(login: &Login<'_>) -> Result<Vec<u8>, MqttError> {
    let Login { client, user, password, will_topic, will } = *login;
    let mut body = Vec::new();
    text(&mut body, b"MQTT")?;
    // Clean session, a retained last will at the first quality of service, and a name and a password if there is a name.
    let named = if user.is_empty() { 0 } else { 0xC0 };
    body.extend_from_slice(&[4, 0x02 | 0x04 | 0x08 | 0x20 | named]);
    body.extend_from_slice(&KEEP_ALIVE_S.to_be_bytes());
    text(&mut body, client.as_bytes())?;
    text(&mut body, will_topic.as_bytes())?;
    text(&mut body, will)?;
    if !user.is_empty() {
        text(&mut body, user.as_bytes())?;
        text(&mut body, password.as_bytes())?;
    }
    framed(0x10, &body)
}

/// A text with its length before it (§1.5.3).
fn text(body: &mut Vec<u8>, bytes: &[u8]) -> Result<(), MqttError> {
    let len = u16::try_from(bytes.len()).map_err(|_| MqttError::TooLong)?;
    body.extend_from_slice(&len.to_be_bytes());
    body.extend_from_slice(bytes);
    Ok(())
}

/// A body behind its fixed header, the length in seven bits a byte (§2.2.3).
fn framed(kind: u8, body: &[u8]) -> Result<Vec<u8>, MqttError> {
    let mut len = u32::try_from(body.len()).ok().filter(|len| *len < 1 << 28).ok_or(MqttError::TooLong)?;
    let mut packet = vec![kind];
    loop {
        let [low, ..] = (len & 0x7F).to_le_bytes();
        len >>= 7;
        packet.push(if len > 0 { low | 0x80 } else { low });
        if len == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_seven_bits_a_byte() {
        for (len, header) in [(0, vec![0x30, 0]), (127, vec![0x30, 127]), (128, vec![0x30, 0x80, 1])] {
            let packet = framed(0x30, &vec![7; len]).unwrap();
            assert_eq!(packet[..header.len()], header, "{len}");
            let read = whole(&packet).unwrap().unwrap();
            assert_eq!((read.0, read.2 - read.1), (0x30, len));
            assert_eq!(whole(&packet[..packet.len() - 1]).unwrap(), None, "{len}: not whole yet");
        }
    }

    #[test]
    fn a_packet_without_an_end_or_beyond_all_measure_is_refused() {
        assert!(matches!(whole(&[0x40, 0xFF, 0xFF, 0xFF, 0xFF, 1]), Err(MqttError::Protocol)));
        assert!(matches!(whole(&[0x40, 0xFF, 0xFF, 0x7F]), Err(MqttError::Protocol)));
    }

    #[tokio::test]
    async fn what_is_published_settles_when_the_broker_has_acknowledged_it_in_whatever_pieces() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let login = Login { client: "c", user: "", password: "", will_topic: "t", will: b"offline" };
        let broker = async {
            let mut first = [0; 2];
            theirs.read_exact(&mut first).await.unwrap();
            let mut rest = vec![0; usize::from(first[1])];
            theirs.read_exact(&mut rest).await.unwrap();
            theirs.write_all(&[0x20, 2, 0, 0]).await.unwrap();
            let mut publish = [0; 2 + 2 + 1 + 2 + 2];
            theirs.read_exact(&mut publish).await.unwrap();
            assert_eq!(publish, [0x33, 7, 0, 1, b'a', 0, 1, b'h', b'i']);
            theirs.write_all(&[0x40]).await.unwrap();
            theirs.write_all(&[2, 0, 1]).await.unwrap();
        };
        let us = async {
            let mut client = Client::log_in(ours, &login).await.unwrap();
            client.retain("a", b"hi").await.unwrap();
            client.settle().await.unwrap();
        };
        tokio::join!(broker, us);
    }

    #[tokio::test]
    async fn a_wrong_password_is_told_as_such() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(&[0x20, 2, 0, 4]).await.unwrap();
        let login = Login { client: "c", user: "u", password: "p", will_topic: "t", will: b"offline" };
        let refused = Client::log_in(ours, &login).await.map(|_| ());
        assert!(matches!(refused, Err(MqttError::Refused("name or password is wrong"))), "{refused:?}");
    }
}
