//! One emulated board: QEMU with a flash chip, a CAN wire and a line to the bench.
//!
//! Invariant: the process ends with the value that stands for it, and nothing is waited for without a bound.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use milepost_firmware::wire::{Button, MAX_WIRE_LEN, Order, Packet};
use milepost_gateway::chip;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::sync::mpsc;

use crate::image;
use crate::log::Strings;

/// How long anything that is bound to happen may take; only a failing run ever waits that long.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);

/// How long a finger stays on a button.
const PRESS: Duration = Duration::from_millis(120);

/// How many lines may wait to be looked at.
const LINES: usize = 4096;

/// What a board needs to start.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The image, beside which its boot loader stands; what starts is what the chip holds.
    pub(crate) image: PathBuf,
    /// The chip's file.
    pub(crate) chip: PathBuf,
    /// Where the sockets go.
    pub(crate) folder: PathBuf,
    /// Arguments of the image.
    pub(crate) arguments: Vec<String>,
    /// Whether each line is printed.
    pub(crate) loud: bool,
}

/// A running board.
pub(crate) struct Board {
    qemu: Child,
    lines: mpsc::Receiver<String>,
    said: String,
    bench: Mutex<Option<UnixStream>>,
    folder: PathBuf,
}

impl Board {
    /// Starts a board.
    pub(crate) fn start(setting: &Setting, strings: &Arc<Strings>) -> Result<Self> {
        let socket = |name: &str| {
            let path = setting.folder.join(name);
            // QEMU does not replace a socket that an earlier board left.
            let _ = std::fs::remove_file(&path);
            format!("unix:{},server=on,wait=off", path.display())
        };
        let chip =
            format!("memory-backend-file,id=chip,size={},mem-path={},share=on", chip::CHIP_LEN, setting.chip.display());
        let mut semihosting = "enable=on,target=native,arg=image".to_owned();
        for argument in &setting.arguments {
            write!(semihosting, ",arg={argument}")?;
        }
        let mut qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386,memory-backend=chip", "-object", &chip])
            .args(["-nographic", "-monitor", "none", "-nic", "user,model=lan9118"])
            .args(["-serial", &socket("bench.sock"), "-serial", &socket("can.sock")])
            .args(["-semihosting-config", &semihosting, "-kernel"])
            .arg(image::loader(&setting.image))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start qemu-system-arm; `cargo xtask setup` installs it")?;
        let mut output = qemu.stdout.take().context("QEMU has no standard output")?;
        let (sender, lines) = mpsc::channel(LINES);
        let (strings, loud) = (Arc::clone(strings), setting.loud);
        tokio::spawn(async move {
            let mut buffer = vec![0; 4096];
            let output = &mut output;
            let buffer = &mut buffer;
            let output = Mutex::new((output, buffer));
            let feed = || async {
                let mut output = output.lock().await;
                let (output, buffer) = &mut *output;
                let len = output.read(buffer).await.unwrap_or(0);
                buffer[..len].to_vec()
            };
            let take = |line: String| {
                if loud {
                    println!("  board {line}");
                }
                // Nobody listens any more once the board is given up.
                let _ = sender.try_send(line);
            };
            strings.decode(feed, take).await;
        });
        Ok(Self { qemu, lines, said: String::new(), bench: Mutex::new(None), folder: setting.folder.clone() })
    }

    /// The socket of the CAN wire.
    pub(crate) fn can(&self) -> PathBuf {
        self.folder.join("can.sock")
    }

    /// The socket of the bench's line.
    pub(crate) fn bench(&self) -> PathBuf {
        self.folder.join("bench.sock")
    }

    /// Waits for a line that contains `text`; answers it.
    pub(crate) async fn says(&mut self, text: &str) -> Result<String> {
        match self.says_or_ends(text).await? {
            Some(line) => Ok(line),
            None => bail!("the board ended and never said {text:?}; it said:\n{}", self.said),
        }
    }

    /// Waits for a line that contains `text`; `None` if the board ends before it says that.
    pub(crate) async fn says_or_ends(&mut self, text: &str) -> Result<Option<String>> {
        let waited = tokio::time::timeout(DEADLINE, async {
            loop {
                let line = self.lines.recv().await?;
                self.said.push_str(&line);
                self.said.push('\n');
                if line.contains(text) {
                    return Some(line);
                }
            }
        });
        match waited.await {
            Ok(line) => Ok(line),
            Err(_) => bail!("the board did not say {text:?} in time; it said:\n{}", self.said),
        }
    }

    /// Presses a button as a finger does.
    pub(crate) async fn press(&self, button: Button) -> Result<()> {
        self.send(Packet::Button(button, true)).await?;
        tokio::time::sleep(PRESS).await;
        self.send(Packet::Button(button, false)).await
    }

    /// Gives an order.
    pub(crate) async fn order(&self, order: Order) -> Result<()> {
        self.send(Packet::Order(order)).await
    }

    async fn send(&self, packet: Packet) -> Result<()> {
        let mut line = [0; MAX_WIRE_LEN];
        let bytes = packet.encode(&mut line);
        let mut bench = self.bench.lock().await;
        let socket = match &mut *bench {
            Some(socket) => socket,
            none => none.insert(connect(&self.bench()).await?),
        };
        socket.write_all(bytes).await.context("the line to the board closed")
    }

    /// Waits for the end; answers the exit code, or `None` if a signal ended it.
    pub(crate) async fn ended(&mut self) -> Result<Option<i32>> {
        let status = tokio::time::timeout(DEADLINE, self.qemu.wait()).await;
        let status = status.with_context(|| format!("the board did not end in time; it said:\n{}", self.said))??;
        Ok(status.code())
    }

    /// Pulls the plug: SIGKILL, whatever it is doing.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.qemu.kill().await.context("cannot kill QEMU")
    }

    /// Everything that was said and not yet looked at.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.lines.recv().await {
            lines.push(line);
        }
        lines
    }
}

/// Connects to a socket that QEMU opens soon.
pub(crate) async fn connect(path: &Path) -> Result<UnixStream> {
    let tried = tokio::time::timeout(DEADLINE, async {
        let mut turns = tokio::time::interval(Duration::from_millis(5));
        loop {
            turns.tick().await;
            if let Ok(socket) = UnixStream::connect(path).await {
                return socket;
            }
        }
    });
    tried.await.with_context(|| format!("no line to the board, {}", path.display()))
}
