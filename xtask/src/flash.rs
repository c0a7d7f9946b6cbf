//! `cargo xtask flash`: builds an image, writes it to its board, and has the station enrol the board or hand in a receipt.
//!
//! The engineer's password is the first line of standard input, for the station alone.
//! Invariant: the hash in the receipt is that of the very file that was written.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use crate::demo::target_folder;
use crate::run;

/// The boards that can be flashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Board {
    /// Emulated by QEMU, which loads the image by itself; its line is a socket.
    #[value(name = "mps2-an386")]
    Mps2An386,
    /// Silicon, through its on-board debugger.
    #[value(name = "nucleo-f767zi")]
    NucleoF767zi,
}

impl Board {
    fn name(self) -> &'static str {
        match self {
            Self::Mps2An386 => "mps2-an386",
            Self::NucleoF767zi => "nucleo-f767zi",
        }
    }

    /// The chip's name for probe-rs; none where nothing has to be written.
    fn chip(self) -> Option<&'static str> {
        match self {
            Self::Mps2An386 => None,
            Self::NucleoF767zi => Some("STM32F767ZITx"),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Flash {
    /// The board.
    #[arg(long, value_enum)]
    board: Board,
    /// The image; the board's own is built without it.
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Have the board make a key and give it a certificate.
    #[arg(long, requires_all = ["port", "server", "cloud", "user"])]
    enrol: bool,
    /// The board's line: a serial port, `tcp:HOST:PORT` or `unix:PATH`.
    #[arg(long)]
    port: Option<String>,
    /// The front door, as the board will dial it.
    #[arg(long, value_name = "HOST:PORT")]
    server: Option<String>,
    /// The name in the server's certificate; the host without it.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// The bit rate of the car's bus, in bits a second; 500000 without it.
    #[arg(long, requires = "enrol")]
    bit_rate: Option<u32>,
    /// Have the board ask the car for OBD-II values; it only listens otherwise.
    #[arg(long, requires = "enrol")]
    ask: bool,
    /// The device's id; with --enrol the board's serial number without it.
    #[arg(long)]
    device: Option<String>,
    /// The pages and the API; with an account a receipt is handed in.
    #[arg(long, value_name = "URL", requires = "user")]
    cloud: Option<String>,
    /// The engineer's account.
    #[arg(long, requires = "cloud")]
    user: Option<String>,
    /// Where to write the signed receipt; to standard output without it.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

pub(crate) fn run(root: &Path, flash: &Flash) -> Result<()> {
    let station = words(flash, "")?.is_some();
    if station {
        // First, so that nothing is written to a board that could not be enrolled.
        run::run(run::cargo(root).args(["build", "--package", "milepost-station", "--bins"]))?;
    }
    let image = match &flash.image {
        Some(image) => image.clone(),
        None => build(root, flash.board)?,
    };
    let bytes = std::fs::read(&image).with_context(|| format!("cannot read {}", image.display()))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    println!("image {} {sha256}", image.display());
    if let Some(chip) = flash.board.chip() {
        run::run(Command::new("probe-rs").args(["download", "--chip", chip]).arg(&image))?;
        run::run(Command::new("probe-rs").args(["reset", "--chip", chip]))?;
    }
    let Some(words) = words(flash, &sha256)? else { return Ok(()) };
    let mut station = Command::new(target_folder(root).join("debug/milepost-station"));
    station.args(words);
    if let Some(path) = &flash.receipt {
        let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        station.stdout(Stdio::from(file));
    }
    run::run(&mut station)
}

fn build(root: &Path, board: Board) -> Result<PathBuf> {
    let folder = format!("firmware/boards/{}", board.name());
    if !root.join(&folder).join("Cargo.toml").is_file() {
        bail!("there is no board in {folder}");
    }
    run::run(run::board(root, &folder).args(["build", "--release"]))?;
    Ok(root.join(run::BOARDS).join(run::BARE_TARGET).join("release").join(board.name()))
}

/// The station's call; none if nobody is told.
fn words(flash: &Flash, sha256: &str) -> Result<Option<Vec<String>>> {
    let (Some(cloud), Some(user)) = (&flash.cloud, &flash.user) else { return Ok(None) };
    let mut words = vec![if flash.enrol { "enrol" } else { "receipt" }.to_owned()];
    let tool = concat!("xtask ", env!("CARGO_PKG_VERSION"));
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            words.extend([format!("--{name}"), value.to_owned()]);
        }
    };
    add("cloud", Some(cloud));
    add("user", Some(user));
    add("board", Some(flash.board.name()));
    add("image-sha256", Some(sha256));
    add("tool", Some(tool));
    add("device", flash.device.as_deref());
    if flash.enrol {
        add("port", flash.port.as_deref());
        add("server", flash.server.as_deref());
        add("server-name", flash.server_name.as_deref());
        add("bit-rate", flash.bit_rate.map(|bit_rate| bit_rate.to_string()).as_deref());
        if flash.ask {
            words.push("--ask".to_owned());
        }
    } else if flash.device.is_none() {
        bail!("a receipt without --enrol needs --device");
    }
    Ok(Some(words))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Call {
        #[command(flatten)]
        flash: Flash,
    }

    fn call(words: &str) -> Result<Flash, clap::Error> {
        Call::try_parse_from(["flash"].into_iter().chain(words.split_whitespace())).map(|call| call.flash)
    }

    #[test]
    fn without_an_account_nobody_is_told() {
        let flash = call("--board mps2-an386").unwrap();
        assert_eq!(words(&flash, "ab").unwrap(), None);
    }

    #[test]
    fn an_enrolment_names_everything_that_the_station_needs() {
        let all = "--board nucleo-f767zi --enrol --port /dev/ttyACM0 --server h:1 --cloud http://c --user emil";
        let flash = call(all).unwrap();
        let words = words(&flash, "ab").unwrap().unwrap().join(" ");
        let car = call(&format!("{all} --bit-rate 250000 --ask")).unwrap();
        let of_car = self::words(&car, "ab").unwrap().unwrap().join(" ");
        assert_eq!(of_car, format!("{words} --bit-rate 250000 --ask"));
        let tool = format!("--tool xtask {}", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            words,
            format!(
                "enrol --cloud http://c --user emil --board nucleo-f767zi --image-sha256 ab {tool} --port /dev/ttyACM0 --server h:1"
            )
        );
        for missing in ["--port /dev/ttyACM0", "--server h:1", "--user emil"] {
            assert!(call(&all.replace(missing, "")).is_err(), "{missing}");
        }
    }

    #[test]
    fn a_receipt_names_its_device() {
        let flash = call("--board mps2-an386 --cloud http://c --user emil").unwrap();
        assert!(words(&flash, "ab").is_err());
        let flash = call("--board mps2-an386 --cloud http://c --user emil --device dev-1").unwrap();
        assert!(words(&flash, "ab").unwrap().unwrap().join(" ").starts_with("receipt "));
    }
}
