//! When two texts are the same code: the issuer's network and one spelling of the text.
//!
//! Wallets print one code in several spellings: upper case so that the symbol stays small, `http` or
//! `https`, a time of printing behind a question mark. Whoever keeps codes of others by their text
//! keeps them by this, or the same code could be claimed twice.

use super::decode::{DecodeContext, EMV, bare, check_characters, meant_as_ours};
use super::{emv, emv_form, run};

/// Which code a text is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Whose payment code it is, as in the decode answer.
    pub network: &'static str,
    /// What it is for, as in the decode answer.
    pub kind: &'static str,
    /// Whose format it follows, where that is more than the network.
    pub scheme: Option<&'static str>,
    /// The same for every spelling of this code, and for no other code.
    pub canonical: String,
}

/// Which code a text is; `None` for one of ours, for what a payer shows (that is kept nowhere), for
/// every text that decoding refuses or does not know, and for one that can be spelt in ways without
/// end.
pub fn identify(text: &str, context: &DecodeContext<'_>) -> Option<Identity> {
    check_characters(text).ok()?;
    let not_ours = run::parse(text, context.allow_http).err()?;
    if meant_as_ours(text, &not_ours, context) {
        return None;
    }
    if let Some((native, canonical)) = context.natives.canonical(text) {
        return Some(Identity {
            network: native.network,
            kind: native.kind,
            scheme: None,
            canonical,
        });
    }
    let (_, text) = bare(text);
    let payload = emv::parse(text).ok()?;
    if emv_form::claimed(text, &payload, context.own_origins, context.allow_http).is_some() {
        return None;
    }
    Some(Identity {
        network: EMV,
        kind: emv::kind(&payload.fields),
        scheme: Some(payload.scheme),
        canonical: emv::canonical(&payload.fields)?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::code::native::tests::natives;
    use crate::code::{DecodeAnswer, SignatureVerdict, decode};

    fn with_context<T>(ask: impl FnOnce(&DecodeContext<'_>) -> T) -> T {
        ask(&DecodeContext {
            natives: natives(),
            own_origins: &[],
            verify: &|_| SignatureVerdict::UnknownKey,
            allow_http: false,
        })
    }

    fn identity(text: &str) -> Option<Identity> {
        with_context(|context| identify(text, context))
    }

    #[test]
    fn every_spelling_of_a_code_is_that_code() {
        let one = emv::with_checksum(
            "00020126270012hk.com.hkicl020799999995204000053033445802HK5902NA6002HK",
        );
        let other = emv::with_checksum(
            "0002015802HK5902NA6002HK53033445204000026270012HK.COM.HKICL02079999999",
        );
        let third = emv::with_checksum(
            "00020126270012hk.com.hkicl020799999985204000053033445802HK5902NA6002HK",
        );
        assert_eq!(identity(&one), identity(&other));
        assert_eq!(identity(&one).unwrap().canonical, one);
        assert_eq!(
            identity(&one.to_ascii_lowercase().replace("58022hk", "")),
            None
        );
        assert_ne!(identity(&one), identity(&third));

        let native = identity("HTTPS://QR.LOTUS.EXAMPLE/aB1").unwrap();
        assert_eq!(native.canonical, "https://qr.lotus.example/aB1");
        assert_eq!((native.network, native.kind), ("lotus", "order"));
    }

    #[test]
    fn what_a_payer_shows_is_no_code_to_keep() {
        assert_eq!(identity("106258562632154710"), None);
        assert_eq!(
            identity("hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8="),
            None
        );
        assert_eq!(identity("https://example.com/"), None);
    }

    #[test]
    fn what_was_made_to_be_taken_for_ours_is_no_code_to_keep() {
        let run = "DGS2LJNFUWS2LJNFUWS2LJNFUWSQAAAAAAAAABHCACOA";
        let payee = "upi://pay?pa=shop@bank";
        assert_eq!(identity(payee).unwrap().network, "upi_in");
        assert!(run::parse(&format!("https://pay.example/Q/{run}"), false).is_ok());
        let text = format!("{payee}HTTP://127.0.0.1:8080/Q/{run}");
        let answer = with_context(|context| decode(&text, context));
        assert!(matches!(answer, DecodeAnswer::Refused(_)), "{answer:?}");
        assert_eq!(identity(&text), None);
    }

    /// Many scanners end each code with a line.
    #[test]
    fn what_stands_around_a_payload_is_no_part_of_it() {
        let front = "00020126270012hk.com.hkicl020799999995204000053033445802HK5902NA6002HK";
        let (one, broken) = (emv::with_checksum(front), format!("{front}63040000"));
        let lower = one.get(..one.len() - 4).unwrap().to_owned() + "b1d8";
        let read = |text: &str| match with_context(|context| decode(text, context)) {
            DecodeAnswer::Read(reading) => {
                let at = reading.warnings.iter().map(|warning| warning.offset);
                (Some(reading.fields), at.collect::<Vec<_>>())
            }
            DecodeAnswer::Refused(refusal) => (None, vec![refusal.error.offset]),
        };
        for text in [&one, &broken, &lower] {
            let (fields, at) = read(text);
            let (same, behind) = read(&format!(" \t{text}\r\n"));
            assert_eq!(same, fields, "{text}");
            let moved = at.iter().map(|at| at.map(|at| at + 2));
            assert_eq!(behind, moved.collect::<Vec<_>>(), "{text}");
        }
        assert_eq!(identity(&format!("{one}\n")), identity(&one));
    }

    #[test]
    fn the_identity_says_what_the_answer_says() {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../tests/vectors/emv-mpm.json")).unwrap();
        for vector in vectors {
            let text = vector["payload"].as_str().unwrap();
            let answer = with_context(|context| decode(text, context));
            match (answer, identity(text)) {
                (DecodeAnswer::Read(reading), Some(id)) => {
                    assert_eq!(reading.network, Some(id.network));
                    assert_eq!((reading.kind, reading.scheme), (id.kind, id.scheme));
                    assert_eq!(identity(&id.canonical).as_ref(), Some(&id), "{text}");
                }
                (DecodeAnswer::Read(reading), None) => assert_eq!(reading.scheme, Some("emv-cpm")),
                (DecodeAnswer::Refused(_), found) => assert_eq!(found, None, "{text}"),
            }
        }
    }

    /// Real payloads without their checksum.
    static FRONTS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../tests/vectors/emv-mpm.json")).unwrap();
        let valid = vectors.iter().filter(|vector| vector["valid"] == true);
        let payloads = valid.map(|vector| vector["payload"].as_str().unwrap());
        payloads
            .filter_map(|text| Some(text.rsplit_once("6304")?.0.to_owned()))
            .collect()
    });

    proptest! {
        /// A checksum is no seal: whoever changes a payee makes it right again. The code that was
        /// adopted is then another.
        #[test]
        fn a_payee_that_was_changed_with_its_checksum_is_another_code(
            which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), to in "[ -~]",
        ) {
            let known = which.get(FRONTS.as_slice());
            let mut chars: Vec<char> = known.chars().collect();
            let at = at.index(chars.len());
            chars[at] = to.chars().next().unwrap();
            let front: String = chars.into_iter().collect();
            let (text, changed) = (emv::with_checksum(known), emv::with_checksum(&front));
            if let Ok(payload) = emv::parse(&changed) && identity(&changed) == identity(&text) {
                // Networks' identifiers may be written in either case.
                let paid = |payload: &emv::Payload| format!("{:?}", payload.view()).to_lowercase();
                prop_assert_eq!(paid(&payload), paid(&emv::parse(&text).unwrap()), "{}", changed);
            }
        }
    }
}
