//! The service book in words: what was done, by whom it was told, and what became of the record.

use milepost_engine::service_book::Source;

use super::actor;
use crate::attachments::Attachment;
use crate::domain::{OTHER_WORK, Service, Vehicle};
use crate::i18n::{Format, item_name};

/// One record, with the fields of the form that corrects it.
#[derive(Debug, Clone)]
pub(crate) struct ServiceLine {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) when: String,
    pub(crate) machine: String,
    pub(crate) odometer: Option<String>,
    pub(crate) facts: Vec<String>,
    pub(crate) told: String,
    pub(crate) stands: bool,
    pub(crate) edited: bool,
    pub(crate) date_field: String,
    pub(crate) odometer_field: Option<u64>,
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) place: String,
    pub(crate) cost_field: String,
    pub(crate) receipts: Vec<ReceiptLine>,
}

/// A receipt beside a record.
#[derive(Debug, Clone)]
pub(crate) struct ReceiptLine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: String,
}

/// All records, the newest first; `of` narrows them to one item.
pub(crate) fn services(
    vehicle: &Vehicle,
    attachments: &[Attachment],
    format: &Format,
    of: Option<u16>,
) -> Vec<ServiceLine> {
    let services = vehicle.book.services().into_iter();
    let wanted = services.filter(|service| of.is_none_or(|of| service.item.0 == of));
    wanted.map(|service| line(service, attachments, format)).collect()
}

fn line(service: Service, attachments: &[Attachment], format: &Format) -> ServiceLine {
    let localizer = format.localizer;
    let receipts =
        attachments.iter().filter(|attachment| attachment.service == service.id).map(|attachment| ReceiptLine {
            id: attachment.id.to_string(),
            name: attachment.name.clone(),
            size: format.bytes(attachment.len as u64),
        });
    let receipts = receipts.collect();
    let Service { id, item, done, source, by, told_ms, remarks, stands, edits } = service;
    let source = localizer.text(match source {
        Source::Owner => "source-owner",
        Source::Workshop => "source-workshop",
        Source::Import => "source-import",
        Source::DetectedReset => "source-detected",
    });
    let told = localizer.with(
        "service-told",
        [("source", source.into()), ("who", actor(localizer, &by).into()), ("date", format.date(told_ms).into())],
    );
    let cost_field = remarks.cost_cents.map(|cents| format!("{}.{:02}", cents / 100, cents % 100)).unwrap_or_default();
    let cost = remarks.cost_cents.map(|cents| format.money(cents.cast_signed()));
    let is_other = item == OTHER_WORK && !remarks.title.is_empty();
    let name = if is_other { remarks.title.clone() } else { item_name(localizer, item) };
    let title = Some(remarks.title.clone()).filter(|title| !is_other && !title.is_empty());
    let texts = [title, Some(remarks.note.clone()), Some(remarks.place.clone()), cost];
    ServiceLine {
        id: id.0,
        name,
        when: format.date(done.at_ms),
        machine: format.machine(done.at_ms),
        odometer: done.odometer_m.map(|metres| format.odometer(metres.into())),
        facts: texts.into_iter().flatten().filter(|text| !text.is_empty()).collect(),
        told,
        stands,
        edited: edits > 0,
        date_field: format.date_field(done.at_ms),
        odometer_field: done.odometer_m.map(|metres| format.odometer_field(metres.into())),
        title: remarks.title,
        note: remarks.note,
        place: remarks.place,
        cost_field,
        receipts,
    }
}
