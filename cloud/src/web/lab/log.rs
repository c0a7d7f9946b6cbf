//! The tail of a device's log: the newest lines first, down to a level.

use askama::Template;
use milepost_engine::usage::LogLine;
use milepost_protocol::record::LogLevel;
use serde::Deserialize;

use crate::domain::Vehicle;
use crate::i18n::Format;
use crate::web::page::Page;
use crate::web::view;

/// Which lines are shown, and whether they follow the device.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct LogFilter {
    /// The least level: `error`, `warn`, or anything else for all.
    #[serde(default)]
    pub(crate) level: String,
    /// `paused` holds the page still.
    #[serde(default)]
    pub(crate) tail: String,
    /// Whether the settings were just saved.
    #[serde(default)]
    pub(crate) saved: String,
}

impl LogFilter {
    /// The least level that is shown.
    pub(crate) fn least(&self) -> LogLevel {
        level_named(&self.level).unwrap_or(LogLevel::Info)
    }

    /// Whether the page holds still.
    pub(crate) fn is_paused(&self) -> bool {
        self.tail == "paused"
    }
}

/// The level with this name.
pub(crate) fn level_named(name: &str) -> Option<LogLevel> {
    match name {
        "error" => Some(LogLevel::Error),
        "warn" => Some(LogLevel::Warn),
        "info" => Some(LogLevel::Info),
        _ => None,
    }
}

/// The name of a level, as forms and the API write it.
pub(crate) fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
    }
}

/// The lines, as a part of the page that is replaced whole.
#[derive(Template)]
#[template(path = "lab/log.html")]
pub(super) struct Log {
    page: Page,
    lines: Vec<Line>,
    hidden: Option<String>,
}

struct Line {
    level: &'static str,
    word: String,
    when: String,
    machine: String,
    text: String,
}

impl Log {
    pub(super) fn of(page: Page, vehicle: &Vehicle, least: LogLevel, format: &Format) -> Self {
        let lines: Vec<&LogLine> = vehicle.state.log.iter().rev().collect();
        let shown: Vec<Line> =
            lines.iter().filter(|line| line.level <= least).map(|line| self::line(line, format)).collect();
        let hidden = lines.len() - shown.len();
        let hidden = (hidden > 0).then(|| format.localizer.with("lab-log-hidden", [("n", hidden.into())]));
        Self { page, lines: shown, hidden }
    }
}

fn line(line: &LogLine, format: &Format) -> Line {
    Line {
        level: level_name(line.level),
        word: view::log_level(line.level, format.localizer),
        when: format.moment(line.at_ms),
        machine: format.machine(line.at_ms),
        text: line.text.clone(),
    }
}
