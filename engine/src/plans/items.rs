//! The names of service items in plan files.
//!
//! Invariant: a number never changes its meaning; the first five are those that cars know.

use milepost_protocol::plan::ItemId;

/// Brake pads, which have no number in the car's own plan.
pub const BRAKE_PADS: ItemId = ItemId(11);

const NAMES: [(&str, u16); 18] = [
    ("engine-oil", ItemId::ENGINE_OIL.0),
    ("brake-fluid", ItemId::BRAKE_FLUID.0),
    ("tyres", ItemId::TYRES.0),
    ("inspection", ItemId::INSPECTION.0),
    ("battery-12v", ItemId::BATTERY_12V.0),
    ("engine-air-filter", 6),
    ("cabin-filter", 7),
    ("spark-plugs", 8),
    ("coolant", 9),
    ("transmission-fluid", 10),
    ("brake-pads", BRAKE_PADS.0),
    ("traction-battery", 12),
    ("particulate-filter", 13),
    ("fuel-filter", 14),
    ("timing-belt", 15),
    ("winter-wheels", 16),
    ("air-conditioning", 17),
    ("reduction-gear-oil", 18),
];

/// The number of an item's name.
pub fn item_id(name: &str) -> Option<ItemId> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| ItemId(*number))
}

/// The name of an item's number.
pub fn item_name(item: ItemId) -> Option<&'static str> {
    NAMES.iter().find(|(_, number)| *number == item.0).map(|(name, _)| *name)
}
