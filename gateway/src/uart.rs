//! Plays a recording onto a serial line, as the CAN bus of an emulated board.
//!
//! Invariant: no frame is dropped; a board that does not read makes the line wait, and the recording passes later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use milepost_firmware::wire::{Decoder, MAX_WIRE_LEN, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;

use crate::clock::Clock;
use crate::log::{Broken, LogError};
use crate::recording::{Input, Recording};
use crate::replay::Pace;
use crate::stop::Stop;

/// Why a recording did not reach the line.
#[derive(Debug, thiserror::Error)]
pub enum UartError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The line cannot be opened.
    #[error("cannot open the serial line, {}", path.display())]
    Open {
        /// Its socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The line was closed.
    #[error("the serial line closed, {}", path.display())]
    Closed {
        /// Its socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// What a recording on the line came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Frames that the board took.
    pub frames: u64,
    /// Frames that the board put on the line, such as its own requests.
    pub answers: u64,
    /// Lines that were no frames.
    pub broken: Broken,
}

/// Plays the recording at `log` onto the Unix socket at `line`.
pub async fn play(
    log: &Path,
    channels: Vec<String>,
    line: &Path,
    pace: Pace,
    clock: Clock,
    mut stop: Stop,
) -> Result<Played, UartError> {
    let mut recording = Recording::open(log, channels)?;
    let socket = UnixStream::connect(line).await.map_err(|source| UartError::Open { path: line.to_owned(), source })?;
    let (reader, mut writer) = socket.into_split();
    let answers = tokio::spawn(listen(reader));
    let began = clock.elapsed();
    let mut first_us = None;
    let mut frames = 0;
    while let Some(input) = recording.next_input()? {
        let first_us = *first_us.get_or_insert(input.at_us());
        let Input::Frame { at_us, frame } = input else { continue };
        if let Pace::Times(speed) = pace {
            let due = began + Duration::from_micros(((at_us - first_us) as f64 / speed) as u64);
            tokio::select! {
                () = tokio::time::sleep(due.saturating_sub(clock.elapsed())) => {}
                () = stop.wished() => break,
            }
        } else if stop.is_wished() {
            break;
        }
        let mut bytes = [0; MAX_WIRE_LEN];
        let written = writer.write_all(Packet::Frame(frame).encode(&mut bytes)).await;
        written.map_err(|source| UartError::Closed { path: line.to_owned(), source })?;
        frames += 1;
    }
    // Closing our half ends the listener as soon as the board's side is closed, too; what it counted so far is enough.
    drop(writer);
    answers.abort();
    let answers = answers.await.unwrap_or(0);
    Ok(Played { frames, answers, broken: recording.broken().clone() })
}

/// Counts the frames that the board sends, until the line closes.
async fn listen(mut reader: OwnedReadHalf) -> u64 {
    let mut decoder = Decoder::new();
    let mut bytes = [0; 256];
    let mut frames = 0;
    while let Ok(len) = reader.read(&mut bytes).await
        && len > 0
    {
        let packets = bytes[..len].iter().filter_map(|&byte| decoder.push(byte));
        frames += packets.filter(|packet| matches!(packet, Ok(Packet::Frame(_)))).count() as u64;
    }
    frames
}
