//! Every JSON body that the API takes, by the operation that takes it: read as the route reads it,
//! and refused as its client hears it. For whoever wants to try all that a stranger could send.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{adoptions, checks, codes, payments, plate_batches, plates, wallets};
use crate::http::extract::Nothing;
use crate::http::json;
use crate::http::problem::{Language, Problem};

/// What one operation takes.
#[derive(Debug)]
pub struct JsonBody {
    /// The operation's name in the OpenAPI document.
    pub operation: &'static str,
    check: fn(&[u8]) -> Result<(), Problem>,
}

/// All operations that take JSON.
pub static ALL: &[JsonBody] = &[
    of::<wallets::ResolveBody>("resolve"),
    of::<wallets::StartBody>("startAttempt"),
    of::<wallets::ReportBody>("reportAttempt"),
    of::<payments::NewPaymentBody>("createPayment"),
    of::<Nothing>("cancelPayment"),
    of::<codes::NewCodeBody>("issueCode"),
    of::<Nothing>("suspendCode"),
    of::<Nothing>("resumeCode"),
    of::<Nothing>("revokeCode"),
    of::<adoptions::NewAdoptionBody>("adoptCode"),
    of::<Nothing>("endAdoption"),
    of::<plate_batches::NewPlateBatchBody>("createPlateBatch"),
    of::<plates::BindBody>("bindPlate"),
    of::<plates::RebindBody>("rebindPlate"),
    of::<Nothing>("unbindPlate"),
    of::<Nothing>("voidPlate"),
    of::<Nothing>("pairDevice"),
    of::<checks::ReceiptBody>("verifyReceipt"),
    JsonBody {
        operation: "decode",
        check: |body| json::read_any_text::<checks::TextBody>(body).map(drop),
    },
    of::<checks::DryRunBody>("dryRun"),
    of::<checks::SignBody>("checkSign"),
];

impl JsonBody {
    /// Reads a body; the error is the problem document that the client would get.
    pub fn read(&self, body: &[u8]) -> Result<(), Value> {
        (self.check)(body).map_err(|problem| problem.document(Language::En, "req_0"))
    }
}

const fn of<T: DeserializeOwned>(operation: &'static str) -> JsonBody {
    JsonBody {
        operation,
        check: |body| json::read::<T>(body).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::openapi;

    #[test]
    fn every_operation_that_takes_json_is_in_the_table() {
        let document = serde_json::to_value(openapi()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let name = |operation: &Value| operation["operationId"].as_str().unwrap().to_owned();
        let mut documented = BTreeSet::new();
        for operation in paths.filter_map(|item| item.get("post")) {
            let media = &operation["requestBody"]["content"];
            if media.get("application/json").is_some() {
                documented.insert(name(operation));
            }
        }
        let listed: BTreeSet<String> = ALL.iter().map(|body| body.operation.to_owned()).collect();
        assert_eq!(documented, listed);
    }

    #[test]
    fn a_refusal_is_the_document_that_a_client_gets() {
        let resolve = ALL.first().unwrap();
        assert_eq!(resolve.read(br#"{"text":"x"}"#), Ok(()));
        let refused = resolve.read(br#"{"text":7}"#).unwrap_err();
        assert_eq!(refused["status"], 422);
        assert_eq!(refused["errors"][0]["pointer"], "/text");
    }
}
