//! Which of our two languages a page speaks.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;
use serde::Deserialize;

/// Chinese or English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lang {
    /// 简体中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// The language that was asked for: `?lang=`, then `Accept-Language`, then Chinese.
    pub(crate) fn of(req: &HttpRequest) -> Self {
        Self::asked(req.query_string()).unwrap_or_else(|| {
            let accepted = req.headers().get(ACCEPT_LANGUAGE);
            Self::accepted(accepted.and_then(|v| v.to_str().ok()).unwrap_or_default())
        })
    }

    /// The language that the address names.
    pub(crate) fn asked(query: &str) -> Option<Self> {
        let value = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("lang="))?;
        match value {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// One of two texts.
    pub(crate) const fn of_two(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// As in `lang="…"`.
    pub(crate) const fn tag(self) -> &'static str {
        self.of_two("zh-Hans", "en")
    }

    /// As in `?lang=…`.
    pub(crate) const fn word(self) -> &'static str {
        self.of_two("zh", "en")
    }

    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The first of our languages in the browser's list. Browsers list the best first, so weights
    /// are not read.
    fn accepted(list: &str) -> Self {
        let ours = list.split(',').find_map(|item| {
            let item = item.trim();
            match item.get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("zh") => Some(Self::Zh),
                Some("en") => Some(Self::En),
                Some(_) | None => None,
            }
        });
        ours.unwrap_or(Self::Zh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_decides_then_the_browser_then_chinese() {
        assert_eq!(Lang::asked("a=1&lang=en"), Some(Lang::En));
        assert_eq!(Lang::asked("lang=fr"), None);
        for (list, lang) in [
            ("en-GB,en;q=0.9", Lang::En),
            ("fr-FR, en;q=0.8, zh;q=0.1", Lang::En),
            ("zh-TW", Lang::Zh),
            ("fr", Lang::Zh),
            ("", Lang::Zh),
            ("é", Lang::Zh),
        ] {
            assert_eq!(Lang::accepted(list), lang, "{list}");
        }
    }
}
