//! The words of a DBC file and the statements that they make, each with its line.
//!
//! A statement begins with a keyword at the beginning of a line, so that a broken one costs itself and not what follows.
//! Invariant: any text is split, and every word of it belongs to exactly one statement.

use std::borrow::Cow;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word<'t> {
    /// A name, a number, a keyword.
    Plain(&'t str),
    /// What stood in quotes, without them.
    Text(Cow<'t, str>),
    /// One of `:` `;` `|` `@` `(` `)` `[` `]` `,`.
    Sign(char),
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) word: Word<'t>,
    pub(super) line: u32,
}

/// A keyword with what follows it, up to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement<'t> {
    pub(super) keyword: &'t str,
    pub(super) line: u32,
    pub(super) tokens: Vec<Token<'t>>,
}

/// What a whole text was split into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scan<'t> {
    pub(super) statements: Vec<Statement<'t>>,
    /// Lines on which a quote opens that nothing closes before the next statement.
    pub(super) unclosed: Vec<u32>,
    /// Lines before the first statement.
    pub(super) stray: Vec<u32>,
}

const KEYWORDS: [&str; 33] = [
    "VERSION",
    "NS_",
    "BS_",
    "BU_",
    "VAL_TABLE_",
    "BO_",
    "SG_",
    "BO_TX_BU_",
    "EV_",
    "ENVVAR_DATA_",
    "EV_DATA_",
    "SGTYPE_",
    "SGTYPE_VAL_",
    "SIG_GROUP_",
    "CM_",
    "BA_DEF_",
    "BA_DEF_REL_",
    "BA_DEF_DEF_",
    "BA_DEF_DEF_REL_",
    "BA_DEF_SGTYPE_",
    "BA_SGTYPE_",
    "BA_",
    "BA_REL_",
    "BU_SG_REL_",
    "BU_EV_REL_",
    "BU_BO_REL_",
    "VAL_",
    "CAT_DEF_",
    "CAT_",
    "FILTER",
    "SIG_TYPE_REF_",
    "SIG_VALTYPE_",
    "SG_MUL_VAL_",
];

/// The keyword that a line begins with; the list under `NS_`, where each stands alone, is none of statements.
fn keyword(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let end =
        line.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_')).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end)?;
    (KEYWORDS.contains(&word) && !rest.trim().is_empty()).then_some(word)
}

/// Splits a text.
pub(super) fn scan(text: &str) -> Scan<'_> {
    let mut scan = Scan::default();
    let mut rest = text;
    let mut line = 1;
    let mut at_start = true;
    while let Some(character) = rest.chars().next() {
        if at_start && let Some(keyword) = keyword(rest.split('\n').next().unwrap_or(rest)) {
            let (_, behind) = rest.split_once(keyword).unwrap_or(("", rest));
            rest = behind;
            scan.statements.push(Statement { keyword, line, tokens: Vec::new() });
            at_start = false;
            continue;
        }
        at_start = false;
        let length = match character {
            '\n' => {
                line += 1;
                at_start = true;
                1
            }
            _ if character.is_whitespace() => character.len_utf8(),
            '"' => {
                let (length, closed) = quoted(rest);
                let inside = rest.get(1..length - usize::from(closed)).unwrap_or_default();
                let word = if inside.contains("\\\"") {
                    Cow::Owned(inside.replace("\\\"", "\""))
                } else {
                    Cow::Borrowed(inside)
                };
                push(&mut scan, Word::Text(word), line);
                if !closed {
                    scan.unclosed.push(line);
                }
                line += inside.matches('\n').count() as u32;
                length
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            ':' | ';' | '|' | '@' | '(' | ')' | '[' | ']' | ',' => {
                push(&mut scan, Word::Sign(character), line);
                1
            }
            _ => {
                let ends = |next: char| next.is_whitespace() || ":;|@()[],\"".contains(next);
                let length = rest.find(ends).unwrap_or(rest.len());
                push(&mut scan, Word::Plain(rest.get(..length).unwrap_or_default()), line);
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    scan
}

fn push<'t>(scan: &mut Scan<'t>, word: Word<'t>, line: u32) {
    match scan.statements.last_mut() {
        Some(statement) => statement.tokens.push(Token { word, line }),
        None if scan.stray.last() != Some(&line) => scan.stray.push(line),
        None => {}
    }
}

/// The length of the quoted text at the front, quotes included, and whether it is closed.
fn quoted(text: &str) -> (usize, bool) {
    let mut escaped = false;
    let mut line_end = None;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return (at + 1, true),
            '\n' => {
                // Texts may have several lines, but no statement begins within one: there a quote was forgotten.
                let next = text.get(at + 1..).unwrap_or_default();
                let next = next.split('\n').next().unwrap_or(next);
                if begins_statement(next) {
                    return (line_end.unwrap_or(at), false);
                }
                line_end.get_or_insert(at);
            }
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    (line_end.unwrap_or(text.len()), false)
}

/// Whether a line looks like a whole statement, and not like a sentence that begins with a keyword.
fn begins_statement(line: &str) -> bool {
    let Some(word) = keyword(line) else { return false };
    let rest = line.trim_start().get(word.len()..).unwrap_or_default().trim_start();
    let numbered = rest.starts_with(|character: char| character.is_ascii_digit());
    match word {
        "BO_" => numbered && rest.contains(':'),
        "SG_" => rest.contains('|') && rest.contains('@'),
        "VAL_" | "SIG_VALTYPE_" | "SG_MUL_VAL_" | "SIG_GROUP_" | "BO_TX_BU_" => numbered,
        "CM_" => rest.starts_with(['"']) || ["BO_ ", "SG_ ", "BU_ ", "EV_ "].iter().any(|kind| rest.starts_with(kind)),
        "BA_" | "BA_DEF_" | "BA_DEF_DEF_" | "BA_REL_" | "BA_DEF_REL_" => rest.contains('"'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_their_lines_and_the_list_of_symbols_is_not_one_of_them() {
        let text = "VERSION \"\"\n\nNS_ :\n\tCM_\n\tBA_\n\nBO_ 1 A: 8 X\n SG_ B : 0|8@1+ (1,0) [0|0] \"\" X\n";
        let scan = scan(text);
        let heads: Vec<_> = scan.statements.iter().map(|statement| (statement.keyword, statement.line)).collect();
        assert_eq!(heads, [("VERSION", 1), ("NS_", 3), ("BO_", 7), ("SG_", 8)]);
        assert!(scan.unclosed.is_empty() && scan.stray.is_empty());
    }

    #[test]
    fn a_forgotten_quote_costs_its_own_statement() {
        let text = "CM_ SG_ 1 B \"no end;\nBO_ 1 A: 8 X\nCM_ \"two\nlines\";\n";
        let scan = scan(text);
        assert_eq!(scan.unclosed, [1]);
        assert_eq!(scan.statements.len(), 3);
        assert_eq!(scan.statements[2].tokens[0].word, Word::Text("two\nlines".into()));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_split(text in "[ -~\n\"]{0,200}", wild in ".{0,80}") {
            scan(&text);
            scan(&wild);
        }
    }
}
