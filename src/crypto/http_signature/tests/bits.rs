//! Nothing that is signed can change by as much as a bit.

use proptest::prelude::*;

use super::{BODY, check, request, signed};
use crate::crypto::http_signature::{RequestParts, SignatureError, SignatureHeaders, parse};

fn flipped(text: &str, bit: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    String::from_utf8(bytes).ok()
}

proptest! {
    #[test]
    fn a_flipped_bit_anywhere_in_the_request_is_refused(part in 0..5, bit in 0_usize..4096) {
        let signed = signed(&request());
        let parts = request();
        let field = [parts.method, parts.path, "lang=zh", "application/json", "pay.example"]
            [usize::try_from(part).unwrap()];
        let changed = flipped(field, bit);
        prop_assume!(changed.is_some());
        let changed = changed.unwrap();
        // A host has no case, and the ends of a header's value no spaces.
        prop_assume!(!changed.eq_ignore_ascii_case("pay.example"));
        let changed = match part {
            0 => RequestParts { method: &changed, ..parts },
            1 => RequestParts { path: &changed, ..parts },
            2 => RequestParts { query: Some(&changed), ..parts },
            3 => RequestParts { content_type: Some(&changed), ..parts },
            _ => RequestParts { authority: &changed, ..parts },
        };
        prop_assert_eq!(check(&signed, &changed), Err(SignatureError::Invalid));
    }

    #[test]
    fn a_flipped_bit_in_the_body_is_refused(bit in 0..BODY.len() * 8) {
        let mut body = BODY.to_vec();
        body[bit / 8] ^= 1 << (bit % 8);
        let changed = RequestParts { body: &body, ..request() };
        prop_assert_eq!(check(&signed(&request()), &changed), Err(SignatureError::DigestMismatch));
    }

    #[test]
    fn a_flipped_bit_in_any_header_is_refused(header in 0..3, bit in 0_usize..65536) {
        let mut signed = signed(&request());
        let digest = signed.content_digest.clone().unwrap();
        let field = match header {
            0 => &mut signed.signature_input,
            1 => &mut signed.signature,
            _ => signed.content_digest.get_or_insert(digest),
        };
        let changed = flipped(field, bit);
        prop_assume!(changed.is_some());
        *field = changed.unwrap();
        prop_assert!(check(&signed, &request()).is_err());
    }

    #[test]
    fn no_header_makes_the_reader_panic(input in "\\PC{0,80}", signature in "\\PC{0,80}") {
        let headers = SignatureHeaders {
            signature_input: Some(&input),
            signature: Some(&signature),
            content_digest: None,
        };
        prop_assert!(parse(&headers).is_err());
    }
}
