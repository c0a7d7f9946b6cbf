//! Notices in words, in their owner's language: what every channel writes.
//!
//! Invariant: words follow from vehicle, owner and moment alone; a message that is sent again says the same or less.

use askama::Template;
use milepost_engine::journey::Message;

use super::Unconfirmed;
use super::links::{Links, Target};
use crate::accounts::Account;
use crate::domain::{NoticeDoc, Subject, Vehicle};
use crate::family::Invitation;
use crate::i18n::{Format, Language, Localizer, Piece, pack, text, title};
use crate::web::vehicle_name;
use crate::zones::zone;

/// One notice in words.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) title: String,
    pub(super) text: String,
    /// What it brings along.
    pub(super) pack: Vec<Piece>,
    pub(super) vehicle: String,
    /// Where it can be answered without a log-in.
    pub(super) link: String,
    /// How many candles a letter of it has.
    pub(super) candles: u32,
    /// Where a program answers it once on the owner's behalf.
    pub(super) once: String,
}

/// A message in words.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) localizer: Localizer,
    pub(super) subject: String,
    pub(super) greeting: String,
    pub(super) told: Vec<Told>,
    pub(super) settings: String,
    pub(super) unsubscribe: String,
}

#[derive(Template)]
#[template(path = "mail/notices.html")]
struct Html<'a> {
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "mail/notices.txt")]
struct Plain<'a> {
    words: &'a Words,
}

/// A mail with one link, in words: the question whether an address is its owner's, or an invitation.
#[derive(Debug, Clone)]
pub(super) struct Question {
    localizer: Localizer,
    pub(super) subject: String,
    greeting: String,
    lead: String,
    action: String,
    small: String,
    link: String,
}

#[derive(Template)]
#[template(path = "mail/confirm.html")]
struct QuestionHtml<'a> {
    question: &'a Question,
}

#[derive(Template)]
#[template(path = "mail/confirm.txt")]
struct QuestionPlain<'a> {
    question: &'a Question,
}

/// What words are made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen<'a> {
    pub(super) account: &'a Account,
    pub(super) links: &'a Links,
    pub(super) now_ms: u64,
    pub(super) link_ms: u64,
}

impl Pen<'_> {
    fn localizer(&self) -> Localizer {
        self.account.language.as_deref().and_then(Language::from_code).unwrap_or(Language::DEFAULT).localizer()
    }

    /// One notice in words.
    pub(super) fn told(&self, vehicle: &Vehicle, notice: &NoticeDoc) -> Told {
        let localizer = self.localizer();
        let zone = zone(&vehicle.profile.time_zone);
        let format = Format { localizer, unit: self.account.unit, zone, now_ms: self.now_ms, currency: None };
        let (device, owner) = (vehicle.device.clone(), self.account.id.clone());
        let until_ms = self.now_ms.saturating_add(self.link_ms);
        let (id, answers) = (notice.id(), notice.answers());
        let once = Target::Once { device: device.clone(), notice: id, owner: owner.clone(), answers, until_ms };
        let link = Target::Notice { device, notice: id, owner, until_ms };
        Told {
            title: title(localizer, notice),
            text: text(&format, notice),
            pack: pack(localizer, notice, vehicle.profile.powertrain),
            vehicle: vehicle_name(localizer, vehicle),
            link: self.links.url(&link),
            once: self.links.url(&once),
            candles: candles(notice),
        }
    }

    /// The question whether an address is its owner's.
    pub(super) fn question(&self, address: &Unconfirmed) -> Question {
        let localizer = self.localizer();
        let name = self.account.display_name.as_str();
        let owner = self.account.id.clone();
        let until_ms = self.now_ms.saturating_add(self.link_ms);
        Question {
            localizer,
            subject: localizer.text("confirm-mail-subject"),
            greeting: localizer.with("mail-greeting", [("name", name.into())]),
            lead: localizer.text("confirm-mail-lead"),
            action: localizer.text("confirm-mail-link"),
            small: localizer.text("confirm-mail-not-you"),
            link: self.links.url(&Target::Confirm { address: address.hash(&owner), owner, until_ms }),
        }
    }

    /// The invitation to a vehicle, in the language of whoever invites.
    pub(super) fn invitation(&self, vehicle: &Vehicle, about: &Invitation) -> Question {
        let localizer = self.localizer();
        let car = vehicle_name(localizer, vehicle);
        let variables = || [("name", self.account.display_name.as_str().into()), ("vehicle", car.as_str().into())];
        Question {
            localizer,
            subject: localizer.with("invite-mail-subject", variables()),
            greeting: localizer.text("invite-mail-greeting"),
            lead: localizer.with("invite-mail-lead", variables()),
            action: localizer.text("invite-mail-link"),
            small: localizer.text("invite-mail-small"),
            link: self.links.url(&Target::invite(about)),
        }
    }

    /// A message of several notices.
    pub(super) fn words(&self, told: Vec<Told>) -> Words {
        let localizer = self.localizer();
        let subject = match told.as_slice() {
            [one] => localizer
                .with("mail-subject", [("title", one.title.as_str().into()), ("vehicle", one.vehicle.as_str().into())]),
            many => localizer.with("mail-subject-many", [("n", many.len().into())]),
        };
        let name = self.account.display_name.as_str();
        Words {
            localizer,
            subject,
            greeting: localizer.with("mail-greeting", [("name", name.into())]),
            told,
            settings: format!("{}/account/channels", self.links.base()),
            unsubscribe: self.links.url(&Target::Unsubscribe { owner: self.account.id.clone() }),
        }
    }
}

/// As many candles as years, on a birthday.
fn candles(notice: &NoticeDoc) -> u32 {
    let is_birthday =
        matches!(notice.subject, Subject::Programme { message: Message::CarBirthday | Message::OwnerBirthday, .. });
    notice.programme.as_ref().filter(|_| is_birthday).map_or(0, |step| step.figures.years)
}

impl Question {
    /// The language, for the `lang` attribute.
    pub(super) fn language(&self) -> &'static str {
        self.localizer.language().code()
    }

    /// The mail as HTML and as plain text.
    pub(super) fn parts(&self) -> Result<(String, String), askama::Error> {
        Ok((QuestionHtml { question: self }.render()?, QuestionPlain { question: self }.render()?))
    }
}

impl Words {
    /// A text, for the templates.
    pub(super) fn t(&self, key: &str) -> String {
        self.localizer.text(key)
    }

    /// The language, for the `lang` attribute.
    pub(super) fn language(&self) -> &'static str {
        self.localizer.language().code()
    }

    /// The message as HTML and as plain text.
    pub(super) fn parts(&self) -> Result<(String, String), askama::Error> {
        Ok((Html { words: self }.render()?, Plain { words: self }.render()?))
    }
}
