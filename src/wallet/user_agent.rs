//! Which wallet's browser opened a page. A hint from the payer's side: it chooses a page, never a
//! price or a state.
//!
//! The tests are plain searches for ASCII text in the wallets' descriptions. They are tried in the
//! order of their rank over all wallets, so that a text which claims three wallets at once always
//! means the same one.

use super::ALL;
use crate::merchant::InstitutionId;

/// What a `User-Agent` must hold, and must not, to be of a wallet.
#[derive(Debug)]
pub struct UserAgentTest {
    /// Lower ranks are tried first, over all wallets.
    pub rank: u8,
    /// Parts that must occur, one behind the other.
    pub parts: &'static [&'static str],
    /// The first part stands at the very beginning.
    pub at_start: bool,
    /// Compare without case.
    pub any_case: bool,
    /// Parts of which none may occur.
    pub not: &'static [&'static str],
}

/// How much of a `User-Agent` is read; the longest real ones stay under 1 KiB.
const READ_MAX: usize = 4096;

impl UserAgentTest {
    /// The parts occur, one behind the other.
    pub const fn has(rank: u8, parts: &'static [&'static str]) -> Self {
        Self {
            rank,
            parts,
            at_start: false,
            any_case: false,
            not: &[],
        }
    }

    /// The same, at the very beginning of the text.
    #[must_use]
    pub const fn at_start(self) -> Self {
        Self {
            at_start: true,
            ..self
        }
    }

    /// The same, without case.
    #[must_use]
    pub const fn any_case(self) -> Self {
        Self {
            any_case: true,
            ..self
        }
    }

    /// The same, unless one of these occurs.
    #[must_use]
    pub const fn without(self, not: &'static [&'static str]) -> Self {
        Self { not, ..self }
    }

    /// Whether the text passes.
    pub fn passes(&self, user_agent: &str) -> bool {
        let bytes = user_agent.as_bytes();
        let mut rest = bytes.get(..READ_MAX).unwrap_or(bytes);
        if self.not.iter().any(|part| self.find(rest, part).is_some()) {
            return false;
        }
        let mut must_start = self.at_start;
        for part in self.parts {
            let Some(at) = self.find(rest, part) else {
                return false;
            };
            if must_start && at > 0 {
                return false;
            }
            must_start = false;
            rest = rest
                .get(at.saturating_add(part.len())..)
                .unwrap_or_default();
        }
        !self.parts.is_empty()
    }

    fn find(&self, text: &[u8], part: &str) -> Option<usize> {
        text.windows(part.len().max(1)).position(|window| {
            if self.any_case {
                window.eq_ignore_ascii_case(part.as_bytes())
            } else {
                window == part.as_bytes()
            }
        })
    }
}

/// The institution whose app sent this `User-Agent`, if any is recognised.
pub fn identify(user_agent: &str) -> Option<InstitutionId> {
    identify_with(user_agent, &[])
}

/// The same, where the operator added marks of browsers that we do not know: pairs of an
/// institution and a text that occurs. They are tried after all others.
pub fn identify_with(user_agent: &str, added: &[(InstitutionId, String)]) -> Option<InstitutionId> {
    let tests = ALL.iter().flat_map(|wallet| {
        let about = wallet.about();
        about.user_agents.iter().map(move |test| (test, about.id))
    });
    let passed = tests.filter(|(test, _)| test.passes(user_agent));
    let known = passed
        .min_by_key(|(test, _)| test.rank)
        .and_then(|(_, id)| id.parse().ok());
    known.or_else(|| {
        let mut marks = added.iter().filter(|(_, mark)| !mark.is_empty());
        marks
            .find(|(_, mark)| user_agent.contains(mark.as_str()))
            .map(|(id, _)| id.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(user_agent: &str) -> Option<String> {
        identify(user_agent).map(|id| id.to_string())
    }

    const ANDROID: &str = "Mozilla/5.0 (Linux; Android 14; 23127PN0CC) AppleWebKit/537.36 \
                           (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36";
    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) \
                          AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";

    #[test]
    fn each_wallets_browser_is_recognised() {
        let table = [
            (
                "MicroMessenger/8.0.49.2600 NetType/WIFI Language/zh_CN",
                "wechat_pay",
            ),
            (
                "NebulaSDK/1.8.100112 Nebula AlipayDefined(nt:WIFI) AliApp(AP/10.5.96.8000) \
              AlipayClient/10.5.96.8000 Language/zh-Hans",
                "alipay",
            ),
            ("AliApp(AP/10.5.96.8000)", "alipay"),
            (
                "application=JDJR-App&clientType=ios&clientVersion=6.9.20 \
              CpayJS=UnionPay/1.0 JDJR",
                "jd_pay",
            ),
            (
                "CpayJS UnionPay/1.0 JDJR-App clientVersion=6.9.20 *#@jdPaySDK*#@",
                "jd_pay",
            ),
            ("Bestpay/10.84.30", "bestpay"),
            ("bestPay_android/10", "bestpay"),
            ("Hebao/9.15.42/com.cmpay.CMPayClient", "hebao"),
            ("com.cmpay.CMPayClient", "hebao"),
            ("unicom{version:android@12.0900,desmobile:0}", "wo_pay"),
            ("unicom{version:iphone_c@12.0200}", "wo_pay"),
            (
                "(com.unionpay.chsp) (cordova 4.5.4) (UnionPay/1.0 CloudPay)",
                "unionpay",
            ),
            ("UnionPay/1.0 ICBCiPhoneBS", "unionpay"),
            ("DCEP/1.2.0", "ecny"),
        ];
        for (tail, wallet) in table {
            for head in [ANDROID, IPHONE] {
                assert_eq!(
                    who(&format!("{head} {tail}")).as_deref(),
                    Some(wallet),
                    "{tail}"
                );
            }
        }
        let shopping = "jdapp;iPhone;12.6.0;;;M/5.0;appBuild/168919;";
        assert_eq!(
            who(&format!("{shopping} {IPHONE}")).as_deref(),
            Some("jd_pay")
        );
    }

    #[test]
    fn other_browsers_are_nobodys() {
        let work = format!("{ANDROID} wxwork/4.1.28 MicroMessenger/7.0.1 Language/zh");
        let engine = format!("{ANDROID} MQQBrowser/6.2 TBS/046295");
        let late = format!("{IPHONE} jdapp;");
        let reversed = format!("{ANDROID} JDJR UnionPay");
        for text in [
            "",
            " ",
            ANDROID,
            IPHONE,
            &work,
            &engine,
            &late,
            &reversed,
            "curl/8.5.0",
        ] {
            assert_eq!(who(text), None, "{text}");
        }
    }

    #[test]
    fn a_claim_of_three_wallets_always_means_the_same_one() {
        let claims = [
            "UnionPay/1.0 CloudPay",
            "MicroMessenger/8.0",
            "AlipayClient/10.5",
        ];
        for (a, b, c) in [
            (0, 1, 2),
            (0, 2, 1),
            (1, 0, 2),
            (1, 2, 0),
            (2, 0, 1),
            (2, 1, 0),
        ] {
            let text = format!("{} {} {}", claims[a], claims[b], claims[c]);
            assert_eq!(who(&text).as_deref(), Some("alipay"), "{text}");
        }
    }

    #[test]
    fn endless_and_broken_text_is_nobodys() {
        assert_eq!(who(&"M".repeat(65_536)), None);
        assert_eq!(
            who(&format!("{}MicroMessenger/8.0", " ".repeat(65_536))),
            None
        );
        assert_eq!(who("\u{202e}Micro\u{0}Messenger/\r\n\u{2066}"), None);
        let cut_inside_a_letter = "钱".repeat(1366);
        assert_eq!(who(&cut_inside_a_letter), None);
    }

    #[test]
    fn the_operators_marks_come_last() {
        let bank: InstitutionId = "demo_bank".parse().unwrap();
        let added = [
            (bank.clone(), "DemoBank/".to_owned()),
            (bank.clone(), String::new()),
        ];
        assert_eq!(identify_with("x DemoBank/1", &added), Some(bank));
        let both = identify_with("DemoBank/1 MicroMessenger/8.0", &added);
        assert_eq!(both.map(|id| id.to_string()).as_deref(), Some("wechat_pay"));
        assert_eq!(identify_with("anything", &added), None);
    }
}
