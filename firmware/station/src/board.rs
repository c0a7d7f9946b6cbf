//! The board at the other end of a line.
//!
//! Invariant: an answer belongs to the last request; what comes late or broken is passed over, and the request is made again.

use std::time::Duration;

use milepost_identity::bench::{Answer, Numbered, Refused, Request};
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
    /// A request is longer than the line carries.
    #[error("request is longer than the line carries")]
    TooLong,
}

/// A board on a line.
#[derive(Debug)]
pub struct Board<S> {
    line: S,
    reader: Reader,
    number: u16,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Board<S> {
    /// A board at the other end of `line`.
    pub fn new(line: S) -> Self {
        Self { line, reader: Reader::new(), number: 0 }
    }

    /// Makes a request, again if nothing comes back; every request may be made twice.
    pub async fn ask(&mut self, request: &Request) -> Result<Answer, BoardError> {
        for _ in 0..ATTEMPTS {
            self.number = self.number.checked_add(1).unwrap_or(1);
            let numbered = Numbered { number: self.number, body: request.clone() };
            let bytes = line::encode(&numbered).ok_or(BoardError::TooLong)?;
            // A zero in front ends whatever noise the line carried before.
            self.line.write_all(&[0]).await.map_err(BoardError::Line)?;
            self.line.write_all(&bytes).await.map_err(BoardError::Line)?;
            self.line.flush().await.map_err(BoardError::Line)?;
            match tokio::time::timeout(PATIENCE, self.answer()).await {
                Ok(Ok(Answer::Refused(Refused::Line))) | Err(_) => {}
                Ok(Ok(Answer::Refused(why))) => return Err(BoardError::Refused(why)),
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => return Err(BoardError::Line(error)),
            }
        }
        Err(BoardError::Silent)
    }

    /// The answer to the last request, or that it was not read; noise and answers to earlier requests are passed over.
    async fn answer(&mut self) -> std::io::Result<Answer> {
        loop {
            let byte = self.line.read_u8().await?;
            match self.reader.push::<Numbered<Answer>>(byte) {
                Some(Ok(told)) if told.number == self.number || told == Numbered::unread() => return Ok(told.body),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::DuplexStream;

    use super::*;

    async fn hear(line: &mut DuplexStream) -> Numbered<Request> {
        let mut reader = Reader::new();
        loop {
            if let Some(Ok(request)) = reader.push(line.read_u8().await.unwrap()) {
                return request;
            }
        }
    }

    async fn tell(line: &mut DuplexStream, number: u16, body: Answer) {
        line.write_all(&line::encode(&Numbered { number, body }).unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn noise_and_late_answers_are_passed_over_and_an_unread_request_is_made_again() {
        let (near, mut far) = tokio::io::duplex(4096);
        let mut board = Board::new(near);
        let playing = async {
            far.write_all(b"noise\0").await.unwrap();
            let first = hear(&mut far).await;
            tell(&mut far, 0, Answer::Refused(Refused::Line)).await;
            let again = hear(&mut far).await;
            assert_eq!((again.body, again.number), (first.body, first.number + 1));
            // The answer to the first one was only slow.
            tell(&mut far, first.number, Answer::Refused(Refused::Order)).await;
            tell(&mut far, again.number, Answer::Taken).await;
        };
        let (answer, ()) = tokio::join!(board.ask(&Request::Identify), playing);
        assert_eq!(answer.unwrap(), Answer::Taken);
    }

    #[tokio::test(start_paused = true)]
    async fn a_board_that_says_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(4096);
        let silent = Board::new(near).ask(&Request::Identify).await;
        assert!(matches!(silent, Err(BoardError::Silent)), "{silent:?}");
    }
}
