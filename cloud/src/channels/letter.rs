//! A letter as PDF (A4), for a window envelope: drawn when somebody prints it.
//!
//! Invariant: a character that the font lacks is an error, never an empty box on paper.

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;

use super::message::{Told, Words};
use super::{Postal, candles};
use crate::pdf::{HEIGHT, MARGIN, PdfError, Typeface, WIDTH};

/// Where a window shows the address (DIN 5008 form B): 45 mm from the top, the sender's line above.
const WINDOW_TOP: f32 = 127.6;
const BODY_TOP: f32 = 290.0;
const SIZE: f32 = 11.0;
const LEADING: f32 = 15.0;

/// How many sheets a letter takes at most: what it brings along may need a second one.
const MOST_SHEETS: usize = 2;

/// Why a letter was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The font lacks a character.
    #[error("font lacks the character U+{code:04X}", code = *.0 as u32)]
    Character(char),
    /// The owner has no postal address, or the workshop none.
    #[error("sender or address is missing")]
    Address,
    /// The letter does not fit its sheets.
    #[error("letter is longer than two sheets")]
    TooLong,
    /// The font or the document does not read or write; the text is the library's.
    #[error("document could not be written: {0}")]
    Document(String),
}

impl From<PdfError> for LetterError {
    fn from(error: PdfError) -> Self {
        match error {
            PdfError::Character(character) => Self::Character(character),
            PdfError::Document(text) => Self::Document(text),
        }
    }
}

/// Draws a letter about one notice.
pub(super) fn draw(
    sender: &[String],
    to: &Postal,
    date: &str,
    words: &Words,
    told: &Told,
) -> Result<Vec<u8>, LetterError> {
    if sender.is_empty() {
        return Err(LetterError::Address);
    }
    let (regular, bold) = (Typeface::regular()?, Typeface::bold()?);
    let localizer = words.localizer;
    let subject = localizer
        .with("letter-subject", [("title", told.title.as_str().into()), ("vehicle", told.vehicle.as_str().into())]);
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(subject.clone()).language(words.language().to_owned()));
    let width = WIDTH - 2.0 * MARGIN;
    let link = told.link.as_str();
    let (closing, sincerely) = (words.t("letter-closing"), words.t("letter-sincerely"));
    let mut paragraphs =
        vec![(&bold, subject.as_str()), (&regular, words.greeting.as_str()), (&regular, told.text.as_str())];
    for piece in &told.pack {
        paragraphs.push((&bold, piece.name.as_str()));
        paragraphs.extend(piece.text.as_deref().map(|text| (&regular, text)));
    }
    paragraphs.extend([
        (&regular, closing.as_str()),
        (&regular, link),
        (&regular, sincerely.as_str()),
        (&regular, sender[0].as_str()),
    ]);
    let (mut sheets, mut lines, mut y) = (Vec::new(), Vec::new(), BODY_TOP);
    for (face, text) in paragraphs {
        for text in face.wrap(text, SIZE, width)? {
            if y > HEIGHT - MARGIN {
                sheets.push(std::mem::take(&mut lines));
                y = MARGIN + SIZE;
            }
            lines.push((face, text, y));
            y += LEADING;
        }
        y += LEADING / 2.0;
    }
    sheets.push(lines);
    let has_candles = told.candles > 0;
    if sheets.len() > MOST_SHEETS || has_candles && y + candles::height(told.candles) > HEIGHT - MARGIN {
        return Err(LetterError::TooLong);
    }
    for (number, lines) in sheets.iter().enumerate() {
        let settings =
            PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| LetterError::Document("page has no size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        if number == 0 {
            let mut y = line(&mut surface, &regular, &sender.join(" · "), 8.0, MARGIN, WINDOW_TOP - 6.0)?;
            y += 8.0;
            for text in to.lines() {
                y = line(&mut surface, &regular, text, SIZE, MARGIN, y)? + LEADING - SIZE;
            }
            let date_width = regular.width(date, SIZE)?;
            line(&mut surface, &regular, date, SIZE, MARGIN + width - date_width, BODY_TOP - 2.0 * LEADING)?;
        }
        for (face, text, y) in lines {
            line(&mut surface, face, text, SIZE, MARGIN, *y)?;
        }
        if has_candles && number + 1 == sheets.len() {
            candles::draw(&mut surface, told.candles, MARGIN, y);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| LetterError::Document(format!("{error:?}")))
}

/// Draws one line with its base at `y`; answers the base plus the size.
fn line(surface: &mut Surface<'_>, face: &Typeface, text: &str, size: f32, x: f32, y: f32) -> Result<f32, LetterError> {
    face.draw(surface, text, size, x, y)?;
    Ok(y + size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    fn words() -> Words {
        Words {
            localizer: Language::DEFAULT.localizer(),
            subject: String::new(),
            greeting: "Hello Åsa Grünwald,".to_owned(),
            told: Vec::new(),
            settings: String::new(),
            unsubscribe: String::new(),
        }
    }

    fn told(text: &str) -> Told {
        let link = format!("https://cars.example/n/{}", "x".repeat(180));
        Told {
            title: "Brake fluid due".into(),
            text: text.into(),
            vehicle: "VW Golf, 2021".into(),
            link,
            once: String::new(),
            candles: 0,
            pack: Vec::new(),
        }
    }

    fn letter(text: &str) -> Result<Vec<u8>, LetterError> {
        let to = Postal::new("Åsa Grünwald\nStraße 1\n12345 Köln").unwrap();
        draw(&["Workshop".to_owned(), "Road 2, 12345 Town".to_owned()], &to, "1 March 2026", &words(), &told(text))
    }

    #[test]
    fn a_letter_is_a_pdf_with_its_font_embedded() {
        let pdf = letter("Have it done now. 24 of 24 months since last time.").unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        let has = |needle: &[u8]| pdf.windows(needle.len()).any(|window| window == needle);
        assert!(has(b"/FontFile3") && has(b"/ToUnicode"), "the font travels with the letter, and its text can be read");
        assert!(pdf.len() < 100_000, "only the glyphs in use are embedded: {} bytes", pdf.len());
    }

    #[test]
    fn a_letter_brings_the_whole_welcome_pack_along_on_two_sheets_at_most() {
        use crate::domain::{Actor, Moment, NoticeDoc, ProgrammeStep, Subject};
        use milepost_engine::journey::Message;
        use milepost_engine::plan::Powertrain;
        use milepost_protocol::plan::SafetyClass;
        let subject = Subject::Programme { message: Message::WelcomePack, serial: 1 };
        let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), Moment::now(1), Actor::System);
        let chosen = ["first-drives", "car-and-app", "care-guide", "winter-guide"].map(str::to_owned).to_vec();
        notice.programme = Some(ProgrammeStep { chosen, ..ProgrammeStep::default() });
        let to = Postal::new("Åsa Grünwald\nStraße 1\n12345 Köln").unwrap();
        let sender = ["Workshop".to_owned(), "Road 2".to_owned()];
        for (language, powertrain) in
            [("de", Powertrain::Combustion), ("de", Powertrain::Electric), ("en", Powertrain::Electric)]
        {
            let localizer = Language::from_code(language).unwrap().localizer();
            let pack = crate::i18n::pack(localizer, &notice, powertrain);
            assert!(pack.len() == 4 && pack.iter().all(|piece| piece.text.is_some()), "{pack:?}");
            let words = Words { localizer, ..words() };
            let draw =
                |pack| draw(&sender, &to, "1 March 2026", &words, &Told { pack, ..told("It is here.") }).unwrap().len();
            assert!(draw(pack) > draw(Vec::new()), "what is in the pack stands in the letter");
        }
    }

    #[test]
    fn a_birthday_letter_grows_with_every_candle_and_too_many_do_not_fit() {
        let to = Postal::new("Åsa Grünwald\nStraße 1\n12345 Köln").unwrap();
        let sender = ["Workshop".to_owned(), "Road 2".to_owned()];
        let with = |candles: u32| {
            let told = Told { candles, ..told("Years on the road.") };
            draw(&sender, &to, "1 March 2026", &words(), &told)
        };
        let lengths: Vec<usize> = [0, 1, 7, 40].map(|count| with(count).unwrap().len()).to_vec();
        assert!(lengths.windows(2).all(|pair| pair[0] < pair[1]), "{lengths:?}");
        assert!(matches!(with(1_000), Err(LetterError::TooLong)));
    }

    #[test]
    fn a_character_that_the_font_lacks_is_an_error() {
        assert!(matches!(letter("制动液"), Err(LetterError::Character('制'))));
        assert!(matches!(letter(&"word ".repeat(2_000)), Err(LetterError::TooLong)));
    }
}
