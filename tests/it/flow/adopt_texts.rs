//! One code in many spellings is one code, and what only resembles it leads nowhere.

use tongma::flow::FlowError;
use tongma::flow::resolve::resolve;
use tongma::merchant::InstitutionId;

use crate::support::foreign::{ON_THE_WALL, adopted, asks, asks_for};
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

/// A merchant's code of Alipay.
const OF_ALIPAY: &str = "https://qr.alipay.com/ocx05278hyhu0zz1";

/// As scanners send what is printed in this way.
fn spellings(text: &str) -> Vec<String> {
    let (scheme, rest) = text.split_once("://").unwrap();
    let mut all = vec![
        text.to_owned(),
        format!("{}://{rest}", scheme.to_ascii_uppercase()),
        format!(" {text}\r\n"),
    ];
    if text == OF_ALIPAY {
        all.extend([
            text.to_ascii_uppercase(),
            text.replace("https", "http"),
            format!("{text}?_s=web-other"),
            format!("{text}?utm_source=poster&amount=1"),
        ]);
    }
    all
}

/// What a forger prints, and what a careless hand makes of it.
fn likenesses(text: &str) -> Vec<String> {
    let (scheme, rest) = text.split_once("://").unwrap();
    let mut another = text.to_owned();
    let last = another.pop();
    another.push(if last == Some('1') { '2' } else { '1' });
    vec![
        format!("{text}/"),
        format!("{text}#x"),
        format!("{text}\u{200b}"),
        format!("{text}{text}"),
        format!("{scheme}:{rest}"),
        format!("{scheme}:\\\\{rest}"),
        format!("{scheme}://evil@{rest}"),
        format!("{scheme}://evil.example/{rest}"),
        text.replace(".com", ".com.evil.example"),
        text.replace(".com", ".com:8443"),
        text.replace("alipay", "a1ipay"),
        text.replace("f2f0", "F2F0"),
        another,
        format!("{text}\0"),
    ]
}

async fn every_spelling_of_an_adopted_code_is_that_code(backend: Backend) {
    let payers = ["jd_pay", "alipay"].map(|id| id.parse::<InstitutionId>().unwrap());
    for (text, payer) in [ON_THE_WALL, OF_ALIPAY].into_iter().zip(payers) {
        let shop = Shop::open(backend).await;
        let (rival, store, _) = shop.neighbour().await;
        // Asked for in one spelling, it is held in all of them.
        let first = spellings(text).pop().unwrap();
        let adoption = adopted(&shop, &first).await;
        assert_eq!(adoption.text, text);
        for spelt in spellings(text) {
            resolve(&shop.app, &payer, &spelt).await.unwrap();
            let again = asks(&shop, &spelt).await;
            assert!(
                matches!(again, Err(FlowError::State { .. })),
                "{spelt:?}: {again:?}"
            );
            let theirs = asks_for(&shop, &rival.id, &store, &spelt).await;
            assert!(
                matches!(theirs, Err(FlowError::CodeTaken)),
                "{spelt:?}: {theirs:?}"
            );
        }
        for other in likenesses(text) {
            if other == text {
                continue;
            }
            let told = resolve(&shop.app, &payer, &other).await;
            let leads_nowhere = matches!(
                told,
                Err(FlowError::CodeMalformed(_) | FlowError::NotAdopted | FlowError::NotFound(_))
            );
            assert!(leads_nowhere, "{other:?}: {told:?}");
        }
    }
}

on_both![every_spelling_of_an_adopted_code_is_that_code];
