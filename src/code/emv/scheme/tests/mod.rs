//! The table against every vector: each is named, and each payee is found.

mod written;

use serde::Deserialize;

use super::*;
use crate::code::emv::parse;

#[derive(Deserialize)]
struct Vector {
    payload: String,
    scheme: String,
    valid: bool,
}

fn valid() -> Vec<Vector> {
    let all: Vec<Vector> =
        serde_json::from_str(include_str!("../../../../../tests/vectors/emv-mpm.json")).unwrap();
    all.into_iter().filter(|vector| vector.valid).collect()
}

#[test]
fn every_valid_payload_is_named() {
    let others: Vec<_> = valid()
        .iter()
        .map(|v| {
            (
                v.scheme.clone(),
                parse(&v.payload).unwrap().scheme,
                v.payload.clone(),
            )
        })
        .filter(|(expected, found, _)| expected != found)
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn every_row_but_those_without_a_vector_names_one() {
    let vectors = valid();
    let without = ["laoqr", "nqr-ng", "karekod-tr", "easpbv-co"];
    for scheme in ALL {
        let has = vectors.iter().any(|vector| vector.scheme == scheme.name);
        assert_eq!(has, !without.contains(&scheme.name), "{}", scheme.name);
    }
}

#[test]
fn every_valid_payload_pays_somebody_and_raises_no_doubt() {
    for vector in valid() {
        let payload = parse(&vector.payload).unwrap();
        let view = payload.view();
        assert!(!view.payees.is_empty(), "{}", vector.payload);
        assert_eq!(view.doubts, [], "{}", vector.payload);
    }
}

/// What is told of one payload, in a line for each payee.
fn told(payload: &str) -> Vec<String> {
    let view = parse(payload).unwrap().view();
    let line = |p: &Payee| {
        let or = |value: &Option<String>| value.clone().unwrap_or("-".to_owned());
        let editable = p.amount_editable.map_or("-".to_owned(), |e| e.to_string());
        [
            p.object.clone(),
            p.network.clone(),
            p.by.to_string(),
            p.payee.clone(),
            or(&p.institution),
            or(&p.reference),
            or(&p.expires),
            editable,
        ]
        .join(" ")
    };
    view.payees.iter().map(line).collect()
}

/// Scheme, which of its vectors, and the payees in it.
const TOLD: &[(&str, usize, &[&str])] = &[
    (
        "pix",
        0,
        &[
            "04 mastercard card 12345678901234 - - - -",
            "26 br.gov.bcb.pix alias 123e4567-e12b-12d1-a456-426655440000 - - - -",
            "27 br.com.outro token 0123456789 - - - -",
        ],
    ),
    (
        "pix",
        1,
        &[
            "26 br.gov.bcb.pix location pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd441 - - - -",
        ],
    ),
    (
        "pix",
        5,
        &[
            "80 br.gov.bcb.pix location pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002 - - - -",
        ],
    ),
    (
        "paynow",
        0,
        &["26 sg.paynow company_id 201509555BNN1 - 0870-0000VL6 230914205029 false"],
    ),
    (
        "paynow",
        3,
        &["26 sg.paynow phone +6591234567 - INV-DEMO-001 20310916 false"],
    ),
    (
        "promptpay",
        3,
        &["29 a000000677010111 phone 0066899999999 - - - -"],
    ),
    (
        "thai-bill",
        1,
        &["30 a000000677010112 biller 010753600031501 - KB000002238885 - -"],
    ),
    (
        "khqr",
        4,
        &["29 bakong account john_smith@devb Dev Bank #12345 1726822035797 -"],
    ),
    (
        "khqr",
        1,
        &[
            "15 unionpay merchant_id 454109940111125 19740116 - - -",
            "30 bakong merchant_id ii_rr@devb Dev Bank - - -",
        ],
    ),
    (
        "vietqr",
        0,
        &["38 a000000727 account 257678859 970416 Cam on nhe - -"],
    ),
    (
        "vietqr",
        2,
        &["38 a000000727 card 9704031101234567 970403 - - -"],
    ),
    (
        "vnpay",
        0,
        &["26 a000000775 merchant_id 0108799042 - - - -"],
    ),
    (
        "qris",
        1,
        &[
            "26 id.co.telkom.www card 936008980266352075 93600898 114793812 - -",
            "51 id.co.qris.www merchant_id ID1021125405972 - - - -",
        ],
    ),
    (
        "duitnow",
        0,
        &["26 a0000006150001 merchant_id MD00129546 603346 17072988178750084448 - -"],
    ),
    (
        "qrph",
        1,
        &["28 ph.ppmi.p2m merchant_id 217020000054698716099 GXCHPHM2XXX 217050000066990134094 - -"],
    ),
    (
        "qrph",
        2,
        &["27 com.p2pqrpay account 5267270022100867 BNORPHMMXXX 211000 - -"],
    ),
    (
        "hkfps",
        1,
        &["26 hk.com.hkicl alias 6000509 - HKTEST20210319060625962 - -"],
    ),
    (
        "hkfps",
        2,
        &["26 hk.com.hkicl phone +852-67891234 - INV/TEST/0001 - -"],
    ),
    (
        "jpqr",
        0,
        &[
            "29 d15600000000 token A93FO3230Q - - - -",
            "31 d15600000001 token 12345678 - - - -",
            "26 jp.or.paymentsjapan merchant_id 00000000000010001000001000001 - - - -",
        ],
    ),
    (
        "lankaqr",
        0,
        &["26 lankaqr merchant_id 1672800058120000000010000005 - 1600766683296-0005 - -"],
    ),
    (
        "fonepay",
        0,
        &["26 fonepay.com merchant_id 2222030016446549 - - - -"],
    ),
    (
        "unionpay",
        0,
        &["15 unionpay merchant_id 0123456789ABCDE 37210116 - - -"],
    ),
    (
        "mercadopago",
        0,
        &["43 com.mercadolibre merchant_id 519253179 - ticket-123 - -"],
    ),
    (
        "yape-pe",
        0,
        &["39 39 token 03f92874015c5c6e81301afca0f637ae - - - -"],
    ),
    (
        "raast",
        0,
        &["28 2407261213448635145 iban PK52AIIN0000102287422015 ONELINKG - - -"],
    ),
];

#[test]
fn each_network_tells_its_payee_in_its_own_words() {
    let vectors = valid();
    let mut others = Vec::new();
    for (scheme, number, lines) in TOLD {
        let mut of_scheme = vectors.iter().filter(|vector| vector.scheme == *scheme);
        let vector = of_scheme.nth(*number).unwrap();
        let told = told(&vector.payload);
        if told != *lines {
            others.push((scheme, number, told));
        }
    }
    assert!(others.is_empty(), "{others:#?}");
}

/// Of an account in these templates, in this country.
fn told_of(country: &str, accounts: &str) -> Vec<String> {
    let front = format!("000201{accounts}5204541153030005802{country}5908LAO WANG6004CITY");
    told(&crate::code::emv::with_checksum(&front))
}

#[test]
fn accounts_that_no_vector_has_are_told_in_their_networks_words() {
    for (country, accounts, expected) in [
        // The sub-object says of which kind the key is.
        (
            "CO",
            "26330014CO.COM.RBM.LLA0411@laowang12349250014CO.COM.RBM.RED0103RBM50290013CO.COM.RBM.CU0108000000005122\
             0013CO.COM.RBM.CA01010",
            &["26 co.com.rbm.lla alias @laowang123 RBM - - -"][..],
        ),
        (
            "CO",
            "26320014CO.COM.CRB.LLA02103001010101",
            &["26 co.com.crb.lla phone 3001010101 - - - -"],
        ),
        // The number stands where others have an identifier.
        (
            "AR",
            "5015001120162475860512600220000068000000002222956",
            &[
                "50 cuit company_id 20162475860 - - - -",
                "51 cbu account 0000068000000002222956 - - - -",
            ],
        ),
        // One number for all of a wallet's people stands before the one of a person.
        (
            "PH",
            "27830012com.p2pqrpay0111GXCHPHM2XXX020899964403031521702000000065604\
             17LAOWANG0123456789",
            &["27 com.p2pqrpay account LAOWANG0123456789 GXCHPHM2XXX - - -"],
        ),
        (
            "MN",
            "27400014A00000084300010108CAXBMNUB02060123ab",
            &["27 a0000008430001 merchant_id 0123ab CAXBMNUB - - -"],
        ),
        (
            "PK",
            "26290008pk.raast0113+923001234567",
            &["26 pk.raast phone +923001234567 - - - -"],
        ),
        // A bank's code, or the network's own name, is not who is paid.
        (
            "ET",
            "28360003CBE0108CBETETAA02131000698634514",
            &["28 cbe token 1000698634514 CBETETAA - - -"],
        ),
        (
            "ET",
            "28190003CBE0108CBETETAA",
            &["28 cbe token CBETETAA - - - -"],
        ),
        (
            "XX",
            "26350007com.foo0108MERCHANT020800000001",
            &["26 com.foo token MERCHANT - - - -"],
        ),
        ("ET", "28150003CBE0104DASH", &["28 cbe token DASH - - - -"]),
        (
            "SA",
            "26420013sa.com.stcpay0106STCPAY021161237952864",
            &["26 sa.com.stcpay token 61237952864 - - - -"],
        ),
        ("PH", "26150011com.paymaya", &[]),
        (
            "NG",
            "26660019NG.COM.NIBSS-PLC.QR0111S00000000010224999166200521092252016378",
            &["26 ng.com.nibss-plc.qr merchant_id S0000000001 - - - -"],
        ),
        (
            "BR",
            "43650016COM.MERCADOLIBRE0201306367a6a4328-a414-472c-978e-fd2c381e0703",
            &["43 com.mercadolibre token 7a6a4328-a414-472c-978e-fd2c381e0703 - - - -"],
        ),
        (
            "BR",
            "43510016COM.MERCADOLIBRE0127https://mpago.la/pos/411091",
            &["43 com.mercadolibre location https://mpago.la/pos/411091 - - - -"],
        ),
        (
            "TR",
            "30500016TR.GOV.TCMB.FAST0126TR330006100519786457841326\
             491000234156725130000210010400010312180904121314",
            &["30 tr.gov.tcmb.fast iban TR330006100519786457841326 - - - -"],
        ),
        (
            "PK",
            "27420010A0000007360124PK73FAYS3555390000000000",
            &["27 a000000736 iban PK73FAYS3555390000000000 - - - -"],
        ),
    ] {
        assert_eq!(told_of(country, accounts), expected, "{accounts}");
    }
}

#[test]
fn a_label_of_many_networks_tells_all_of_them() {
    let vectors = valid();
    let label = vectors.iter().find(|v| v.scheme == "sgqr").unwrap();
    let networks: Vec<_> = parse(&label.payload).unwrap().view().payees;
    let networks: Vec<_> = networks.iter().map(|p| p.network.as_str()).collect();
    assert_eq!(networks, ["com.grab", "sg.com.dash.www", "sg.com.nets"]);
}

#[test]
fn a_code_of_a_country_is_paid_in_its_currency_and_names_its_payee_once() {
    let thai = |currency: &str, account: &str| {
        let account = format!("29{:02}{account}", account.len());
        let front = format!("000201{account}5303{currency}5802TH");
        let payload = parse(&crate::code::emv::with_checksum(&front)).unwrap();
        let doubts = payload.view().doubts.into_iter();
        doubts.map(|doubt| doubt.object).collect::<Vec<_>>()
    };
    let guid = "0016A000000677010111";
    let phone = format!("{guid}01130066899999999");
    assert_eq!(thai("764", &phone), [""; 0]);
    assert_eq!(thai("840", &phone), ["53"]);
    assert_eq!(thai("764", &format!("{guid}01130099812345678")), ["29-01"]);
    let two = format!("{phone}02131234567890123");
    assert_eq!(thai("764", &two), ["29-00"]);
}

#[test]
fn what_is_known_by_its_country_alone_may_be_paid_in_another_currency() {
    let lanka = LankaQr::new("26", "0011122233344455566677788899");
    let cup = Template::Bare {
        id: "15".to_owned(),
        value: "3123014400000001".to_owned(),
    };
    let other = Template::Opened {
        id: "27".to_owned(),
        guid: "com.example".to_owned(),
        sub: [("00".to_owned(), "com.example".to_owned())].into(),
    };
    for (country, account, is_doubted) in [
        ("LK", cup.clone(), false),
        ("LK", lanka.write(), true),
        ("TW", cup.clone(), false),
        ("TW", other.clone(), true),
        ("IN", cup, false),
        ("ID", other, true),
    ] {
        let fields = written::shop(country, "840", vec![account]);
        let doubts = view(&fields).doubts;
        let is_told = doubts.iter().any(|doubt| doubt.object == "53");
        assert_eq!(is_told, is_doubted, "{country}: {fields:?}");
    }
}

#[test]
fn a_location_leads_where_it_seems_to() {
    for (location, holds) in [
        ("pix.example.com/qr/v2/9d36b84f", true),
        ("pix.example.com@evil.example/qr/v2/1", false),
        ("pix.example.com:8443/qr/v2/1", false),
        ("https://pix.example.com/qr/v2/1", false),
        ("pix.example.com/", false),
        ("192.0.2.1/qr", false),
        ("pix.example.com/q r", false),
        ("píx.example.com/qr", false),
    ] {
        let account = Pix {
            location: Some(location.to_owned()),
            ..Pix::new("26", "br.gov.bcb.pix")
        };
        let doubts = view(&written::shop("BR", "986", vec![account.write()])).doubts;
        assert_eq!(doubts.is_empty(), holds, "{location}");
    }
}

#[test]
fn what_a_network_would_not_write_raises_a_doubt_where_it_stands() {
    let wrong = PayNow {
        proxy_type: Some("7".to_owned()),
        proxy: Some("x".to_owned()),
        ..PayNow::new("26", "SG.PAYNOW")
    };
    let view = view(&written::shop("SG", "702", vec![wrong.write()]));
    let at: Vec<_> = view
        .doubts
        .iter()
        .map(|doubt| doubt.object.as_str())
        .collect();
    assert_eq!(at, ["26-01", "26-02"]);
}
