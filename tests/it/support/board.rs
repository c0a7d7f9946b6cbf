//! A board on a bench: the very code that boards run in enrolment mode, behind a socket, with a folder as its flash.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use milepost_gateway::identity::keep;
use milepost_identity::Credentials;
use milepost_identity::bench::{Answer, Bench, Enrolled, Identity, Numbered, Refused, Request, Step};
use milepost_identity::line::{Reader, encode};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// A board that waits at its socket.
pub(crate) struct BenchBoard {
    /// Where its line is.
    pub(crate) socket: PathBuf,
    /// Its flash: what it keeps, in the layout of a gateway's identities.
    pub(crate) flash: PathBuf,
    task: JoinHandle<Result<()>>,
}

impl Drop for BenchBoard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BenchBoard {
    /// Puts a board with this serial number on the bench; its line carries noise before it carries anything else.
    pub(crate) fn start(folder: &Path, serial: &str, board: &str) -> Result<Self> {
        let (socket, flash) = (folder.join("board.socket"), folder.join("board"));
        std::fs::create_dir_all(&flash)?;
        let listener = UnixListener::bind(&socket).context("the board has no line")?;
        let board = board.try_into().ok().context("the board's name is short")?;
        let mut bench = Bench::new(Identity { serial: serial.parse()?, board });
        let kept = flash.clone();
        let task = tokio::spawn(async move {
            loop {
                let (line, _) = listener.accept().await?;
                // A host that goes away in the middle leaves a board that the next one may ask.
                let _ = serve(line, &mut bench, &kept).await;
            }
        });
        Ok(Self { socket, flash, task })
    }
}

async fn serve(mut line: UnixStream, bench: &mut Bench, flash: &Path) -> Result<()> {
    line.write_all(b"boot noise\0").await?;
    let mut reader = Reader::new();
    loop {
        let byte = line.read_u8().await?;
        let Some(request) = reader.push::<Numbered<Request>>(byte) else { continue };
        let answer = match request {
            Err(_) => Numbered::unread(),
            Ok(Numbered { number, body }) => {
                let body = match bench.take(body, draw) {
                    Step::Answer(answer) => answer,
                    Step::Store(enrolled) => store(&enrolled, flash),
                };
                Numbered { number, body }
            }
        };
        let bytes = encode(&answer).context("an answer fits the line")?;
        line.write_all(&bytes).await?;
    }
}

/// A source that fails leaves zeros, and zeros are no key.
fn draw(bytes: &mut [u8; 32]) {
    if OsRng.try_fill_bytes(bytes).is_err() {
        bytes.fill(0);
    }
}

fn store(enrolled: &Enrolled<'_>, flash: &Path) -> Answer {
    let Enrolled { device, key, certificate, settings } = enrolled;
    let Ok(certificate) = heapless::Vec::from_slice(certificate) else { return Answer::Refused(Refused::Storage) };
    let credentials = Credentials { key: (*key).clone(), certificate };
    match keep(flash, &settings.authority, device, &credentials) {
        Ok(()) => Answer::Stored { configuration_sha256: enrolled.sha256() },
        Err(_) => Answer::Refused(Refused::Storage),
    }
}
