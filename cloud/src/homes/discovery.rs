//! What Home Assistant is told: one device a car with its entities (MQTT device discovery), and the state that they read.
//!
//! Invariant: it tells an owner what the account shows anyway, and nothing of where the car is.

use milepost_engine::due::{forecast, history};
use milepost_protocol::notice::NoticeState;
use milepost_protocol::plan::{Level, SafetyClass};
use milepost_protocol::trouble::TroubleStatus;
use milepost_protocol::{DeviceId, SignalId};
use serde_json::{Value, json};

use crate::domain::{Powertrain, Vehicle};
use crate::i18n::{Format, item_name, timestamp, title};
use crate::web::vehicle_name;

/// Where a car is announced.
pub(super) fn config_topic(prefix: &str, device: &DeviceId) -> String {
    format!("{prefix}/device/milepost_{device}/config")
}

/// Where a car's state stands.
pub(super) fn state_topic(device: &DeviceId) -> String {
    format!("milepost/{device}/state")
}

/// What a car is announced with.
pub(super) fn config(vehicle: &Vehicle, availability: &str, url: &str, format: &Format) -> Value {
    let device = &vehicle.device;
    let entity = |name: &str, key: &str, template: &str, more: Value| {
        let mut entity = json!({
            "platform": "sensor",
            "unique_id": format!("milepost_{device}_{name}"),
            "name": format.localizer.text(key),
            "value_template": template,
        });
        if let (Value::Object(entity), Value::Object(more)) = (&mut entity, more) {
            entity.extend(more);
        }
        (name.to_owned(), entity)
    };
    let unit = format.unit.code();
    let distance = json!({ "device_class": "distance", "unit_of_measurement": unit, "suggested_display_precision": 0 });
    let mut rising = distance.clone();
    rising["state_class"] = json!("total_increasing");
    let share = |class: Option<&str>| {
        let mut share = json!({ "unit_of_measurement": "%", "state_class": "measurement" });
        match class {
            Some(class) => share["device_class"] = json!(class),
            None => share["icon"] = json!("mdi:gas-station"),
        }
        share
    };
    let volts = json!({ "device_class": "voltage", "unit_of_measurement": "V", "state_class": "measurement" });
    let mut entities = vec![
        entity("odometer", "tile-odometer", "{{ value_json.odometer }}", rising),
        entity("battery_12v", "tile-battery", "{{ value_json.battery_12v }}", volts),
        entity("next_service", "home-next-service", "{{ value_json.next_service }}", json!({ "icon": "mdi:wrench" })),
        entity(
            "next_service_date",
            "home-next-date",
            "{{ value_json.next_service_date }}",
            json!({ "device_class": "date" }),
        ),
        entity("next_service_distance", "home-next-distance", "{{ value_json.next_service_distance }}", distance),
        entity(
            "trouble_codes",
            "dtc-title",
            "{{ value_json.trouble_codes | length }}",
            json!({
                "icon": "mdi:car-wrench",
                "json_attributes_topic": state_topic(device),
                "json_attributes_template": "{{ {'codes': value_json.trouble_codes} | tojson }}",
            }),
        ),
        entity(
            "last_seen",
            "state-last-contact",
            "{{ value_json.last_seen }}",
            json!({ "device_class": "timestamp", "entity_category": "diagnostic" }),
        ),
        entity(
            "safety_notice",
            "home-safety",
            "{{ 'ON' if value_json.safety_notice else 'OFF' }}",
            json!({ "platform": "binary_sensor", "device_class": "safety" }),
        ),
    ];
    if vehicle.profile.powertrain != Powertrain::Electric {
        entities.push(entity("fuel", "tile-fuel", "{{ value_json.fuel }}", share(None)));
    }
    if vehicle.profile.powertrain != Powertrain::Combustion {
        entities.push(entity("charge", "tile-charge", "{{ value_json.charge }}", share(Some("battery"))));
    }
    json!({
        "device": {
            "identifiers": [format!("milepost_{device}")],
            "name": vehicle_name(format.localizer, vehicle),
            "model": vehicle.profile.model_name,
            "configuration_url": format!("{}/vehicles/{device}", url.trim_end_matches('/')),
        },
        "origin": { "name": "Milepost", "sw_version": env!("CARGO_PKG_VERSION"), "support_url": url },
        "components": entities.into_iter().collect::<serde_json::Map<_, _>>(),
        "state_topic": state_topic(device),
        "availability_topic": availability,
        "qos": 1,
    })
}

/// What a car's entities read; what is not known is null.
pub(super) fn state(vehicle: &Vehicle, format: &Format) -> Value {
    let (now_ms, localizer) = (format.now_ms, format.localizer);
    let values = &vehicle.state;
    let in_unit = |metres: f64| (metres / format.unit.metres()).round();
    let percent = |signal| values.signals.get(&signal).map(|value| (f64::from(value.value) * 100.0).round());
    let odometer_m = values.totals.odometer_m;
    let resting = values.rests.back().map(|rest| f64::from(rest.millivolts) / 1000.0);
    let offset_s = format.zone.to_offset(timestamp(now_ms)).seconds();
    let past = history(values, now_ms, offset_s);
    let items = vehicle.items();
    let standings = vehicle.standings(now_ms);
    let dates = standings.iter().filter_map(|standing| {
        let item = items.iter().find(|item| item.rule.item == standing.assessment.item)?;
        // What is due already has no date ahead of it any more.
        let date_ms = forecast(item, standing, values, &past, now_ms).map(|found| found.due.median_ms);
        let date_ms = date_ms.or_else(|| (standing.assessment.used >= 1.0).then_some(now_ms))?;
        Some((date_ms, item.rule.item))
    });
    let next = dates.min_by_key(|(date_ms, item)| (*date_ms, item.0));
    let left_m = standings.iter().filter_map(|standing| {
        let due_m = i64::from(standing.assessment.due_odometer_m?);
        Some(due_m - i64::from(odometer_m?))
    });
    let codes = values.troubles.iter().filter(|trouble| trouble.status != TroubleStatus::Cleared);
    let is_warning = |notice: &&crate::domain::NoticeDoc| {
        let is_open = matches!(notice.state(), NoticeState::Raised | NoticeState::Shown { .. });
        // What only comes up some day is no warning yet; a recall has no level.
        let is_now = notice.subject.level().is_none_or(|level| level >= Level::Due);
        is_open && is_now && notice.safety == SafetyClass::Safety
    };
    let warning = vehicle.notices.values().find(is_warning);
    let seen_ms = values.last_received_ms;
    json!({
        "odometer": odometer_m.map(|metres| in_unit(metres.into())),
        "fuel": percent(SignalId::FUEL_LEVEL),
        "charge": percent(SignalId::STATE_OF_CHARGE),
        "battery_12v": resting,
        "next_service": next.map(|(_, item)| item_name(localizer, item)),
        "next_service_date": next.map(|(date_ms, _)| format.date_field(date_ms)),
        "next_service_distance": left_m.min().map(|metres| in_unit(metres as f64)),
        "trouble_codes": codes.map(|trouble| trouble.code.to_string()).collect::<Vec<_>>(),
        "last_seen": (seen_ms > 0).then(|| format.machine(seen_ms)),
        "safety_notice": warning.map(|notice| title(localizer, notice)),
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::i18n::{DistanceUnit, Language};

    fn format() -> Format {
        let (localizer, zone) = (Language::DEFAULT.localizer(), TimeZone::UTC);
        Format { localizer, unit: DistanceUnit::Km, zone, now_ms: 1_772_350_000_000, currency: None }
    }

    fn vehicle(powertrain: Powertrain) -> Vehicle {
        let mut vehicle = Vehicle::new("car-1".parse().unwrap(), 0);
        vehicle.profile.powertrain = powertrain;
        vehicle.state.totals.odometer_m = Some(48_213_400);
        vehicle
    }

    #[test]
    fn every_entity_has_its_platform_an_id_of_its_own_and_reads_what_the_state_holds() {
        for powertrain in [Powertrain::Combustion, Powertrain::Hybrid, Powertrain::Electric] {
            let vehicle = vehicle(powertrain);
            let config = config(&vehicle, "milepost/x/availability", "https://cars.example", &format());
            let state = state(&vehicle, &format());
            let entities = config["components"].as_object().unwrap();
            let has = |name: &str| entities.contains_key(name);
            assert_eq!(
                (has("fuel"), has("charge")),
                (powertrain != Powertrain::Electric, powertrain != Powertrain::Combustion)
            );
            for (name, entity) in entities {
                assert!(entity["platform"].is_string(), "{name}");
                assert_eq!(entity["unique_id"], format!("milepost_car-1_{name}"));
                assert!(state.as_object().unwrap().contains_key(name), "{name} reads nothing");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_null_and_the_odometer_is_in_the_owners_unit() {
        let mut format = format();
        let vehicle = vehicle(Powertrain::Combustion);
        assert_eq!(state(&vehicle, &format)["odometer"], 48_213.0);
        format.unit = DistanceUnit::Mi;
        let state = state(&vehicle, &format);
        assert_eq!(state["odometer"], 29_958.0);
        assert!(state["battery_12v"].is_null() && state["last_seen"].is_null() && state["safety_notice"].is_null());
    }
}
