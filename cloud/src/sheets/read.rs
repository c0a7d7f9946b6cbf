//! From the text of a file to records.
//!
//! Invariant: the same row has the same key in whichever file it stands, so that reading a file twice changes nothing.

use milepost_lab::cells::{records, separator};
use milepost_protocol::plan::ItemId;
use sha2::{Digest as _, Sha256};

use super::dates::{self, Order};
use super::error::{SheetError, SheetFault};
use super::words;
use crate::domain::{Imported, OTHER_WORK, Remarks};
use crate::i18n::{DistanceUnit, Format};

/// The longest text of a cell that is kept, in characters.
const MAX_TEXT: usize = 500;

/// How many bits of a digest make a key.
const KEY_BITS: u32 = 52;

struct Table {
    header: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    fn column(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
    }

    fn wrong(&self, row: usize, column: usize, fault: SheetFault) -> SheetError {
        SheetError { row, column: self.header[column].clone(), fault }
    }
}

/// Reads service records; `format` says the time zone, and the unit of an odometer column that names none.
pub fn read(text: &str, format: &Format) -> Result<Vec<Imported>, SheetError> {
    let table = table(text)?;
    let missing = |name: &str| SheetError { row: 1, column: name.to_owned(), fault: SheetFault::MissingColumn };
    let date = table.column(&["date"]).ok_or_else(|| missing("date"))?;
    let described = table.column(&["description", "title"]);
    let named = table.column(&["item"]);
    if described.is_none() && named.is_none() {
        return Err(missing("description"));
    }
    let odometer = [
        (table.column(&["odometer"]), format.unit),
        (table.column(&["odometer_km"]), DistanceUnit::Km),
        (table.column(&["odometer_mi"]), DistanceUnit::Mi),
    ];
    let odometer = odometer.into_iter().find_map(|(column, unit)| Some((column?, unit)));
    let (note, place) = (table.column(&["notes", "note"]), table.column(&["place"]));
    let cost = table.column(&["cost"]);
    let order = dates::order(table.rows.iter().map(|(_, cells)| cells[date].as_str()));

    let mut found: Vec<Imported> = Vec::new();
    for (row, cells) in &table.rows {
        let fail = |column: usize, fault| table.wrong(*row, column, fault);
        let text = |column: Option<usize>| match column {
            Some(column) if cells[column].chars().count() > MAX_TEXT => {
                Err(fail(column, SheetFault::TooLong(MAX_TEXT)))
            }
            Some(column) => Ok(cells[column].clone()),
            None => Ok(String::new()),
        };
        let at_ms = moment(&cells[date], order, format).map_err(|fault| fail(date, fault))?;
        let title = text(described)?;
        let item = match named.map(|column| (column, cells[column].as_str())) {
            Some((column, cell)) => named_item(cell, &title).map_err(|fault| fail(column, fault))?,
            None => words::guess(&title).unwrap_or(OTHER_WORK),
        };
        if item == OTHER_WORK && title.is_empty() {
            return Err(fail(described.or(named).unwrap_or(date), SheetFault::Empty));
        }
        let odometer_m = match odometer {
            Some((column, unit)) => metres(&cells[column], unit).map_err(|fault| fail(column, fault))?,
            None => None,
        };
        let cost_cents = match cost {
            Some(column) => cents(&cells[column]).map_err(|fault| fail(column, fault))?,
            None => None,
        };
        let remarks = Remarks { title, note: text(note)?, place: text(place)?, cost_cents };
        let mut record = Imported { key: 0, item, at_ms, odometer_m, remarks };
        // Two rows that say the same are two works.
        let same = found.iter().filter(|other| Imported { key: 0, ..(*other).clone() } == record).count();
        record.key = key(&cells[date], &record, same);
        found.push(record);
    }
    Ok(found)
}

fn table(text: &str) -> Result<Table, SheetError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = records(text, separator(text));
    if lines.is_empty() {
        return Err(SheetError { row: 1, column: "date".to_owned(), fault: SheetFault::NoHeader });
    }
    let (_, header) = lines.remove(0);
    for (row, cells) in &lines {
        if cells.len() != header.len() {
            let fault = SheetFault::Ragged { found: cells.len(), expected: header.len() };
            let column = header.last().cloned().unwrap_or_default();
            return Err(SheetError { row: *row, column, fault });
        }
    }
    Ok(Table { header, rows: lines })
}

fn moment(cell: &str, order: Order, format: &Format) -> Result<u64, SheetFault> {
    if cell.is_empty() {
        return Err(SheetFault::Empty);
    }
    let iso = dates::iso(cell, order)?;
    format.parse_date(&iso).ok_or_else(|| SheetFault::NoDate(cell.to_owned()))
}

fn named_item(cell: &str, title: &str) -> Result<ItemId, SheetFault> {
    if cell.is_empty() || cell.eq_ignore_ascii_case("other") {
        return if title.is_empty() { Err(SheetFault::Empty) } else { Ok(OTHER_WORK) };
    }
    words::item(cell).ok_or_else(|| SheetFault::NoItem(cell.to_owned()))
}

fn metres(cell: &str, unit: DistanceUnit) -> Result<Option<u32>, SheetFault> {
    if cell.is_empty() {
        return Ok(None);
    }
    let wrong = || SheetFault::NoNumber(cell.to_owned());
    let value = number(cell).ok_or_else(wrong)?;
    let metres = (value * unit.metres()).round();
    // LubeLogger writes 0 where nobody read the odometer.
    if metres == 0.0 {
        return Ok(None);
    }
    if metres < f64::from(u32::MAX) { Ok(Some(metres as u32)) } else { Err(wrong()) }
}

fn cents(cell: &str) -> Result<Option<u64>, SheetFault> {
    let plain = cell.trim_matches(|letter: char| letter.is_whitespace() || "$€£¥".contains(letter));
    if plain.is_empty() {
        return Ok(None);
    }
    let value = number(plain).filter(|value| *value < 1e9).ok_or_else(|| SheetFault::NoNumber(cell.to_owned()))?;
    Ok(Some((value * 100.0).round() as u64))
}

/// A number that is not negative, with either mark before its decimals and any between its thousands.
fn number(cell: &str) -> Option<f64> {
    let plain: String = cell.chars().filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\'' | '\u{202f}')).collect();
    let last = plain.rfind(['.', ',']);
    let decimals = last.map_or(0, |at| plain.len() - at - 1);
    let one_kind = !(plain.contains('.') && plain.contains(','));
    // 1,234 and 1.234 are a thousand; 1.23 and 1,234.5 have decimals.
    let grouped = last.is_some() && decimals == 3 && one_kind;
    let (whole, fraction) = match last {
        Some(at) if !grouped => (&plain[..at], &plain[at + 1..]),
        _ => (plain.as_str(), ""),
    };
    let digits: String = whole.chars().filter(|letter| !matches!(letter, '.' | ',')).collect();
    let clean = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !clean(&digits) || !clean(fraction) {
        return None;
    }
    format!("{digits}.{fraction}0").parse().ok()
}

fn key(date: &str, record: &Imported, same: usize) -> u64 {
    let Imported { item, at_ms, odometer_m, remarks, .. } = record;
    let said = format!("{date}|{at_ms}|{}|{odometer_m:?}|{}|{:?}|{same}", item.0, remarks.title, remarks.cost_cents);
    let digest = Sha256::digest(said.as_bytes());
    let mut front = [0; 8];
    front.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(front) >> (u64::BITS - KEY_BITS)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::i18n::Language;

    fn format(unit: DistanceUnit) -> Format {
        Format {
            localizer: Language::DEFAULT.localizer(),
            unit,
            zone: TimeZone::UTC,
            now_ms: 1_772_350_000_000,
            currency: None,
        }
    }

    fn parse(text: &str) -> Result<Vec<Imported>, SheetError> {
        read(text, &format(DistanceUnit::Km))
    }

    fn told(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn lubeloggers_table_is_read() {
        let text = "Date,Odometer,Description,Notes,Cost,Tags\n\
            1/25/2024,\"48,213\",Oil change,\"5W-30, own filter\",$79.90,diy\n\
            2/3/2024,0,Wiper blades,,12.5,\n";
        let found = parse(text).unwrap();
        assert_eq!((found[0].item, found[0].odometer_m), (ItemId::ENGINE_OIL, Some(48_213_000)));
        assert_eq!(found[0].remarks.note, "5W-30, own filter");
        assert_eq!(found[0].remarks.cost_cents, Some(7_990));
        assert_eq!((found[1].item, found[1].odometer_m, found[1].remarks.cost_cents), (OTHER_WORK, None, Some(1_250)));
        assert_eq!(found[1].at_ms - found[0].at_ms, 9 * 86_400_000, "the first row shows that months come first");
    }

    #[test]
    fn our_own_table_names_its_units_and_items() {
        let text = "date;odometer_mi;item;title;place;cost\n2024-02-01;1000;brake-fluid;;Garage Vogt;1.234,50\n";
        let found = parse(text).unwrap();
        assert_eq!((found[0].item, found[0].odometer_m), (ItemId::BRAKE_FLUID, Some(1_609_344)));
        assert_eq!((found[0].remarks.place.as_str(), found[0].remarks.cost_cents), ("Garage Vogt", Some(123_450)));
    }

    #[test]
    fn every_error_names_row_and_column() {
        let rows = |row: &str| format!("date,odometer,item,title\n2024-01-02,5,tyres,\n\n{row}\n");
        for (text, error) in [
            (String::new(), "row 1, column date: no header"),
            ("odometer,item\n1,2\n".to_owned(), "row 1, column date: this column is missing"),
            ("date,odometer\n1,2\n".to_owned(), "row 1, column description: this column is missing"),
            (rows("2024-01-02,5,tyres"), "row 4, column title: 3 cells where the header has 4"),
            (rows("soon,5,tyres,"), "row 4, column date: \"soon\" is no date"),
            (rows("2024-02-31,5,tyres,"), "row 4, column date: \"2024-02-31\" is no date"),
            (
                rows("1/2/2024,5,tyres,"),
                "row 4, column date: \"1/2/2024\" could be two dates; write dates as YYYY-MM-DD",
            ),
            (rows("2024-01-02,many,tyres,"), "row 4, column odometer: \"many\" is no number"),
            (rows("2024-01-02,-5,tyres,"), "row 4, column odometer: \"-5\" is no number"),
            (rows("2024-01-02,5,flux,"), "row 4, column item: \"flux\" is no service item"),
            (rows("2024-01-02,5,other,"), "row 4, column item: empty"),
        ] {
            assert_eq!(told(&text), error);
        }
    }

    #[test]
    fn a_row_has_its_key_whatever_stands_around_it_and_two_alike_have_two() {
        let (head, row) = ("date,odometer,item\n", "2024-01-02,5,tyres\n");
        let alone = parse(&format!("{head}{row}")).unwrap();
        let among = parse(&format!("{head}2024-01-01,4,tyres\n{row}{row}")).unwrap();
        assert_eq!(alone[0].key, among[1].key);
        assert!(among[1].key != among[2].key && among.iter().all(|record| record.key < 1 << KEY_BITS));
    }

    #[test]
    fn numbers_are_read_as_people_group_them() {
        for (cell, value) in [
            ("1,234", 1_234.0),
            ("1.234", 1_234.0),
            ("1.5", 1.5),
            ("1,234.56", 1_234.56),
            ("1.234,5", 1_234.5),
            ("12 345", 12_345.0),
        ] {
            assert_eq!(number(cell), Some(value), "{cell}");
        }
        for cell in ["", "-1", "1e5", ".", "1,2,3x"] {
            assert_eq!(number(cell), None, "{cell}");
        }
    }
}
