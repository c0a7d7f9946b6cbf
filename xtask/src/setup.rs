//! Installs what the tests need and says each thing.
//!
//! Invariant: a second run changes nothing and is quick; what the tests need and cannot be installed is an error that says what to do
//! by hand.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::demo::target_folder;
use crate::run::{self, BARE_TARGET, which};

/// A program that tests call, and the Debian package that brings it.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("mosquitto", "mosquitto", "a broker that stands in for any foreign one"),
    ("mosquitto_pub", "mosquitto-clients", "an MQTT client that is not ours"),
    ("chromium", "chromium", "the browser of the page tests"),
    ("node", "nodejs", "runs the page tests"),
    ("npm", "npm", "installs the page tests' libraries"),
    ("qemu-system-arm", "qemu-system-arm", "the emulated board"),
    ("valgrind", "valgrind", "counts instructions for `cargo xtask bench`"),
];

/// The Debian package with a face for Chinese pages, of which a browser without one draws empty boxes.
const CHINESE_FACE: &str = "fonts-wqy-microhei";

/// A Python package: its folder below the target folder, its name, and a program that it brings.
type Peer = (&'static str, &'static str, &'static str);

/// An adapter and a car that are not ours.
const ELM327_EMULATOR: Peer = ("peers/elm327", "ELM327-emulator", "bin/elm");

/// The decoder that ours is measured beside.
pub(crate) const CANTOOLS: Peer = ("peers/cantools", "cantools", "bin/cantools");

pub(crate) fn run(root: &Path) -> Result<()> {
    target()?;
    packages()?;
    page_tests(root)?;
    for (folder, package, program) in [ELM327_EMULATOR, CANTOOLS] {
        let installed = python(&target_folder(root).join(folder), package, program)?;
        println!("{package}: {}", if installed { "installed for Python, in a folder of its own" } else { "there" });
    }
    println!(
        "{}",
        if nextest(root) { "cargo-nextest: there" } else { "cargo-nextest: not there, `cargo test` stands in" }
    );
    Ok(())
}

/// Whether cargo-nextest can run the tests.
pub(crate) fn nextest(root: &Path) -> bool {
    run::works(run::cargo(root).args(["nextest", "--version"]))
}

fn target() -> Result<()> {
    let installed = || {
        run::output(Command::new("rustc").args(["--print", "target-libdir", "--target", BARE_TARGET]))
            .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
    };
    if installed() {
        println!("Rust target {BARE_TARGET}: there");
        return Ok(());
    }
    println!("Rust target {BARE_TARGET}: installing");
    run::run(Command::new("rustup").args(["target", "add", BARE_TARGET])).with_context(|| {
        format!("the core is built for {BARE_TARGET}; install that target for the toolchain of rust-toolchain.toml")
    })
}

fn packages() -> Result<()> {
    let chosen = std::env::var_os("CHROMIUM").is_some();
    let mut missing = Vec::new();
    for &(program, package, purpose) in PROGRAMS {
        if which(program).is_some() || (program == "chromium" && chosen) {
            println!("{program}: there");
        } else {
            println!("{program}: missing ({purpose}), installing Debian package {package}");
            missing.push(package);
        }
    }
    if !missing.is_empty() {
        install(&missing)?;
    }
    if has_chinese_face() {
        println!("a Chinese face: there");
        return Ok(());
    }
    println!(
        "a Chinese face: missing (the page tests' browser draws with it), installing Debian package {CHINESE_FACE}"
    );
    if let Err(error) = install(&[CHINESE_FACE]) {
        println!("warning: {error:#}; the page tests pass without it, and pictures of Chinese pages show empty boxes");
    }
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = || format!("install by hand: {}", packages.join(" "));
    if which("apt-get").is_none() {
        bail!("no apt-get on this machine; {}", by_hand());
    }
    run::run(&mut privileged(&["apt-get", "update", "-q"])?).with_context(by_hand)?;
    let mut install = privileged(&["apt-get", "install", "-q", "-y", "--no-install-recommends"])?;
    run::run(install.args(packages)).with_context(by_hand)
}

/// The call itself for root, behind `sudo` for everyone else.
fn privileged(words: &[&str]) -> Result<Command> {
    let root = run::output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if root {
        Command::new(words[0])
    } else if which("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        sudo.arg(words[0]);
        sudo
    } else {
        bail!("`{}` needs root, and there is no sudo", words.join(" "));
    };
    command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn has_chinese_face() -> bool {
    let faces = Command::new("fc-list").args([":lang=zh", "family"]).output();
    faces.is_ok_and(|faces| faces.status.success() && !faces.stdout.is_empty())
}

/// Installs a Python package into a folder of its own, from which `program` can be called; answers whether it was missing.
pub(crate) fn python(folder: &Path, package: &str, program: &str) -> Result<bool> {
    if folder.join(program).is_file() {
        return Ok(false);
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let made = run::quietly(Command::new("python3").args(["-m", "venv"]).arg(folder));
    made.context("Python's venv is missing; Debian has it in python3-venv")?;
    run::quietly(Command::new(folder.join("bin/python")).args(["-m", "pip", "install", "--quiet", package]))?;
    Ok(true)
}

fn page_tests(root: &Path) -> Result<()> {
    let folder = root.join("tests/web");
    let wanted = std::fs::read(folder.join("package-lock.json")).context("cannot read tests/web/package-lock.json")?;
    let stamp = folder.join("node_modules/.milepost-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("tests/web: its libraries are there");
        return Ok(());
    }
    println!("tests/web: installing its libraries");
    run::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
