//! Where an adapter is: a serial device or, for those with WLAN, a TCP port; both are one stream of bytes.
//!
//! Invariant: a serial device is raw, so that no byte is changed on its way, and nobody ever blocks on it.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::{fmt, io};

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::unix::pipe;

use crate::config::split_address;

/// Where an adapter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A serial device.
    Serial(PathBuf),
    /// `tcp://HOST:PORT`.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
}

/// A word is no place of an adapter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not tcp://HOST:PORT, {0}")]
pub struct PlaceError(String);

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word.strip_prefix("tcp://") {
            Some(address) => split_address(address)
                .map(|(host, port)| Self::Tcp { host, port })
                .ok_or_else(|| PlaceError(word.to_owned())),
            None => Ok(Self::Serial(word.into())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(path) => path.display().fmt(f),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl Place {
    /// Opens the line; `baud` is the rate of a serial device, in bits a second.
    pub async fn open(&self, baud: u32) -> io::Result<Stream> {
        match self {
            Self::Serial(path) => {
                let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
                let flags = flags.bits().cast_signed();
                let file = File::options().read(true).write(true).custom_flags(flags).open(path)?;
                let mut settings = tcgetattr(&file)?;
                settings.make_raw();
                settings.set_speed(baud)?;
                tcsetattr(&file, OptionalActions::Flush, &settings)?;
                // What a serial device needs of the runtime is what a pipe needs: to be read and written when it is ready.
                let reader = pipe::Receiver::from_file_unchecked(file.try_clone()?)?;
                Ok(Stream::Serial { reader, writer: pipe::Sender::from_file_unchecked(file)? })
            }
            Self::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
        }
    }
}

/// An open line.
#[derive(Debug)]
pub enum Stream {
    /// A serial device.
    Serial {
        /// Its way here.
        reader: pipe::Receiver,
        /// Its way there.
        writer: pipe::Sender,
    },
    /// A connection.
    Tcp(TcpStream),
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Serial { reader, .. } => Pin::new(reader).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Serial { writer, .. } => Pin::new(writer).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Serial { writer, .. } => Pin::new(writer).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Serial { writer, .. } => Pin::new(writer).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_device_or_a_tcp_port() {
        assert_eq!("/dev/ttyUSB0".parse(), Ok(Place::Serial("/dev/ttyUSB0".into())));
        let wlan: Place = "tcp://192.168.0.10:35000".parse().unwrap();
        assert_eq!(wlan, Place::Tcp { host: "192.168.0.10".into(), port: 35_000 });
        assert_eq!(wlan.to_string(), "tcp://192.168.0.10:35000");
        assert!("tcp://nowhere".parse::<Place>().is_err());
    }
}
