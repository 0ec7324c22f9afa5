//! Bills and transfers of other countries: who is paid and how much, so that a merchant is told what
//! was scanned. Nothing here is routed.
//!
//! The shape of each text is known to [`super::label`]; here stands what its lines mean, and the
//! check digits by which one wrong character in an account is noticed.

mod check;
mod lines;
mod pairs;

/// What a bill says. Values stand as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) account: Option<String>,
    pub(super) payee: Option<String>,
    pub(super) amount: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) message: Option<String>,
    /// A check digit that is not right: what does not fit.
    pub(super) doubt: Option<&'static str>,
}

type Reader = fn(&str) -> Bill;

/// How the texts of each system are read, by its name in [`super::label`].
const ALL: &[(&str, Reader)] = &[
    ("swiss_qrbill", lines::swiss),
    ("epc_sct", lines::epc),
    ("nbu_ua", lines::ukraine),
    ("spayd_cz", pairs::spayd),
    ("ips_rs", pairs::serbia),
    ("upi_in", pairs::upi),
    ("sbp_ru", pairs::russia),
    ("thai_slip", check::thai_slip),
    ("lightning", check::lightning),
];

/// What the text of this system says; `None` where it says nothing that is understood here.
pub(super) fn read(network: &str, text: &str) -> Option<Bill> {
    let (_, read) = ALL.iter().find(|(known, _)| *known == network)?;
    Some(read(text))
}

impl Bill {
    /// What is told, by name.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'static str, String)> {
        let all = [
            ("account", self.account),
            ("payee", self.payee),
            ("amount", self.amount),
            ("currency", self.currency),
            ("reference", self.reference),
            ("message", self.message),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
    }

    /// One that says nothing but whether it can be right.
    fn doubtful(wrong: bool, what: &'static str) -> Self {
        Self {
            doubt: wrong.then_some(what),
            ..Self::default()
        }
    }

    /// With a doubt where the account's check digits are wrong.
    fn checked(mut self) -> Self {
        let wrong = self.account.as_deref().is_some_and(|a| !check::is_iban(a));
        self.doubt = wrong.then_some("the account's check digits");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::label;

    fn told(network: &str, text: &str) -> Vec<(&'static str, String)> {
        read(network, text).unwrap().fields().collect()
    }

    fn texts(network: &str) -> Vec<String> {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../tests/vectors/native-codes.json")).unwrap();
        let of = vectors.iter().filter(|vector| vector["network"] == network);
        of.map(|vector| vector["text"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_system_that_is_read_has_a_label_and_a_vector_without_a_doubt() {
        for (network, read) in ALL {
            assert!(
                label::ALL.iter().any(|(known, _)| known == network),
                "{network}"
            );
            let texts = texts(network);
            assert!(!texts.is_empty(), "{network}");
            for text in texts {
                assert_eq!(read(&text).doubt, None, "{text}");
            }
        }
    }

    #[test]
    fn each_system_tells_its_payee() {
        for (network, expected) in [
            (
                "swiss_qrbill",
                &[
                    ("account", "CH5800791123000889012"),
                    ("payee", "Robert Schneider AG"),
                    ("amount", "199.95"),
                    ("currency", "CHF"),
                    ("reference", "RF18539007547034"),
                ][..],
            ),
            (
                "epc_sct",
                &[
                    ("account", "DE89370400440532013000"),
                    ("payee", "Franz Mustermänn"),
                    ("amount", "12.30"),
                    ("currency", "EUR"),
                    ("reference", "RF18539007547034"),
                ],
            ),
            (
                "nbu_ua",
                &[
                    ("account", "UA693000010000000012345678901"),
                    ("payee", "TEST 1"),
                    ("amount", "10.00"),
                    ("currency", "UAH"),
                    ("message", "Test"),
                ],
            ),
            (
                "spayd_cz",
                &[
                    ("account", "CZ2806000000000168540115"),
                    ("amount", "450.00"),
                    ("currency", "CZK"),
                    ("reference", "1234567890"),
                    ("message", "PLATBA ZA ZBOZI"),
                ],
            ),
            (
                "ips_rs",
                &[
                    ("account", "160000000123456778"),
                    ("payee", "JKP INFOSTAN TEHNOLOGIJE"),
                    ("amount", "6840,50"),
                    ("currency", "RSD"),
                    ("reference", "97 84 1234567"),
                    ("message", "KOMUNALIJE"),
                ],
            ),
            (
                "upi_in",
                &[
                    ("account", "shop228@upi"),
                    ("payee", "Chai%20Shop"),
                    ("currency", "INR"),
                ],
            ),
            (
                "sbp_ru",
                &[
                    ("account", "100000000007"),
                    ("amount", "94883"),
                    ("currency", "RUB"),
                ],
            ),
        ] {
            let told = told(network, &texts(network)[0]);
            let told: Vec<_> = told
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            assert_eq!(told, expected, "{network}");
        }
    }

    #[test]
    fn one_wrong_character_in_an_account_is_noticed() {
        for (network, account) in [
            ("swiss_qrbill", "CH5800791123000889012"),
            ("epc_sct", "DE89370400440532013000"),
            ("spayd_cz", "CZ2806000000000168540115"),
        ] {
            let text = &texts(network)[0];
            for at in 4..account.len() {
                let change = |(place, c): (usize, char)| match c.to_digit(10) {
                    Some(digit) if place == at => char::from_digit((digit + 1) % 10, 10).unwrap(),
                    Some(_) | None => c,
                };
                let wrong: String = account.chars().enumerate().map(change).collect();
                let bill = read(network, &text.replace(account, &wrong)).unwrap();
                assert!(bill.doubt.is_some(), "{network} {wrong}");
            }
        }
        let slip = texts("thai_slip")[0].replace("2021900", "2021901");
        assert!(read("thai_slip", &slip).unwrap().doubt.is_some());
        let bolt = texts("lightning")[1].replace("lnbc2500u", "lnbc2600u");
        assert!(read("lightning", &bolt).unwrap().doubt.is_some());
    }
}
