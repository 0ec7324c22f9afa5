//! A merchant's account in another network, as it stands in a code of ours beside our own.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::code::emv::Template;
use crate::merchant::is_invisible;

/// An account that was read and is well formed. What its network asks of it is checked with the whole
/// code around it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Said")]
pub struct NetworkAccount(Template);

/// Where the money may go in another network: the form in which decoding a code answers
/// `fields.merchant_accounts`. Either an object that a network fills (26 to 51) with its identifier,
/// or a card network's number (02 to 25).
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NetworkAccount, example = json!({"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1"}}))]
#[serde(deny_unknown_fields)]
struct Said {
    /// In which object, where its network looks for it: `02` to `51`.
    #[schema(pattern = "^(0[2-9]|[1-4][0-9]|5[01])$")]
    id: String,
    /// The network's identifier, of an object 26 to 51.
    #[schema(min_length = 1, max_length = 32)]
    guid: Option<String>,
    /// What stands behind the identifier, by number, 01 to 99.
    #[serde(default)]
    sub: BTreeMap<String, String>,
    /// What stands in an object 02 to 25.
    #[schema(min_length = 1, max_length = 99)]
    value: Option<String>,
}

/// What is wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAccount {
    /// No object for accounts.
    #[error("id must be 02 to 51")]
    Object,
    /// A network's object without a network, or a card's with one.
    #[error("objects 26 to 51 have guid and sub, objects 02 to 25 have value")]
    Shape,
    /// Not an identifier.
    #[error("guid must have 1 to 32 visible ASCII characters")]
    Guid,
    /// An object inside that cannot be.
    #[error("sub {0} must be a number from 01 to 99 with 1 to 99 visible characters")]
    Sub(String),
    /// Not a card network's number.
    #[error("value must have 1 to 99 visible ASCII characters")]
    Value,
}

const GUID_MAX: usize = 32;
const VALUE_MAX: usize = 99;

impl NetworkAccount {
    /// The account as the object of a code.
    pub const fn template(&self) -> &Template {
        &self.0
    }

    /// The account of a code that was read.
    pub(crate) const fn of(template: Template) -> Self {
        Self(template)
    }
}

impl TryFrom<Said> for NetworkAccount {
    type Error = NotAnAccount;

    fn try_from(said: Said) -> Result<Self, NotAnAccount> {
        let number = said.id.parse::<u8>().ok().filter(|_| said.id.len() == 2);
        let template = match (number, said.guid, said.value) {
            (Some(2..=25), None, Some(value)) if said.sub.is_empty() => {
                if !is_plain(&value, VALUE_MAX) {
                    return Err(NotAnAccount::Value);
                }
                Template::Bare { id: said.id, value }
            }
            (Some(26..=51), Some(guid), None) => opened(said.id, guid, said.sub)?,
            (Some(2..=51), _, _) => return Err(NotAnAccount::Shape),
            (Some(_) | None, _, _) => return Err(NotAnAccount::Object),
        };
        Ok(Self(template))
    }
}

impl FromStr for NetworkAccount {
    type Err = String;

    /// As JSON.
    fn from_str(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|why| why.to_string())
    }
}

impl utoipa::PartialSchema for NetworkAccount {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Said::schema()
    }
}

impl ToSchema for NetworkAccount {}

fn opened(
    id: String,
    guid: String,
    mut sub: BTreeMap<String, String>,
) -> Result<Template, NotAnAccount> {
    if !is_plain(&guid, GUID_MAX) {
        return Err(NotAnAccount::Guid);
    }
    // Decoding names the identifier twice; said twice it is said once.
    if sub.get("00").is_some_and(|same| *same == guid) {
        sub.remove("00");
    }
    for (number, value) in &sub {
        let is_number =
            number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit()) && number != "00";
        let chars = value.chars().count();
        if !is_number || !(1..=VALUE_MAX).contains(&chars) || value.chars().any(is_invisible) {
            return Err(NotAnAccount::Sub(number.clone()));
        }
    }
    sub.insert("00".to_owned(), guid.clone());
    Ok(Template::Opened { id, guid, sub })
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<NetworkAccount, String> {
        json.parse()
    }

    #[test]
    fn an_account_is_read_as_decoding_answers_it() {
        let account = read(
            r#"{"id": "26", "guid": "SG.PAYNOW", "sub": {"00": "SG.PAYNOW", "01": "2", "02": "201509555BNN1"}}"#,
        );
        let template = account.unwrap().template().clone();
        assert_eq!((template.id(), template.guid()), ("26", Some("SG.PAYNOW")));
        let card = read(r#"{"id": "15", "value": "2500034400020344473398443761123"}"#).unwrap();
        assert_eq!(card.template().id(), "15");
    }

    #[test]
    fn what_no_code_could_hold_is_refused_with_what_it_could() {
        let long = format!(r#"{{"id": "15", "value": "{}"}}"#, "1".repeat(100));
        for (said, why) in [
            (r#"{"id": "52", "value": "1"}"#, "id must be 02 to 51"),
            (r#"{"id": "2", "value": "1"}"#, "id must be 02 to 51"),
            (r#"{"id": "26", "value": "1"}"#, "objects 26 to 51 have"),
            (r#"{"id": "15", "guid": "A"}"#, "objects 26 to 51 have"),
            (
                r#"{"id": "15", "value": "1", "sub": {"01": "1"}}"#,
                "objects 26 to 51 have",
            ),
            (r#"{"id": "26", "guid": ""}"#, "guid must have 1 to 32"),
            (r#"{"id": "26", "guid": "微信"}"#, "guid must have 1 to 32"),
            (
                r#"{"id": "26", "guid": "A", "sub": {"00": "B"}}"#,
                "sub 00 must be",
            ),
            (
                r#"{"id": "26", "guid": "A", "sub": {"1": "B"}}"#,
                "sub 1 must be",
            ),
            (
                r#"{"id": "26", "guid": "A", "sub": {"01": ""}}"#,
                "sub 01 must be",
            ),
            (
                "{\"id\": \"26\", \"guid\": \"A\", \"sub\": {\"01\": \"a\u{202e}b\"}}",
                "sub 01 must be",
            ),
            (long.as_str(), "value must have 1 to 99"),
            (r#"{"id": "26", "guid": "A", "amount": 1}"#, "unknown field"),
        ] {
            let refused = read(said).unwrap_err();
            assert!(refused.contains(why), "{said}: {refused}");
        }
    }
}
