//! The languages, their files, and the choice between them.
//!
//! A language is one line in [`LANGUAGES`] and one folder of files; nothing else changes when one is added.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language that the pages speak. Its index is that of [`LANGUAGES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(usize);

struct Source {
    /// The BCP 47 tag.
    code: &'static str,
    /// The language's own name.
    name: &'static str,
    files: &'static [&'static str],
}

/// The files of the language in a folder of `locales/`.
macro_rules! files {
    ($folder:literal) => {
        &[
            include_str!(concat!("../../locales/", $folder, "/common.ftl")),
            include_str!(concat!("../../locales/", $folder, "/format.ftl")),
            include_str!(concat!("../../locales/", $folder, "/notices.ftl")),
            include_str!(concat!("../../locales/", $folder, "/owner.ftl")),
            include_str!(concat!("../../locales/", $folder, "/experience.ftl")),
            include_str!(concat!("../../locales/", $folder, "/experiments.ftl")),
            include_str!(concat!("../../locales/", $folder, "/services.ftl")),
            include_str!(concat!("../../locales/", $folder, "/privacy.ftl")),
            include_str!(concat!("../../locales/", $folder, "/family.ftl")),
            include_str!(concat!("../../locales/", $folder, "/booking.ftl")),
            include_str!(concat!("../../locales/", $folder, "/advisor.ftl")),
            include_str!(concat!("../../locales/", $folder, "/care.ftl")),
            include_str!(concat!("../../locales/", $folder, "/journey.ftl")),
            include_str!(concat!("../../locales/", $folder, "/certificate.ftl")),
            include_str!(concat!("../../locales/", $folder, "/questions.ftl")),
            include_str!(concat!("../../locales/", $folder, "/lab.ftl")),
            include_str!(concat!("../../locales/", $folder, "/account.ftl")),
            include_str!(concat!("../../locales/", $folder, "/homes.ftl")),
            include_str!(concat!("../../locales/", $folder, "/channels.ftl")),
            include_str!(concat!("../../locales/", $folder, "/tokens.ftl")),
            include_str!(concat!("../../locales/", $folder, "/errors.ftl")),
        ]
    };
}

const LANGUAGES: &[Source] = &[
    Source { code: "en", name: "English", files: files!("en") },
    Source { code: "de", name: "Deutsch", files: files!("de") },
    Source { code: "zh-Hans", name: "简体中文", files: files!("zh-Hans") },
];

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| LANGUAGES.iter().map(bundle).collect());

fn bundle(source: &Source) -> FluentBundle<FluentResource> {
    let id: LanguageIdentifier = source.code.parse().expect("language codes are checked by a test");
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    bundle.set_use_isolating(false);
    for file in source.files {
        // A broken message is left out and then missed by the key test; the rest of the file still speaks.
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(resource, errors)| {
            tracing::error!(language = source.code, ?errors, "a translation file has a broken message");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(language = source.code, ?errors, "a translation key stands twice");
        }
    }
    bundle
}

impl Language {
    /// The language that every key exists in.
    pub const DEFAULT: Self = Self(0);

    /// All languages.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LANGUAGES.len()).map(Self)
    }

    /// The BCP 47 tag, for `lang` attributes and cookies.
    pub fn code(self) -> &'static str {
        LANGUAGES[self.0].code
    }

    /// The language's own name.
    pub fn name(self) -> &'static str {
        LANGUAGES[self.0].name
    }

    /// The language with this tag, or with its main part.
    pub fn from_code(code: &str) -> Option<Self> {
        let exact = Self::all().find(|language| language.code().eq_ignore_ascii_case(code));
        let main = code.split('-').next().unwrap_or(code);
        exact.or_else(|| {
            Self::all()
                .find(|language| language.code().split('-').next().unwrap_or_default().eq_ignore_ascii_case(main))
        })
    }

    /// The best language of an `Accept-Language` header (RFC 9110 §12.5.4); weight 0 excludes.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, Self)> = header
            .split(',')
            .filter_map(|part| {
                let (code, parameters) = part.split_once(';').unwrap_or((part, ""));
                let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok())?;
                (weight > 0.0).then_some((weight, Self::from_code(code.trim())?))
            })
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted.first().map(|(_, language)| *language)
    }

    /// The choice of the account, else of the cookie, else of the browser.
    pub fn choose(account: Option<&str>, cookie: Option<&str>, accept: Option<&str>) -> Self {
        account
            .and_then(Self::from_code)
            .or_else(|| cookie.and_then(Self::from_code))
            .or_else(|| accept.and_then(Self::from_accept_language))
            .unwrap_or(Self::DEFAULT)
    }

    /// What speaks this language.
    pub fn localizer(self) -> Localizer {
        Localizer { language: self }
    }
}

/// Looks keys up in one language.
#[derive(Debug, Clone, Copy)]
pub struct Localizer {
    language: Language,
}

impl Localizer {
    /// The language that it speaks.
    pub fn language(self) -> Language {
        self.language
    }

    /// The text of `key`.
    pub fn text(self, key: &str) -> String {
        self.message(key, None)
    }

    /// The text of `key` with its variables filled in.
    pub fn with<'a>(self, key: &str, arguments: impl IntoIterator<Item = (&'a str, FluentValue<'a>)>) -> String {
        self.message(key, Some(&arguments.into_iter().map(|(name, value)| (Cow::from(name), value)).collect()))
    }

    /// Whether the language itself has `key`.
    pub fn has(self, key: &str) -> bool {
        BUNDLES[self.language.0].has_message(key)
    }

    fn message(self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        for bundle in [&BUNDLES[self.language.0], &BUNDLES[Language::DEFAULT.0]] {
            let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { continue };
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, arguments, &mut errors).into_owned();
            if !errors.is_empty() {
                tracing::error!(key, ?errors, "a translation misses a variable");
            }
            return text;
        }
        tracing::error!(key, "a translation key is missing");
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        let code = |account, cookie, accept| Language::choose(account, cookie, accept).code();
        assert_eq!(code(Some("en"), Some("xx"), None), "en");
        assert_eq!(code(Some("xx"), Some("en-GB"), None), "en");
        assert_eq!(code(None, None, Some("fr;q=0.9, en-US;q=0.8")), "en");
        assert_eq!(code(None, None, None), "en");
    }

    #[test]
    fn a_language_with_weight_zero_is_not_taken() {
        assert_eq!(Language::from_accept_language("en;q=0"), None);
        assert_eq!(Language::from_accept_language("*"), None);
    }

    #[test]
    fn every_file_parses_and_no_key_stands_twice() {
        for source in LANGUAGES {
            let id: LanguageIdentifier = source.code.parse().unwrap();
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            for file in source.files {
                let resource = FluentResource::try_new((*file).to_owned()).map_err(|(_, errors)| errors).unwrap();
                bundle.add_resource(resource).unwrap();
            }
        }
    }
}
