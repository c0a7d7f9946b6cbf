//! Cells of a CSV text by RFC 4180, and the mark between them.
//!
//! Invariant: each record carries the row of its first line, whatever line breaks its quoted cells hold.

/// Records of cells, each with the row of its first line.
pub fn records(text: &str, separator: char) -> Vec<(usize, Vec<String>)> {
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

/// The mark between cells, as the header shows it.
pub fn separator(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    [',', ';', '\t'].into_iter().max_by_key(|&mark| (first.matches(mark).count(), mark == ',')).unwrap_or(',')
}
