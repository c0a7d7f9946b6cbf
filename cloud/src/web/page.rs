//! What the frame around every page shows.

use fluent_bundle::FluentValue;

use super::assets;
use super::view::vehicle_name;
use crate::accounts::{Account, Role, Theme};
use crate::domain::{AccountId, Right, Vehicle};
use crate::i18n::Localizer;
use crate::web::Reader;

/// What a text's variable can be; templates hand references over.
pub(crate) trait Variable {
    /// The variable as Fluent takes it.
    fn value(&self) -> FluentValue<'_>;
}

impl Variable for str {
    fn value(&self) -> FluentValue<'_> {
        self.into()
    }
}

impl Variable for String {
    fn value(&self) -> FluentValue<'_> {
        self.as_str().into()
    }
}

impl Variable for usize {
    fn value(&self) -> FluentValue<'_> {
        (*self).into()
    }
}

impl<T: Variable + ?Sized> Variable for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

/// A place in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Home,
    Services,
    Trips,
    Bookings,
    Offers,
    Privacy,
    Queue,
    FollowUps,
    Tasks,
    Appointments,
    Devices,
    Rollouts,
    Receipts,
    Rejects,
    Undelivered,
    Journeys,
    Touchpoints,
    Programmes,
    Catalogue,
    Segments,
    Results,
    Experiments,
    Policy,
    Account,
}

/// A link of the navigation.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) icon: &'static str,
    pub(crate) key: &'static str,
    pub(crate) current: bool,
}

/// A choice of the vehicle switch.
#[derive(Debug, Clone)]
pub(crate) struct VehicleChoice {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) current: bool,
}

/// The frame, and the texts of the template inside it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) localizer: Localizer,
    pub(crate) theme: Theme,
    pub(crate) title: String,
    pub(crate) person: Option<String>,
    pub(crate) links: Vec<Link>,
    pub(crate) vehicles: Vec<VehicleChoice>,
    pub(crate) on_account: bool,
    /// Whether the browser may keep it for when there is no connection: owners' pages alone.
    pub(crate) keeps: bool,
    /// What the reader may do with the vehicle that the page is about.
    pub(crate) may: May,
    account: Option<AccountId>,
}

/// What a reader may do with a vehicle; a page that is about none hides nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct May {
    pub(crate) trips: bool,
    pub(crate) act: bool,
    pub(crate) own: bool,
}

impl May {
    const ALL: Self = Self { trips: true, act: true, own: true };
}

impl Page {
    /// A page for nobody in particular.
    pub(crate) fn anonymous(reader: &Reader, title_key: &str) -> Self {
        let localizer = reader.localizer(None);
        Self {
            localizer,
            theme: reader.theme,
            title: localizer.text(title_key),
            person: None,
            links: Vec::new(),
            vehicles: Vec::new(),
            on_account: false,
            keeps: false,
            may: May::ALL,
            account: None,
        }
    }

    /// A page of an account, with the places its role has.
    pub(crate) fn of(reader: &Reader, account: &Account, title_key: &str, section: Section) -> Self {
        let localizer = reader.localizer(Some(account));
        let links = match account.role {
            Role::Owner => Vec::new(),
            Role::Advisor => vec![
                link("/advisor".to_owned(), "list", "nav-queue", section == Section::Queue),
                link("/advisor/follow-ups".to_owned(), "check", "nav-follow-ups", section == Section::FollowUps),
                link("/advisor/tasks".to_owned(), "bell", "nav-tasks", section == Section::Tasks),
                link(
                    "/advisor/appointments".to_owned(),
                    "calendar",
                    "nav-appointments",
                    section == Section::Appointments,
                ),
            ],
            Role::Engineer => vec![
                link("/lab".to_owned(), "signal", "nav-devices", section == Section::Devices),
                link("/lab/rollouts".to_owned(), "download", "nav-rollouts", section == Section::Rollouts),
                link("/lab/receipts".to_owned(), "inspect", "nav-receipts", section == Section::Receipts),
                link("/lab/rejects".to_owned(), "alert", "nav-rejects", section == Section::Rejects),
                link("/lab/undelivered".to_owned(), "bell", "nav-dead", section == Section::Undelivered),
            ],
            Role::Lead => vec![
                link("/experience".to_owned(), "tag", "nav-catalogue", section == Section::Catalogue),
                link("/experience/segments".to_owned(), "person", "nav-segments", section == Section::Segments),
                link("/experience/results".to_owned(), "list", "nav-results", section == Section::Results),
                link("/experience/experiments".to_owned(), "gauge", "nav-experiments", section == Section::Experiments),
                link("/experience/policy".to_owned(), "inspect", "nav-policy", section == Section::Policy),
                link("/experience/journeys".to_owned(), "road", "nav-journeys", section == Section::Journeys),
                link(
                    "/experience/touchpoints".to_owned(),
                    "signal",
                    "nav-touchpoints",
                    section == Section::Touchpoints,
                ),
                link("/experience/programmes".to_owned(), "calendar", "nav-programmes", section == Section::Programmes),
            ],
        };
        Self {
            localizer,
            theme: reader.theme,
            title: localizer.text(title_key),
            person: Some(account.display_name.clone()),
            links,
            vehicles: Vec::new(),
            on_account: section == Section::Account,
            keeps: account.role == Role::Owner,
            may: May::ALL,
            account: Some(account.id.clone()),
        }
    }

    /// Shows what the reader may do with a vehicle, and hides the rest.
    pub(crate) fn about(mut self, vehicle: &Vehicle) -> Self {
        let has = |right| self.account.as_ref().is_some_and(|account| vehicle.allows(account, right));
        self.may = May { trips: has(Right::Trips), act: has(Right::Act), own: has(Right::Own) };
        self
    }

    /// Adds an owner's places around the present vehicle, and the switch between several.
    pub(crate) fn with_vehicles(mut self, vehicles: &[Vehicle], current: Option<&Vehicle>, section: Section) -> Self {
        let Some(shown) = current.or(vehicles.first()) else { return self };
        self = self.about(shown);
        let base = format!("/vehicles/{}", shown.device);
        self.links = vec![
            link(base.clone(), "home", "nav-home", section == Section::Home),
            link(format!("{base}/services"), "wrench", "nav-services", section == Section::Services),
            link(format!("{base}/trips"), "road", "nav-trips", section == Section::Trips),
            link(format!("{base}/bookings"), "calendar", "nav-bookings", section == Section::Bookings),
            link(format!("{base}/offers"), "tag", "nav-offers", section == Section::Offers),
            link(format!("{base}/privacy"), "shield", "nav-privacy", section == Section::Privacy),
        ];
        let may = self.may;
        self.links.retain(|link| match link.key {
            "nav-services" | "nav-offers" | "nav-privacy" => may.own,
            "nav-trips" => may.trips,
            _ => true,
        });
        let choice = |vehicle: &Vehicle| VehicleChoice {
            id: vehicle.device.to_string(),
            name: vehicle_name(self.localizer, vehicle),
            current: vehicle.device == shown.device,
        };
        self.vehicles = vehicles.iter().map(choice).collect();
        self
    }

    /// The page under another title.
    pub(crate) fn titled(mut self, title_key: &str) -> Self {
        self.title = self.localizer.text(title_key);
        self
    }

    /// The language, for the `lang` attribute.
    pub(crate) fn language(&self) -> &'static str {
        self.localizer.language().code()
    }

    /// A text.
    pub(crate) fn t(&self, key: &str) -> String {
        self.localizer.text(key)
    }

    /// A text with one variable.
    pub(crate) fn t1(&self, key: &str, name: &str, value: impl Variable) -> String {
        self.localizer.with(key, [(name, value.value())])
    }

    /// A text with two variables.
    pub(crate) fn t2(&self, key: &str, name: &str, value: impl Variable, other: &str, second: impl Variable) -> String {
        self.localizer.with(key, [(name, value.value()), (other, second.value())])
    }

    /// The path of an asset.
    #[expect(clippy::unused_self, reason = "templates reach functions through the page")]
    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// One of our icons; it says nothing that the text beside it does not say.
    #[expect(clippy::unused_self, reason = "templates reach functions through the page")]
    pub(crate) fn icon(&self, name: &'static str) -> String {
        let sprite = assets::path("icons.svg");
        format!("<svg class=\"icon\" aria-hidden=\"true\" focusable=\"false\"><use href=\"{sprite}#{name}\"/></svg>")
    }
}

fn link(href: String, icon: &'static str, key: &'static str, current: bool) -> Link {
    Link { href, icon, key, current }
}
