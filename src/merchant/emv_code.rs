//! What a merchant's code in EMV's form says besides its run: who is paid, in letters that readers all
//! over the world have and in its own, and where else.

use deunicode::deunicode_with_tofu;

use crate::code::emv::scheme::{self, Doubt};
use crate::code::emv::{Fields, Template};
use crate::merchant::{Merchant, NetworkAccount};
use crate::money::{Amount, Currency};

/// What EMV gives to a name, and to a city.
const NAME_MAX: usize = 25;
const CITY_MAX: usize = 15;
/// What stands for a letter that nobody can spell.
const TOFU: &str = "?";

/// Why accounts in other networks are not put beside ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefused {
    /// Two in one place.
    #[error("object {0} is given twice")]
    Twice(String),
    /// Its network would not take it.
    #[error("object {object}: {rule}")]
    Rule {
        /// Which object, `26-01` inside one.
        object: String,
        /// What the network asks.
        rule: &'static str,
    },
}

/// The objects of a code that pays this merchant. An order says its amount; a fixed code's is written
/// with the run.
pub fn fields(
    merchant: &Merchant,
    currency: Currency,
    amount: Option<Amount>,
    accounts: &[NetworkAccount],
) -> Result<Fields, AccountRefused> {
    let some = |text: &str| Some(text.to_owned());
    let accounts: Vec<Template> = accounts.iter().map(|a| a.template().clone()).collect();
    for (at, account) in accounts.iter().enumerate() {
        let before = accounts.iter().take(at);
        if before.into_iter().any(|other| other.id() == account.id()) {
            return Err(AccountRefused::Twice(account.id().to_owned()));
        }
    }
    let name = merchant.latin_name.as_ref();
    let fields = Fields {
        merchant_accounts: accounts,
        mcc: some(merchant.mcc.as_str()),
        currency: Some(format!("{:03}", currency.numeric())),
        amount: amount.map(Amount::decimal),
        country: some(merchant.country.as_str()),
        merchant_name: Some(name.map_or_else(
            || latin(merchant.name.as_str(), NAME_MAX),
            ToString::to_string,
        )),
        merchant_city: Some(latin(merchant.city.as_str(), CITY_MAX)),
        language: language(merchant),
        ..Fields::default()
    };
    match scheme::doubts(&fields).into_iter().next() {
        Some(Doubt { object, rule }) => Err(AccountRefused::Rule { object, rule }),
        None => Ok(fields),
    }
}

/// The merchant as it is written at home, where that is another script.
fn language(merchant: &Merchant) -> std::collections::BTreeMap<String, String> {
    let (name, city) = (merchant.name.as_str(), merchant.city.as_str());
    let Some(language) = language_of(name) else {
        return std::collections::BTreeMap::new();
    };
    [
        ("00", language.to_owned()),
        ("01", first(name, NAME_MAX)),
        ("02", first(city, CITY_MAX)),
    ]
    .into_iter()
    .map(|(id, value)| (id.to_owned(), value))
    .collect()
}

/// The language of a name by its script; a script of many languages names none.
fn language_of(name: &str) -> Option<&'static str> {
    let has = |ranges: &[std::ops::RangeInclusive<char>]| {
        name.chars()
            .any(|c| ranges.iter().any(|range| range.contains(&c)))
    };
    if has(&['\u{ac00}'..='\u{d7a3}']) {
        Some("KO")
    } else if has(&['\u{3041}'..='\u{30ff}']) {
        Some("JA")
    } else if has(&['\u{3400}'..='\u{9fff}', '\u{20000}'..='\u{323af}']) {
        Some("ZH")
    } else if has(&['\u{e01}'..='\u{e5b}']) {
        Some("TH")
    } else {
        None
    }
}

/// In printable ASCII, whole words as long as one of them fits.
fn latin(text: &str, most: usize) -> String {
    let spelled = deunicode_with_tofu(text, TOFU);
    let words: Vec<&str> = spelled.split_whitespace().collect();
    let spelled = words.join(" ");
    let cut = first(&spelled, most);
    let is_whole = spelled
        .chars()
        .nth(cut.chars().count())
        .is_none_or(|next| next == ' ');
    let cut = match cut.rsplit_once(' ') {
        Some((front, _)) if !is_whole => front,
        Some(_) | None => &cut,
    };
    if cut.is_empty() { TOFU } else { cut }.to_owned()
}

fn first(text: &str, most: usize) -> String {
    text.chars()
        .take(most)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::Timestamp;
    use crate::entropy::SystemEntropy;
    use crate::id::MerchantId;
    use crate::word::Mode;

    fn shop(name: &str, latin: Option<&str>) -> Merchant {
        let now = Timestamp::from_seconds(1_790_000_000);
        Merchant {
            id: MerchantId::new(now, &SystemEntropy::new()),
            name: name.parse().unwrap(),
            latin_name: latin.map(|name| name.parse().unwrap()),
            mcc: "5812".parse().unwrap(),
            city: "上海".parse().unwrap(),
            country: "CN".parse().unwrap(),
            time_zone: "Asia/Shanghai".parse().unwrap(),
            currency: Currency::CNY,
            preference: Vec::new(),
            mode: Mode::Test,
            created_at: now,
        }
    }

    fn said(merchant: &Merchant, accounts: &[&str]) -> Result<Fields, AccountRefused> {
        let accounts: Vec<_> = accounts.iter().map(|json| json.parse().unwrap()).collect();
        fields(merchant, merchant.currency, None, &accounts)
    }

    #[test]
    fn a_chinese_shop_is_called_twice_by_its_name() {
        let fields = said(&shop("老王牛肉面馆", None), &[]).unwrap();
        assert_eq!(
            fields.merchant_name.as_deref(),
            Some("Lao Wang Niu Rou Mian")
        );
        assert_eq!(fields.merchant_city.as_deref(), Some("Shang Hai"));
        let language: Vec<_> = fields.language.values().map(String::as_str).collect();
        assert_eq!(language, ["ZH", "老王牛肉面馆", "上海"]);
    }

    #[test]
    fn the_operators_spelling_counts_and_a_latin_name_needs_no_second() {
        let named = said(&shop("重庆火锅", Some("Chongqing Hotpot")), &[]).unwrap();
        assert_eq!(named.merchant_name.as_deref(), Some("Chongqing Hotpot"));
        let latin = said(&shop("Neighbour & Sons", None), &[]).unwrap();
        assert_eq!(latin.merchant_name.as_deref(), Some("Neighbour & Sons"));
        assert!(latin.language.is_empty());
        let french = said(&shop("Café Zoë", None), &[]).unwrap();
        assert_eq!(french.merchant_name.as_deref(), Some("Cafe Zoe"));
    }

    #[test]
    fn what_a_network_would_not_take_is_not_put_beside_ours() {
        let paynow =
            r#"{"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1"}}"#;
        let wrong =
            r#"{"id": "27", "guid": "SG.PAYNOW", "sub": {"01": "7", "02": "201509555BNN1"}}"#;
        assert!(said(&shop("A", None), &[paynow]).is_ok());
        let twice = said(&shop("A", None), &[paynow, paynow]).unwrap_err();
        assert_eq!(twice.to_string(), "object 26 is given twice");
        let refused = said(&shop("A", None), &[paynow, wrong]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "object 27-01: the kind of proxy is 0 or 2"
        );
    }

    proptest! {
        #[test]
        fn any_name_has_a_spelling_that_fits(name in "\\PC{1,60}", most in 1_usize..30) {
            let spelled = latin(&name, most);
            prop_assert!((1..=most).contains(&spelled.len()), "{spelled:?}");
            prop_assert!(spelled.bytes().all(|b| matches!(b, b' '..=b'~')), "{spelled:?}");
        }
    }
}
