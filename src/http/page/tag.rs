//! A wallet by its name and colour.

use maud::{Markup, html};
use serde::Serialize;

use super::lang::Lang;
use crate::merchant::InstitutionId;
use crate::wallet;

/// How a wallet is named on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Tag {
    /// Its id; also its class in the style sheet.
    pub(crate) id: String,
    /// Its name in Chinese.
    pub(crate) zh: String,
    /// Its name in English.
    pub(crate) en: String,
}

impl Tag {
    /// The tag of an institution that we know by itself; the id stands for one that we do not.
    pub(crate) fn of(id: &InstitutionId) -> Self {
        let about = wallet::by_id(id).about();
        if about.id == id.as_str() {
            return Self::known(about);
        }
        Self {
            id: id.to_string(),
            zh: id.to_string(),
            en: id.to_string(),
        }
    }

    /// Tags of all wallets that we know by ourselves.
    pub(crate) fn all() -> Vec<Self> {
        wallet::ALL
            .iter()
            .map(|wallet| Self::known(wallet.about()))
            .collect()
    }

    /// The tags of these institutions, in the order in which all pages name them.
    pub(crate) fn sorted(ids: &[InstitutionId]) -> Vec<Self> {
        let (known, added): (Vec<_>, Vec<_>) = ids
            .iter()
            .partition(|id| wallet::by_id(id).about().id == id.as_str());
        let all = wallet::ALL.iter().map(|wallet| wallet.about());
        let known = all.filter(|about| known.iter().any(|id| id.as_str() == about.id));
        known
            .map(Self::known)
            .chain(added.into_iter().map(Self::of))
            .collect()
    }

    fn known(about: &wallet::About) -> Self {
        Self {
            id: about.id.to_owned(),
            zh: about.name_zh.to_owned(),
            en: about.name_en.to_owned(),
        }
    }

    /// Its name in the page's language.
    pub(crate) fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    /// A coloured dot and the name.
    pub(crate) fn markup(&self, lang: Lang) -> Markup {
        html! {
            span class={ "tag w-" (self.id) } { bdi { (self.name(lang)) } }
        }
    }
}
