//! Texts of the catalogue with the car's own figures in them.
//!
//! Invariant: a text either has every figure that it names or is not used, so that nobody reads a gap.

use alloc::string::String;
use alloc::vec::Vec;

/// The names between braces; `None` where a brace is not closed or stands alone.
pub(super) fn places(text: &str) -> Option<Vec<&str>> {
    let mut places = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{')?;
        let end = inside.find(['{', '}']).filter(|end| inside[*end..].starts_with('}'))?;
        places.push(inside[..end].trim());
        rest = &inside[end + 1..];
    }
    Some(places)
}

/// The text with what `figure` knows of each name in its place; `None` if one is not known.
pub fn filled(text: &str, figure: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let end = at + rest[at..].find('}')?;
        filled.push_str(&rest[..at]);
        filled.push_str(&figure(rest[at + 1..end].trim())?);
        rest = &rest[end + 1..];
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_every_figure_that_it_names_or_none() {
        let figure = |name: &str| (name == "km").then(|| "12".into());
        assert_eq!(filled("You drove { km } km.", figure).as_deref(), Some("You drove 12 km."));
        assert_eq!(filled("{km}{km}", figure).as_deref(), Some("1212"));
        assert_eq!(filled("You drove {miles}.", figure), None);
        assert_eq!(places("a {b} c { d }"), Some(alloc::vec!["b", "d"]));
        assert_eq!((places("a {b"), places("a } b"), places("{a{b}}")), (None, None, None));
    }
}
