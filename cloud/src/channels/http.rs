//! Connections to addresses that owners have given, and requests over them: one POST, no redirects, no proxies.
//!
//! Invariant: unless the installation allows it, only HTTPS is spoken, and only with addresses of the public internet:
//! the address that was checked is the one that is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::SendError;

/// A connection in both directions.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Opens connections; clones share its roots.
#[derive(Clone)]
pub(crate) struct Dial {
    tls: TlsConnector,
    reach_private: bool,
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dial").field("reach_private", &self.reach_private).finish_non_exhaustive()
    }
}

/// A client; clones share its roots.
#[derive(Debug, Clone)]
pub(super) struct Http(Dial);

impl Dial {
    /// One that trusts the system's roots. With `reach_private` it also opens connections without TLS, and to private addresses.
    pub(crate) fn new(reach_private: bool) -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a root certificate of the system does not read");
        }
        roots.add_parsable_certificates(found.certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)), reach_private }
    }

    /// Opens a connection, with TLS or without.
    pub(crate) async fn open(&self, host: &str, port: u16, is_tls: bool) -> Result<Box<dyn Wire>, SendError> {
        if !is_tls && !self.reach_private {
            return Err(SendError::Refused("address is not spoken with by TLS".to_owned()));
        }
        let tcp = self.connect(host, port).await?;
        if !is_tls {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| SendError::Refused("host is no server's name".to_owned()))?;
        let stream = self.tls.connect(name, tcp).await.map_err(|error| not_taken("TLS handshake", &error))?;
        Ok(Box::new(stream))
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, SendError> {
        let found = lookup_host((host, port)).await.map_err(|error| not_taken("looking the host up", &error))?;
        let allowed: Vec<SocketAddr> = found.filter(|address| self.reach_private || is_public(address.ip())).collect();
        if allowed.is_empty() {
            return Err(SendError::Refused("host has no public address".to_owned()));
        }
        let mut last = None;
        for address in allowed {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        let last = last.map_or_else(|| "no address".to_owned(), |error| error.to_string());
        Err(SendError::NotTaken(format!("connecting: {last}")))
    }
}

impl Http {
    /// A client over connections that [`Dial`] opens.
    pub(super) fn new(reach_private: bool) -> Self {
        Self(Dial::new(reach_private))
    }

    /// Sends a POST and answers its status.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<u16, SendError> {
        let refused = |why: &str| SendError::Refused(why.to_owned());
        let uri: Uri = url.parse().map_err(|_| refused("address is no URL"))?;
        let host = uri.host().ok_or_else(|| refused("address has no host"))?.trim_matches(['[', ']']).to_owned();
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let request = request(&uri, headers, body).map_err(|_| refused("request is malformed"))?;
        let stream = self.0.open(&host, port, is_tls).await?;
        exchange(stream, request).await
    }
}

fn request(
    uri: &Uri,
    headers: &[(HeaderName, HeaderValue)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, axum::http::Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // Names and passwords in an address are no part of the host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, "Milepost")
        .header(CONTENT_LENGTH, body.len());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Full::new(body))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<u16, SendError> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| not_taken("HTTP handshake", &error))?;
    // The connection ends with this call, whatever becomes of it.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let answered = sender.send_request(request).await;
    let response = answered.map_err(|error| SendError::Unknown(format!("waiting for the answer: {error}")))?;
    Ok(response.status().as_u16())
}

fn not_taken(what: &str, error: &dyn std::error::Error) -> SendError {
    SendError::NotTaken(format!("{what}: {}", crate::events::chain(error)))
}

/// Whether an address belongs to the public internet (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3; tunnels and documentation lie within it.
    (a & 0xE000) == 0x2000 && (a, b) != (0x2001, 0xDB8) && (a, b) != (0x2001, 0) && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_reached() {
        for public in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[tokio::test]
    async fn an_address_within_the_installations_own_network_is_refused() {
        let http = Http::new(false);
        for url in ["https://127.0.0.1/x", "https://[::1]:8443/", "http://example.org/", "https://localhost/"] {
            let answer = http.post(url, &[], Bytes::new()).await;
            assert!(matches!(answer, Err(SendError::Refused(_))), "{url}: {answer:?}");
        }
    }
}
