//! The board's CAN wire: a car that stands, and a drive that passes through our hands.
//!
//! Invariant: one at a time is connected to the wire, as QEMU has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use milepost::clock::Clock;
use milepost_firmware::wire::{MAX_WIRE_LEN, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::board;
use crate::drive;

/// How often a standing car tells its state.
const TELL: Duration = Duration::from_millis(50);

/// The core takes a silent bus for a car that stands; a pause of this length may come to that at the pace of the bench.
const SILENCE_MS: u64 = 200;

/// For how long such a pause may be seen on the screen.
const AFTERMATH_MS: u64 = 2_000;

/// A car on the wire that stands with its engine on.
pub(crate) struct Standing {
    goes_on: watch::Sender<bool>,
    telling: JoinHandle<Result<()>>,
}

impl Standing {
    /// Puts the car on the wire.
    pub(crate) fn at(can: PathBuf, odometer_m: f64) -> Self {
        let (goes_on, still) = watch::channel(true);
        let telling = tokio::spawn(async move {
            let (mut answers, mut line) = board::connect(&can).await?.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
            let mut turns = tokio::time::interval(TELL);
            while *still.borrow() {
                turns.tick().await;
                let mut bytes = Vec::new();
                for frame in drive::standing(odometer_m) {
                    bytes.extend_from_slice(Packet::Frame(frame).encode(&mut [0; MAX_WIRE_LEN]));
                }
                line.write_all(&bytes).await?;
            }
            Ok(())
        });
        Self { goes_on, telling }
    }

    /// Takes it off again behind a whole packet, so that the wire is free.
    pub(crate) async fn leave(self) -> Result<()> {
        // It may have ended by itself, which its result tells.
        let _ = self.goes_on.send(false);
        self.telling.await?.context("the wire closed under a standing car")
    }
}

/// What passed through our hands so far.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    packets: AtomicUsize,
    /// When the wire was last silent for long, by the wall clock.
    silent_ms: AtomicU64,
}

impl Tap {
    /// Opens a wire at `path` that leads to the board's.
    pub(crate) fn open(path: &Path, can: PathBuf) -> Result<Arc<Self>> {
        let listener = UnixListener::bind(path).with_context(|| format!("cannot listen at {}", path.display()))?;
        let tap = Arc::new(Self::default());
        let ours = Arc::clone(&tap);
        tokio::spawn(async move {
            let (drive, _) = listener.accept().await?;
            ours.pass(drive, board::connect(&can).await?).await
        });
        Ok(tap)
    }

    async fn pass(&self, drive: UnixStream, board: UnixStream) -> Result<()> {
        let (mut frames, mut back) = drive.into_split();
        let (mut answers, mut line) = board.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut answers, &mut back).await });
        let clock = Clock::real();
        let mut buffer = vec![0; 4096];
        let mut last_ms = clock.now_ms();
        loop {
            let len = frames.read(&mut buffer).await?;
            if len == 0 {
                return Ok(());
            }
            let now_ms = clock.now_ms();
            if now_ms.saturating_sub(last_ms) >= SILENCE_MS {
                self.silent_ms.store(now_ms, Ordering::Relaxed);
            }
            last_ms = now_ms;
            // Counted first: what the board may know already is never more than what is counted.
            self.packets.fetch_add(buffer[..len].split(|&byte| byte == 0).count() - 1, Ordering::Relaxed);
            line.write_all(&buffer[..len]).await?;
        }
    }

    /// How many packets passed.
    pub(crate) fn packets(&self) -> usize {
        self.packets.load(Ordering::Relaxed)
    }

    /// Whether the board may have taken a silent wire for a standing car a moment ago.
    pub(crate) fn may_have_stood(&self) -> bool {
        let silent_ms = self.silent_ms.load(Ordering::Relaxed);
        Clock::real().now_ms().saturating_sub(silent_ms) < AFTERMATH_MS
    }
}
