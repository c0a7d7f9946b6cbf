//! `cargo xtask budget`: what each image takes of what it may take, as `firmware/boards/*/budget.toml` says.
//!
//! Invariant: an image that takes more than its budget fails, and one that was not built is never taken for one that fits.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::elf::{self, Sizes};

/// What an image may take.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    /// The image's name.
    name: String,
    /// Where it is built, from the repository's root.
    path: String,
    /// Bytes of flash: code, constants, and what variables start from.
    flash_bytes: u64,
    /// Bytes of variables.
    static_ram_bytes: u64,
    /// Bytes of stack that the linker has to leave, and the most that a run may use.
    stack_bytes: u64,
    /// Bytes of variables and stack together, where the board's memory has a size that counts.
    ram_bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    image: Vec<Budget>,
}

/// Prints the table of every board, and fails if an image is missing or too large.
pub(crate) fn run(root: &Path) -> Result<()> {
    let boards = root.join("firmware/boards");
    let mut folders = Vec::new();
    for entry in fs::read_dir(&boards).with_context(|| format!("cannot list {}", boards.display()))? {
        folders.push(entry.context("cannot list the boards")?.path());
    }
    folders.retain(|folder| folder.join("budget.toml").is_file());
    folders.sort();
    if folders.is_empty() {
        bail!("no board has a budget.toml");
    }
    // Every board is shown before the first excess fails.
    let checked: Vec<Result<()>> = folders.iter().map(|folder| check(root, folder)).collect();
    checked.into_iter().collect()
}

/// Prints the table of one board, and fails if an image is missing or too large.
pub(crate) fn check(root: &Path, folder: &Path) -> Result<()> {
    let mut images = Vec::new();
    for budget in read(folder)?.image {
        let path = root.join(&budget.path);
        let file = fs::read(&path).with_context(|| format!("{} is not built: {}", budget.name, path.display()))?;
        let sizes = elf::sizes(&file).with_context(|| format!("{} is no image", path.display()))?;
        images.push((budget, sizes));
    }
    let (table, excess) = compare(&images);
    print!("{table}");
    if excess.is_empty() { Ok(()) } else { bail!("over budget: {}", excess.join(", ")) }
}

/// The most stack that a run of an image may use: what the linker has to leave for it.
pub(crate) fn stack_bytes(folder: &Path, image: &str) -> Result<u64> {
    let budget = read(folder)?.image.into_iter().find(|budget| budget.name == image);
    Ok(budget.with_context(|| format!("{} has no budget for {image}", folder.display()))?.stack_bytes)
}

fn read(folder: &Path) -> Result<Budgets> {
    let path = folder.join("budget.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is no budget", path.display()))
}

/// The table, and what takes more than it may.
fn compare(images: &[(Budget, Sizes)]) -> (String, Vec<String>) {
    let mut table = format!("{:24}{:>14}{:>12}{:>12}{:>8}\n", "image", "", "bytes", "room", "");
    let mut excess = Vec::new();
    for (budget, sizes) in images {
        let rows = [
            ("flash", sizes.flash, budget.flash_bytes),
            ("static ram", sizes.static_ram, budget.static_ram_bytes),
            // The other way round: the budget is what the stack may need, and the image has to leave it that much.
            ("stack", budget.stack_bytes, sizes.stack),
        ];
        let both = budget.ram_bytes.map(|allowed| ("ram", sizes.static_ram + sizes.stack, allowed));
        for (what, bytes, allowed) in rows.into_iter().chain(both) {
            let percent = bytes * 100 / allowed.max(1);
            writeln!(table, "{:24}{what:>14}{bytes:>12}{allowed:>12}{percent:>7}%", budget.name)
                .expect("a string takes any text");
            if bytes > allowed {
                excess.push(format!("{} {what}: {bytes} of {allowed} bytes", budget.name));
            }
        }
    }
    (table, excess)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        toml::from_str::<Budgets>(
            "[[image]]\nname = \"a\"\npath = \"b\"\nflash_bytes = 1000\nstatic_ram_bytes = 100\nstack_bytes = 50\n",
        )
        .unwrap()
        .image
        .remove(0)
    }

    #[test]
    fn an_image_that_takes_all_it_may_fits_and_a_byte_more_does_not() {
        let excess = |flash, static_ram, stack| compare(&[(budget(), Sizes { flash, static_ram, stack })]).1;
        assert!(excess(1000, 100, 50).is_empty());
        assert_eq!(excess(1001, 100, 50), ["a flash: 1001 of 1000 bytes"]);
        assert_eq!(excess(1000, 101, 50), ["a static ram: 101 of 100 bytes"]);
        assert_eq!(excess(1000, 100, 49), ["a stack: 50 of 49 bytes"], "what is left for it must not be less");
    }

    #[test]
    fn variables_and_stack_together_have_a_bar_where_the_memory_has_a_size() {
        let image = || Sizes { flash: 1, static_ram: 100, stack: 50 };
        let excess = |ram_bytes| compare(&[(Budget { ram_bytes, ..budget() }, image())]).1;
        assert!(excess(None).is_empty() && excess(Some(150)).is_empty());
        assert_eq!(excess(Some(149)), ["a ram: 150 of 149 bytes"]);
    }

    #[test]
    fn an_image_that_was_not_built_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("budget.toml"),
            "[[image]]\nname = \"a\"\npath = \"none\"\nflash_bytes = 1\nstatic_ram_bytes = 1\nstack_bytes = 1\n",
        )
        .unwrap();
        let error = check(folder.path(), folder.path()).unwrap_err();
        assert!(error.to_string().contains("not built"), "{error:#}");
        assert_eq!(stack_bytes(folder.path(), "a").unwrap(), 1);
        assert!(stack_bytes(folder.path(), "b").is_err(), "nothing is said of it");
    }
}
