//! `cargo xtask qemu`: builds an image, the service and the test bench, and hands over to the bench.
//!
//! Invariant: what runs was built from what stands in the folder, and the exit code is the bench's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use clap::Subcommand;

use crate::demo::target_folder;
use crate::{budget, run};

/// The folder of the emulated board.
const BOARD: &str = "firmware/boards/mps2-an386";

/// Its image.
const IMAGE: &str = "mps2-an386";

/// The profile of its image without TLS and display.
const PLAIN: &str = "plain";

/// What that image is called in the budget.
const PLAIN_IMAGE: &str = "mps2-an386-plain";

/// How it is built, with its boot loader beside it.
const PLAIN_BUILD: &[&str] = &["--profile", PLAIN, "--workspace", "--no-default-features"];

/// The folder of what all boards share.
const KIT: &str = "firmware/board-kit";

#[derive(Debug, Subcommand)]
pub(crate) enum Emulation {
    /// Run an image and print its log; `cargo run --release` in a board's folder ends here.
    Run {
        /// The image; the emulated board's is built without it.
        image: Option<PathBuf>,
        /// The file that is its flash chip; a fresh one without it.
        #[arg(long)]
        chip: Option<PathBuf>,
        /// Arguments of the image, such as `pace=10`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Drive once around the whole loop: image, service, reminder on the screen, buttons, account.
    Loop {
        /// Where the picture of the reminder goes, `target/qemu/screen.png` without it; the one after its answer goes beside it.
        #[arg(long)]
        png: Option<PathBuf>,
        /// The image without TLS and display instead, behind a relay that speaks TLS for it: no screen, no buttons.
        #[arg(long, conflicts_with = "png")]
        plain: bool,
    },
    /// Cut the power again and again, with and without the service, and look at what it and the flash chip hold.
    PowerCut {
        /// How many times the board starts.
        #[arg(long, default_value_t = 300)]
        boots: u32,
        /// What the cuts follow from; a new one is drawn and told without it.
        ///
        /// It fixes which starts get fuel and for how many flash steps, after how many milliseconds the others are killed, and
        /// behind which of them the configuration changes. How far the board has come by then follows the machine's speed.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Let the board panic, hang and fault, and look at what becomes of it.
    Crash,
    /// Enrol a blank board over its bench line, replace its certificate, revoke it, and enrol it again.
    Enrol,
    /// Let a day pass for a parked board, and look at what it tells of it.
    Parked,
    /// Offer the board servers that misbehave, each in its own way, and then the real one.
    EvilServer,
    /// Update the board over the air: well, cut everywhere, with bad images and with images that fail.
    Update {
        /// What the cuts follow from; a new one is drawn and told without it.
        #[arg(long)]
        seed: Option<u64>,
        /// Print what the board says.
        #[arg(long)]
        loud: bool,
    },
}

pub(crate) fn run(root: &Path, emulation: Emulation) -> Result<()> {
    let mut words: Vec<String> = Vec::new();
    let image = match emulation {
        Emulation::Run { image, chip, arguments } => {
            bench(root)?;
            let image = image.map_or_else(|| self::image(root), Ok)?;
            words.push("run".to_owned());
            words.extend(chip.map(|chip| format!("--chip={}", chip.display())));
            words.extend(["--".to_owned(), image.display().to_string()]);
            words.extend(arguments);
            None
        }
        Emulation::Loop { plain: true, .. } => {
            let stack_bytes = budget::stack_bytes(&root.join(BOARD), PLAIN_IMAGE)?;
            words.extend(["plain".to_owned(), format!("--stack-bytes={stack_bytes}")]);
            build(root)?.map(|_| built(root, PLAIN))
        }
        Emulation::Loop { png, plain: false } => {
            let png = png.unwrap_or_else(|| target_folder(root).join("qemu/screen.png"));
            let stack_bytes = budget::stack_bytes(&root.join(BOARD), IMAGE)?;
            words.extend([
                "loop".to_owned(),
                format!("--png={}", png.display()),
                format!("--stack-bytes={stack_bytes}"),
            ]);
            build(root)?
        }
        Emulation::PowerCut { boots, seed } => {
            words.extend(["power-cut".to_owned(), format!("--boots={boots}")]);
            words.extend(seed.map(|seed| format!("--seed={seed}")));
            build(root)?
        }
        Emulation::Crash => {
            words.push("crash".to_owned());
            build(root)?
        }
        Emulation::Enrol => {
            words.push("enrol".to_owned());
            build(root)?
        }
        Emulation::Parked => {
            words.push("parked".to_owned());
            build(root)?
        }
        Emulation::EvilServer => {
            words.push("evil-server".to_owned());
            build(root)?
        }
        Emulation::Update { seed, loud } => {
            words.push("update".to_owned());
            words.extend(seed.map(|seed| format!("--seed={seed}")));
            words.extend(loud.then(|| "--loud".to_owned()));
            build(root)?
        }
    };
    words.extend(image.map(|image| image.display().to_string()));
    run::run(Command::new(target_folder(root).join("debug/milepost-bench")).args(words))
}

/// The step of `cargo xtask test`: everything about boards that needs no person.
pub(crate) fn check(root: &Path) -> Result<()> {
    run::run(run::cargo(&root.join(KIT)).args(["test", "--quiet", "--features", "screen,tls"]))?;
    let lints = ["clippy", "--quiet", "--all-targets", "--features", "screen,tls", "--", "-Dwarnings"];
    run::run(run::cargo(&root.join(KIT)).args(lints))?;
    run::run(run::cargo(&root.join(KIT)).args(["clippy", "--quiet", "--", "-Dwarnings"]))?;
    // In the profile of the build behind it, so that the libraries are checked once.
    let clippy = ["clippy", "--quiet", "--release", "--workspace", "--", "-Dwarnings"];
    run::run(run::board(root, BOARD).args(clippy))?;
    let clippy = [&["clippy", "--quiet"], PLAIN_BUILD, &["--", "-Dwarnings"]].concat();
    run::run(run::board(root, BOARD).args(clippy))?;
    run(root, Emulation::Loop { png: None, plain: false })?;
    run(root, Emulation::Loop { png: None, plain: true })?;
    run(root, Emulation::Enrol)?;
    run(root, Emulation::Parked)?;
    run(root, Emulation::Crash)?;
    run(root, Emulation::EvilServer)?;
    run(root, Emulation::Update { seed: None, loud: false })?;
    run(root, Emulation::PowerCut { boots: 30, seed: None })
}

fn build(root: &Path) -> Result<Option<PathBuf>> {
    bench(root)?;
    image(root).map(Some)
}

fn bench(root: &Path) -> Result<()> {
    // The whole workspace with its tests, as the test run builds it, so that nothing is built twice.
    run::run(run::cargo(root).args(["build", "--quiet", "--workspace", "--all-targets"]))
}

fn image(root: &Path) -> Result<PathBuf> {
    run::run(run::board(root, BOARD).args(["build", "--quiet", "--release", "--workspace"]))?;
    run::run(run::board(root, BOARD).args(["build", "--quiet"]).args(PLAIN_BUILD))?;
    budget::check(root, &root.join(BOARD))?;
    Ok(built(root, "release"))
}

/// Where the image of a profile is built.
fn built(root: &Path, profile: &str) -> PathBuf {
    root.join(run::BOARDS).join(run::BARE_TARGET).join(profile).join(IMAGE)
}
