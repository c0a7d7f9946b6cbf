//! `milepost device`: certificates.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use milepost_protocol::DeviceId;

use super::output;
use crate::clock::Clock;
use crate::config::Config;
use crate::flash_receipts::{FlashReceipt, SignedReceipt};
use crate::pki::{Pki, Role};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleArgument {
    /// A vehicle.
    Device,
    /// An engineer who reads `v/+/up`.
    Tap,
}

/// `SERIAL=ID`.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    serial: DeviceId,
    device: DeviceId,
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (serial, device) = text.split_once(['=', ',']).ok_or("not SERIAL=ID")?;
        let part = |text: &str| text.trim().parse().map_err(|error| format!("{text:?}: {error}"));
        Ok(Self { serial: part(serial)?, device: part(device)? })
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Issue a certificate: writes `ca.pem`, `ID/cert.pem` and `ID/key.pem`.
    Issue {
        /// The device's id: 1 to 40 characters of [A-Za-z0-9_-], never the VIN.
        id: DeviceId,
        /// What the certificate allows.
        #[arg(long, value_enum, default_value = "device")]
        role: RoleArgument,
        /// The folder to write to.
        #[arg(long, default_value = ".")]
        out: PathBuf,
    },
    /// Issue a claim for a factory's batch: its boards may ask for certificates of their own with it, and do nothing else. Writes `ca.pem`, `cert.pem` and `key.pem`.
    Claim {
        /// The batch's name: 1 to 40 characters of [A-Za-z0-9_-].
        #[arg(long)]
        batch: DeviceId,
        /// The folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Announce hardware serial numbers, so that they may enrol with a claim as the devices named.
    Expect {
        /// `SERIAL=ID` each.
        #[arg(required_unless_present = "csv")]
        pairs: Vec<Pair>,
        /// A file with `SERIAL,ID` lines; empty lines and those that begin with # are passed over.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Let serial numbers enrol once more that have enrolled before, for boards that lost their key.
        #[arg(long)]
        again: bool,
    },
    /// List serial numbers as JSON lines: expected and enrolled ones, or those that came and that nobody expects.
    Serials {
        /// Those that came and that nobody expects.
        #[arg(long)]
        unknown: bool,
    },
    /// Revoke all certificates of a device, or a batch's claim; a running service ends the sessions within a second.
    Revoke {
        /// The device's id, or the batch's name.
        id: DeviceId,
        /// Revoke the claim of a batch. Boards that have enrolled with it keep their own certificates.
        #[arg(long)]
        batch: bool,
    },
    /// List certificates as JSON lines.
    List,
    /// Check flash receipts.
    Receipt {
        #[command(subcommand)]
        command: ReceiptCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ReceiptCommand {
    /// Check a receipt without the service: exit code 1 if it was not signed by this installation or was changed since.
    Verify {
        /// The receipt, JSON, as the service or `cargo xtask flash` printed it.
        file: PathBuf,
        /// The public key, PEM; the installation's own `pki/receipts.pem` without it.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

pub(super) fn run(config: &Config, command: DeviceCommand) -> anyhow::Result<()> {
    let now_ms = Clock::real().now_ms();
    let pki = Pki::open(&config.data.folder.join("pki"), now_ms)?;
    match command {
        DeviceCommand::Issue { id, role, out } => {
            let role = match role {
                RoleArgument::Device => Role::Device,
                RoleArgument::Tap => Role::Tap,
            };
            let identity = pki.issue(&id, role, now_ms)?;
            identity.write(&id, &out)?;
            output::line(&format!("{id} {} {}", identity.serial, out.join(id.as_str()).display()))
        }
        DeviceCommand::Claim { batch, out } => {
            let claim = pki.issue(&batch, Role::Claim, now_ms)?;
            claim.write_claim(&out)?;
            output::line(&format!("{batch} {} {}", claim.serial, out.display()))
        }
        DeviceCommand::Expect { mut pairs, csv, again } => {
            if let Some(path) = csv {
                pairs.append(&mut read_pairs(&path)?);
            }
            for Pair { serial, device } in &pairs {
                pki.expect(serial, device, again, now_ms)?;
            }
            output::line(&format!("{} expected", pairs.len()))
        }
        DeviceCommand::Serials { unknown: false } => {
            for expected in pki.expected()? {
                output::line(&serde_json::to_string(&expected)?)?;
            }
            Ok(())
        }
        DeviceCommand::Serials { unknown: true } => {
            for unknown in pki.unknown()? {
                output::line(&serde_json::to_string(&unknown)?)?;
            }
            Ok(())
        }
        DeviceCommand::Revoke { id, batch } => {
            let revoked = if batch { pki.revoke_claims(&id, now_ms)? } else { pki.revoke(&id, now_ms)? };
            anyhow::ensure!(revoked > 0, "{id} has no valid certificate");
            output::line(&format!("{id} {revoked} revoked"))
        }
        DeviceCommand::Receipt { command: ReceiptCommand::Verify { file, key } } => verify(&pki, &file, key),
        DeviceCommand::List => {
            for issued in pki.register()?.issued {
                output::line(&serde_json::to_string(&issued)?)?;
            }
            Ok(())
        }
    }
}

fn read_pairs(path: &Path) -> anyhow::Result<Vec<Pair>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let pair = |(index, line): (usize, &str)| {
        line.parse().map_err(|error| anyhow::anyhow!("{}:{}: {error}", path.display(), index + 1))
    };
    lines.map(pair).collect()
}

fn verify(pki: &Pki, file: &Path, key: Option<PathBuf>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let signed: SignedReceipt =
        serde_json::from_str(&text).with_context(|| format!("{} is no flash receipt", file.display()))?;
    let public_key = match key {
        Some(path) => std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?,
        None => pki.receipts().public_pem().to_owned(),
    };
    signed.verify(&public_key).with_context(|| format!("{} does not hold", file.display()))?;
    let FlashReceipt { device, board, by, at_ms, result, .. } = &signed.receipt;
    output::line(&format!("{device} {board} {} by {by} at {at_ms}: the signature holds", result.name()))
}
