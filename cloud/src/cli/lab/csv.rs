//! CSV files of one's own, gzip or not, separated by commas, semicolons or tabs as their header shows.
//!
//! Invariant: every error names the file, the row (the header is row 1) and the column; no cell is guessed.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use flate2::read::MultiGzDecoder;

/// A table of text cells with a header.
#[derive(Debug)]
pub(super) struct Table {
    file: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The row in the file of each row here; quoted cells may span lines, and blank lines are passed over.
    numbers: Vec<usize>,
}

impl Table {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("failed to read {file}"))?;
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            MultiGzDecoder::new(&bytes[..])
                .read_to_end(&mut plain)
                .with_context(|| format!("failed to unpack {file}"))?;
            plain
        } else {
            bytes
        };
        let text = String::from_utf8(bytes).with_context(|| format!("{file} is no UTF-8 text"))?;
        Self::parse(file, &text)
    }

    fn parse(file: String, text: &str) -> anyhow::Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let separator = [',', ';', '\t'].into_iter().max_by_key(|&mark| (first.matches(mark).count(), mark == ','));
        let mut lines = records(text, separator.unwrap_or(','));
        anyhow::ensure!(!lines.is_empty(), "{file}, row 1: no header");
        let (_, header) = lines.remove(0);
        if let Some((row, cells)) = lines.iter().find(|(_, cells)| cells.len() != header.len()) {
            anyhow::bail!("{file}, row {row}: {} cells where the header has {}", cells.len(), header.len());
        }
        let (numbers, rows) = lines.into_iter().unzip();
        Ok(Self { file, header, rows, numbers })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The names of all columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The index of a column by its name.
    pub(super) fn column(&self, name: &str) -> anyhow::Result<usize> {
        self.header.iter().position(|column| column == name).with_context(|| {
            let shown: Vec<&str> = self.header.iter().take(20).map(String::as_str).collect();
            format!("{}, row 1: no column {name:?} among {}", self.file, shown.join(", "))
        })
    }

    /// A cell that is not empty.
    pub(super) fn text(&self, row: usize, column: usize) -> anyhow::Result<&str> {
        let cell = self.rows[row][column].as_str();
        if cell.is_empty() { Err(self.wrong(row, column, "empty")) } else { Ok(cell) }
    }

    /// A cell that is a finite number.
    pub(super) fn number(&self, row: usize, column: usize) -> anyhow::Result<f64> {
        let cell = self.text(row, column)?;
        let number = cell.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong(row, column, &format!("{cell:?} is no number")))
    }

    /// What is wrong with a cell, and where it stands.
    pub(super) fn wrong(&self, row: usize, column: usize, what: &str) -> anyhow::Error {
        anyhow::anyhow!("{}, row {}, column {}: {what}", self.file, self.numbers[row], self.header[column])
    }
}

/// Records of cells by RFC 4180, each with the row of its first line.
fn records(text: &str, separator: char) -> Vec<(usize, Vec<String>)> {
    let (mut records, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut row, mut start) = (false, 1, 1);
    let mut letters = text.chars().peekable();
    loop {
        match letters.next() {
            Some('"') if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            Some('"') => quoted = !quoted,
            Some(letter) if letter == separator && !quoted => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            Some('\n') | None if !quoted || letters.peek().is_none() => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
                let record = std::mem::take(&mut cells);
                if record.iter().any(|cell| !cell.is_empty()) {
                    records.push((start, record));
                }
                row += 1;
                start = row;
                if letters.peek().is_none() {
                    return records;
                }
            }
            Some(letter) => {
                row += usize::from(letter == '\n');
                cell.push(letter);
            }
            None => return records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Table> {
        Table::parse("f.csv".to_owned(), text)
    }

    #[test]
    fn quotes_blank_lines_and_separators_are_understood() {
        let table = parse("\u{feff}a;b\r\n\"x; \"\"y\"\"\";1\r\n\r\n\"two\nlines\";2\nlast;3").expect("a table");
        assert_eq!(table.len(), 3);
        assert_eq!(table.text(0, 0).expect("text"), "x; \"y\"");
        assert_eq!(table.text(1, 0).expect("text"), "two\nlines");
        assert!((table.number(2, 1).expect("a number") - 3.0).abs() < 1e-12);
    }

    #[test]
    fn an_error_names_file_row_and_column() {
        let table = parse("a,b\n1,2\n\n3,x\n,4\n").expect("a table");
        let said = |result: anyhow::Result<f64>| result.expect_err("wrong").to_string();
        assert_eq!(said(table.number(1, 1)), "f.csv, row 4, column b: \"x\" is no number");
        assert_eq!(said(table.number(2, 0)), "f.csv, row 5, column a: empty");
        assert_eq!(table.column("c").expect_err("none").to_string(), "f.csv, row 1: no column \"c\" among a, b");
        let ragged = parse("a,b\n1,2,3\n").expect_err("ragged").to_string();
        assert_eq!(ragged, "f.csv, row 2: 3 cells where the header has 2");
        assert_eq!(parse("").expect_err("nothing").to_string(), "f.csv, row 1: no header");
    }
}
