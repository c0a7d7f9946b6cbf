//! What programmes can tell; the words stand with the pages, in every language.
//!
//! Invariant: names are stored and never change their meaning; a programme that names none of these is refused.

use serde::{Deserialize, Serialize};

/// A message of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// The welcome pack, whose contents the owner may change.
    WelcomePack,
    /// The invitation to the programme of the first year.
    WelcomeYear,
    /// A call a while after the pack.
    WelcomeCall,
    /// Half a year with the car.
    WelcomeHalf,
    /// A year with the car, and what it has come to.
    WelcomeAnniversary,
    /// Whether more advice is wanted, within a fortnight of the sale.
    AdviceWanted,
    /// How it was, two days after a visit.
    VisitFollowUp,
    /// The month with the car, with advice.
    MonthlyReport,
    /// Driving safely in the cold.
    WinterTips,
    /// Winter tyres.
    WinterTyres,
    /// The owner's birthday.
    OwnerBirthday,
    /// The car's birthday.
    CarBirthday,
    /// More than one car with us.
    MultiCar,
    /// A certificate from the car's verified record.
    Certificate,
    /// What comes after the financing.
    Finance,
    /// We have not heard from the car for long.
    Reactivation,
    /// What can be done while the car is here.
    AtDealer,
    /// Help with finding a time, for whoever looked and made no appointment.
    BookingHelp,
}

impl Message {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::WelcomePack,
        Self::WelcomeYear,
        Self::WelcomeCall,
        Self::WelcomeHalf,
        Self::WelcomeAnniversary,
        Self::AdviceWanted,
        Self::VisitFollowUp,
        Self::MonthlyReport,
        Self::WinterTips,
        Self::WinterTyres,
        Self::OwnerBirthday,
        Self::CarBirthday,
        Self::MultiCar,
        Self::Certificate,
        Self::Finance,
        Self::Reactivation,
        Self::AtDealer,
        Self::BookingHelp,
    ];

    /// The name, as programmes and texts write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WelcomePack => "welcome-pack",
            Self::WelcomeYear => "welcome-year",
            Self::WelcomeCall => "welcome-call",
            Self::WelcomeHalf => "welcome-half",
            Self::WelcomeAnniversary => "welcome-anniversary",
            Self::AdviceWanted => "advice-wanted",
            Self::VisitFollowUp => "visit-follow-up",
            Self::MonthlyReport => "monthly-report",
            Self::WinterTips => "winter-tips",
            Self::WinterTyres => "winter-tyres",
            Self::OwnerBirthday => "owner-birthday",
            Self::CarBirthday => "car-birthday",
            Self::MultiCar => "multi-car",
            Self::Certificate => "certificate",
            Self::Finance => "finance",
            Self::Reactivation => "reactivation",
            Self::AtDealer => "at-dealer",
            Self::BookingHelp => "booking-help",
        }
    }

    /// The message with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|message| message.name() == name)
    }
}
