//! Which service item a description in free words is about.
//!
//! Invariant: the longest word that is found decides, so that gear oil is no engine oil; what says nothing that we know is
//! other work.

use milepost_engine::plans::{item_id, item_name};
use milepost_protocol::plan::ItemId;

/// Words in English, German and Chinese, in lower case.
const WORDS: [(&str, &[&str]); 18] = [
    (
        "engine-oil",
        &[
            "engine oil",
            "oil change",
            "motor oil",
            "oil and filter",
            "oil & filter",
            "oil",
            "motoröl",
            "ölwechsel",
            "öl",
            "机油",
        ],
    ),
    ("brake-fluid", &["brake fluid", "brake flush", "bremsflüssigkeit", "制动液", "刹车油"]),
    (
        "tyres",
        &[
            "tyre rotation",
            "tire rotation",
            "tyre change",
            "tire change",
            "tyres",
            "tires",
            "tyre",
            "tire",
            "reifenwechsel",
            "räderwechsel",
            "reifen",
            "轮胎",
        ],
    ),
    ("inspection", &["state inspection", "inspection", "mot test", "hauptuntersuchung", "tüv", "inspektion", "年检"]),
    (
        "battery-12v",
        &["12v battery", "12 v battery", "starter battery", "battery", "starterbatterie", "batterie", "蓄电池"],
    ),
    ("engine-air-filter", &["engine air filter", "air filter", "luftfilter", "空气滤清器", "空气滤芯"]),
    (
        "cabin-filter",
        &[
            "cabin air filter",
            "cabin filter",
            "pollen filter",
            "innenraumfilter",
            "pollenfilter",
            "空调滤芯",
            "空调滤清器",
        ],
    ),
    ("spark-plugs", &["spark plugs", "spark plug", "zündkerzen", "zündkerze", "火花塞"]),
    ("coolant", &["coolant", "antifreeze", "kühlmittel", "kühlflüssigkeit", "冷却液"]),
    (
        "transmission-fluid",
        &["transmission fluid", "transmission oil", "gearbox oil", "gear oil", "atf", "getriebeöl", "变速箱油"],
    ),
    ("brake-pads", &["brake pads", "brake pad", "bremsbeläge", "bremsbelag", "刹车片", "制动片"]),
    (
        "traction-battery",
        &[
            "traction battery",
            "high voltage battery",
            "hv battery",
            "hochvoltbatterie",
            "traktionsbatterie",
            "动力电池",
        ],
    ),
    ("particulate-filter", &["particulate filter", "dpf", "partikelfilter", "颗粒捕集器"]),
    ("fuel-filter", &["fuel filter", "kraftstofffilter", "燃油滤清器"]),
    ("timing-belt", &["timing belt", "cam belt", "cambelt", "zahnriemen", "正时皮带"]),
    ("winter-wheels", &["winter wheels", "winter tyres", "winter tires", "winterräder", "winterreifen", "冬季轮胎"]),
    ("air-conditioning", &["air conditioning", "a/c service", "klimaanlage", "空调系统"]),
    ("reduction-gear-oil", &["reduction gear oil", "reduktionsgetriebe", "减速器油"]),
];

/// The item that a description speaks of.
pub(super) fn guess(description: &str) -> Option<ItemId> {
    let text = description.to_lowercase();
    let found = WORDS.iter().flat_map(|(name, words)| words.iter().map(move |word| (word, name)));
    let best = found.filter(|(word, _)| is_in(&text, word)).max_by_key(|(word, _)| word.chars().count());
    best.and_then(|(_, name)| item_id(name))
}

/// The item with this name or number, or the one that the words speak of.
pub(super) fn item(cell: &str) -> Option<ItemId> {
    let by_number = || cell.parse().ok().map(ItemId).filter(|item| item_name(*item).is_some());
    item_id(&cell.to_lowercase()).or_else(by_number).or_else(|| guess(cell))
}

/// Whether a word stands in a text; Latin words as the beginning of one, others anywhere.
fn is_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !word.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !before.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_decides() {
        for (text, name) in [
            ("Oil change + filter", Some("engine-oil")),
            ("Gear oil", Some("transmission-fluid")),
            ("Cabin air filter replaced", Some("cabin-filter")),
            ("Bremsflüssigkeit gewechselt", Some("brake-fluid")),
            ("更换机油", Some("engine-oil")),
            ("New wiper blades", None),
            ("Foil on the doors", None),
        ] {
            assert_eq!(guess(text), name.and_then(item_id), "{text}");
        }
        assert_eq!(
            (item("engine-oil"), item("4"), item("99")),
            (item_id("engine-oil"), Some(ItemId::INSPECTION), None)
        );
    }
}
