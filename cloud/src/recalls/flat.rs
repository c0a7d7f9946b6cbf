//! Reads the flat file of recalls that the NHTSA publishes.
//!
//! Source: <https://static.nhtsa.gov/odi/ffdd/rcl/RCL.txt>: one line a product, fields with tabs between them, no head.
//! Files from before 2020 have 24 fields, later ones 27, and those since May 2025 29.
//! Invariant: a row that does not read is an error with its row and column, and nothing of its file is taken.

use super::Recall;

/// The fields of a row, in their order; the spelling of the 21st is the agency's own.
const FIELDS: [&str; 29] = [
    "RECORD_ID",
    "CAMPNO",
    "MAKETXT",
    "MODELTXT",
    "YEARTXT",
    "MFGCAMPNO",
    "COMPNAME",
    "MFGNAME",
    "BGMAN",
    "ENDMAN",
    "RCLTYPECD",
    "POTAFF",
    "ODATE",
    "INFLUENCED_BY",
    "MFGTXT",
    "RCDATE",
    "DATEA",
    "RPNO",
    "FMVSS",
    "DESC_DEFECT",
    "CONEQUENCE_DEFECT",
    "CORRECTIVE_ACTION",
    "NOTES",
    "RCL_CMPT_ID",
    "MFR_COMP_NAME",
    "MFR_COMP_DESC",
    "MFR_COMP_PTNO",
    "DO_NOT_DRIVE",
    "PARK_OUTSIDE",
];

/// How many fields a row can have.
const COUNTS: [usize; 3] = [24, 27, 29];

/// The longest text of a field that is kept, in characters; the agency says 2000.
const MAX_TEXT: usize = 4_000;

/// Where a file does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {column}{}: {message}", if name.is_empty() { String::new() } else { format!(" ({name})") })]
pub struct FlatError {
    /// The row, from 1.
    pub row: usize,
    /// The column, from 1.
    pub column: usize,
    /// The column's name; empty if it is none of the format's.
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flat {
    /// Recalls of cars, each product one.
    pub recalls: Vec<Recall>,
    /// Rows about tyres, child seats and equipment, which are passed over.
    pub other: usize,
    /// Rows without a model year, which no car can be matched to.
    pub without_year: usize,
}

/// Reads a file; bytes that are no UTF-8 count as Latin-1, in which older files are written.
pub fn parse(bytes: &[u8]) -> Result<Flat, FlatError> {
    let mut flat = Flat::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let text =
            std::str::from_utf8(line).map_or_else(|_| line.iter().copied().map(char::from).collect(), str::to_owned);
        row(&mut flat, index + 1, &text)?;
    }
    Ok(flat)
}

fn row(flat: &mut Flat, row: usize, line: &str) -> Result<(), FlatError> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let wrong = |column: usize, message: String| {
        let name = FIELDS.get(column - 1).copied().unwrap_or_default();
        FlatError { row, column, name, message }
    };
    if !COUNTS.contains(&fields.len()) {
        let message = format!("the row has {} columns, and should have 24, 27 or 29", fields.len());
        return Err(wrong(fields.len(), message));
    }
    let field = |column: usize| fields.get(column - 1).copied().unwrap_or_default();
    let needed = |column: usize| match field(column) {
        "" => Err(wrong(column, "is empty".to_owned())),
        text if text.chars().count() > MAX_TEXT => Err(wrong(column, "is too long".to_owned())),
        text => Ok(text.to_owned()),
    };
    if field(11) != "V" {
        let known = ["E", "T", "C", "X"].contains(&field(11));
        if !known {
            return Err(wrong(11, format!("{:?} is none of V, E, T, C and X", field(11))));
        }
        flat.other += 1;
        return Ok(());
    }
    let campaign = needed(2)?;
    if campaign.len() > 12 || !campaign.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(wrong(2, format!("{campaign:?} is no campaign number")));
    }
    let (make, model) = (needed(3)?, needed(4)?);
    let year: u16 = field(5).parse().map_err(|_| wrong(5, format!("{:?} is no model year", field(5))))?;
    let date = |column: usize| match field(column) {
        "" => Ok(String::new()),
        text if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
        }
        text => Err(wrong(column, format!("{text:?} is no date as YYYYMMDD"))),
    };
    let yes = |column: usize| match field(column) {
        "" | "N" | "No" | "NO" => Ok(false),
        "Y" | "Yes" | "YES" => Ok(true),
        text => Err(wrong(column, format!("{text:?} is neither yes nor no"))),
    };
    let recall = Recall {
        component: needed(7)?,
        reported: date(16)?,
        defect: needed(20)
            .or_else(|_| needed(23))
            .map_err(|_| wrong(20, "is empty, and so are the notes".to_owned()))?,
        consequence: field(21).to_owned(),
        remedy: field(22).to_owned(),
        do_not_drive: yes(28)?,
        park_outside: yes(29)?,
        campaign,
        make,
        model,
        year,
    };
    if year == 9_999 {
        flat.without_year += 1;
    } else {
        flat.recalls.push(recall);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row with `count` fields, of which some are given.
    fn line(count: usize, given: &[(usize, &str)]) -> String {
        let mut fields = vec![""; count];
        for (column, text) in [
            (1, "1"),
            (2, "24V001000"),
            (3, "VOLKSWAGEN"),
            (4, "GOLF"),
            (5, "2021"),
            (7, "AIR BAGS"),
            (11, "V"),
            (16, "20240120"),
            (20, "The air bag may not open."),
        ] {
            fields[column - 1] = text;
        }
        for (column, text) in given {
            fields[column - 1] = text;
        }
        fields.join("\t")
    }

    fn wrong(count: usize, given: &[(usize, &str)]) -> String {
        let text = format!("{}\r\n{}\r\n", line(count, &[]), line(count, given));
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn rows_of_all_three_ages_read_alike() {
        for count in COUNTS {
            let flat = parse(line(count, &[]).as_bytes()).unwrap();
            assert_eq!((flat.recalls.len(), flat.recalls[0].year), (1, 2021), "{count}");
            assert_eq!(flat.recalls[0].reported, "2024-01-20");
        }
        let text = line(29, &[(28, "Yes"), (29, "No")]);
        let recall = &parse(text.as_bytes()).unwrap().recalls[0];
        assert_eq!((recall.do_not_drive, recall.park_outside), (true, false));
    }

    #[test]
    fn tyres_and_products_without_a_year_are_counted_and_passed_over() {
        let text = format!("{}\n{}\n", line(27, &[(11, "T"), (5, "")]), line(27, &[(5, "9999")]));
        let flat = parse(text.as_bytes()).unwrap();
        assert_eq!((flat.recalls.len(), flat.other, flat.without_year), (0, 1, 1));
    }

    #[test]
    fn what_does_not_read_is_named_with_row_and_column() {
        for (given, message) in [
            (&[(5, "next")][..], "row 2, column 5 (YEARTXT): \"next\" is no model year"),
            (&[(2, "")], "row 2, column 2 (CAMPNO): is empty"),
            (&[(16, "2024-01-20")], "row 2, column 16 (RCDATE): \"2024-01-20\" is no date as YYYYMMDD"),
            (&[(11, "Q")], "row 2, column 11 (RCLTYPECD): \"Q\" is none of V, E, T, C and X"),
            (&[(20, "")], "row 2, column 20 (DESC_DEFECT): is empty, and so are the notes"),
        ] {
            assert_eq!(wrong(27, given), message);
        }
        let short = parse(b"1\t24V001000\tVW").unwrap_err();
        assert_eq!((short.row, short.column), (1, 3));
    }

    #[test]
    fn a_file_in_latin_1_reads() {
        let mut bytes = line(27, &[]).into_bytes();
        let at = bytes.iter().position(|byte| *byte == b'G').unwrap();
        bytes[at] = 0xDC;
        assert_eq!(parse(&bytes).unwrap().recalls[0].make, "VOLKSWAÜEN");
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            // Whether it reads is not the question here.
            let _ = parse(&bytes);
        }
    }
}
