//! One HTML file that needs nothing else: words, tables and pictures, by day and by night.
//!
//! Invariant: it holds no script and loads nothing, and every colour of text and marks has a contrast of at least 4.5 to 1
//! against its ground in both themes.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::chart::{Picture, escaped};

/// A page in the making.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    body: String,
}

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), body: String::new() }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escaped(text));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = writeln!(self.body, "<p>{}</p>", escaped(text));
        }
    }

    pub(crate) fn paragraphs<'a>(&mut self, lines: impl IntoIterator<Item = &'a String>) {
        for line in lines {
            self.paragraph(line);
        }
    }

    /// A picture with a sentence below it and its numbers to unfold.
    pub(crate) fn picture(&mut self, caption: &str, picture: &Picture) {
        let _ = write!(
            self.body,
            "<figure>{}<figcaption>{}</figcaption><details><summary>The numbers</summary><div class=\"wide\">",
            picture.svg,
            escaped(caption)
        );
        self.table(&picture.header, &picture.rows);
        self.body.push_str("</div></details></figure>\n");
    }

    /// A table; cells that begin with a digit or sign stand to the right.
    pub(crate) fn table(&mut self, header: &[String], rows: &[Vec<String>]) {
        self.body.push_str("<table><thead><tr>");
        for name in header {
            let _ = write!(self.body, "<th scope=\"col\">{}</th>", escaped(name));
        }
        self.body.push_str("</tr></thead><tbody>");
        for row in rows {
            self.body.push_str("<tr>");
            for cell in row {
                let number = cell.starts_with(|c: char| c.is_ascii_digit() || "+−—".contains(c));
                let class = if number { " class=\"number\"" } else { "" };
                let _ = write!(self.body, "<td{class}>{}</td>", escaped(cell));
            }
            self.body.push_str("</tr>");
        }
        self.body.push_str("</tbody></table>\n");
    }

    fn finish(&self) -> String {
        let Self { title, body } = self;
        let title = escaped(title);
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body><main><h1>{title}</h1>\n{body}</main></body></html>\n"
        )
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, self.finish()).with_context(|| format!("failed to write {}", path.display()))
    }
}

const STYLE: &str = include_str!("page.css");

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("two digits")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Day and night of each `--name: light-dark(#…, #…)`.
    fn colours() -> Vec<(&'static str, [&'static str; 2])> {
        let pairs = STYLE.lines().filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
            let (day, night) = rest.trim_end_matches(");").split_once(", ")?;
            Some((name, [day, night]))
        });
        pairs.collect()
    }

    #[test]
    fn every_colour_can_be_seen_by_day_and_by_night() {
        let colours = colours();
        let ground = colours.iter().find(|(name, _)| *name == "ground").expect("a ground").1;
        let seen: Vec<_> = colours.iter().filter(|(name, _)| !["ground", "grid"].contains(name)).collect();
        assert!(seen.len() >= 8, "{seen:?}");
        for (name, pair) in seen {
            for theme in 0..2 {
                let found = contrast(pair[theme], ground[theme]);
                assert!(found >= 4.5, "{name} in theme {theme}: {found:.2}");
            }
        }
    }

    #[test]
    fn a_page_escapes_what_it_shows_and_loads_nothing() {
        let mut page = Page::new("a <b>");
        page.heading("x & y");
        page.paragraph("<script>alert(1)</script>");
        page.table(&["n".to_owned()], &[vec!["+1 <".to_owned()]]);
        let html = page.finish();
        assert!(html.contains("a &lt;b&gt;") && !html.contains("<script>") && html.contains("+1 &lt;"), "{html}");
        assert!(!html.contains("src=") && !html.contains("href=") && !html.contains("url("));
    }
}
