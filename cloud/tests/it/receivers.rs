//! The other ends of the channels, on free ports of this machine: a mail server, and whoever takes HTTP requests.
//!
//! Invariant: what they have taken they tell once, in order, and they change their minds only when a test says so.
#![allow(dead_code, reason = "the service's own tests and those of the whole loop share it, and each needs a part")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The browser of RFC 8291, appendix A: its public key, its private key and its secret.
pub(crate) const BROWSER: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
pub(crate) const BROWSER_AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const BROWSER_PRIVATE: &str = "ab5757a70dd4a53e553a6bbf71ffefea2874ec07a6b379e3c48f895a02dc33de";
const BROWSER_SECRET: &str = "05305932a1c7eabe13b6cec9fda48882";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|index| u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).unwrap()).collect()
}

/// A log that grows, and can be waited for.
#[derive(Clone)]
struct Log<T>(Arc<watch::Sender<Vec<T>>>);

impl<T: Clone> Log<T> {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    fn push(&self, entry: T) {
        self.0.send_modify(|entries| entries.push(entry));
    }

    fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    async fn until(&self, condition: impl FnMut(&Vec<T>) -> bool) -> Vec<T> {
        self.0.subscribe().wait_for(condition).await.unwrap().clone()
    }
}

/// How a mail server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes mails.
    Takes,
    /// It is there, and takes nothing for now (RFC 5321 §3.1: 421).
    Refuses,
    /// It knows none of the recipients (550).
    RefusesForGood,
    /// It takes a mail and is gone before it says so.
    Vanishes,
}

/// A mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    /// Headers, folded lines joined, with names in lower case.
    pub(crate) headers: HashMap<String, String>,
    /// Everything behind the headers.
    pub(crate) body: String,
}

impl Mail {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body without the soft line breaks and escapes of quoted-printable.
    pub(crate) fn text(&self) -> String {
        self.body.replace("=\r\n", "").replace("=3D", "=")
    }

    /// The token of its link below a path.
    pub(crate) fn token(&self, path: &str) -> String {
        let text = self.text();
        let start = text.find(&format!("/{path}/")).unwrap() + path.len() + 2;
        let rest = &text[start..];
        rest[..rest.find(|c: char| c.is_whitespace() || c == '"').unwrap()].to_owned()
    }

    fn parse(to: Vec<String>, data: &str) -> Self {
        let (head, body) = data.split_once("\r\n\r\n").unwrap_or((data, ""));
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        Self { to, headers, body: body.to_owned() }
    }
}

/// A mail server that speaks SMTP (RFC 5321).
#[derive(Clone)]
pub(crate) struct MailServer {
    pub(crate) address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    mails: Log<Mail>,
    attempts: Log<()>,
}

impl MailServer {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, mood: Arc::new(Mutex::new(mood)), mails: Log::new(), attempts: Log::new() };
        let twin = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let twin = twin.clone();
                tokio::spawn(async move {
                    // A client that goes away in the middle is its own business.
                    let _ = twin.talk(stream).await;
                });
            }
        });
        server
    }

    pub(crate) fn turn(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.all()
    }

    /// Forgets the mails so far.
    pub(crate) fn forget(&self) {
        self.mails.0.send_modify(Vec::clear);
    }

    /// Waits until so many mails were taken.
    pub(crate) async fn until(&self, count: usize) -> Vec<Mail> {
        self.mails.until(|mails| mails.len() >= count).await
    }

    /// Waits until somebody was turned away so many times.
    pub(crate) async fn refused(&self, count: usize) {
        self.attempts.until(|attempts| attempts.len() >= count).await;
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let mood = *self.mood.lock().unwrap();
        let mut stream = BufReader::new(stream);
        if mood == Mood::Refuses {
            self.attempts.push(());
            return stream.write_all(b"421 mail.test is closed for now\r\n").await;
        }
        stream.write_all(b"220 mail.test ready\r\n").await?;
        let mut to = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let verb = line.get(..4).unwrap_or_default().to_uppercase();
            let reply: &[u8] = match verb.as_str() {
                "EHLO" => b"250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                "HELO" | "RSET" | "NOOP" | "MAIL" => b"250 well\r\n",
                "RCPT" if mood == Mood::RefusesForGood => {
                    self.attempts.push(());
                    let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                    stream.write_all(format!("550 5.1.1 <{address}>: nobody here by that name\r\n").as_bytes()).await?;
                    continue;
                }
                "RCPT" => {
                    let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                    to.push(address.to_owned());
                    b"250 well\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let data = until_dot(&mut stream).await?;
                    self.mails.push(Mail::parse(std::mem::take(&mut to), &data));
                    if mood == Mood::Vanishes {
                        return Ok(());
                    }
                    b"250 taken\r\n"
                }
                "QUIT" => return stream.write_all(b"221 goodbye\r\n").await,
                _ => b"500 what\r\n",
            };
            stream.write_all(reply).await?;
        }
    }
}

async fn until_dot(stream: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What the browser of RFC 8291 reads.
    pub(crate) fn decrypted(&self) -> serde_json::Value {
        assert_eq!(self.header("content-encoding"), "aes128gcm");
        assert!(self.header("authorization").starts_with("vapid t="), "{:?}", self.headers);
        let plain = milepost::channels::decrypt(&bytes(BROWSER_PRIVATE), &bytes(BROWSER_SECRET), &self.body);
        serde_json::from_slice(&plain.expect("the browser can read it")).unwrap()
    }

    /// Whether a webhook's receiver takes it for genuine.
    pub(crate) fn is_signed(&self, secret: &str) -> bool {
        let timestamp_s: u64 = self.header("milepost-timestamp").parse().unwrap();
        milepost::channels::verify(secret, timestamp_s, self.header("milepost-signature"), &self.body, timestamp_s)
    }
}

/// Somebody who takes POST requests: a push service, a webhook, a provider of text messages.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    status: Arc<Mutex<u16>>,
    taken: Log<Taken>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = Self { address, status: Arc::new(Mutex::new(201)), taken: Log::new() };
        let twin = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let twin = twin.clone();
                tokio::spawn(async move {
                    let _ = twin.take(stream).await;
                });
            }
        });
        receiver
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.all()
    }

    /// Waits until so many requests came.
    pub(crate) async fn until(&self, count: usize) -> Vec<Taken> {
        self.taken.until(|taken| taken.len() >= count).await
    }

    /// Waits until what has come fulfils a condition.
    pub(crate) async fn find(&self, condition: impl Fn(&[Taken]) -> bool) {
        self.taken.until(|taken| condition(taken)).await;
    }

    async fn take(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let len = headers.get("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
        let mut body = vec![0; len];
        stream.read_exact(&mut body).await?;
        self.taken.push(Taken { path, headers, body });
        let status = *self.status.lock().unwrap();
        stream.write_all(format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n").as_bytes()).await
    }
}
