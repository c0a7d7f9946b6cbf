//! A broker of one client, written by hand from the MQTT 3.1.1 standard, that does exactly what a test tells it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    Connect { client_id: String, clean_session: bool, keep_alive: u16 },
    Subscribe { id: u16, filter: String },
    Publish { id: u16, topic: String, payload: Vec<u8>, duplicate: bool },
    PubAck { id: u16 },
    PingReq,
    Disconnect,
}

pub(crate) struct Broker {
    listener: TcpListener,
}

pub(crate) struct Session {
    stream: TcpStream,
}

impl Broker {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The next TCP connection, before any packet.
    pub(crate) async fn accept(&self) -> Session {
        let (stream, _) = self.listener.accept().await.unwrap();
        Session { stream }
    }

    /// The next connection up to a granted subscription.
    pub(crate) async fn session(&self) -> Session {
        let mut session = self.accept().await;
        assert!(matches!(session.read().await, Some(Packet::Connect { .. })));
        session.connack(0).await;
        let Some(Packet::Subscribe { id, .. }) = session.read().await else { panic!("no SUBSCRIBE") };
        session.suback(id, 1).await;
        session
    }
}

impl Session {
    /// The next packet; `None` when the client has closed.
    pub(crate) async fn read(&mut self) -> Option<Packet> {
        let first = self.stream.read_u8().await.ok()?;
        let (mut len, mut shift) = (0_usize, 0);
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            len |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).await.ok()?;
        let mut body = Body(&body);
        Some(match first >> 4 {
            1 => {
                assert_eq!(body.text(), "MQTT");
                assert_eq!(body.byte(), 4, "protocol level of MQTT 3.1.1");
                let flags = body.byte();
                let keep_alive = body.number();
                Packet::Connect { client_id: body.text(), clean_session: flags & 2 != 0, keep_alive }
            }
            3 => {
                assert_eq!(first >> 1 & 3, 1, "devices publish at QoS 1");
                let topic = body.text();
                let id = body.number();
                Packet::Publish { id, topic, payload: body.0.to_vec(), duplicate: first & 8 != 0 }
            }
            4 => Packet::PubAck { id: body.number() },
            8 => {
                let id = body.number();
                Packet::Subscribe { id, filter: body.text() }
            }
            12 => Packet::PingReq,
            14 => Packet::Disconnect,
            other => panic!("packet type {other}"),
        })
    }

    /// The next publish; pings are answered on the way.
    pub(crate) async fn publish(&mut self) -> Option<(u16, Vec<u8>)> {
        loop {
            match self.read().await? {
                Packet::Publish { id, payload, .. } => return Some((id, payload)),
                Packet::PingReq => self.send(&[0xD0, 0]).await,
                Packet::PubAck { .. } => {}
                other => panic!("{other:?} instead of PUBLISH"),
            }
        }
    }

    pub(crate) async fn connack(&mut self, code: u8) {
        self.send(&[0x20, 2, 0, code]).await;
    }

    pub(crate) async fn suback(&mut self, id: u16, code: u8) {
        let [high, low] = id.to_be_bytes();
        self.send(&[0x90, 3, high, low, code]).await;
    }

    pub(crate) async fn puback(&mut self, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.send(&[0x40, 2, high, low]).await;
    }

    /// Sends a message to the device; without an id at quality of service 0.
    pub(crate) async fn message(&mut self, topic: &str, id: Option<u16>, duplicate: bool, payload: &[u8]) {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend(topic.as_bytes());
        if let Some(id) = id {
            body.extend(id.to_be_bytes());
        }
        body.extend(payload);
        let mut packet = vec![0x30 | u8::from(id.is_some()) << 1 | u8::from(duplicate) << 3];
        let mut len = body.len();
        loop {
            let more = len > 127;
            packet.push((len & 0x7F) as u8 | u8::from(more) << 7);
            len >>= 7;
            if !more {
                break;
            }
        }
        packet.extend(body);
        self.send(&packet).await;
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}

struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap();
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn text(&mut self) -> String {
        let len = usize::from(self.number());
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        String::from_utf8(text.to_vec()).unwrap()
    }
}
