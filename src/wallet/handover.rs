//! How a payment is handed to the payer's app.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the payer's app needs to go on. Whoever holds it can pay, not learn or change anything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Handover {
    /// Parameters for the bridge of the payer's app (a page in it calls its own pay function).
    InAppParams {
        /// What the bridge takes.
        params: BTreeMap<String, String>,
    },
    /// An address to open, at the institution or in its app.
    Redirect {
        /// `https`, or a scheme of the institution's app.
        url: String,
    },
    /// A receiving code of the payee institution for this one order, to be shown or scanned.
    PayeeCodeText {
        /// The text inside the code.
        text: String,
    },
    /// The number under which the clearing expects the payer institution's transfer.
    ClearingReference {
        /// The number.
        reference: String,
        /// The clearing channel's name.
        clearing: String,
    },
}

/// Why a handover cannot be passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// Longer than any app reads.
    #[error("{field} is empty or longer than {limit} bytes")]
    Length {
        /// Which part.
        field: &'static str,
        /// How much is read.
        limit: usize,
    },
    /// More parameters than any bridge takes.
    #[error("{found} parameters, at most {PARAMS_MAX}")]
    Parameters {
        /// How many there are.
        found: usize,
    },
    /// Neither `https` nor one of the institution's own schemes.
    #[error("the address does not begin with https:// or a scheme of the institution's app")]
    Scheme,
    /// Control characters, which would break headers and pages.
    #[error("{field} holds control characters")]
    Control {
        /// Which part.
        field: &'static str,
    },
}

/// The longest value; signed order strings of the big wallets stay under 2 KiB.
const TEXT_MAX: usize = 4096;
/// Bridges take six or seven parameters.
const PARAMS_MAX: usize = 24;

impl Handover {
    /// The word under which it travels.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InAppParams { .. } => "in_app_params",
            Self::Redirect { .. } => "redirect",
            Self::PayeeCodeText { .. } => "payee_code_text",
            Self::ClearingReference { .. } => "clearing_reference",
        }
    }

    /// Checks what an institution sent before it reaches a payer: sizes, and where an address
    /// leads.
    pub fn check(&self, schemes: &[&str]) -> Result<(), HandoverError> {
        match self {
            Self::InAppParams { params } => {
                if params.len() > PARAMS_MAX {
                    return Err(HandoverError::Parameters {
                        found: params.len(),
                    });
                }
                params.iter().try_for_each(|(name, value)| {
                    text("the name of a parameter", name)?;
                    if value.is_empty() {
                        Ok(())
                    } else {
                        text("a parameter", value)
                    }
                })
            }
            Self::Redirect { url } => {
                text("url", url)?;
                if leads_home(url, schemes) {
                    Ok(())
                } else {
                    Err(HandoverError::Scheme)
                }
            }
            Self::PayeeCodeText { text: code } => text("text", code),
            Self::ClearingReference {
                reference,
                clearing,
            } => {
                text("reference", reference)?;
                text("clearing", clearing)
            }
        }
    }
}

/// Only the kind is shown: the rest lets its holder pay.
impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handover({})", self.kind())
    }
}

fn text(field: &'static str, value: &str) -> Result<(), HandoverError> {
    if value.is_empty() || value.len() > TEXT_MAX {
        return Err(HandoverError::Length {
            field,
            limit: TEXT_MAX,
        });
    }
    if value.chars().any(char::is_control) {
        Err(HandoverError::Control { field })
    } else {
        Ok(())
    }
}

fn leads_home(url: &str, schemes: &[&str]) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| {
        let known = |wanted: &&str| scheme.eq_ignore_ascii_case(wanted);
        !rest.is_empty() && std::iter::once(&"https").chain(schemes).any(known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_https_or_the_institutions_own_app() {
        let to = |url: &str| {
            Handover::Redirect {
                url: url.to_owned(),
            }
            .check(&["upwallet"])
        };
        assert_eq!(to("https://pay.example/1"), Ok(()));
        assert_eq!(to("upwallet://html/pay"), Ok(()));
        for url in [
            "javascript:alert(1)",
            "javascript://x",
            "http://pay.example/1",
            "//pay.example",
            "weixin://x",
            "https://",
        ] {
            assert_eq!(to(url), Err(HandoverError::Scheme), "{url}");
        }
        assert_eq!(
            to("https://a/\r\nX: y"),
            Err(HandoverError::Control { field: "url" })
        );
    }

    #[test]
    fn it_travels_under_its_kind() {
        let handover = Handover::ClearingReference {
            reference: "C1".to_owned(),
            clearing: "netsunion".to_owned(),
        };
        assert_eq!(
            serde_json::to_value(&handover).unwrap(),
            serde_json::json!({"kind": "clearing_reference", "reference": "C1", "clearing": "netsunion"})
        );
    }

    #[test]
    fn a_log_line_does_not_let_anyone_pay() {
        let params = BTreeMap::from([("paySign".to_owned(), "canary".to_owned())]);
        assert_eq!(
            format!("{:?}", Handover::InAppParams { params }),
            "Handover(in_app_params)"
        );
    }
}
