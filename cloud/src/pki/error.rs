//! Why a certificate was not made or not read.

use std::path::PathBuf;

/// A failure around certificates.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file does not read or write.
    #[error("{action} {path} failed", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The register does not parse.
    #[error("register {path} does not parse", path = path.display())]
    Register {
        /// Where.
        path: PathBuf,
        /// The reader's error.
        #[source]
        source: serde_json::Error,
    },
    /// A key or certificate does not parse, or cannot be made.
    #[error("{action} failed")]
    Certificate {
        /// What was tried.
        action: &'static str,
        /// The library's error.
        #[source]
        source: rcgen::Error,
    },
    /// A name for the server's certificate is neither a host name nor an address.
    #[error("server name {name:?} is neither a host name nor an address")]
    Name {
        /// The name.
        name: String,
        /// The library's error.
        #[source]
        source: rcgen::Error,
    },
    /// A serial number has enrolled before.
    #[error("serial number {serial} has enrolled already; say that it may do so again")]
    Enrolled {
        /// The serial number.
        serial: milepost_protocol::DeviceId,
    },
    /// The key of the flash receipts cannot be used.
    #[error("key of the flash receipts is not usable, {path}", path = path.display())]
    ReceiptKey {
        /// Where.
        path: PathBuf,
    },
    /// A stored certificate is not PEM.
    #[error("certificate {path} is not PEM", path = path.display())]
    Pem {
        /// Where.
        path: PathBuf,
    },
}
