//! A CAN log as the core sees a bus: frames in time, and ticks where the bus is silent.
//!
//! Invariant: times never fall; a line whose time lies before the one above it is moved up to it and counted as stale, and so is one
//! that is far ahead of both its neighbours. Where the clock was set back for good, time goes on from there.

use std::path::Path;

use milepost_firmware::Frame;

use crate::log::{Broken, Channels, Entry, LogError, Payload, Reader};

/// Silence is told second by second this long, and then in one leap to the next frame.
const TOLD_SILENCE_US: u64 = 300_000_000;
const TICK_US: u64 = 1_000_000;

/// Buses that are written in blocks stand out of order by less than this; beyond it, a clock was set.
const DISORDER_US: u64 = 60_000_000;

/// A leap that may be a wild stamp instead of a silence.
const LEAP_US: u64 = 60_000_000;

/// What the core is to be told next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A frame.
    Frame {
        /// On the log's scale, in microseconds.
        at_us: u64,
        /// The frame.
        frame: Frame,
    },
    /// Nothing for a second.
    Tick {
        /// On the log's scale, in microseconds.
        at_us: u64,
    },
}

impl Input {
    /// When, on the log's scale, in microseconds.
    pub fn at_us(&self) -> u64 {
        match self {
            Self::Frame { at_us, .. } | Self::Tick { at_us } => *at_us,
        }
    }
}

/// What of a log did not reach the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// Lines that went back in time.
    pub stale: u64,
    /// Remote frames, which carry nothing.
    pub remote: u64,
}

/// A log being played.
#[derive(Debug)]
pub struct Recording {
    reader: Reader,
    channels: Channels,
    /// Up to when the core was told.
    at_us: Option<u64>,
    /// When the last frame came.
    heard_us: Option<u64>,
    pending: Option<(u64, Frame)>,
    /// A line that was looked at ahead of its turn.
    ahead: Option<Entry>,
    /// By how much the log's clock was set back so far.
    set_back_us: u64,
    skipped: Skipped,
}

impl Recording {
    /// Opens a log. `channels` become buses 0, 1, …; others follow in the order of their appearance.
    pub fn open(path: &Path, channels: impl IntoIterator<Item = String>) -> Result<Self, LogError> {
        Ok(Self {
            reader: Reader::open(path)?,
            channels: Channels::fixed(channels),
            at_us: None,
            heard_us: None,
            pending: None,
            ahead: None,
            set_back_us: 0,
            skipped: Skipped::default(),
        })
    }

    /// What happens next; `None` at the end.
    pub fn next_input(&mut self) -> Result<Option<Input>, LogError> {
        let (frame_us, frame) = match self.pending.take() {
            Some(pending) => pending,
            None => match self.next_frame()? {
                Some(next) => next,
                None => return Ok(None),
            },
        };
        let last_us = *self.at_us.get_or_insert(frame_us);
        let heard_us = *self.heard_us.get_or_insert(frame_us);
        // A long silence is told at its beginning, where trips end; the leap comes with the next frame.
        let tick_us = last_us + TICK_US;
        if tick_us < frame_us && tick_us - heard_us <= TOLD_SILENCE_US {
            self.pending = Some((frame_us, frame));
            self.at_us = Some(tick_us);
            return Ok(Some(Input::Tick { at_us: tick_us }));
        }
        self.heard_us = Some(frame_us);
        self.at_us = Some(frame_us);
        Ok(Some(Input::Frame { at_us: frame_us, frame }))
    }

    /// The lines that were no frames, so far.
    pub fn broken(&self) -> &Broken {
        self.reader.broken()
    }

    /// The frames that did not count, so far.
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// The log's name.
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    fn next_frame(&mut self) -> Result<Option<(u64, Frame)>, LogError> {
        while let Some(entry) = self.next_entry()? {
            let at_us = self.moment(entry.at_us)?;
            let Payload::Data(data) = entry.payload else {
                self.skipped.remote += 1;
                continue;
            };
            let bus = self.channels.bus(&entry.channel);
            let frame = Frame::new(bus, entry.id, &data).expect("the reader keeps to 64 bytes");
            return Ok(Some((at_us, frame)));
        }
        Ok(None)
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, LogError> {
        match self.ahead.take() {
            Some(entry) => Ok(Some(entry)),
            None => self.reader.next_entry(),
        }
    }

    /// When a line of `written_us` is told.
    fn moment(&mut self, written_us: u64) -> Result<u64, LogError> {
        let at_us = written_us.saturating_add(self.set_back_us);
        let Some(last_us) = self.heard_us else { return Ok(at_us) };
        if at_us >= last_us.saturating_sub(DISORDER_US) && at_us <= last_us.saturating_add(LEAP_US) {
            self.skipped.stale += u64::from(at_us < last_us);
            return Ok(at_us.max(last_us));
        }
        self.ahead = self.next_entry()?;
        let next_us = self.ahead.as_ref().map(|next| next.at_us.saturating_add(self.set_back_us));
        if at_us > last_us {
            let wild = next_us.is_some_and(|next_us| next_us < at_us && next_us.abs_diff(last_us) < at_us - next_us);
            self.skipped.stale += u64::from(wild);
            return Ok(if wild { last_us } else { at_us });
        }
        self.skipped.stale += 1;
        if next_us.is_none_or(|next_us| next_us < last_us.saturating_sub(DISORDER_US)) {
            self.set_back_us += last_us - at_us;
        }
        Ok(last_us)
    }
}
