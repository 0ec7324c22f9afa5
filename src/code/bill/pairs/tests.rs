//! What two apps may read in two ways, and what no system writes.

use super::*;
use crate::code::bill::read;
use crate::code::native::tests::natives;

const SPAYD: &str = "SPD*1.0*ACC:CZ6508000000192000145399*AM:250.00*CC:CZK";
const SLIP: &str = "ST00012|Name=X|PersonalAcc=40702810138250123017|BIC=044525225|Sum=100";
const SERBIA: &str = "K:PR|V:01|C:1|R:845000000040484987|N:EPS|I:RSD3596,13|RO:1";
const TWQR: &str = "TWQRP://x/158/02/V1?D1=12550&D5=812&D6=1&D10=901";
const LINK: &str = "https://qr.nspk.ru/AD20003FNSGB5S1G8IJPACMUOLTR9SOJ?type=02&bank=100000000001\
    &sum=10700&cur=RUB&crc=B770";

/// What a text says, which has to be recognised first.
fn bill(text: &str) -> Bill {
    let native = natives().recognise(text);
    let native = native.unwrap_or_else(|| panic!("{text} is not recognised"));
    read(native.network, text).unwrap()
}

fn is_doubted(text: &str) -> bool {
    let bill = bill(text);
    bill.doubt.is_some() || bill.rule.is_some()
}

#[test]
fn a_name_that_says_two_things_is_remarked_on() {
    for text in [SPAYD, SLIP, SERBIA, TWQR, LINK, "upi://pay?pa=good@bank"] {
        assert!(!is_doubted(text), "{text}");
    }
    for text in [
        SPAYD.replace("ACC:", "acc:DE89370400440532013000*ACC:"),
        SPAYD.replace("AM:", "am:1.00*AM:"),
        SPAYD.replace("AM:", "a%4D:1.00*AM:"),
        format!("{SPAYD}*ACC:DE89370400440532013000"),
        format!("{SPAYD}*AM:1.00"),
        SPAYD.replace("AM:", "Am:"),
        SLIP.replace("Personal", "personalacc=40702810455000024248|Personal"),
        format!("{SLIP}|Sum=1"),
        format!("{SLIP}|SUM=1"),
        format!("{SLIP}|PersonalAcc=40817810700000000001"),
        format!("{SERBIA}|R:840000000095584510"),
        format!("{SERBIA}|r:840000000095584510"),
        format!("{SERBIA}|I:RSD1,00"),
        TWQR.replace("D5=", "d5=013&D5="),
        TWQR.replace("D6=", "D6=2&D6="),
        format!("{LINK}&sum=1"),
        LINK.replace("&sum", "&SUM=1&sum"),
        "upi://pay?pa=good@bank&pa=evil@bank".to_owned(),
        "upi://pay?pa=good@bank&PA=evil@bank".to_owned(),
        "upi://pay?p%61=evil@bank&pa=good@bank".to_owned(),
        "upi://pay?pa=good@bank&am=1&am=2".to_owned(),
        "upi://pay?pa=good@bank&%61m=500".to_owned(),
        "upi://pay?pa=good@bank&+am=500".to_owned(),
        "upi://pay?pa=good@bank& am=500".to_owned(),
        "upi://pay?pa=good@bank&mam=1&mam=2".to_owned(),
        LINK.replace("&sum", "&%73um"),
        format!("{SPAYD}*AC%43:DE89370400440532013000"),
    ] {
        assert!(is_doubted(&text), "{text}");
    }
    // Said twice, it is said once.
    for text in [
        format!("{SPAYD}*AM:250.00"),
        format!("{SLIP}|Sum=100"),
        "UPI://PAY?PA=good@bank&pa=good@bank".to_owned(),
    ] {
        assert!(!is_doubted(&text), "{text}");
    }
}

#[test]
fn a_name_in_other_letters_is_another_name() {
    let spayd = bill(&SPAYD.replace("ACC:", "acc:DE89370400440532013000*ACC:"));
    assert_eq!(spayd.account.as_deref(), Some("CZ6508000000192000145399"));
    let spayd = bill(&SPAYD.replace("AM:", "am:1.00*AM:"));
    assert_eq!(spayd.amount.as_deref(), Some("250.00"));
    let slip = bill(&SLIP.replace("Sum=", "sum=1|Sum="));
    assert_eq!(slip.amount.as_deref(), Some("1.00"));
    let twqr = bill(&TWQR.replace("D5=", "d5=013&D5="));
    assert_eq!(twqr.account.as_deref(), Some("812-1"));
    let upi = bill("UPI://PAY?PA=good@bank&AM=5");
    assert_eq!(upi.amount.as_deref(), Some("5"));
    assert_eq!(upi.rule, None);
}

/// As shops print them: nobody but the network itself writes such check digits.
const LINKS: &[&str] = &[
    LINK,
    "https://qr.nspk.ru/AS2A006F0RCJU7V991SBLV4AACJGFT2P?type=01&bank=100000000004&crc=A93E",
    "https://qr.nspk.ru/BS1A0054EC7LHJ358M29KSAKOJJ638N1?type=01&bank=100000000284&crc=F07F",
    "https://qr.nspk.ru/BD1P002RS4PJ6HNM82HQSADEC1DBIGQK?type=02&bank=100000000061&sum=1112&cur=RUB&crc=BDD5",
    "https://qr.nspk.ru/AD100004BAL7227F9BNP6KNE007J9B3K?type=02&bank=100000000007&sum=1&cur=RUB&crc=AB75",
];

#[test]
fn russias_links_are_what_their_check_digits_say() {
    for link in LINKS {
        let native = natives().recognise(link).map(|native| native.network);
        assert_eq!(native, Some("sbp_ru"), "{link}");
        let bill = bill(link);
        assert_eq!((bill.doubt, bill.rule), (None, None), "{link}");
        let capitals = link.replace("https://qr.nspk.ru", "HTTPS://QR.NSPK.RU");
        assert!(!is_doubted(&capitals), "{capitals}");
        let wrong = link.replace("bank=1", "bank=2");
        assert!(self::bill(&wrong).doubt.is_some(), "{wrong}");
    }
    let bill = bill(LINK);
    let number = "AD20003FNSGB5S1G8IJPACMUOLTR9SOJ";
    assert_eq!(bill.account.as_deref(), Some(number));
    assert_eq!(bill.institution.as_deref(), Some("100000000001"));
    assert_eq!(bill.amount.as_deref(), Some("107.00"));
    assert!(!is_doubted(&format!("https://qr.nspk.ru/{number}")));
    for text in [
        LINKS[4].replace("sum=1&", "sum=100000&"),
        LINK.replace("B770", "b770"),
        LINK.replace("&crc=B770", ""),
        LINK.replace("&crc", "&CRC"),
        format!("{}&sum=100&cur=RUB", LINKS[1]),
        // Ours of before, whose check digits were made up.
        "https://qr.nspk.ru/AS1000BF93JR2KGV5AOGFAVT3KQTND28?type=01&bank=100000000001&crc=F3D0"
            .to_owned(),
    ] {
        assert!(is_doubted(&text), "{text}");
    }
}

#[test]
fn serbias_account_is_checked_and_its_amount_is_in_dinars_with_a_comma() {
    for (account, is_right) in [
        ("845000000040484987", true),
        ("840000000095584510", true),
        ("840000074332484318", true),
        ("840000074332484319", false),
        ("160000000123456778", false),
    ] {
        let bill = bill(&SERBIA.replace("845000000040484987", account));
        assert_eq!(bill.doubt.is_none(), is_right, "{account}");
        assert_eq!(bill.rule, None);
    }
    for (money, amount, is_odd) in [
        ("RSD3596,13", Some("3596.13"), false),
        ("RSD3596,", Some("3596."), false),
        ("RSD1000", Some("1000"), true),
        ("RSD1.000,00", None, true),
        ("RSD1.00", None, true),
        ("RSD1,000", None, true),
        ("RSD-1,00", None, true),
        ("EUR1,00", None, true),
        ("1,00", None, true),
    ] {
        let bill = bill(&SERBIA.replace("RSD3596,13", money));
        assert_eq!(bill.amount.as_deref(), amount, "{money}");
        assert_eq!(bill.rule.is_some(), is_odd, "{money}");
        let is_told = bill.to_pay().is_some();
        assert_eq!(is_told, amount.is_some(), "{money}");
    }
    let without = bill(&SERBIA.replace("|I:RSD3596,13", ""));
    assert_eq!((without.doubt, without.rule), (None, None));
}

#[test]
fn an_indian_amount_is_rupees_and_an_indian_address_has_two_parts() {
    for (query, amount, is_odd) in [
        ("pa=a@b&am=10.50&cu=INR", Some("10.50"), false),
        ("pa=a@b&am=10", Some("10"), false),
        ("pa=a@b&am=10&cu=inr", Some("10"), false),
        ("pa=a@b&am=&cu=", None, false),
        ("pa=a@b&cu=INR", None, false),
        ("pa=a@b&am=1,000", None, true),
        ("pa=a@b&am=-5", None, true),
        ("pa=a@b&am=1e3", None, true),
        ("pa=a@b&am=10.999", None, true),
        ("pa=a@b&am=.5", None, true),
        ("pa=a@b&am=10&cu=USD", None, true),
        ("pa=a@b&am=100%2E5", Some("100.5"), false),
        // The payer may pay any amount that is not less.
        ("pa=a@b&am=10&mam=5", None, false),
        ("pa=a@b&am=10&mam=10.00", Some("10"), false),
        ("pa=a@b&am=010.5&mam=10.50", Some("010.5"), false),
        ("pa=a@b&am=10&mam=", Some("10"), false),
        ("pa=a@b&am=10&mam=null", Some("10"), false),
        ("pa=a@b&mam=5", None, false),
        ("pa=@b&am=10", Some("10"), true),
        ("pa=a@&am=10", Some("10"), true),
        ("pa=a&am=10", Some("10"), true),
        ("pa=a@b@c&am=10", Some("10"), true),
    ] {
        let text = format!("upi://pay?{query}");
        let bill = bill(&text);
        assert_eq!(bill.amount.as_deref(), amount, "{query}");
        assert_eq!(bill.rule.is_some(), is_odd, "{query}: {bill:?}");
        assert_eq!(bill.doubt, None, "{query}");
        let kind = natives().recognise(&text).map(|native| native.kind);
        let told = if amount.is_some() { "order" } else { "static" };
        assert_eq!(kind, Some(told), "{query}");
    }
}

#[test]
fn a_russian_account_fits_its_bank_whatever_stands_between_the_pairs() {
    for (account, bank, is_right) in [
        ("40702810138250123017", "044525225", true),
        ("40702810455000024248", "044525225", false),
        ("40602810700000000025", "049805746", true),
        // In a settlement centre.
        ("30101810800000000746", "049805000", true),
        ("40101810200000010001", "044030001", true),
        // The treasury's have no such key.
        ("03224643450000007300", "004525988", true),
        ("40602810700000000025", "049805747", false),
        ("40602810700000000025", "", true),
    ] {
        let text = format!("ST00012|Name=X|PersonalAcc={account}|BIC={bank}");
        assert_eq!(bill(&text).doubt.is_none(), is_right, "{text}");
    }
    for between in ["#", "^", ";", "~"] {
        let slip = SLIP.replace('|', between).replace("=X", "=A|B");
        let bill = bill(&slip);
        assert_eq!(bill.payee.as_deref(), Some("A|B"), "{slip}");
        assert_eq!(bill.amount.as_deref(), Some("1.00"), "{slip}");
        assert_eq!((bill.doubt, bill.rule), (None, None), "{slip}");
        let wrong = slip.replace("40702810138250123017", "40702810138250123018");
        assert!(self::bill(&wrong).doubt.is_some(), "{wrong}");
    }
    assert_eq!(natives().recognise(&SLIP.replace('|', "x")), None);
}

#[test]
fn a_czech_amount_is_digits_and_its_currency_three_letters() {
    for (written, amount, is_odd) in [
        ("AM:250.00*CC:CZK", Some("250.00"), false),
        ("AM:250*CC:EUR", Some("250"), false),
        ("CC:CZK", None, false),
        ("AM:250,00*CC:CZK", None, true),
        ("AM:2 500.00*CC:CZK", None, true),
        ("AM:-1*CC:CZK", None, true),
        ("AM:1e3*CC:CZK", None, true),
        ("AM:250.00*CC:czk", Some("250.00"), true),
        ("AM:250.00*CC:203", Some("250.00"), true),
        ("AM:250.00*CC:CZKK", Some("250.00"), true),
    ] {
        let bill = bill(&SPAYD.replace("AM:250.00*CC:CZK", written));
        assert_eq!(bill.amount.as_deref(), amount, "{written}");
        assert_eq!(bill.rule.is_some(), is_odd, "{written}");
        assert_eq!(bill.doubt, None, "{written}");
    }
}

#[test]
fn taiwans_dollar_is_the_only_currency_of_its_codes() {
    assert_eq!(bill(TWQR).amount.as_deref(), Some("125.50"));
    for currency in ["840", "TWD", "0901"] {
        let bill = bill(&TWQR.replace("901", currency));
        assert!(bill.rule.is_some(), "{currency}");
        assert_eq!((bill.amount, bill.currency), (None, None), "{currency}");
    }
    let without = bill(&TWQR.replace("&D10=901", ""));
    assert_eq!(without.currency.as_deref(), Some("TWD"));
    assert_eq!(without.rule, None);
}

#[test]
fn a_czech_checksum_is_over_all_other_pairs_in_order() {
    let pairs = "ACC:CZ5855000000001265098001*AM:100.00*CC:CZK";
    for (pairs, sum, is_right) in [
        (pairs, "*CRC32:AAD80227", true),
        (
            "CC:CZK*ACC:CZ5855000000001265098001*AM:100.00",
            "*CRC32:AAD80227*",
            true,
        ),
        (pairs, "", true),
        (pairs, "*CRC32:AAD80228", false),
        (pairs, "*CRC32:AAD802270", false),
        (pairs, "*CRC32:", false),
        (
            "ACC:CZ5855000000001265098001*AM:900.00*CC:CZK",
            "*CRC32:AAD80227",
            false,
        ),
    ] {
        let text = format!("SPD*1.0*{pairs}{sum}");
        assert_eq!(bill(&text).doubt.is_none(), is_right, "{text}");
    }
}
