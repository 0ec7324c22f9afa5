//! Every text gets an answer, and no text gets a better one than it deserves.

use proptest::prelude::*;

use super::*;
use crate::code::native::tests::natives;
use crate::code::run::{Body, CodeKind, KeyId, RandomId, issue};

fn answer(text: &str) -> Value {
    let own = [Origin::parse("https://pay.example.com", false).unwrap()];
    let verify = |parsed: &Parsed| match parsed.run.signature {
        Some([7, ..]) => SignatureVerdict::Valid,
        _ => SignatureVerdict::Invalid,
    };
    let context = DecodeContext {
        natives: natives(),
        own_origins: &own,
        verify: &verify,
        allow_http: false,
    };
    serde_json::to_value(decode(text, &context)).unwrap()
}

fn ours(origin: &str, first: u8) -> String {
    let origin = Origin::parse(origin, false).unwrap();
    let key = Some(KeyId([0xAB; 4]));
    let body = Body::new(CodeKind::Static, None, RandomId::new([1; 16]), key).unwrap();
    issue(&origin, &body, |_| [first; 64])
}

fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect()
}

#[test]
fn our_own_code_is_told_with_what_its_signature_is_worth() {
    let good = answer(&ours("https://pay.example.com", 7));
    let expected = json!({
        "ok": true, "format": "link", "scheme": "tongma", "network": "tongma",
        "kind": "static", "strict": true, "signature": "valid", "warnings": [],
        "fields": {
            "kind": "static", "id": "AEAQCAIBAEAQCAIBAEAQCAIBAE", "compact": false,
            "origin": "https://pay.example.com", "key_id": "abababab",
        },
    });
    assert_eq!(good, expected);
    let forged = answer(&ours("https://pay.example.com", 8));
    assert_eq!(forged["signature"], "invalid");
    assert_eq!(warnings(&forged), ["signature-invalid"]);
    let elsewhere = answer(&ours("https://pay.example.net", 7));
    assert_eq!(warnings(&elsewhere), ["other-origin"]);
}

#[test]
fn what_was_made_to_look_like_ours_is_refused_in_words() {
    let text = ours("https://pay.example.com", 7);
    let run = text.rsplit('/').next().unwrap();
    for (text, code) in [
        (format!("{text}?amount=1"), "run-character"),
        (text.to_ascii_lowercase(), "run-path"),
        ("https://pay.example.com/Q/CAAQ".to_owned(), "run-length"),
        (
            format!("https://pay.example@evil.example/Q/{run}"),
            "origin-user",
        ),
        (
            format!("https://p\u{430}y.example.com/Q/{run}"),
            "origin-not-ascii",
        ),
        (
            format!("https://xn--py-sia.example/Q/{run}"),
            "origin-punycode",
        ),
        (format!("http://pay.example.com/Q/{run}"), "origin-insecure"),
    ] {
        let refused = answer(&text);
        assert_eq!(refused["ok"], false, "{text}");
        assert_eq!(refused["error"]["code"], code, "{text}");
    }
}

#[test]
fn another_link_is_a_link_and_no_payment_code() {
    for text in [
        "https://pay.example.com/about",
        "https://evil.example/Q/x",
        "HTTP://X",
    ] {
        let answer = answer(text);
        assert_eq!(
            (&answer["format"], &answer["network"]),
            (&json!("link"), &Value::Null)
        );
    }
}

#[test]
fn a_payer_code_is_masked_wherever_it_goes() {
    let answer = answer("106258562632154710");
    assert_eq!(answer["kind"], "payer_auth_code");
    assert_eq!(warnings(&answer), ["payer-code"]);
    assert_eq!(answer["fields"]["masked"], "10**************10");
    assert!(!answer.to_string().contains("6258562632"));
}

#[test]
fn every_emv_vector_is_answered_as_what_it_is() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/emv-mpm.json")).unwrap();
    for vector in vectors {
        let text = vector["payload"].as_str().unwrap();
        let answer = answer(text);
        if vector["valid"] == true {
            assert_eq!(answer["format"], "emv_mpm", "{text}");
            assert_eq!(answer["fields"], vector["fields"], "{text}");
            assert_eq!(answer["strict"], vector["strict_emv"], "{text}");
        } else {
            let consumer = answer["format"] == "emv_cpm";
            assert!(answer["ok"] == false || consumer, "{text}: {answer}");
        }
    }
}

#[test]
fn no_lookalike_is_taken_for_a_payment_code() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/native-codes.json")).unwrap();
    for vector in vectors.iter().filter(|v| v["network"].is_null()) {
        let text = vector["text"].as_str().unwrap();
        assert_eq!(
            answer(text).get("network").unwrap_or(&Value::Null),
            &Value::Null,
            "{text}"
        );
    }
}

#[test]
fn strange_contents_are_refused_or_remarked_on() {
    assert_eq!(
        answer("a\0b")["error"],
        json!({
            "code": "control-character", "message": "control characters are not allowed",
            "object": null, "offset": 1,
        })
    );
    assert_eq!(
        warnings(&answer("老王\u{202e}gnp.exe")),
        ["hidden-character"]
    );
    assert_eq!(answer(&"7".repeat(7089))["network"], Value::Null);
    assert_eq!(answer(&"7".repeat(8193))["error"]["code"], "too-long");
    assert_eq!(answer("")["error"]["code"], "empty");
}

/// What one picture of this text tells.
fn in_a_picture(text: &str) -> Value {
    let context = DecodeContext {
        natives: natives(),
        own_origins: &[],
        verify: &|_| SignatureVerdict::UnknownKey,
        allow_http: false,
    };
    let found = [(text.to_owned(), [[0; 2]; 4])];
    serde_json::to_value(decode_all(found, false, &context)).unwrap()
}

#[test]
fn a_payers_card_is_told_by_its_application_and_nothing_else() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/emv-cpm.json")).unwrap();
    for vector in vectors {
        let text = vector["payload"].as_str().unwrap();
        let answer = answer(text);
        assert_eq!(answer["ok"], vector["valid"], "{text}");
        if vector["valid"] == true {
            assert_eq!(answer["kind"], "payer_auth_code");
            assert_eq!(
                (&answer["format"], &answer["scheme"]),
                (&json!("emv_cpm"), &json!("emv-cpm"))
            );
            assert_eq!(warnings(&answer), ["payer-code"]);
        }
        let told = in_a_picture(text).to_string();
        for secret in ["1234567890123458", "6292610358444335641", text] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[test]
fn our_code_in_emvs_form_is_told_with_what_its_signature_is_worth() {
    let origin = Origin::parse("https://pay.example.com", false).unwrap();
    let key = Some(KeyId([0xAB; 4]));
    let body = Body::new(CodeKind::Static, None, RandomId::new([1; 16]), key).unwrap();
    let front = "00020126270012hk.com.hkicl020799999995204000053033445802HK5902NA6002HK";
    let shop = emv::parse(&emv::with_checksum(front)).unwrap().fields;
    let text = emv_form::issue(&origin, &body, &shop, |_| [7; 64]).unwrap();
    let good = answer(&text);
    assert_eq!(
        (&good["format"], &good["scheme"]),
        (&json!("emv_mpm"), &json!("tongma"))
    );
    assert_eq!(
        (&good["kind"], &good["signature"]),
        (&json!("static"), &json!("valid"))
    );
    assert_eq!(
        (&good["strict"], &good["warnings"]),
        (&json!(true), &json!([]))
    );
    let payees: Vec<_> = good["payees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["network"])
        .collect();
    assert_eq!(payees, ["hk.com.hkicl"]);

    // The verifier would say yes to anything; an amount that the run does not know is enough.
    let (front, _) = text.rsplit_once("6304").unwrap();
    let (start, behind) = front.split_at(front.find("5802").unwrap());
    let asks = answer(&emv::with_checksum(&format!("{start}540499.9{behind}")));
    assert_eq!(
        (&asks["scheme"], &asks["signature"]),
        (&json!("tongma"), &json!("invalid"))
    );
    assert_eq!(warnings(&asks), ["signature-invalid"]);
}

#[test]
fn what_a_network_would_not_write_and_what_nobody_takes_is_remarked_on() {
    let front = "00020126340009SG.PAYNOW010170212201509555BN25204000053037025802SG5902NA6002SG";
    let odd = answer(&emv::with_checksum(front));
    assert_eq!(odd["strict"], true);
    let remark = &odd["warnings"][0];
    assert_eq!(
        (&remark["code"], &remark["object"]),
        (&json!("scheme-rule"), &json!("26-01"))
    );
    assert_eq!(remark["offset"], front.find("01017").unwrap());

    let bitcoin = answer("bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W");
    assert_eq!(warnings(&bitcoin), ["not-taken"]);
    let epc = "BCD\n002\n1\nSCT\n\nWang\nDE89370400440532013001\nEUR1";
    assert_eq!(warnings(&answer(epc)), ["check-digits"]);
}

/// Network and kind of a text.
fn told(text: &str) -> (Value, Value) {
    let answer = answer(text);
    (answer["network"].clone(), answer["kind"].clone())
}

/// Texts that no vector has: network and kind.
const SHAPES: &[(&str, &str, &str)] = &[
    (
        "00390006000001010306902181234567890123456785102TH9104ABCD",
        "thai_slip",
        "not_payment",
    ),
    (
        "00460006000001010301402251234567890123456789012345102TH9104ABCD",
        "thai_slip",
        "not_payment",
    ),
    ("upi://pay?am=0.00&pa=a@b", "upi_in", "static"),
    ("upi://pay?pa=a@b&pn=दुकान&am=10", "upi_in", "order"),
    ("TWQRP://老王/158/02/V1?D9=麵", "twqr", "transfer"),
    (
        "twqrp%3A%2F%2Fx%2F158%2F01%2FV1%3FD3%3Dx",
        "twqr",
        "merchant_static",
    ),
    (
        "https://qr.nspk.ru/AS1000BF93JR2KGV5AOGFAVT3KQTND28",
        "sbp_ru",
        "order",
    ),
    ("https://qr.bank.gov.ua/QkNECjAwMg", "nbu_ua", "invoice"),
    (
        "K:PT|V:01|C:1|R:160000000123456778|N:Wang",
        "ips_rs",
        "invoice",
    ),
    (
        "BCD\n002\n1\nINST\n\nWang\nde89 3704 0044 0532 0130 00",
        "epc_sct",
        "invoice",
    ),
    (
        "RTP\n001\n1\nGIBAHUHB\nWang\nHU42117730161111101800000000",
        "mnb_hu",
        "invoice",
    ),
    (
        "ST00012|Name=x|PersonalAcc=40702810138250123017",
        "gost_ru",
        "invoice",
    ),
    ("swish://payment?data=x", "swish_se", "order"),
    ("https://app.swish.nu/1/p/sw/?sw=1", "swish_se", "order"),
    (
        "https://qr.mobilepay.dk/box/1/pay-in",
        "mobilepay_dk",
        "static",
    ),
    ("https://www.paypal.me/wang/5", "paypal", "static"),
    (
        "https://www.paypal.com/qrcodes/p2pqrc/X",
        "paypal",
        "static",
    ),
    ("https://venmo.com/u/wang", "venmo_us", "static"),
    ("https://cash.app/$wang", "cashapp_us", "static"),
    (
        "https://enroll.zellepay.com/qr-codes?data=eyJuYW1lIjoiV0FORyJ9",
        "zelle_us",
        "static",
    ),
    (
        "https://go.twint.ch/1/e/tw?tw=acq.gERQQytORnyUuZPa4rjIcM7pkCyQBgU9uoYdQPchVBxv",
        "twint_ch",
        "static",
    ),
    (
        "BCD\r\n001\r\n1\r\nUCT\r\n\r\nWang\r\nUA693000010000000012345678901",
        "nbu_ua",
        "invoice",
    ),
    ("bitcoin:?lno=lno1q", "bitcoin", "uri"),
    (
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bitcoin",
        "address",
    ),
    (
        "ethereum:0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359",
        "crypto",
        "uri",
    ),
];

#[test]
fn other_countries_texts_are_told_by_their_shape() {
    for (text, network, kind) in SHAPES {
        assert_eq!(told(text), (json!(network), json!(kind)), "{text}");
    }
    let offer = format!("LNO1{}", "Q".repeat(60));
    assert_eq!(told(&offer), (json!("lightning"), json!("bolt12")));
    for text in [
        "upi://pay?pa=a@b#&am=1",
        "TWQRP://老王/158/04/V1?D9=1",
        "TWQRP://老王@evil.example/158/02/V1?D9=1",
        "TWQRP://老\r\n王/158/02/V1?D9=1",
        "https://qr.nspk.ru@evil.example/AS1000BF93JR2KGV5AOGFAVT3KQTND28",
        "https://qr.nspk.ru/BX1000BF93JR2KGV5AOGFAVT3KQTND28",
        "https://cash.app.evil.example/$wang",
        "https://cash.app/wang",
        "https://enroll.zellepay.com.evil.example/qr-codes?data=x",
        "https://go.twint.ch@evil.example/1/e/tw?tw=x",
        "BCD\n001\n1\nUCT\n\nWang\nDE89370400440532013000",
        "https://paypal.me@evil.example/wang",
        "ethereum:",
        "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ] {
        assert_eq!(told(text).0, Value::Null, "{text}");
    }
    for text in ["bitcoin:?lno=lno1q", "monero:44AFFq5kSiGBoZ4NMDwYtN18obc8A"] {
        assert_eq!(warnings(&answer(text)), ["not-taken"], "{text}");
    }
}

#[test]
fn a_payers_text_is_masked_whatever_the_scanner_put_around_it() {
    for text in [
        "911234567890123456",
        "K:PK|V:01|C:1|R:160000000123456778|N:Wang|I:RSD50,00",
        "101234567890123456",
        "101234567890123456\r\n",
        "\t 101234567890123456\n",
        "hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=\r\n",
    ] {
        let answer = answer(text);
        assert_eq!(answer["kind"], "payer_auth_code", "{text}");
        assert_eq!(warnings(&answer), ["payer-code"], "{text}");
        let pictured = in_a_picture(text).to_string();
        for secret in ["234567", "xIjRWeJASNFj"] {
            assert!(!answer.to_string().contains(secret), "{answer}");
            assert!(!pictured.contains(secret), "{pictured}");
        }
        assert_eq!(natives().canonical(text), None, "{text}");
    }
    let scanned = answer("101234567890123456\r\n");
    assert_eq!(scanned, answer("101234567890123456"));
}

#[test]
fn a_blank_outside_is_not_of_a_text_and_one_inside_is() {
    assert_eq!(
        answer(" https://qr.lotus.example/aB1\r\n"),
        answer("https://qr.lotus.example/aB1")
    );
    for text in [
        "10123456789012345\r\n6",
        "10 1234567890123456",
        "\u{200b}101234567890123456",
    ] {
        assert_eq!(answer(text)["network"], Value::Null, "{text:?}");
    }
    // The last lines of a bill may be empty ones.
    let bill = format!("SPC\n0200\n1\nCH4431999123000889012{}", "\n".repeat(27));
    assert_eq!(answer(&bill)["network"], "swiss_qrbill");
}

#[test]
fn a_network_of_many_issuers_is_told_as_what_it_is_on_a_host_nobody_knows() {
    let content = "/MPM/3/R1BMRDA5NVBMVlMwMDIwMUNEU0Q";
    for host in ["unknown.example", "203.0.113.9", "xn--py-sia.example"] {
        let told = answer(&format!("https://{host}{content}"));
        assert_eq!(told["network"], "alipayplus", "{host}");
        assert_eq!(told["strict"], false, "{host}");
        assert_eq!(warnings(&told), ["issuer-unlisted"], "{host}");
    }
    for text in [
        format!("https://PAYQR.gcash.com{content}"),
        "https://payqr.gcash.com/28101005101491317386071838".to_owned(),
    ] {
        let told = answer(&text);
        assert_eq!((&told["strict"], warnings(&told)), (&json!(true), vec![]));
    }
    let imitation = answer(&format!("https://qr.lotus.example.evil.example{content}"));
    assert_eq!(imitation["network"], Value::Null);
}

#[test]
fn what_is_to_be_paid_is_told_in_the_minor_units_of_its_currency() {
    let asks = |currency: &str, amount: &str| {
        let amount = format!("54{:02}{amount}", amount.len());
        let front = format!(
            "00020126270012hk.com.hkicl020799999995204000053{:02}{currency}",
            currency.len()
        );
        let answer = answer(&emv::with_checksum(&format!(
            "{front}{amount}5802HK5902NA6002HK"
        )));
        assert_eq!(answer["fields"]["currency"], currency);
        (answer["amount_minor"].clone(), answer["currency"].clone())
    };
    for (currency, amount, minor, letters) in [
        ("344", "12.5", json!(1250), json!("HKD")),
        ("344", "1.", json!(100), json!("HKD")),
        ("344", ".50", json!(50), json!("HKD")),
        ("344", "00001.00", json!(100), json!("HKD")),
        ("392", "5000.00", json!(5000), json!("JPY")),
        ("704", "180000", json!(180_000), json!("VND")),
        ("048", "1.5", json!(1500), json!("BHD")),
        // Half a yen is no amount, nothing is none, and nobody's currency has no minor unit.
        ("392", "0.5", Value::Null, Value::Null),
        ("344", "0", Value::Null, Value::Null),
        ("999", "1", Value::Null, Value::Null),
    ] {
        assert_eq!(
            asks(currency, amount),
            (minor, letters),
            "{currency} {amount}"
        );
    }
}

#[test]
fn what_percent_signs_hide_is_remarked_on() {
    let answer = answer("upi://pay?pa=a@b&pn=gn%E2%80%AEaW");
    assert_eq!(warnings(&answer), ["hidden-character"]);
    assert_eq!(answer["warnings"][0]["object"], "payee");
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..8_192)) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(answer(&text)["ok"].is_boolean());
    }

    #[test]
    fn every_text_gets_an_answer(text in ".{0,2048}", digits in "[0-9]{0,400}") {
        prop_assert!(answer(&text)["ok"].is_boolean());
        prop_assert!(answer(&digits)["ok"].is_boolean());
        let emv = answer(&format!("000201{text}"));
        prop_assert!(emv["ok"].is_boolean());
        let ours = answer(&format!("https://pay.example.com/Q/{text}"));
        prop_assert!(ours["ok"].is_boolean());
    }
}
