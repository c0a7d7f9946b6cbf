//! Where the line is: a serial port, or a socket of an emulator.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// The speed of a serial port, in bits a second.
const BAUD: u32 = 115_200;

/// Where the line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// `tcp:HOST:PORT`.
    Tcp(String),
    /// `unix:PATH`.
    Unix(PathBuf),
    /// A serial port or pseudo-terminal, by its path.
    Port(PathBuf),
}

impl FromStr for Wire {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once(':') {
            Some(("tcp", address)) => Self::Tcp(address.to_owned()),
            Some(("unix", path)) => Self::Unix(path.into()),
            _ => Self::Port(text.into()),
        })
    }
}

/// What a line has to be able to do.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

impl Wire {
    /// Opens the line.
    pub async fn open(&self) -> Result<Box<dyn Line>> {
        Ok(match self {
            Self::Tcp(address) => {
                Box::new(TcpStream::connect(address).await.with_context(|| format!("failed to connect to {address}"))?)
            }
            Self::Unix(path) => {
                let opened = UnixStream::connect(path).await;
                Box::new(opened.with_context(|| format!("failed to connect to {}", path.display()))?)
            }
            Self::Port(path) => {
                let noctty = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
                let opened = OpenOptions::new().read(true).write(true).custom_flags(noctty).open(path);
                let file = opened.with_context(|| format!("failed to open {}", path.display()))?;
                make_raw(&file).with_context(|| format!("failed to set up {}", path.display()))?;
                let writer = file.try_clone().with_context(|| format!("failed to open {}", path.display()))?;
                Box::new(tokio::io::join(tokio::fs::File::from_std(file), tokio::fs::File::from_std(writer)))
            }
        })
    }
}

/// Bytes as they are, both ways; a file that is no terminal is one already.
fn make_raw(file: &std::fs::File) -> rustix::io::Result<()> {
    let mut settings = match tcgetattr(file) {
        Err(rustix::io::Errno::NOTTY) => return Ok(()),
        settings => settings?,
    };
    settings.make_raw();
    settings.set_speed(BAUD)?;
    tcsetattr(file, OptionalActions::Now, &settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_is_a_port_unless_it_says_otherwise() {
        for (text, wire) in [
            ("/dev/ttyACM0", Wire::Port("/dev/ttyACM0".into())),
            ("tcp:localhost:4444", Wire::Tcp("localhost:4444".to_owned())),
            ("unix:/tmp/board", Wire::Unix("/tmp/board".into())),
        ] {
            assert_eq!(text.parse(), Ok(wire));
        }
    }
}
