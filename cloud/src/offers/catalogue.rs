//! What can be offered: entries and segments, from files and from people.
//!
//! Invariant: no two entries share a number or a name, and an entry that comes after a tip finds that tip.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use milepost_engine::offers::book::Book;
use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_engine::offers::segments::Segment;
use milepost_engine::offers::{EXAMPLE_SEGMENTS, EXAMPLES, EntryError, Wrong, read, read_segments};

use super::trials::ListedTrial;
use crate::rules::Method;

/// An entry with where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// Whether it is made to anybody.
    pub live: bool,
}

/// What can be offered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    entries: BTreeMap<u16, Listed>,
    segments: Vec<Segment>,
    trials: BTreeMap<String, ListedTrial>,
}

impl Catalogue {
    /// Our own example catalogue.
    pub fn examples() -> Result<Self, EntryError> {
        let (file, text) = EXAMPLE_SEGMENTS;
        let segments = read_segments(file, text)?;
        let mut entries = Vec::new();
        for (file, text) in EXAMPLES {
            entries.push((file.to_owned(), read(file, text)?));
        }
        Self::new(entries, segments)
    }

    /// A catalogue of entries with their files' names, all of them live.
    pub fn new(entries: Vec<(String, Entry)>, segments: Vec<Segment>) -> Result<Self, EntryError> {
        let mut catalogue = Self { entries: BTreeMap::new(), segments, trials: BTreeMap::new() };
        let files: Vec<(String, u16)> = entries.iter().map(|(file, entry)| (file.clone(), entry.id)).collect();
        for (file, entry) in entries {
            if catalogue.entries.contains_key(&entry.id) {
                let wrong = Wrong::Twice(entry.id.to_string());
                return Err(EntryError::whole(file, "id", wrong));
            }
            catalogue.put(&file, entry, true)?;
        }
        for (file, id) in files {
            catalogue.check_tip(&file, id)?;
        }
        Ok(catalogue)
    }

    /// Puts an entry in place of the one with its number; `file` stands for where it comes from in errors.
    pub fn put(&mut self, file: &str, entry: Entry, live: bool) -> Result<(), EntryError> {
        let same_code = |listed: &&Listed| listed.entry.code == entry.code && listed.entry.id != entry.id;
        if self.entries.values().find(same_code).is_some() {
            let wrong = Wrong::Twice(entry.code);
            return Err(EntryError::whole(file, "code", wrong));
        }
        self.entries.insert(entry.id, Listed { entry, live });
        Ok(())
    }

    /// Checks that an entry finds the tip that it comes after.
    pub fn check_tip(&self, file: &str, id: u16) -> Result<(), EntryError> {
        let Some(tip) = self.entries.get(&id).and_then(|listed| listed.entry.after) else { return Ok(()) };
        if self.entries.get(&tip).is_some_and(|listed| listed.entry.kind == Kind::Tip) {
            return Ok(());
        }
        Err(EntryError::whole(file, "after", Wrong::NoTip(tip)))
    }

    /// All entries by number.
    pub fn entries(&self) -> impl Iterator<Item = &Listed> {
        self.entries.values()
    }

    /// One entry.
    pub fn entry(&self, id: u16) -> Option<&Listed> {
        self.entries.get(&id)
    }

    /// The entries of one kind that are made to people.
    pub fn live(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(move |listed| listed.live && listed.entry.kind == kind).map(|listed| &listed.entry)
    }

    /// The segments, in their order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// All experiments by name.
    pub fn trials(&self) -> impl Iterator<Item = &ListedTrial> {
        self.trials.values()
    }

    /// One experiment.
    pub fn trial(&self, id: &str) -> Option<&ListedTrial> {
        self.trials.get(id)
    }

    /// Puts an experiment that was checked.
    pub(super) fn set_trial(&mut self, listed: ListedTrial) {
        self.trials.insert(listed.trial.id.clone(), listed);
    }
}

/// The catalogue that decisions are made from; clones share it, and a new one takes its place at once.
#[derive(Debug, Clone, Default)]
pub struct Desk(Arc<RwLock<OnDesk>>);

#[derive(Debug, Default)]
struct OnDesk {
    catalogue: Arc<Catalogue>,
    book: Arc<Book>,
    method: Option<Method>,
}

impl Desk {
    /// A desk with a catalogue on it.
    pub fn new(catalogue: Catalogue) -> Self {
        Self(Arc::new(RwLock::new(OnDesk { catalogue: Arc::new(catalogue), ..OnDesk::default() })))
    }

    /// The catalogue as it stands.
    pub fn now(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).catalogue)
    }

    /// Puts another in its place.
    pub fn set(&self, catalogue: Catalogue) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).catalogue = Arc::new(catalogue);
    }

    /// The book as it was last committed.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).book)
    }

    /// By what arms are drawn, if somebody has chosen that.
    pub fn method(&self) -> Option<Method> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).method
    }

    /// Puts a chosen policy in force.
    pub(super) fn set_method(&self, method: Option<Method>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).method = method;
    }

    /// Shows the book as it is committed now.
    pub(crate) fn publish(&self, book: &Arc<Book>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).book = Arc::clone(book);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_examples_hold_and_speak_of_one_thing_each() {
        let catalogue = Catalogue::examples().unwrap();
        assert_eq!((catalogue.live(Kind::Offer).count(), catalogue.live(Kind::Tip).count()), (6, 1));
        assert_eq!(catalogue.segments().len(), 6);
    }

    #[test]
    fn a_number_a_name_and_a_missing_tip_are_told_with_their_file() {
        let entries: Vec<(String, Entry)> =
            EXAMPLES.map(|(file, text)| (file.to_owned(), read(file, text).unwrap())).to_vec();
        let told = |entries: Vec<(String, Entry)>| Catalogue::new(entries, Vec::new()).unwrap_err().to_string();
        let mut twice = entries.clone();
        twice[1].1.id = 1;
        assert_eq!(told(twice), "winter-driving.toml:1: id: \"1\" stands twice");
        let mut named = entries.clone();
        named[2].1.code = "winter-tyres".to_owned();
        assert_eq!(told(named), "battery-check.toml:1: code: \"winter-tyres\" stands twice");
        let without: Vec<_> = entries.into_iter().filter(|(_, entry)| entry.kind == Kind::Offer).collect();
        assert_eq!(told(without), "winter-tyres.toml:1: after: the catalogue has no tip 2");
    }
}
