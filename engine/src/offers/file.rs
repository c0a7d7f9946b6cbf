//! The shape of a catalogue's files: one entry each, and one file of segments.
//!
//! Invariant: a field that is not known here is an error, and so is a condition on a fact that does not exist or of another
//! kind; each error names file, line and key.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::arm::{Channel, Timing};
use super::catalogue::{Action, Benefit, Content, Entry, Hundredths, Kind};
use super::eligibility::{Condition, Test};
use super::error::{EntryError, Wrong};
use super::segments::Segment;
use super::{facts, words};
use crate::located::{self, Found};
use crate::plans::item_id;

/// The longest title that the car's display takes, in bytes.
const TITLE_BYTES: usize = 64;

/// The longest text that the car's display takes, in bytes.
const BODY_BYTES: usize = 200;

/// What a figure takes of a text, in bytes.
const FIGURE_BYTES: usize = 8;

/// How deep conditions may stand within each other.
const DEEPEST: usize = 8;

/// The languages that every entry speaks.
pub const LANGUAGES: [&str; 3] = ["en", "de", "zh-Hans"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContent {
    title: Spanned<String>,
    body: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPer {
    fact: Spanned<String>,
    amount: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBenefit {
    #[serde(default)]
    base: Hundredths,
    per: Option<RawPer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    all: Option<Vec<Spanned<RawCondition>>>,
    any: Option<Vec<Spanned<RawCondition>>>,
    not: Option<Box<Spanned<RawCondition>>>,
    fact: Option<String>,
    at_least: Option<f64>,
    below: Option<f64>,
    is: Option<bool>,
    one_of: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: Spanned<u16>,
    code: Spanned<String>,
    version: u32,
    kind: Spanned<String>,
    #[serde(default)]
    price: Hundredths,
    margin: Option<Spanned<Hundredths>>,
    #[serde(default)]
    dealers: BTreeSet<String>,
    stock: Option<u32>,
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
    #[serde(default)]
    channels: Vec<Spanned<String>>,
    #[serde(default)]
    timings: Vec<Spanned<String>>,
    action: Option<Spanned<String>>,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    #[serde(default)]
    safety: bool,
    remedies: Option<Spanned<String>>,
    after: Option<u16>,
    rest_days: Option<u16>,
    stands_days: Option<u16>,
    #[serde(default)]
    benefit: RawBenefit,
    content: Spanned<BTreeMap<String, RawContent>>,
    eligible: Spanned<RawCondition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSegment {
    name: Spanned<String>,
    version: u32,
    member: Spanned<RawCondition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSegments {
    segment: Vec<RawSegment>,
}

/// What was read, or where it is wrong.
pub(super) type Checked<T> = Result<T, Found<Wrong>>;

pub(super) fn wrong<T>(at: usize, key: &str, wrong: Wrong) -> Checked<T> {
    Err(Found::new(at, key, wrong))
}

/// Reads and checks an entry of the catalogue.
pub fn read(file: &str, text: &str) -> Result<Entry, EntryError> {
    let raw = located::parse(file, text, Wrong::Syntax)?;
    entry(raw).map_err(|found| found.placed(file, text))
}

/// Reads and checks a file of segments.
pub fn read_segments(file: &str, text: &str) -> Result<Vec<Segment>, EntryError> {
    let raw: RawSegments = located::parse(file, text, Wrong::Syntax)?;
    segments(raw).map_err(|found| found.placed(file, text))
}

fn entry(raw: RawEntry) -> Checked<Entry> {
    let kind = match raw.kind.get_ref().as_str() {
        "tip" => Kind::Tip,
        "offer" => Kind::Offer,
        _ => return wrong(raw.kind.span().start, "kind", Wrong::NoneOf(&["tip", "offer"])),
    };
    if !is_name(raw.code.get_ref()) {
        return wrong(raw.code.span().start, "code", Wrong::Name);
    }
    let margin = match (kind, &raw.margin) {
        (Kind::Offer, None) => return wrong(raw.code.span().start, "margin", Wrong::Missing),
        (Kind::Offer, Some(margin)) if *margin.get_ref() <= 0 => {
            return wrong(margin.span().start, "margin", Wrong::NotAboveZero);
        }
        (Kind::Tip, Some(margin)) => return wrong(margin.span().start, "margin", Wrong::OfTip),
        (Kind::Offer, Some(margin)) => *margin.get_ref(),
        (Kind::Tip, None) => 0,
    };
    let (from_ms, until_ms) = (bound(raw.from.as_ref(), 0)?, bound(raw.until.as_ref(), u64::MAX)?);
    if from_ms >= until_ms {
        let at = raw.until.as_ref().map_or(0, |until| until.span().start);
        return wrong(at, "until", Wrong::EndsBeforeItBegins);
    }
    let channels = named(&raw.channels, "channels", Channel::from_name, &["account", "car"])?;
    let timings = named(&raw.timings, "timings", Timing::from_name, &["now", "saturday"])?;
    let action = match raw.action.as_ref().map(|action| action.get_ref().as_str()) {
        None | Some("read") => Action::Read,
        Some("book") => Action::Book,
        Some("call") => Action::Call,
        Some(_) => {
            let at = raw.action.as_ref().map_or(0, |action| action.span().start);
            return wrong(at, "action", Wrong::NoneOf(&["book", "call", "read"]));
        }
    };
    let remedies = match &raw.remedies {
        None => None,
        Some(name) => match item_id(name.get_ref()) {
            Some(item) => Some(item),
            None => return wrong(name.span().start, "remedies", Wrong::UnknownItem(name.get_ref().clone())),
        },
    };
    // A promotion always needs the owner's leave.
    let mut needs = if kind == Kind::Offer { Purposes::OFFERS } else { Purposes::FUNCTION };
    for need in named(&raw.needs, "needs", purpose, &["workshop", "offers", "location"])? {
        needs = needs.and(need);
    }
    let (channels, timings) = (or_else(channels, Channel::Account), or_else(timings, Timing::Now));
    let benefit = benefit(raw.benefit)?;
    Ok(Entry {
        id: id(&raw.id)?,
        code: raw.code.into_inner(),
        kind,
        version: raw.version,
        content: content(&raw.content, channels.contains(&Channel::Car))?,
        price: raw.price,
        margin,
        dealers: raw.dealers,
        stock: raw.stock,
        from_ms,
        until_ms,
        condition: condition(&raw.eligible, "eligible", 1)?,
        benefit,
        action,
        needs,
        channels,
        timings,
        safety: raw.safety,
        remedies,
        after: raw.after,
        rest_days: raw.rest_days.unwrap_or(180),
        stands_days: raw.stands_days.unwrap_or(30).max(1),
    })
}

fn id(id: &Spanned<u16>) -> Checked<u16> {
    if *id.get_ref() == 0 { wrong(id.span().start, "id", Wrong::NotAboveZero) } else { Ok(*id.get_ref()) }
}

fn or_else<T>(mut given: Vec<T>, default: T) -> Vec<T> {
    if given.is_empty() {
        given.push(default);
    }
    given
}

fn purpose(name: &str) -> Option<Purposes> {
    match name {
        "workshop" => Some(Purposes::WORKSHOP),
        "offers" => Some(Purposes::OFFERS),
        "location" => Some(Purposes::LOCATION),
        _ => None,
    }
}

fn named<T: PartialEq>(
    given: &[Spanned<String>],
    key: &str,
    from_name: impl Fn(&str) -> Option<T>,
    all: &'static [&'static str],
) -> Checked<Vec<T>> {
    let mut read = Vec::new();
    for name in given {
        let Some(one) = from_name(name.get_ref()) else { return wrong(name.span().start, key, Wrong::NoneOf(all)) };
        if !read.contains(&one) {
            read.push(one);
        }
    }
    Ok(read)
}

fn benefit(raw: RawBenefit) -> Checked<Benefit> {
    let Some(per) = raw.per else { return Ok(Benefit { base: raw.base, per: None }) };
    let (name, at) = (per.fact.get_ref(), per.fact.span().start);
    match facts::kind(name) {
        Some(facts::Kind::Number) if per.amount.is_finite() => {
            Ok(Benefit { base: raw.base, per: Some((name.clone(), per.amount)) })
        }
        Some(facts::Kind::Number) => wrong(at, "benefit.per.amount", Wrong::NoNumber),
        Some(_) => wrong(at, "benefit.per.fact", Wrong::OtherKind(name.clone())),
        None => wrong(at, "benefit.per.fact", Wrong::UnknownFact(name.clone())),
    }
}

fn content(raw: &Spanned<BTreeMap<String, RawContent>>, in_car: bool) -> Checked<BTreeMap<String, Content>> {
    let mut content = BTreeMap::new();
    for (language, words) in raw.get_ref() {
        let key = |field: &str| alloc::format!("content.{language}.{field}");
        if !LANGUAGES.contains(&language.as_str()) {
            return wrong(words.title.span().start, &key("title"), Wrong::NoneOf(&LANGUAGES));
        }
        let fields = [("title", &words.title, Some(TITLE_BYTES)), ("body", &words.body, in_car.then_some(BODY_BYTES))];
        for (field, text, most) in fields {
            check_text(text, &key(field), most)?;
        }
        let one = Content { title: words.title.get_ref().clone(), body: words.body.get_ref().clone() };
        content.insert(language.clone(), one);
    }
    match LANGUAGES.iter().find(|language| !content.contains_key(**language)) {
        Some(missing) => wrong(raw.span().start, &alloc::format!("content.{missing}"), Wrong::Missing),
        None => Ok(content),
    }
}

fn check_text(text: &Spanned<String>, key: &str, most: Option<usize>) -> Checked<()> {
    let at = text.span().start;
    if text.get_ref().trim().is_empty() {
        return wrong(at, key, Wrong::Missing);
    }
    let Some(places) = words::places(text.get_ref()) else { return wrong(at, key, Wrong::Braces) };
    if let Some(unknown) = places.iter().find(|name| facts::kind(name).is_none()) {
        return wrong(at, key, Wrong::UnknownFact((*unknown).to_owned()));
    }
    let named: usize = places.iter().map(|name| name.len() + 2).sum();
    let bytes = text.get_ref().len().saturating_sub(named) + places.len() * FIGURE_BYTES;
    match most {
        Some(most) if bytes > most => wrong(at, key, Wrong::TooLong { bytes, most }),
        _ => Ok(()),
    }
}

fn condition(raw: &Spanned<RawCondition>, key: &str, depth: usize) -> Checked<Condition> {
    let (at, one) = (raw.span().start, raw.get_ref());
    if depth > DEEPEST {
        return wrong(at, key, Wrong::TooDeep);
    }
    let parts = |parts: &[Spanned<RawCondition>], key: &str| -> Checked<Vec<Condition>> {
        parts.iter().map(|part| condition(part, key, depth + 1)).collect()
    };
    let tests: Vec<Test> = [
        one.at_least.map(Test::AtLeast),
        one.below.map(Test::Below),
        one.is.map(Test::Is),
        one.one_of.clone().map(Test::OneOf),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (&one.all, &one.any, &one.not, &one.fact) {
        (Some(all), None, None, None) if tests.is_empty() => Ok(Condition::All(parts(all, key)?)),
        (None, Some(any), None, None) if tests.is_empty() => Ok(Condition::Any(parts(any, key)?)),
        (None, None, Some(not), None) if tests.is_empty() => {
            Ok(Condition::Not(Box::new(condition(not, key, depth + 1)?)))
        }
        (None, None, None, Some(name)) if !tests.is_empty() => {
            let Some(kind) = facts::kind(name) else { return wrong(at, key, Wrong::UnknownFact(name.clone())) };
            let numbers = [one.at_least, one.below];
            if numbers.into_iter().flatten().any(|number| !number.is_finite()) {
                return wrong(at, key, Wrong::NoNumber);
            }
            if tests.iter().any(|test| !facts::fits(kind, test)) {
                return wrong(at, key, Wrong::OtherKind(name.clone()));
            }
            let mut asked = tests.into_iter().map(|test| Condition::Fact { name: name.clone(), test });
            match (asked.next(), asked.next()) {
                (Some(only), None) => Ok(only),
                (Some(first), Some(second)) => Ok(Condition::All([first, second].into_iter().chain(asked).collect())),
                _ => wrong(at, key, Wrong::NoCondition),
            }
        }
        _ => wrong(at, key, Wrong::NoCondition),
    }
}

fn segments(raw: RawSegments) -> Checked<Vec<Segment>> {
    let mut read: Vec<Segment> = Vec::new();
    for one in raw.segment {
        let (at, name) = (one.name.span().start, one.name.get_ref());
        if !is_name(name) {
            return wrong(at, "segment.name", Wrong::Name);
        }
        if read.iter().any(|known| known.name == *name) {
            return wrong(at, "segment.name", Wrong::Twice(name.clone()));
        }
        let condition = condition(&one.member, "segment.member", 1)?;
        read.push(Segment { name: name.clone(), version: one.version, condition });
    }
    Ok(read)
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The start of a day in UTC, in milliseconds of Unix time.
pub(super) fn bound(date: Option<&Spanned<Datetime>>, default: u64) -> Checked<u64> {
    let Some(date) = date else { return Ok(default) };
    match date.get_ref() {
        Datetime { date: Some(day), time: None, offset: None } if day.year >= 1970 => {
            let days = days_from_civil(i64::from(day.year), i64::from(day.month), i64::from(day.day));
            Ok(u64::try_from(days).unwrap_or(0).saturating_mul(DAY_MS))
        }
        _ => wrong(date.span().start, "from", Wrong::NoDay),
    }
}

/// Days since 1 January 1970 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms", 2013).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
