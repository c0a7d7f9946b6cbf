//! A certificate on paper.
//!
//! Invariant: paper says where its record can be read as it stands, because paper can be copied and changed.

use super::Words;
use crate::i18n::Localizer;
use crate::pdf::{Ink, PdfError, Sheets};

/// The columns of facts and of records, as shares of the width.
const FACT: [f32; 2] = [0.38, 0.62];
const RECORD: [f32; 4] = [0.2, 0.15, 0.33, 0.32];

/// Draws a certificate; `link` is where it can be read as it stands.
pub(crate) fn draw(localizer: Localizer, words: &Words, link: Option<&str>) -> Result<Vec<u8>, PdfError> {
    let mut sheets = Sheets::new()?;
    sheets.paragraph(Ink::SOFT, "Milepost")?;
    sheets.skip(6.0);
    sheets.paragraph(Ink::TITLE, &words.title)?;
    sheets.skip(2.0);
    sheets.paragraph(Ink::PART, &words.name)?;
    sheets.paragraph(Ink::SOFT, &words.read)?;
    sheets.part(&localizer.text("certificate-car"))?;
    for (label, value) in &words.facts {
        sheets.rule(215);
        sheets.row(Ink::TEXT, &[(FACT[0], label), (FACT[1], value)])?;
    }
    sheets.rule(215);
    sheets.part(&localizer.text("certificate-findings"))?;
    for finding in &words.findings {
        let mark = localizer.text(if finding.asks { "certificate-ask" } else { "certificate-good" });
        sheets.row(Ink::TEXT, &[(0.14, &mark), (0.86, &finding.text)])?;
        sheets.skip(2.0);
    }
    sheets.part(&localizer.text("certificate-records"))?;
    if words.rows.is_empty() {
        sheets.paragraph(Ink::TEXT, &localizer.text("certificate-no-records"))?;
    } else {
        let head = ["certificate-date", "certificate-at", "certificate-work", "certificate-by"];
        let head = head.map(|key| localizer.text(key));
        let columns: Vec<(f32, &str)> = RECORD.into_iter().zip(head.iter().map(String::as_str)).collect();
        sheets.row(Ink::HEAD, &columns)?;
        for row in &words.rows {
            sheets.rule(215);
            let cells = [&row.date, &row.odometer, &row.work, &row.by].map(String::as_str);
            let columns: Vec<(f32, &str)> = RECORD.into_iter().zip(cells).collect();
            sheets.row(Ink { size: 9.5, ..Ink::TEXT }, &columns)?;
        }
        sheets.rule(215);
    }
    sheets.part(&localizer.text("certificate-how"))?;
    sheets.paragraph(Ink::SOFT, &localizer.text("certificate-how-text"))?;
    if let Some(link) = link {
        sheets.skip(4.0);
        sheets.paragraph(Ink::TEXT, &localizer.text("certificate-check"))?;
        sheets.paragraph(Ink::TEXT, link)?;
    }
    let foot = format!("{} · {} · {}", words.title, words.name, words.read);
    sheets.finish(&format!("{}: {}", words.title, words.name), localizer.language().code(), &foot)
}
