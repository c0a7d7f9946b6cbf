//! From records to the text of a file.
//!
//! Invariant: what was written in either layout reads back as the same records.

use milepost_engine::plans::item_name;

use crate::domain::{OTHER_WORK, Service};
use crate::i18n::{DistanceUnit, Format, item_name as item_text};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Our own.
    Milepost,
    /// `LubeLogger`'s service records.
    LubeLogger,
}

impl Layout {
    /// The layout with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "milepost" => Some(Self::Milepost),
            "lubelogger" => Some(Self::LubeLogger),
            _ => None,
        }
    }
}

/// Writes the records that stand, oldest first.
pub fn write(services: &[Service], layout: Layout, format: &Format) -> String {
    let unit = format.unit;
    let mut text = match (layout, unit) {
        (Layout::Milepost, DistanceUnit::Km) => "date,odometer_km,item,title,note,place,cost\n".to_owned(),
        (Layout::Milepost, DistanceUnit::Mi) => "date,odometer_mi,item,title,note,place,cost\n".to_owned(),
        (Layout::LubeLogger, _) => "Date,Odometer,Description,Notes,Cost,Tags\n".to_owned(),
    };
    for service in services.iter().rev().filter(|service| service.stands) {
        let date = format.date_field(service.done.at_ms);
        let odometer = service.done.odometer_m.map(|m| format!("{:.0}", f64::from(m) / unit.metres()));
        let odometer = odometer.unwrap_or_default();
        let remarks = &service.remarks;
        let cost = remarks.cost_cents.map(|cents| format!("{}.{:02}", cents / 100, cents % 100)).unwrap_or_default();
        let row = match layout {
            Layout::Milepost => {
                let item =
                    if service.item == OTHER_WORK { "other" } else { item_name(service.item).unwrap_or("other") };
                [&date, &odometer, item, &remarks.title, &remarks.note, &remarks.place, &cost].map(quoted).join(",")
            }
            Layout::LubeLogger => {
                let title = if remarks.title.is_empty() {
                    item_text(format.localizer, service.item)
                } else {
                    remarks.title.clone()
                };
                [&date, &odometer, &title, &remarks.note, &cost, ""].map(quoted).join(",")
            }
        };
        text.push_str(&row);
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r', ';', '\t']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use milepost_engine::maintenance::Completion;
    use milepost_engine::service_book::{EventId, Source};
    use milepost_protocol::plan::ItemId;

    use super::*;
    use crate::domain::{Actor, Remarks};
    use crate::i18n::Language;
    use crate::sheets::read;

    #[test]
    fn both_layouts_read_back_as_they_were_written() {
        for unit in [DistanceUnit::Km, DistanceUnit::Mi] {
            let format = Format {
                localizer: Language::DEFAULT.localizer(),
                unit,
                zone: TimeZone::UTC,
                now_ms: 1_772_350_000_000,
                currency: None,
            };
            let service = |id: u64, item: ItemId, title: &str| Service {
                id: EventId(id),
                item,
                done: Completion {
                    at_ms: format.parse_date("2024-05-06").unwrap(),
                    odometer_m: Some((40_000.0 * unit.metres()) as u32),
                    ..Completion::default()
                },
                source: Source::Owner,
                by: Actor::System,
                told_ms: 0,
                remarks: Remarks {
                    title: title.to_owned(),
                    note: "line\nand \"quotes\", too".to_owned(),
                    cost_cents: Some(12_345),
                    ..Remarks::default()
                },
                stands: true,
                edits: 0,
            };
            let services = [service(1, ItemId::BRAKE_FLUID, ""), service(2, OTHER_WORK, "Wiper blades")];
            for layout in [Layout::Milepost, Layout::LubeLogger] {
                let found = read(&write(&services, layout, &format), &format).unwrap();
                let items: Vec<_> = found.iter().map(|record| record.item).collect();
                assert_eq!(items, [OTHER_WORK, ItemId::BRAKE_FLUID], "{layout:?}");
                for record in &found {
                    assert_eq!(record.at_ms, services[0].done.at_ms);
                    assert_eq!(record.odometer_m.map(|m| m / 10), services[0].done.odometer_m.map(|m| m / 10));
                    assert_eq!(record.remarks.note, services[0].remarks.note);
                    assert_eq!(record.remarks.cost_cents, Some(12_345));
                }
            }
        }
    }
}
