//! `milepost firmware`: signing needs a key file and no service; everything else speaks to a running service as an engineer.

pub(super) mod api;
mod rollout;
mod sign;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum FirmwareCommand {
    /// Make a signing key; prints the public key that services and boards are to trust.
    Keygen(sign::Keygen),
    /// Sign an image: writes one file that holds manifest, signature and image.
    Sign(sign::Sign),
    /// Check a signed image and print its manifest as JSON.
    Inspect(sign::Inspect),
    /// Publish a signed image.
    Publish(api::Publish),
    /// Draft a rollout of a published image; prints its number. It begins when two people have approved it.
    Rollout(rollout::New),
    /// Show rollouts, or one of them with its devices.
    Status(rollout::Status),
    /// Approve a rollout; the second person's approval starts it.
    Approve(rollout::One),
    /// Pause a running rollout.
    Pause(rollout::One),
    /// Let a paused rollout go on.
    Resume(rollout::One),
    /// Stop a rollout for ever, and withdraw what is not installed yet.
    Stop(rollout::One),
}

pub(super) fn run(command: FirmwareCommand) -> anyhow::Result<()> {
    match command {
        FirmwareCommand::Keygen(arguments) => arguments.run(),
        FirmwareCommand::Sign(arguments) => arguments.run(),
        FirmwareCommand::Inspect(arguments) => arguments.run(),
        FirmwareCommand::Publish(arguments) => api::block_on(arguments.run()),
        FirmwareCommand::Rollout(arguments) => api::block_on(arguments.run()),
        FirmwareCommand::Status(arguments) => api::block_on(arguments.run()),
        FirmwareCommand::Approve(arguments) => api::block_on(arguments.run("approve")),
        FirmwareCommand::Pause(arguments) => api::block_on(arguments.run("pause")),
        FirmwareCommand::Resume(arguments) => api::block_on(arguments.run("resume")),
        FirmwareCommand::Stop(arguments) => api::block_on(arguments.run("stop")),
    }
}
