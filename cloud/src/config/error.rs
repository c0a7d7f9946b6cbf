//! What is wrong with a configuration, and where.

use std::ops::Range;
use std::path::PathBuf;

/// Why a configuration is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not read.
    #[error("reading {path} failed", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A place in the file is wrong.
    #[error("{file}:{line}: {key}: {message}")]
    Wrong {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The key with its section, as far as one is there.
        key: String,
        /// What is wrong.
        message: String,
    },
}

impl ConfigError {
    pub(super) fn syntax(error: &toml::de::Error, text: &str, file: &str) -> Self {
        let at = error.span().map_or(0, |Range { start, .. }| start).min(text.len());
        let line = text[..at].matches('\n').count() + 1;
        let message = unknown_key(error.message()).unwrap_or_else(|| error.message().to_owned());
        Self::Wrong { file: file.to_owned(), line, key: key_at(text, line), message }
    }

    pub(super) fn value(key: &str, message: String, text: &str, file: &str) -> Self {
        let line = (1..=text.lines().count()).find(|line| key_at(text, *line) == key).unwrap_or(1);
        Self::Wrong { file: file.to_owned(), line, key: key.to_owned(), message }
    }
}

/// The key on a line, with the section that stands above it.
fn key_at(text: &str, line: usize) -> String {
    let section = |text: &str| {
        let name = text.trim().strip_prefix('[')?.split(']').next()?;
        Some(name.trim_matches('[').trim().to_owned())
    };
    let lines: Vec<_> = text.lines().take(line).collect();
    let Some(last) = lines.last() else { return "file".to_owned() };
    if let Some(section) = section(last) {
        return section;
    }
    let key = last.split('=').next().unwrap_or_default().trim();
    let above = lines.iter().rev().find_map(|line| section(line));
    match above {
        Some(section) => format!("{section}.{key}"),
        None => key.to_owned(),
    }
}

/// Turns serde's "unknown field `x`, expected one of `y`, `z`" into a suggestion.
fn unknown_key(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (wrong, rest) = rest.split_once('`')?;
    let known: Vec<_> = rest.split('`').skip(1).step_by(2).collect();
    let nearest = known.iter().map(|key| (distance(wrong, key), *key)).min();
    Some(match nearest {
        Some((distance, key)) if distance <= 1 + wrong.len() / 3 => {
            format!("unknown key; did you mean `{key}`?")
        }
        _ => format!("unknown key; known here are {}", known.join(", ")),
    })
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
