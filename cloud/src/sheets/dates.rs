//! Dates as systems and people write them.
//!
//! Invariant: a column is read one way from its first row to its last.

use super::error::SheetFault;

/// Which way round a column's dates with slashes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
    Unknown,
}

/// The order that a column's own cells show.
pub(super) fn order<'a>(cells: impl Iterator<Item = &'a str>) -> Order {
    let mut order = Order::Unknown;
    for cell in cells {
        if let Some([first, second, _]) = slashed(cell) {
            if first > 12 {
                return Order::DayFirst;
            }
            if second > 12 {
                order = Order::MonthFirst;
            }
        }
    }
    order
}

/// A cell as `YYYY-MM-DD`; a time of day behind it is left out.
pub(super) fn iso(cell: &str, order: Order) -> Result<String, SheetFault> {
    let date = cell.split(['T', ' ']).next().unwrap_or_default();
    let wrong = || SheetFault::NoDate(cell.to_owned());
    let (year, month, day) = if let Some(numbers) = parts(date, '-') {
        let [year, month, day] = numbers;
        (year, month, day)
    } else if let Some([day, month, year]) = parts(date, '.') {
        (year, month, day)
    } else if let Some([first, second, year]) = slashed(date) {
        match order {
            Order::DayFirst => (year, second, first),
            Order::MonthFirst => (year, first, second),
            Order::Unknown if first == second => (year, first, second),
            Order::Unknown => return Err(SheetFault::AmbiguousDate(cell.to_owned())),
        }
    } else {
        return Err(wrong());
    };
    if !(1900..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(wrong());
    }
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

fn slashed(cell: &str) -> Option<[u16; 3]> {
    parts(cell.split(' ').next().unwrap_or_default(), '/')
}

fn parts(text: &str, mark: char) -> Option<[u16; 3]> {
    let mut numbers = text.split(mark).map(|part| part.parse::<u16>().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_shows_by_itself_which_way_round_it_is() {
        assert_eq!(order(["1/2/2024", "13/2/2024"].into_iter()), Order::DayFirst);
        assert_eq!(order(["1/2/2024", "1/25/2024"].into_iter()), Order::MonthFirst);
        assert_eq!(order(["1/2/2024", "2024-01-31"].into_iter()), Order::Unknown);
        assert_eq!(iso("1/2/2024", Order::DayFirst), Ok("2024-02-01".to_owned()));
        assert_eq!(iso("1/2/2024 10:30", Order::MonthFirst), Ok("2024-01-02".to_owned()));
        assert_eq!(iso("1/2/2024", Order::Unknown), Err(SheetFault::AmbiguousDate("1/2/2024".to_owned())));
        assert_eq!(iso("3/3/2024", Order::Unknown), Ok("2024-03-03".to_owned()));
    }

    #[test]
    fn dates_of_other_kinds_need_no_order_and_what_is_none_is_told() {
        for (cell, date) in
            [("2024-02-29", "2024-02-29"), ("2024-02-29T08:00:00", "2024-02-29"), ("5.3.2024", "2024-03-05")]
        {
            assert_eq!(iso(cell, Order::Unknown), Ok(date.to_owned()));
        }
        for cell in ["", "yesterday", "2024-13-01", "1.2", "24-01-01", "0/0/2024"] {
            assert!(matches!(iso(cell, Order::DayFirst), Err(SheetFault::NoDate(_))), "{cell}");
        }
    }
}
