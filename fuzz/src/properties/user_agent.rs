//! Which wallet's browser it is: a question of the first 4 KiB, with one answer.

use tongma::merchant::InstitutionId;
use tongma::wallet;
use tongma::wallet::user_agent::{identify, identify_with};

/// How much is read.
const READ_BYTES: usize = 4096;

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let who = identify(text);
    assert_eq!(who, identify(text), "the verdict is stable");
    let ids: Vec<&str> = wallet::ALL.iter().map(|wallet| wallet.about().id).collect();
    assert!(who.as_ref().is_none_or(|id| ids.contains(&id.as_str())));
    is_the_first_that_fits(text, who.as_ref());

    if let Some(read) = text.get(..READ_BYTES) {
        assert_eq!(identify(read), who, "what is not read decides nothing");
    }
    // What a wallet's browser may say only once, or must not say, may be in the rest.
    let longer = format!("{text:<READ_BYTES$}MicroMessenger/8.0 wxwork AlipayClient/10");
    if text.len() >= READ_BYTES || text.is_ascii() {
        assert_eq!(identify(&longer), who, "what is not read decides nothing");
    }

    let bank: InstitutionId = "demo_bank".parse().expect("an id");
    let word = text.split(' ').next_back().unwrap_or_default().to_owned();
    let added = [(bank.clone(), word.clone())];
    let with_mark = identify_with(text, &added);
    match who {
        Some(_) => assert_eq!(with_mark, who, "the operator's marks come last"),
        None => assert_eq!(with_mark, (!word.is_empty()).then_some(bank)),
    }
    who.is_some()
}

/// Of all the tests that a text passes, the one of the lowest rank decides.
fn is_the_first_that_fits(text: &str, who: Option<&InstitutionId>) {
    let tests = wallet::ALL.iter().flat_map(|wallet| {
        let about = wallet.about();
        about.user_agents.iter().map(move |test| (test, about.id))
    });
    let passed: Vec<_> = tests.filter(|(test, _)| test.passes(text)).collect();
    let lowest = passed.iter().map(|(test, _)| test.rank).min();
    let mut first = passed.iter().filter(|(test, _)| Some(test.rank) == lowest);
    match who {
        Some(who) => assert!(first.any(|(_, id)| *id == who.as_str())),
        None => assert!(passed.is_empty()),
    }
}

const HEAD: &str = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36";

pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![HEAD.as_bytes().to_vec(), b"curl/8.5.0".to_vec()];
    for wallet in wallet::ALL {
        for test in wallet.about().user_agents {
            let parts = test.parts.join(" ");
            seeds.push(format!("{parts} {HEAD}").into_bytes());
            seeds.push(format!("{HEAD} {parts} {}", test.not.join(" ")).into_bytes());
            seeds.push(format!("{}{parts}", " ".repeat(READ_BYTES - 5)).into_bytes());
        }
    }
    seeds
}

pub fn words() -> Vec<String> {
    let tests = wallet::ALL
        .iter()
        .flat_map(|wallet| wallet.about().user_agents);
    let mut words: Vec<String> = tests
        .flat_map(|test| test.parts.iter().chain(test.not))
        .map(ToString::to_string)
        .collect();
    words.sort();
    words.dedup();
    words
}
