//! The service as its router sees it: a store in memory, clocks set by hand, four people and four cars.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use milepost::accounts::Role;
use milepost::clock::Clock;
use milepost::config::Evaluation;
use milepost::domain::{Actor, Made, Moment, NoticeDoc, Profile, Subject, Vehicle};
use milepost::i18n::CarTexts;
use milepost::ingest::{self, Committer, Parts, Running};
use milepost::offers::{Catalogue, Desk};
use milepost::rules::{Around, JourneyRules, OfferRules, Rules, would_do};
use milepost::service::Service;
use milepost::store::{AnyStore, Commit, DecisionRow, MemoryStore, Store, TelemetryRow, VehicleWrite};
use milepost::web::{self, AppState, Settings};
use milepost_engine::experiments::{Holdout, Key};
use milepost_engine::offers::catalogue::{Content, Entry, Kind};
use milepost_engine::offers::eligibility::{Ground, Test, Value};
use milepost_engine::offers::{self, Arm, ArmShare, Channel, Timing};
use milepost_engine::plan::{Powertrain, standard};
use milepost_engine::policy::Policy;
use milepost_engine::usage::{Times, VehicleState};
use milepost_protocol::downlink::{Consent, Purposes};
use milepost_protocol::notice::{Actions, Reason, Surface};
use milepost_protocol::plan::{Anchor, DAY_MS, ItemId, Level, SafetyClass};
use milepost_protocol::record::{
    BatteryRest, Boot, Counters, DistanceSource, Gap, GapReason, Record, ResetReason, SignalChange, TripEnd, TripEnded,
    TripStarted, Trouble, TyreSample, Wheel,
};
use milepost_protocol::trouble::{TroubleCode, TroubleStatus};
use milepost_protocol::{DeviceId, EnvelopeWriter, Header, NoticeId, RecordId, SignalId};
use tower::ServiceExt;

/// 2026-11-12 09:30 UTC.
pub(crate) const NOW_MS: u64 = 1_794_475_800_000;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "long enough to pass";

/// The seed of the key whose firmware images are trusted.
pub(crate) const SIGNING_SEED: [u8; 32] = [7; 32];

/// The public address of the tests.
pub(crate) const HOST: &str = "milepost.test";

/// Who can log in: account, name, role.
pub(crate) const PEOPLE: [(&str, &str, Role); 5] = [
    ("anna", "Anna Lindholm", Role::Owner),
    ("bert", "Bert Okafor", Role::Owner),
    ("vera", "Vera Maier", Role::Advisor),
    ("emil", "Emil Sato", Role::Engineer),
    ("lena", "Lena Brandt", Role::Lead),
];

pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) store: AnyStore,
    pub(crate) wall: Clock,
    running: Running,
    _folder: Option<tempfile::TempDir>,
}

/// A caller: nobody, or somebody with a session.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    pub(crate) cookie: Option<String>,
}

/// A response read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with_cookies(false).await
    }

    pub(crate) async fn with_cookies(secure_cookies: bool) -> Self {
        Self::on(AnyStore::Memory(MemoryStore::new()), secure_cookies).await
    }

    /// The same over any store that is empty.
    pub(crate) async fn on(store: AnyStore, secure_cookies: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Self::over(store, secure_cookies, folder.path()).await;
        Self { _folder: Some(folder), ..app }
    }

    /// The same, whose policies are judged by so much of the log.
    pub(crate) async fn judging_by(evaluation: Evaluation) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = OfferRules { evaluation, ..offer_rules() };
        let app = Self::deciding_by(rules, AnyStore::Memory(MemoryStore::new()), false, folder.path()).await;
        Self { _folder: Some(folder), ..app }
    }

    /// The same with certificates and keys in a folder that stays.
    pub(crate) async fn over(store: AnyStore, secure_cookies: bool, folder: &Path) -> Self {
        Self::deciding_by(offer_rules(), store, secure_cookies, folder).await
    }

    async fn deciding_by(offers: OfferRules, store: AnyStore, secure_cookies: bool, folder: &Path) -> Self {
        let signing_key = *salty::Keypair::from(&SIGNING_SEED).public.as_bytes();
        let clock = Clock::manual(NOW_MS);
        let wall = Clock::manual(NOW_MS);
        let registry = milepost::frontdoor::Registry::default();
        let (changes, _) = tokio::sync::broadcast::channel(256);
        let plans = Arc::new(milepost::config::Plans::default().catalogue().unwrap());
        let journeys = JourneyRules::new(milepost::config::Journeys::default().programmes().unwrap());
        let rules = Rules { texts: Arc::new(CarTexts), offers, plans, journeys };

        let pki = Arc::new(milepost::pki::Pki::open(folder, NOW_MS).unwrap());
        let running = ingest::start(Parts {
            pki: Arc::clone(&pki),
            store: store.clone(),
            clock: clock.clone(),
            rules: rules.clone(),
            registry: registry.clone(),
            changes: changes.clone(),
            settings: milepost::config::Ingest::default(),
            fatal: tokio_util::sync::CancellationToken::new(),
        });
        let committer = running.committer.clone();
        let service =
            Service::new(store.clone(), clock.clone(), committer, registry, changes, pki, rules.offers.clone());
        let state = AppState::new(
            service,
            wall.clone(),
            Settings {
                secure_cookies,
                firmware_keys: vec![signing_key],
                channels: channels(),
                workshop: workshop(),
                ..Settings::default()
            },
        )
        .unwrap();
        for (id, name, role) in PEOPLE {
            state.accounts.create(id.parse().unwrap(), name, role, PASSWORD).await.unwrap();
        }
        let app = Self { router: web::router(state.clone()), state, store, wall, running, _folder: None };
        app.seed().await;
        app
    }

    /// Somebody who is not logged in.
    pub(crate) fn anonymous(&self) -> Client {
        Client { router: self.router.clone(), cookie: None }
    }

    /// Somebody by account name, with a session.
    pub(crate) async fn client(&self, account: &str) -> Client {
        let account = self.state.accounts.log_in(account, PASSWORD, None, "test", None).await.unwrap();
        Client { router: self.router.clone(), cookie: Some(format!("session={}", account.0.reveal())) }
    }

    /// Where envelopes are handed in.
    pub(crate) fn committer(&self) -> &Committer {
        &self.running.committer
    }

    /// A vehicle as the store has it.
    pub(crate) async fn vehicle(&self, id: &str) -> Vehicle {
        self.state.service.vehicle(&id.parse().unwrap()).await.unwrap().unwrap()
    }

    async fn seed(&self) {
        self.store.commit(seeds()).await.unwrap();
    }
}

/// What everybody finds: four cars, what they sent, and one decision.
fn seeds() -> Commit {
    let vehicles = [golf(), volt(), new_car(), hidden()];
    let decisions = vec![decision(&vehicles[0])];
    let telemetry = vehicles.iter().take(2).map(envelope).collect();
    let write = |vehicle| VehicleWrite { expected: None, vehicle };
    let vehicles = vehicles.into_iter().map(write).collect();
    Commit { vehicles, decisions, telemetry, ..Commit::default() }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn form(&self, path: &str, fields: &str) -> Answer {
        let request =
            self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(fields.to_owned())).unwrap()).await
    }

    /// A form as htmx sends it.
    pub(crate) async fn htmx(&self, path: &str, fields: &str) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("HX-Request", "true");
        self.send(request.body(Body::from(fields.to_owned())).unwrap()).await
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn bytes(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/octet-stream");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (status, headers, body) = self.stream(request).await;
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status, headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn stream(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Body) {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, body)
    }
}

/// The next piece of a stream as text.
pub(crate) async fn frame(body: &mut Body) -> String {
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    String::from_utf8(frame.to_vec()).unwrap()
}

/// Every channel is set up; who sends is a test's own worker.
fn channels() -> milepost::config::Channels {
    use milepost::config::{Channels, Email, Push, TextMessages};
    Channels {
        public_url: "https://cars.example".to_owned(),
        email: Email { server: Some("127.0.0.1:9".to_owned()), ..Email::default() },
        push: Push { contact: Some("mailto:ops@cars.example".to_owned()) },
        text: TextMessages { url: Some("http://127.0.0.1:9/".to_owned()), secret: None },
        ..Channels::default()
    }
}

/// The workshop calls and writes letters.
pub(crate) fn workshop() -> milepost::config::Workshop {
    let sender = vec!["Workshop".to_owned(), "Road 2".to_owned()];
    milepost::config::Workshop { calls: true, sender, places: Vec::new() }
}

fn offer_rules() -> OfferRules {
    OfferRules {
        key: Key::new([7; 16]),
        holdout: Holdout { program: "offers".to_owned(), share: 0.05 },
        uniform: 0.0,
        contacts_per_year: 12,
        contacts_per_month: None,
        caps: offers::Caps::default(),
        quiet: offers::QuietHours::default(),
        method: milepost::rules::Method::Fixed(Policy::default()),
        dealer: None,
        evaluation: Evaluation::default(),
        desk: Desk::new(Catalogue::examples().unwrap()),
    }
}

fn at(days_ago: u64, hour: u64) -> u64 {
    (NOW_MS / DAY_MS - days_ago) * DAY_MS + hour * 3_600_000
}

fn times(at_ms: u64) -> Times {
    Times { measured_at_ms: at_ms, received_at_ms: at_ms }
}

fn device(id: &str) -> DeviceId {
    id.parse().unwrap()
}

fn vehicle(id: &str, owner: &str, model: &str, year: u16, purposes: Purposes) -> Vehicle {
    let mut vehicle = Vehicle::new(device(id), at(700, 0));
    vehicle.profile = Profile {
        model_name: model.to_owned(),
        model_year: Some(year),
        registered_ms: at(900, 0),
        time_zone: "Europe/Berlin".to_owned(),
        ..Profile::default()
    };
    vehicle.owner = Some(owner.parse().unwrap());
    vehicle.consent = Consent { version: 2, purposes };
    vehicle.consent_history.push(milepost::domain::ConsentChange {
        at_ms: at(120, 9),
        by: Actor::Owner(owner.parse().unwrap()),
        consent: vehicle.consent,
    });
    vehicle.revision = 1;
    vehicle
}

fn everything() -> Purposes {
    Purposes::FUNCTION.and(Purposes::WORKSHOP).and(Purposes::OFFERS)
}

fn drive(state: &mut VehicleState, electric: bool) {
    let boot = Boot { reason: ResetReason::PowerOn, firmware: [0, 1, 0], newest: None, table: 0xA1B2 };
    state.apply(3, times(at(20, 4)), &boot.into());
    let mut odometer_m = 47_200_000;
    for (trip, days_ago) in (0..20).rev().enumerate() {
        let trip = trip as u32;
        let cold = days_ago as f32;
        let started_ms = at(days_ago, 6) + u64::from(trip) * 240_000;
        let outside = Some(((cold * 0.4 + 1.5) * 10.0) as i16);
        state.apply(
            3,
            times(started_ms),
            &TripStarted { trip, odometer_m: Some(odometer_m), outside_decicelsius: outside }.into(),
        );
        let distance_m = 6_400 + trip * 2_150;
        odometer_m += distance_m;
        let minutes = 12 + u64::from(trip) * 3;
        let end = TripEnded {
            trip,
            duration_ms: minutes * 60_000,
            distance_m,
            source: DistanceSource::Odometer,
            max_speed_cmps: 3_300,
            idle_s: 90,
            engine_s: if electric { 0 } else { minutes as u32 * 60 },
            fuel_ml: if electric { 0 } else { distance_m * 62 / 1_000 },
            energy_wh: if electric { distance_m * 17 / 100 } else { 0 },
            coolant_start_c: None,
            warmup_s: None,
            odometer_m: Some(odometer_m),
            end: TripEnd::Off,
        };
        state.apply(3, times(started_ms + minutes * 60_000), &end.into());
        if days_ago != 9 && days_ago != 10 && days_ago != 11 && days_ago != 12 {
            let rest = BatteryRest {
                millivolts: 12_480 + (days_ago as u16 * 37) % 160,
                rested_s: 30_000,
                outside_decicelsius: outside,
            };
            state.apply(3, times(at(days_ago, 3)), &rest.into());
        }
    }
    let last = NOW_MS - 12 * 60_000;
    for (signal, value) in [
        (if electric { SignalId::STATE_OF_CHARGE } else { SignalId::FUEL_LEVEL }, 0.62),
        (SignalId::OUTSIDE_TEMPERATURE, 3.4),
    ] {
        state.apply(3, times(last), &SignalChange { signal, value }.into());
    }
    for (wheel, pressure_pa) in [
        (Wheel::FrontLeft, 238_000),
        (Wheel::FrontRight, 241_000),
        (Wheel::RearLeft, 229_000),
        (Wheel::RearRight, 226_000),
    ] {
        let sample = TyreSample {
            wheel,
            pressure_pa,
            air_decicelsius: Some(120),
            outside_decicelsius: Some(34),
            sensor: Some(0x00A1_0000 + pressure_pa),
        };
        state.apply(3, times(last), &sample.into());
    }
    let counters = Counters {
        odometer_m,
        odometer_anchored: true,
        distance_m: 9_400_000,
        engine_s: if electric { 0 } else { 1_420 * 3600 },
        fuel_ml: if electric { 0 } else { 612_000 },
        energy_wh: if electric { 1_480_000 } else { 0 },
        trips: 412,
        cold_starts: 120,
        short_trips: 84,
        ..Counters::default()
    };
    state.apply(3, times(last), &counters.into());
}

fn reminder(item: ItemId, cycle: u32, level: Level, safety: SafetyClass, reason: Reason) -> NoticeDoc {
    let at_ms = at(6, 7);
    let subject = Subject::Reminder { item, cycle, level };
    let mut notice = NoticeDoc::raised(subject, safety, vec![reason], Moment::now(at_ms), Actor::Car);
    notice.actions = Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE).and(Actions::REFUSE);
    notice.mark_seen(Surface::Car, Moment::now(at(5, 16)), &Actor::Car);
    notice
}

/// The id of the seeded brake fluid reminder.
pub(crate) fn brake_reminder() -> NoticeId {
    NoticeId::reminder(ItemId::BRAKE_FLUID, 0, Level::Upcoming)
}

/// The winter tyres of the example catalogue.
pub(crate) const WINTER_TYRES: u16 = 1;

/// The id of the seeded offer.
pub(crate) fn tyre_offer() -> NoticeId {
    NoticeId::offer(WINTER_TYRES, 1)
}

/// Anna's combustion car: brake fluid coming up, an offer, a suspected fault, a gap.
fn golf() -> Vehicle {
    let mut vehicle = vehicle("golf-1", "anna", "VW Golf Variant", 2021, everything());
    drive(&mut vehicle.state, false);
    let start = Anchor { at_ms: at(100, 0), odometer_m: 41_000_000, engine_s: 1_100 * 3600, ..Anchor::default() };
    vehicle.plan = standard(Powertrain::Combustion, start);
    vehicle.plan.version = 1;
    for item in &mut vehicle.plan.items {
        if item.rule.item == ItemId::BRAKE_FLUID {
            item.anchor.at_ms = at(730 + 365 - 40, 0);
        }
    }
    let reason = Reason::Time { used_days: 1_055, limit_days: 1_095 };
    let notice = reminder(ItemId::BRAKE_FLUID, 0, Level::Upcoming, SafetyClass::Safety, reason);
    vehicle.notices.insert(notice.id(), notice);
    let subject = Subject::Offer { offer: WINTER_TYRES, serial: 1 };
    let raised = Moment::now(at(1, 9));
    let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), raised, Actor::System);
    notice.actions = Actions::BOOK.and(Actions::REFUSE);
    notice.decision = Some(0);
    notice.made = Some(tyres_made());
    vehicle.notices.insert(notice.id(), notice);
    let trouble = Trouble {
        code: TroubleCode { code: 0x0420, failure_type: None },
        status: TroubleStatus::Pending,
        ecu: 0x7E8,
        odometer_m: Some(47_900_000),
    };
    vehicle.state.apply(3, times(at(2, 8)), &trouble.into());
    let gap = Gap { boot: 2, first: 410, count: 36, reason: GapReason::FlashFull };
    vehicle.state.apply(3, times(at(14, 8)), &gap.into());
    vehicle.next_decision = 1;
    vehicle
}

/// Anna's second car, electric and overdue.
fn volt() -> Vehicle {
    let mut vehicle = vehicle("volt-2", "anna", "Renault 5 E-Tech", 2025, everything());
    vehicle.profile.powertrain = Powertrain::Electric;
    drive(&mut vehicle.state, true);
    let start = Anchor { at_ms: at(420, 0), odometer_m: 21_000_000, ..Anchor::default() };
    vehicle.plan = standard(Powertrain::Electric, start);
    vehicle.plan.version = 1;
    let trouble = Trouble {
        code: TroubleCode { code: 0x4035, failure_type: None },
        status: TroubleStatus::Confirmed,
        ecu: 0x7E9,
        odometer_m: Some(47_800_000),
    };
    vehicle.state.apply(3, times(at(4, 8)), &trouble.into());
    vehicle
}

/// Bert's car, of which nothing has been heard.
fn new_car() -> Vehicle {
    vehicle("fresh-3", "bert", "Skoda Enyaq", 2026, everything())
}

/// Bert's second car, not shared with the workshop.
fn hidden() -> Vehicle {
    let mut vehicle = vehicle("quiet-4", "bert", "Fiat Panda", 2019, Purposes::FUNCTION);
    drive(&mut vehicle.state, false);
    vehicle
}

/// The winter tyres as they were made to the Golf's owner.
fn tyres_made() -> Made {
    let catalogue = Catalogue::examples().unwrap();
    let entry = catalogue.live(Kind::Offer).find(|entry| entry.id == WINTER_TYRES).unwrap();
    let warm = ground("wheels_warmest_day_c", 24.6, Test::AtLeast(15.0));
    made(entry, vec![ground("outside_week_c", 3.1, Test::Below(7.0)), warm], Some(1500))
}

/// Advice on cold roads, given to a car a day ago.
pub(crate) fn advise(vehicle: &mut Vehicle) {
    let catalogue = Catalogue::examples().unwrap();
    let entry = catalogue.live(Kind::Tip).next().unwrap();
    let subject = Subject::Information { serial: vehicle.next_information };
    let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), Moment::now(at(1, 9)), Actor::System);
    notice.actions = Actions::SNOOZE.and(Actions::DONE);
    notice.made = Some(made(entry, vec![ground("outside_week_c", 3.1, Test::Below(7.0))], None));
    vehicle.next_information += 1;
    vehicle.offers.tip(entry.id, at(1, 9));
    vehicle.notices.insert(notice.id(), notice);
}

fn ground(name: &str, found: f64, test: Test) -> Ground {
    Ground { name: name.to_owned(), found: Some(Value::Number(found)), test }
}

fn made(entry: &Entry, grounds: Vec<Ground>, saves: Option<i64>) -> Made {
    Made {
        entry: entry.id,
        version: entry.version,
        content: entry
            .content
            .iter()
            .map(|(language, words)| {
                let body = words.body.replace("{outside_week_c}", "3");
                (language.clone(), Content { title: words.title.clone(), body })
            })
            .collect(),
        grounds,
        price: entry.price,
        saves,
        safety: entry.safety,
        action: entry.action,
    }
}

fn decision(vehicle: &Vehicle) -> DecisionRow {
    let mut decision = would_do(vehicle, &offer_rules(), &Around::default(), at(1, 9));
    let arm = Arm::Offer { offer: WINTER_TYRES, channel: Channel::Account, timing: Timing::Now };
    (decision.chosen, decision.propensity) = (arm, 0.785);
    decision.arms = vec![ArmShare { arm: Arm::Nothing, propensity: 0.215 }, ArmShare { arm, propensity: 0.785 }];
    DecisionRow { device: vehicle.device.clone(), number: 0, at_ms: at(1, 9), decision }
}

fn envelope(vehicle: &Vehicle) -> TelemetryRow {
    let mut buffer = [0; milepost_protocol::MAX_ENVELOPE_LEN];
    let header = Header {
        boot: 3,
        first: 0,
        base_ms: at(1, 6),
        quality: milepost_protocol::envelope::ClockQuality::Network,
        age_ms: None,
        consent: 2,
    };
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).unwrap();
    let odometer = SignalChange { signal: SignalId::OUTSIDE_TEMPERATURE, value: 3.0 };
    for number in 0..3 {
        writer.push(number, at(1, 6) + u64::from(number), &Record::from(odometer)).unwrap();
    }
    let bytes = bytes::Bytes::copy_from_slice(writer.finish());
    TelemetryRow {
        device: vehicle.device.clone(),
        first: RecordId { boot: 3, number: 0 },
        received_ms: at(1, 6),
        bytes,
    }
}
