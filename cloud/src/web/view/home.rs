//! The owner's first page: is the car fine, what is next, what does it say.

use milepost_protocol::notice::NoticeKind;

use super::{
    Health, ItemView, MessageView, RecallView, TileView, TipView, TripRow, TroubleView, TyreView, health, items,
    messages, recalls, recent, tiles, tips, troubles, tyres, vehicle_name,
};
use crate::domain::Vehicle;
use crate::i18n::Format;

/// What the last form led to, said once on the page behind it.
#[derive(Debug, Clone)]
pub(crate) struct Flash {
    pub(crate) text: String,
    /// The item whose completion can be taken back.
    pub(crate) undo: Option<u16>,
}

/// Everything of the page.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) base: String,
    pub(crate) name: String,
    pub(crate) last_contact: Option<String>,
    pub(crate) flash: Option<Flash>,
    pub(crate) health: Health,
    pub(crate) items: Vec<ItemView>,
    pub(crate) tiles: Vec<TileView>,
    pub(crate) tyres: Vec<TyreView>,
    pub(crate) troubles: Vec<TroubleView>,
    pub(crate) trips: Vec<TripRow>,
    pub(crate) recalls: Vec<RecallView>,
    pub(crate) tips: Vec<TipView>,
    pub(crate) messages: Vec<MessageView>,
    pub(crate) offers: usize,
    pub(crate) today: String,
    pub(crate) unit: &'static str,
    pub(crate) odometer_field: Option<u64>,
}

impl Home {
    /// The page of a vehicle.
    pub(crate) fn of(vehicle: &Vehicle, format: &Format, flash: Option<Flash>) -> Self {
        let items = items(vehicle, format);
        let troubles = troubles(vehicle, format);
        let contact_ms = vehicle.state.last_received_ms;
        let open_offers =
            vehicle.open_notices(format.now_ms).filter(|notice| notice.subject.kind() == NoticeKind::Offer);
        Self {
            base: format!("/vehicles/{}", vehicle.device),
            name: vehicle_name(format.localizer, vehicle),
            last_contact: (contact_ms > 0).then(|| format.age(contact_ms)),
            flash,
            health: health(vehicle, format),
            tiles: tiles(vehicle, format),
            tyres: tyres(vehicle, format),
            trips: recent(vehicle, format),
            recalls: recalls(vehicle, format),
            tips: tips(vehicle, format),
            messages: messages(vehicle, format),
            offers: open_offers.count(),
            today: format.date_field(format.now_ms),
            unit: format.unit.code(),
            odometer_field: vehicle.state.usage().odometer_m.map(|metres| format.odometer_field(metres.into())),
            items,
            troubles,
        }
    }
}
