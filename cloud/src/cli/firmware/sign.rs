//! Keys and signatures, offline.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use milepost_protocol::update::{MAX_BOARD_LEN, Manifest, Version};
use sha2::{Digest as _, Sha256};

use super::super::output;
use crate::firmware::{Bundle, SigningKey, hex, parse_key, trusts};

#[derive(Debug, Args)]
pub(in crate::cli) struct Keygen {
    /// Where the private key goes, PKCS#8 PEM, readable by you alone; a file that exists is never overwritten.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Sign {
    /// The private key.
    #[arg(long)]
    key: PathBuf,
    /// The board that the image runs on.
    #[arg(long)]
    board: String,
    /// The image's version, MAJOR.MINOR.PATCH.
    #[arg(long)]
    version: Version,
    /// Once the image is confirmed, no version below this one is ever taken again; nothing is held back without it.
    #[arg(long)]
    floor: Option<Version>,
    /// The first eight bytes of the build id, 16 hexadecimal digits; the first bytes of the image's hash without it.
    #[arg(long, value_parser = build_id)]
    build: Option<[u8; 8]>,
    /// The image.
    image: PathBuf,
    /// The signed image.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// A public key that must have signed it, 64 hexadecimal digits.
    #[arg(long, value_parser = public_key)]
    public: Option<[u8; 32]>,
    /// The signed image.
    file: PathBuf,
}

fn build_id(text: &str) -> Result<[u8; 8], String> {
    let number = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16);
    number.map(u64::to_be_bytes).ok_or_else(|| "not 16 hexadecimal digits".to_owned())
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    parse_key(text).ok_or_else(|| "not an Ed25519 public key of 64 hexadecimal digits".to_owned())
}

impl Keygen {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let key = SigningKey::generate()?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&self.out);
        let written = file.and_then(|mut file| {
            file.write_all(key.pem().as_bytes())?;
            file.sync_all()
        });
        written.with_context(|| format!("writing the key failed, {}", self.out.display()))?;
        output::line(&key.public_hex())
    }
}

impl Sign {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { key, board, version, floor, build, image, out } = self;
        let key = SigningKey::read(&key)?;
        let bytes = fs::read(&image).with_context(|| format!("reading the image failed, {}", image.display()))?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let board = board.as_str().try_into();
        let manifest = Manifest {
            board: board.map_err(|_| anyhow::anyhow!("board's name is longer than {MAX_BOARD_LEN} bytes"))?,
            version,
            floor: floor.unwrap_or_default(),
            build: build.unwrap_or_else(|| *sha256.first_chunk().expect("32 bytes begin with 8")),
            len: u32::try_from(bytes.len()).context("the image is too long")?,
            sha256,
        };
        let bundle = Bundle::new(key.sign(&manifest)?, bytes)?;
        fs::write(&out, bundle.encode()).with_context(|| format!("writing failed, {}", out.display()))?;
        output::line(&describe(&manifest).to_string())
    }
}

impl Inspect {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let bytes = fs::read(&self.file).with_context(|| format!("reading failed, {}", self.file.display()))?;
        let bundle = Bundle::decode(&bytes).with_context(|| self.file.display().to_string())?;
        if let Some(public) = self.public {
            anyhow::ensure!(trusts(&[public], &bundle.signed), "not signed by this key, {}", self.file.display());
        }
        output::line(&describe(&bundle.manifest).to_string())
    }
}

fn describe(manifest: &Manifest) -> serde_json::Value {
    serde_json::json!({
        "board": manifest.board.as_str(),
        "version": manifest.version.to_string(),
        "floor": manifest.floor.to_string(),
        "build": hex(&manifest.build),
        "len": manifest.len,
        "sha256": hex(&manifest.sha256),
    })
}
