//! Each system's texts, and what is told of them.

use super::*;
use crate::code::label;
use crate::code::native::tests::natives;

fn told(network: &str, text: &str) -> Vec<(&'static str, String)> {
    read(network, text).unwrap().fields().collect()
}

/// Made here after each system's rules, where the vectors have none.
const OWN: &[(&str, &str)] = &[
    ("hub3_hr", CROATIA),
    ("upn_si", SLOVENIA),
    ("mnb_hu", HUNGARY),
    ("gost_ru", RUSSIA),
];
const CROATIA: &str = "HRVHUB30\nEUR\n000000000012355\nWang\nUlica 1\n10000 Zagreb\nLao Wang d.o.o.\n\
    Ulica 2\n10000 Zagreb\nHR1210010051863000160\nHR01\n7336-689\nCOST\nRezanci";
const SLOVENIA: &str = "UPNQR\n\n\n\n\nWang\nUlica 1\n1000 Ljubljana\n00000012345\n\n\nOTHR\nRezanci\n\
    01.12.2026\nSI56020170014356205\nSI00123\nLao Wang\nUlica 2\n1000 Ljubljana\n181\n";
const HUNGARY: &str = "HCT\n001\n1\nGIBAHUHB\nLao Wang Kft.\nHU42117730161111101800000000\nHUF1000\n\
    20261231235959+1\nGDDS\nTeszta\n\n\n\n\n\n\n";
const RUSSIA: &str = "ST00012|Name=ООО Лао Ван|PersonalAcc=40702810138250123017|BankName=ОАО Банк|\
    BIC=044525225|CorrespAcc=30101810400000000225|Sum=1050|Purpose=Лапша";

fn texts(network: &str) -> Vec<String> {
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/native-codes.json")).unwrap();
    let of = vectors.iter().filter(|vector| vector["network"] == network);
    let known = of.map(|vector| vector["text"].as_str().unwrap());
    let own = OWN.iter().filter(|(own, _)| *own == network);
    let own = own.map(|(_, text)| *text);
    known.chain(own).map(str::to_owned).collect()
}

fn bill(network: &str, text: &str) -> Bill {
    read(network, text).unwrap()
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
            let found = natives().recognise(&text).map(|native| native.network);
            assert_eq!(found, Some(*network), "{text}");
            let bill = read(&text);
            assert_eq!((bill.doubt, bill.rule), (None, None), "{text}");
        }
    }
}

/// What the first text of each system says.
const TOLD: &[(&str, &[(&str, &str)])] = &[
    (
        "swiss_qrbill",
        &[
            ("account", "CH5800791123000889012"),
            ("payee", "Robert Schneider AG"),
            ("amount", "199.95"),
            ("currency", "CHF"),
            ("reference", "RF18539007547034"),
        ],
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
            ("account", "160000000123456729"),
            ("payee", "JKP INFOSTAN TEHNOLOGIJE"),
            ("amount", "6840.50"),
            ("currency", "RSD"),
            ("reference", "97 84 1234567"),
            ("message", "KOMUNALIJE"),
        ],
    ),
    (
        "upi_in",
        &[
            ("account", "shop228@upi"),
            ("payee", "Chai Shop"),
            ("currency", "INR"),
        ],
    ),
    (
        "sbp_ru",
        &[
            ("account", "AD10002IBA7RFSGFGVEVG2C3SBK91VRS"),
            ("institution", "100000000007"),
            ("amount", "948.83"),
            ("currency", "RUB"),
        ],
    ),
    (
        "hub3_hr",
        &[
            ("account", "HR1210010051863000160"),
            ("payee", "Lao Wang d.o.o."),
            ("amount", "123.55"),
            ("currency", "EUR"),
            ("reference", "7336-689"),
            ("message", "Rezanci"),
        ],
    ),
    (
        "upn_si",
        &[
            ("account", "SI56020170014356205"),
            ("payee", "Lao Wang"),
            ("amount", "123.45"),
            ("currency", "EUR"),
            ("reference", "SI00123"),
            ("message", "Rezanci"),
        ],
    ),
    (
        "mnb_hu",
        &[
            ("account", "HU42117730161111101800000000"),
            ("payee", "Lao Wang Kft."),
            ("amount", "1000"),
            ("currency", "HUF"),
            ("message", "Teszta"),
        ],
    ),
    (
        "gost_ru",
        &[
            ("account", "40702810138250123017"),
            ("payee", "ООО Лао Ван"),
            ("amount", "10.50"),
            ("currency", "RUB"),
            ("message", "Лапша"),
        ],
    ),
];

#[test]
fn each_system_tells_its_payee() {
    for (network, expected) in TOLD {
        let told = told(network, &texts(network)[0]);
        let told: Vec<_> = told
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(told, *expected, "{network}");
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

#[test]
fn what_an_address_encodes_is_decoded() {
    let upi = bill(
        "upi_in",
        "upi://pay?pa=lao%40bank&pn=Lao+Wang&tr=a+b%3D&am=5",
    );
    assert_eq!(upi.account.as_deref(), Some("lao@bank"));
    assert_eq!(upi.payee.as_deref(), Some("Lao Wang"));
    assert_eq!(upi.reference.as_deref(), Some("a+b="));
    assert_eq!(upi.currency.as_deref(), Some("INR"));
    let spayd = bill(
        "spayd_cz",
        "SPD*1.0*ACC:CZ2806000000000168540115*MSG:1%2A2+3=6&x",
    );
    assert_eq!(spayd.message.as_deref(), Some("1*2+3=6&x"));
    for text in [
        "TWQRP://老王/158/02/V1?D1=12550&D5=004&D6=0000000000000123&D10=901",
        "TWQRP%3A%2F%2F%E8%80%81%E7%8E%8B%2F158%2F02%2FV1%3FD1%3D12550%26D5%3D004%26D6%3D0000000000000123",
    ] {
        let twqr = bill("twqr", text);
        assert_eq!(
            twqr.account.as_deref(),
            Some("004-0000000000000123"),
            "{text}"
        );
        assert_eq!(twqr.payee.as_deref(), Some("老王"), "{text}");
        assert_eq!(twqr.amount.as_deref(), Some("125.50"), "{text}");
    }
}

#[test]
fn ukraines_bytes_are_read_in_either_alphabet() {
    let text =
        "BCD\r\n002\r\n2\r\nUCT\r\n\r\nЛао Ван\r\nUA693000010000000012345678901\r\nUAH5\r\n1";
    for bytes in [
        text.as_bytes().into(),
        encoding_rs::WINDOWS_1251.encode(text).0,
    ] {
        let content = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let bill = bill("nbu_ua", &format!("https://bank.gov.ua/qr/{content}"));
        assert_eq!(bill.payee.as_deref(), Some("Лао Ван"));
        assert_eq!(bill.doubt, None);
    }
}

#[test]
fn ukraines_third_version_has_a_category_and_may_be_instant() {
    for function in ["UCT", "ICT", "XCT"] {
        let lines = format!(
            "BCD\n003\n1\n{function}\n\nЛао Ван\nUA693000010000000012345678901\nUAH5.25\n12345678\n\
             CASH/GDDS\nINV-7\nчай\n\nF100\n\n\n"
        );
        let content = data_encoding::BASE64URL_NOPAD.encode(lines.as_bytes());
        let first = format!("{}\r\n{}", " ".repeat(23), lines.replace('\n', "\r\n"));
        for text in [
            format!("https://qr.bank.gov.ua/{content}"),
            format!("HTTPS://QR.BANK.GOV.UA/{content}"),
            lines.clone(),
            first,
        ] {
            let bill = bill("nbu_ua", &text);
            assert_eq!(bill.payee.as_deref(), Some("Лао Ван"), "{text}");
            assert_eq!(bill.reference.as_deref(), Some("INV-7"), "{text}");
            assert_eq!(bill.message.as_deref(), Some("чай"), "{text}");
            assert_eq!(bill.amount.as_deref(), Some("5.25"), "{text}");
            assert_eq!(bill.doubt, None, "{text}");
        }
    }
}

#[test]
fn an_amount_is_told_in_minor_units_only_where_it_leaves_no_choice() {
    for (network, text, expected) in [
        (
            "epc_sct",
            "BCD\n002\n1\nSCT\n\nWang\nDE89370400440532013000\nEUR12.3",
            Some(1230),
        ),
        (
            "epc_sct",
            "BCD\n002\n1\nSCT\n\nWang\nDE89370400440532013000\nEUR12,30",
            None,
        ),
        (
            "epc_sct",
            "BCD\n002\n1\nSCT\n\nWang\nDE89370400440532013000\n12.30",
            None,
        ),
        (
            "ips_rs",
            "K:PR|V:01|C:1|R:160000000123456729|N:Wang|I:RSD6840,",
            Some(684_000),
        ),
        (
            "sbp_ru",
            "https://qr.nspk.ru/AD10002IBA7RFSGFGVEVG2C3SBK91VRS?sum=5&cur=RUB",
            Some(5),
        ),
        ("upi_in", "upi://pay?pa=a@b&am=0", None),
    ] {
        let amount = bill(network, text).to_pay();
        assert_eq!(amount.map(Amount::minor), expected, "{text}");
    }
}

#[test]
fn what_a_system_would_not_write_is_remarked_on() {
    let epc = "BCD\n002\n1\nSCT\n\nWang\nDE89370400440532013000\nEUR1";
    let swiss = &texts("swiss_qrbill")[0];
    for (network, text, is_odd) in [
        ("epc_sct", epc.to_owned(), false),
        ("epc_sct", epc.replace("SCT", "INST"), false),
        ("epc_sct", epc.replace("EUR1", "EUR1.234"), true),
        ("epc_sct", epc.replace("EUR1", "EUR0.01"), false),
        ("epc_sct", epc.replace("EUR1", "EUR999999999.99"), false),
        ("epc_sct", epc.replace("EUR1", "EUR0.00"), true),
        ("epc_sct", epc.replace("EUR1", "EUR1000000000"), true),
        ("epc_sct", epc.replace("EUR1", "USD1"), true),
        ("epc_sct", format!("{epc}\n\n\nText\nTo you\n"), false),
        ("epc_sct", format!("{epc}\n\n\nText\nTo you\nMore"), true),
        ("epc_sct", epc.replace("002", "001"), true),
        (
            "epc_sct",
            epc.replace("3704 ", "").replace("DE89", "DE89 "),
            true,
        ),
        ("epc_sct", format!("{epc}\n\nRF18539007547034\nText"), true),
        ("epc_sct", format!("{epc}\n\n\n{}", "7".repeat(300)), true),
        ("swiss_qrbill", swiss.clone(), false),
        ("swiss_qrbill", swiss.replace("199.95", "199,95"), true),
        ("swiss_qrbill", swiss.replace("CHF", "USD"), true),
        ("swiss_qrbill", swiss.replace("EPD", "END"), true),
        ("upi_in", "upi://pay?pa=wang".to_owned(), true),
    ] {
        let bill = bill(network, &text);
        assert_eq!(bill.rule.is_some(), is_odd, "{text}: {bill:?}");
        assert_eq!(bill.doubt, None, "{text}");
    }
}

#[test]
fn one_wrong_character_in_a_reference_or_an_address_is_noticed() {
    let swiss = &texts("swiss_qrbill")[0];
    let wrong = swiss.replace("RF18539007547034", "RF18539007547035");
    assert!(bill("swiss_qrbill", &wrong).doubt.is_some());
    let numbers = swiss
        .replace("CH5800791123000889012", "CH4431999123000889012")
        .replace("SCOR", "QRR");
    let right = numbers.replace("RF18539007547034", "210000000003139471430009017");
    assert_eq!(bill("swiss_qrbill", &right).doubt, None);
    let wrong = numbers.replace("RF18539007547034", "210000000003139471430009071");
    assert!(bill("swiss_qrbill", &wrong).doubt.is_some());
    for (address, is_right) in [
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", true),
        (
            "bitcoin:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4?amount=1",
            true,
        ),
        ("bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", false),
        ("bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W", true),
    ] {
        assert_eq!(
            bill("bitcoin", address).doubt.is_none(),
            is_right,
            "{address}"
        );
    }
}
