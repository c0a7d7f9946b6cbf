//! Proves that the portable crates of the car link neither `alloc` nor `std`.
//!
//! A static library without a global allocator is linked around each for a microcontroller.
//! rustc refuses to link as soon as any crate below it declares `extern crate alloc`, used or not, and the target has no `std` at all.

mod size;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::run::{self, BARE_TARGET};

/// How each manifest here ends: built as boards build, so that libraries are built once, and in no workspace.
const MANIFEST_END: &str =
    "[profile.release]\nopt-level = \"z\"\nlto = \"fat\"\ncodegen-units = 1\npanic = \"abort\"\n\n[workspace]\n";

pub(crate) fn run(root: &Path) -> Result<()> {
    let bare = root.join("target/bare");
    let built = bare.join("target");
    for (name, path) in [
        ("milepost-firmware", "firmware"),
        ("milepost-display", "firmware/display"),
        ("milepost-identity", "firmware/identity"),
    ] {
        let folder = bare.join(name);
        prepare(&folder, name, &root.join(path))?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
        run::run(&mut link(&folder, &built)).with_context(|| format!("{name} must link without `alloc` and `std`"))?;
        println!("{name} links neither alloc nor std");
    }
    size::check(root, &bare.join("image"), &built)
}

/// Writes a package that links the crate `name` at `path` and nothing else.
fn prepare(folder: &Path, name: &str, path: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"bare\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [lib]\ncrate-type = [\"staticlib\"]\npath = \"lib.rs\"\n\n\
         [dependencies]\n{name} = {{ path = {:?} }}\n\n{MANIFEST_END}",
        path.display().to_string(),
    );
    let source = format!(
        "#![no_std]\nextern crate {} as _;\n\n\
         #[panic_handler]\nfn panic(_: &core::panic::PanicInfo<'_>) -> ! {{\n    loop {{}}\n}}\n",
        name.replace('-', "_"),
    );
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("Cargo.toml"), manifest).context("cannot write the manifest of the link check")?;
    fs::write(folder.join("lib.rs"), source).context("cannot write the source of the link check")
}

fn link(folder: &Path, built: &Path) -> std::process::Command {
    let mut command = run::cargo(folder);
    command.args(["build", "--release", "--target", BARE_TARGET, "--target-dir"]).arg(built);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Links a one-line core and answers what the compiler said.
    fn check(core: &str) -> (bool, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("core");
        fs::create_dir_all(path.join("src")).unwrap();
        fs::write(path.join("Cargo.toml"), "[package]\nname = \"some-core\"\nedition = \"2024\"\n").unwrap();
        fs::write(path.join("src/lib.rs"), core).unwrap();
        let check = folder.path().join("bare");
        prepare(&check, "some-core", &path).unwrap();
        let output = link(&check, &check.join("target")).arg("--offline").output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn a_core_of_its_own_links() {
        let (linked, said) = check("#![no_std]\npub fn double(x: u32) -> u32 { x * 2 }\n");
        assert!(linked, "{said}");
    }

    #[test]
    fn a_core_that_declares_alloc_does_not_link_even_if_it_never_allocates() {
        let (linked, said) = check("#![no_std]\nextern crate alloc;\n");
        assert!(!linked && said.contains("no global memory allocator"), "{said}");
    }

    #[test]
    fn a_core_that_uses_std_does_not_build() {
        let (linked, said) = check("pub fn double(x: u32) -> u32 { x * 2 }\n");
        assert!(!linked && said.contains("can't find crate for `std`"), "{said}");
    }
}
