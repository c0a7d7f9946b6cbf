//! A whole service in this process, and an MQTT client that is made of bytes.

use std::sync::Arc;
use std::time::Duration;

use milepost::clock::Clock;
use milepost::config::Config;
use milepost::domain::{NoticeDoc, NoticeText, Profile, Texts};
use milepost::pki::{Pki, Role};
use milepost::server::{Faces, RunningServer, Server};
use milepost::store::{AnyStore, MemoryStore};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Only so that a failing test ends at all.
const GUARD: Duration = Duration::from_secs(20);

struct Plain;

impl Texts for Plain {
    fn notice(&self, _: &Profile, _: &NoticeDoc) -> NoticeText {
        NoticeText { title: "title".to_owned(), text: "text".to_owned() }
    }
}

pub(crate) struct Cloud {
    pub(crate) server: RunningServer,
    pub(crate) store: MemoryStore,
    pub(crate) folder: tempfile::TempDir,
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        config.front_door.listen = "127.0.0.1:0".parse().unwrap();
        config.http.listen = "127.0.0.1:0".parse().unwrap();
        config.admin.listen = "127.0.0.1:0".parse().unwrap();
        let store = MemoryStore::new();
        let faces = Faces { texts: Arc::new(Plain), router: Arc::new(|_, _| Ok(axum::Router::new())) };
        let server = Server::start_on(AnyStore::Memory(store.clone()), Clock::real(), config, faces).await.unwrap();
        Self { server, store, folder }
    }

    /// A connector with a certificate of this service's authority.
    pub(crate) fn identity(&self, id: &str, role: Role) -> TlsConnector {
        connector(&self.server.pki, Some((&self.server.pki, id, role)))
    }

    pub(crate) async fn tls(&self, connector: TlsConnector) -> std::io::Result<Client> {
        let tcp = TcpStream::connect(self.server.front_door).await?;
        let name = ServerName::try_from("localhost").unwrap();
        Ok(Client { stream: connector.connect(name, tcp).await? })
    }

    /// A device whose CONNECT was accepted.
    pub(crate) async fn device(&self, id: &str, version: u8) -> Client {
        self.member(id, Role::Device, version).await
    }

    pub(crate) async fn member(&self, id: &str, role: Role, version: u8) -> Client {
        let mut client = self.tls(self.identity(id, role)).await.unwrap();
        client.send(&connect(version, id, 60, &[])).await;
        let (first, body) = client.packet().await.unwrap();
        assert_eq!((first, body[0], body[1]), (0x20, 0, 0), "CONNACK accepts, without a session");
        client
    }
}

/// Trusts `server`'s authority and shows a certificate that `issuer` issues.
pub(crate) fn connector(server: &Pki, issuer: Option<(&Pki, &str, Role)>) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.server_ca_pem().as_bytes()).unwrap()).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let config = match issuer {
        None => builder.with_no_client_auth(),
        Some((pki, id, role)) => {
            let identity = pki.issue(&id.parse().unwrap(), role, Clock::real().now_ms()).unwrap();
            let cert = CertificateDer::from_pem_slice(identity.cert_pem.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![cert], key).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

pub(crate) struct Client {
    stream: TlsStream<TcpStream>,
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        // A server that has closed already is found out by what it answers.
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// The next packet; `None` when the server has closed.
    pub(crate) async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await.ok()?;
            let mut len = 0usize;
            for shift in [0, 7, 14, 21] {
                let byte = self.stream.read_u8().await.ok()?;
                len |= usize::from(byte & 0x7F) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let mut body = vec![0; len];
            self.stream.read_exact(&mut body).await.ok()?;
            Some((first, body))
        };
        timeout(GUARD, read).await.expect("the server answers or closes")
    }

    /// The reason code of the DISCONNECT that ends the connection; `None` if it just closes.
    pub(crate) async fn end(&mut self) -> Option<u8> {
        let mut reason = None;
        while let Some((first, body)) = self.packet().await {
            assert_eq!(first, 0xE0, "nothing but a goodbye: {body:02x?}");
            reason = Some(body[0]);
        }
        reason
    }

    pub(crate) async fn ping(&mut self) {
        self.send(&[0xC0, 0]).await;
        assert_eq!(self.packet().await, Some((0xD0, vec![])));
    }
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut len = body.len();
    loop {
        let more = len > 0x7F;
        packet.push((len & 0x7F) as u8 | if more { 0x80 } else { 0 });
        len >>= 7;
        if !more {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

pub(crate) fn connect(version: u8, id: &str, keep_alive_s: u16, properties: &[u8]) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend_from_slice(&[if version == 5 { 5 } else { 4 }, 0x02]);
    body.extend_from_slice(&keep_alive_s.to_be_bytes());
    if version == 5 {
        body.push(properties.len() as u8);
        body.extend_from_slice(properties);
    }
    body.extend_from_slice(&text(id));
    packet(0x10, &body)
}

/// A PUBLISH with the flags in the low half of `first`.
pub(crate) fn publish(version: u8, first: u8, topic: &str, id: u16, properties: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    if first & 0b110 != 0 {
        body.extend_from_slice(&id.to_be_bytes());
    }
    if version == 5 {
        body.push(properties.len() as u8);
        body.extend_from_slice(properties);
    }
    body.extend_from_slice(payload);
    packet(0x30 | first, &body)
}

pub(crate) fn subscribe(version: u8, id: u16, filter: &str, properties: &[u8]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    if version == 5 {
        body.push(properties.len() as u8);
        body.extend_from_slice(properties);
    }
    body.extend_from_slice(&text(filter));
    body.push(1);
    packet(0x82, &body)
}

pub(crate) fn puback(id: u16) -> Vec<u8> {
    packet(0x40, &id.to_be_bytes())
}
