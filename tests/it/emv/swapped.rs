//! Whoever exchanges anything in such a code and repairs its checksum has a code that nobody takes.

use serde_json::json;

use tongma::code::emv::{self, Fields, Template};

use super::{checked, decoded, issued, paynow, pix, resolved, unionpay};
use crate::support::digest::business_digest;
use crate::support::server::Server;
use crate::support::{Backend, on_both};

/// The text with the checksum that belongs to it, as any forger can compute it.
pub(super) fn repaired(text: &str) -> String {
    let front = text.get(..text.len() - 4).unwrap();
    let sum = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(front.as_bytes());
    format!("{front}{sum:04X}")
}

fn fields(text: &str) -> Fields {
    emv::parse(text).unwrap().fields
}

type Change = fn(&mut Fields);

/// What a forger might try: each account exchanged, taken out, or joined by the forger's own.
fn forgeries(text: &str) -> Vec<(String, String)> {
    let genuine = fields(text);
    let mut all = Vec::new();
    let mut add = |about: String, fields: &Fields| {
        all.push((about, emv::write(fields).unwrap()));
    };
    for at in 0..genuine.merchant_accounts.len() {
        let mut changed = genuine.clone();
        let account = &mut changed.merchant_accounts[at];
        let about = format!("account {} exchanged", account.id());
        match account {
            Template::Opened { sub, .. } => {
                for (number, value) in sub.clone() {
                    if number != "00" {
                        let mut sub = sub.clone();
                        sub.insert(number.clone(), exchanged(&value));
                        let mut changed = genuine.clone();
                        if let Template::Opened { sub: of, .. } = &mut changed.merchant_accounts[at]
                        {
                            *of = sub;
                        }
                        add(format!("{about} in {number}"), &changed);
                    }
                }
            }
            Template::Bare { value, .. } => {
                *value = exchanged(value);
                add(about, &changed);
            }
        }
        let mut fewer = genuine.clone();
        let gone = fewer.merchant_accounts.remove(at);
        add(format!("account {} taken out", gone.id()), &fewer);
    }
    let mut more = genuine.clone();
    more.merchant_accounts.push(Template::Bare {
        id: "04".to_owned(),
        value: "5555555555554444".to_owned(),
    });
    add("a card put in".to_owned(), &more);
    let changes: [(&str, Change); 8] = [
        ("name", |f| {
            f.merchant_name = Some("Somebody Else".to_owned());
        }),
        ("city", |f| f.merchant_city = Some("Elsewhere".to_owned())),
        ("amount", |f| f.amount = Some("0.01".to_owned())),
        ("currency", |f| f.currency = Some("344".to_owned())),
        ("category", |f| f.mcc = Some("7995".to_owned())),
        ("country", |f| f.country = Some("HK".to_owned())),
        ("language", |f| {
            f.language.insert("01".to_owned(), "別家".to_owned());
        }),
        ("additional", |f| {
            f.additional.insert("05".to_owned(), "REF".to_owned());
        }),
    ];
    for (about, change) in changes {
        let mut changed = genuine.clone();
        change(&mut changed);
        add(format!("{about} changed"), &changed);
    }
    all
}

/// Another value of the same shape.
fn exchanged(value: &str) -> String {
    let last = value.chars().last().unwrap();
    let other = match last {
        '0'..='8' | 'A'..='Y' => char::from_u32(u32::from(last) + 1).unwrap(),
        '9' => '0',
        _ => 'A',
    };
    let front: String = value.chars().take(value.chars().count() - 1).collect();
    format!("{front}{other}")
}

async fn exchanging_anything_breaks_the_signature(backend: Backend) {
    let server = Server::open(backend).await;
    let accounts = [paynow(), pix(), unionpay()];
    for amount in [None, Some(1250)] {
        let code = issued(&server, amount, &accounts).await;
        let text = code["text"].as_str().unwrap();
        let before = business_digest(&server.shop.database).await;
        let forgeries = forgeries(text);
        assert!(forgeries.len() > 15, "{}", forgeries.len());
        for (about, forged) in forgeries {
            assert_ne!(forged, text, "{about}");
            // Whoever tries many such in a minute is not even listened to.
            server.shop.advance(5);
            let said = decoded(&server, &forged).await;
            assert_ne!(said["signature"], "valid", "{about}: {said}");
            let resolved = resolved(&server, &forged).await;
            let is_refused = matches!(
                resolved.as_ref().map_err(String::as_str),
                Err("code-signature-invalid" | "code-not-found" | "payload-invalid")
            );
            assert!(is_refused, "{about}: {resolved:?}");
            let verdict = checked(&server, &forged).await["verdict"].clone();
            assert!(
                verdict == "forged" || verdict == "foreign",
                "{about}: {verdict}"
            );
        }
        assert!(resolved(&server, text).await.is_ok());
        let after = business_digest(&server.shop.database).await;
        assert_eq!(after.counted_since(&before), "");
    }
}

/// A compact run has no signature: dressed as an EMV code it would carry whatever accounts a forger
/// likes, and be called ours.
async fn a_run_in_another_form_than_it_was_issued_in_is_forged(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let wanted = json!({"kind": "static", "store": shop.store.id, "compact": true});
    let compact = super::asked(&server, &wanted).await.json();
    let compact = compact["text"].as_str().unwrap();
    let run = compact.rsplit('/').next().unwrap();
    let issued = issued(&server, None, &[paynow()]).await;
    let mut dressed = fields(issued["text"].as_str().unwrap());
    dressed.unreserved.clear();
    for account in &mut dressed.merchant_accounts {
        if let Template::Opened { id, sub, .. } = account
            && id == "50"
        {
            sub.insert("01".to_owned(), run.to_owned());
        }
    }
    let dressed = emv::write(&dressed).unwrap();

    assert_eq!(
        resolved(&server, &dressed).await,
        Err("code-signature-invalid".to_owned())
    );
    assert_eq!(checked(&server, &dressed).await["verdict"], "forged");
    assert!(resolved(&server, compact).await.is_ok());
    // And the other way: the signature of the one form does not hold in the other.
    let text = issued["text"].as_str().unwrap();
    let read = fields(text);
    let own = read
        .merchant_accounts
        .iter()
        .find(|account| account.id() == "50");
    let Some(Template::Opened { sub, .. }) = own else {
        panic!("our account stands in 50: {read:?}")
    };
    let halves: String = read
        .unreserved
        .iter()
        .filter_map(|template| match template {
            Template::Opened { sub, .. } => sub.get("01").or_else(|| sub.get("02")).cloned(),
            Template::Bare { .. } => None,
        })
        .collect();
    let signature = data_encoding::BASE64URL_NOPAD
        .decode(halves.as_bytes())
        .unwrap();
    let body = data_encoding::BASE32_NOPAD
        .decode(sub["01"].as_bytes())
        .unwrap();
    let run = data_encoding::BASE32_NOPAD.encode(&[body, signature].concat());
    let address = format!(
        "{}/Q/{run}",
        shop.app.origin.to_string().to_ascii_uppercase()
    );
    assert_eq!(
        resolved(&server, &address).await,
        Err("code-signature-invalid".to_owned())
    );
}

on_both![
    exchanging_anything_breaks_the_signature,
    a_run_in_another_form_than_it_was_issued_in_is_forged,
];
