//! The board at the other end of a line.
//!
//! Invariant: an answer belongs to the last request; what comes late or broken is passed over, and the request is made again.

use std::time::Duration;

use milepost_identity::bench::{Answer, Refused, Request};
use milepost_identity::line::{self, Reader};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How long a board may take for an answer: it may have to erase flash and to make a key.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a request is made before the board counts as silent.
const ATTEMPTS: usize = 4;

/// Why a board did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// The line broke.
    #[error("line to the board broke")]
    Line(#[source] std::io::Error),
    /// Nothing sensible came back.
    #[error("board does not answer; is it in enrolment mode?")]
    Silent,
    /// The board does not take it.
    #[error("board refused: {0:?}")]
    Refused(Refused),
    /// The board answers something else than what it was asked.
    #[error("board answers out of place")]
    Confused,
    /// A request is longer than the line carries.
    #[error("request is longer than the line carries")]
    TooLong,
}

/// A board on a line.
#[derive(Debug)]
pub struct Board<S> {
    line: S,
    reader: Reader,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Board<S> {
    /// A board at the other end of `line`.
    pub fn new(line: S) -> Self {
        Self { line, reader: Reader::new() }
    }

    /// Makes a request, again if nothing comes back; every request may be made twice.
    pub async fn ask(&mut self, request: &Request) -> Result<Answer, BoardError> {
        let bytes = line::encode(request).ok_or(BoardError::TooLong)?;
        for _ in 0..ATTEMPTS {
            // A zero in front ends whatever noise the line carried before.
            self.line.write_all(&[0]).await.map_err(BoardError::Line)?;
            self.line.write_all(&bytes).await.map_err(BoardError::Line)?;
            self.line.flush().await.map_err(BoardError::Line)?;
            match tokio::time::timeout(PATIENCE, self.answer()).await {
                Ok(Ok(Some(Answer::Refused(Refused::Line)) | None)) | Err(_) => {}
                Ok(Ok(Some(Answer::Refused(why)))) => return Err(BoardError::Refused(why)),
                Ok(Ok(Some(answer))) => return Ok(answer),
                Ok(Err(error)) => return Err(BoardError::Line(error)),
            }
        }
        Err(BoardError::Silent)
    }

    /// The next line: an answer, or `None` if it was broken.
    async fn answer(&mut self) -> std::io::Result<Option<Answer>> {
        loop {
            let byte = self.line.read_u8().await?;
            if let Some(answer) = self.reader.push(byte) {
                return Ok(answer.ok());
            }
        }
    }
}
