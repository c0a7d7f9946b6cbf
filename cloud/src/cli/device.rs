//! `milepost device`: certificates.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use milepost_protocol::DeviceId;

use super::output;
use crate::clock::Clock;
use crate::config::Config;
use crate::pki::{Pki, Role};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleArgument {
    /// A vehicle.
    Device,
    /// An engineer who reads `v/+/up`.
    Tap,
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
    /// Revoke all certificates of a device; a running service ends its session within a second.
    Revoke {
        /// The device's id.
        id: DeviceId,
    },
    /// List certificates as JSON lines.
    List,
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
        DeviceCommand::Revoke { id } => {
            let revoked = pki.revoke(&id, now_ms)?;
            anyhow::ensure!(revoked > 0, "{id} has no valid certificate");
            output::line(&format!("{id} {revoked} revoked"))
        }
        DeviceCommand::List => {
            for issued in pki.register()?.issued {
                output::line(&serde_json::to_string(&issued)?)?;
            }
            Ok(())
        }
    }
}
