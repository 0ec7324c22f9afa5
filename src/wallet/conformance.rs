//! What every institution in the table must keep, whoever wrote its file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::simulator::SimulatedInstitution;
use super::{ALL, Handover, Operation, OrderRequest, PayerCode, Reply, Wallet, WireReply, by_id};
use crate::clock::Timestamp;
use crate::code::{self, DecodeAnswer, DecodeContext, SignatureVerdict};
use crate::crypto::jws;
use crate::crypto::keys::SigningKey;
use crate::entropy::SystemEntropy;
use crate::merchant::{AccountReference, InstitutionId};
use crate::money::{Amount, Currency};
use crate::payment::{OrderNumber, ResultClaims};

fn order() -> OrderRequest {
    OrderRequest {
        order_number: OrderNumber::new([0xab; 16]),
        payment_account: "1900000109".parse().unwrap(),
        amount: Amount::positive(1250, Currency::CNY).unwrap(),
        payee: "老王面馆".to_owned(),
        description: "面".to_owned(),
        pay_before: Timestamp::from_seconds(1_800_000_000),
        notify_url: "https://pay.example/wallet/v1/orders/x/confirm".to_owned(),
        payer_institution: "jd_pay".parse().unwrap(),
        clearing: Some("netsunion".parse().unwrap()),
        code_text: None,
    }
}

#[test]
fn every_institution_is_known_by_its_id_and_named_in_two_languages() {
    let mut ids = BTreeSet::new();
    for wallet in ALL {
        let about = wallet.about();
        let id: InstitutionId = about.id.parse().unwrap();
        assert_eq!(by_id(&id).about().id, about.id);
        assert!(ids.insert(id), "{} stands twice", about.id);
        assert!(
            !about.name_zh.is_ascii() && !about.name_en.is_empty(),
            "{}",
            about.id
        );
        assert!(
            about.colour.starts_with('#') && about.colour.len() == 7,
            "{}",
            about.id
        );
        assert!(about.pay_before_min_seconds >= 60, "{}", about.id);
        assert!(!about.user_agents.is_empty(), "{}", about.id);
    }
}

#[test]
fn an_added_institution_speaks_our_contract() {
    let added = by_id(&"demo_bank".parse().unwrap());
    assert_eq!(added.open_order(&order()).unwrap().path, "/orders");
}

#[test]
fn no_test_of_a_browser_stands_at_two_institutions_with_one_rank() {
    let mut ranks = BTreeMap::new();
    for wallet in ALL {
        for test in wallet.about().user_agents {
            let owner = *ranks.entry(test.rank).or_insert(wallet.about().id);
            assert_eq!(owner, wallet.about().id, "rank {}", test.rank);
        }
    }
}

#[test]
fn every_institution_opens_an_order_of_the_whole_price_under_our_number() {
    for wallet in ALL {
        let request = wallet.open_order(&order()).unwrap();
        let body = String::from_utf8(request.body.unwrap().bytes).unwrap();
        assert!(
            body.contains(order().order_number.as_str()),
            "{}",
            wallet.about().id
        );
        assert!(
            body.contains("1250") || body.contains("12.50"),
            "{}",
            wallet.about().id
        );
    }
}

#[test]
fn a_word_of_next_year_means_unknown() {
    let answer = WireReply::json(200, &json!({"status": "HALF_PAID"}));
    for wallet in ALL {
        for operation in [Operation::Query, Operation::Close] {
            let meant = wallet.reply(operation, &answer);
            assert!(
                matches!(meant, Ok(Reply::Unknown)),
                "{} {meant:?}",
                wallet.about().id
            );
        }
    }
}

#[test]
fn no_fault_of_a_server_is_a_refusal() {
    for wallet in ALL {
        for operation in Operation::ALL {
            for status in [429, 500, 502, 503, 504] {
                let meant = wallet.reply(operation, &WireReply::json(status, &json!({})));
                assert_eq!(meant, Ok(Reply::Unknown), "{} {status}", wallet.about().id);
            }
        }
    }
}

#[test]
fn a_handover_that_leads_elsewhere_does_not_reach_the_payer() {
    let answer = WireReply::json(
        201,
        &json!({"handover": {"kind": "redirect", "url": "javascript:alert(1)"}}),
    );
    for wallet in ALL {
        assert!(
            wallet.reply(Operation::Open, &answer).is_err(),
            "{}",
            wallet.about().id
        );
    }
}

#[test]
fn no_log_line_lets_anyone_pay() {
    const CANARY: &str = "canary7f3a";
    let params = [("sign".to_owned(), CANARY.to_owned())].into();
    let body = json!({"handover": Handover::InAppParams { params }});
    let answer = WireReply::json(200, &body);
    for wallet in ALL {
        let meant = wallet.reply(Operation::Open, &answer).unwrap();
        assert!(
            !format!("{meant:?} {answer:?}").contains(CANARY),
            "{}",
            wallet.about().id
        );
    }
}

fn simulator(id: &str) -> SimulatedInstitution {
    let key = SigningKey::from_seed(&[7; 32]);
    let account: AccountReference = "1900000109".parse().unwrap();
    let origin = "https://pay.example".to_owned();
    SimulatedInstitution::new(id.parse().unwrap(), origin, key, [account])
}

/// What `wallet` makes of the simulator's answer to its own request.
fn ask(
    wallet: &dyn Wallet,
    far: &mut SimulatedInstitution,
    operation: Operation,
    order: &OrderRequest,
) -> Reply {
    let request = match operation {
        Operation::Open => wallet.open_order(order).unwrap(),
        Operation::Query => wallet.query(&order.order_number),
        Operation::Close => wallet.close(&order.order_number),
    };
    let answer = far.answer(
        &request,
        Timestamp::from_seconds(1_790_000_000),
        &SystemEntropy::new(),
    );
    wallet.reply(operation, &answer).unwrap()
}

/// The status in a result, read with the simulator's key.
fn attested(far: &SimulatedInstitution, reply: &Reply) -> String {
    let Reply::Result(text) = reply else {
        panic!("{reply:?} is no result")
    };
    let claims = jws::verify::<ResultClaims>(text, jws::RESULT, |kid| {
        (kid == far.key().key_id().as_str()).then(|| *far.key().public())
    });
    let claims = claims.unwrap().claims;
    assert_eq!(claims.order_number, order().order_number.as_str());
    assert_eq!(claims.amount_minor, 1250);
    claims.status
}

#[test]
fn an_order_is_opened_asked_for_paid_and_attested() {
    let now = Timestamp::from_seconds(1_790_000_000);
    for wallet in ALL {
        let mut far = simulator(wallet.about().id);
        let opened = ask(*wallet, &mut far, Operation::Open, &order());
        assert!(matches!(opened, Reply::Opened(_)), "{opened:?}");
        assert_eq!(
            ask(*wallet, &mut far, Operation::Query, &order()),
            Reply::Unknown
        );

        far.pay(&order().order_number, now, &SystemEntropy::new())
            .unwrap();

        let paid = ask(*wallet, &mut far, Operation::Query, &order());
        assert_eq!(attested(&far, &paid), "paid");
        let too_late = ask(*wallet, &mut far, Operation::Close, &order());
        assert_eq!(attested(&far, &too_late), "paid");
    }
}

#[test]
fn a_closed_order_takes_no_money() {
    let now = Timestamp::from_seconds(1_790_000_000);
    for wallet in ALL {
        let mut far = simulator(wallet.about().id);
        ask(*wallet, &mut far, Operation::Open, &order());
        let closed = ask(*wallet, &mut far, Operation::Close, &order());
        assert_eq!(attested(&far, &closed), "closed");
        assert!(
            far.pay(&order().order_number, now, &SystemEntropy::new())
                .is_err()
        );
        assert_eq!(far.balance(&order().payment_account), Some(0));
    }
}

#[test]
fn an_order_opened_twice_is_one_order_and_another_amount_decides_nothing() {
    let dearer = OrderRequest {
        amount: Amount::positive(1251, Currency::CNY).unwrap(),
        ..order()
    };
    for wallet in ALL {
        let mut far = simulator(wallet.about().id);
        let first = ask(*wallet, &mut far, Operation::Open, &order());
        assert_eq!(ask(*wallet, &mut far, Operation::Open, &order()), first);
        // There is an order under this number, so it is not refused; it is the first one's.
        let conflict = ask(*wallet, &mut far, Operation::Open, &dearer);
        assert_eq!(conflict, Reply::Unknown);
        assert_eq!(
            far.order(&order().order_number).unwrap().amount(),
            Some(order().amount)
        );
    }
}

#[test]
fn another_institutions_payer_is_handed_to_the_clearing() {
    for wallet in ALL {
        let mut far = simulator(wallet.about().id);
        let order = OrderRequest {
            payer_institution: "demo_bank".parse().unwrap(),
            ..order()
        };
        let opened = ask(*wallet, &mut far, Operation::Open, &order);
        let Reply::Opened(Handover::ClearingReference {
            clearing,
            reference,
        }) = opened
        else {
            panic!("{opened:?}")
        };
        assert_eq!(clearing, "netsunion");
        assert_eq!(far.expected(&reference).unwrap().0, order.order_number);
    }
}

/// The institution whose app shows payer codes of this shape.
fn by_payer_code(text: &str) -> Option<&'static str> {
    super::by_payer_code(text).map(|wallet| wallet.about().id)
}

#[test]
fn a_payer_code_names_its_institution() {
    let table = [
        ("100000000000000000", Some("wechat_pay")),
        ("158694584748440039", Some("wechat_pay")),
        ("160000000000000000", None),
        ("10000000000000000", None),
        ("2532688403073756", Some("alipay")),
        ("309262524829488029203221", Some("alipay")),
        ("3092625248294880292032210", None),
        ("fp0123456789abcdefABCDEF0123456789a", Some("alipay")),
        ("6247172398881842592", Some("unionpay")),
        ("184699023670286196", Some("jd_pay")),
        ("512582439500267917", Some("bestpay")),
        ("0156996477661918588", Some("ecny")),
        ("6901234567892", None),
        ("１84699023670286196", None),
        ("", None),
    ];
    for (text, institution) in table {
        assert_eq!(by_payer_code(text), institution, "{text}");
    }
}

#[test]
fn no_payer_code_fits_two_institutions() {
    let shapes: Vec<(&str, &PayerCode)> = ALL
        .iter()
        .flat_map(|w| {
            w.about()
                .payer_codes
                .iter()
                .map(|code| (w.about().id, code))
        })
        .collect();
    for (one, code) in &shapes {
        let sample = format!("{:0<width$}", code.prefix, width = *code.length.start());
        let owners: BTreeSet<_> = shapes
            .iter()
            .filter(|(_, c)| c.fits(&sample))
            .map(|(id, _)| id)
            .collect();
        assert_eq!(owners, BTreeSet::from([one]), "{sample}");
    }
}

#[derive(serde::Deserialize)]
struct Native {
    text: String,
    network: Option<String>,
    kind: String,
}

#[test]
fn every_native_text_is_told_apart_and_lookalikes_are_nobodys() {
    let vectors: Vec<Native> =
        serde_json::from_str(include_str!("../../tests/vectors/native-codes.json")).unwrap();
    let natives = super::natives().unwrap();
    let context = DecodeContext {
        natives: &natives,
        own_origins: &[],
        verify: &|_| SignatureVerdict::UnknownKey,
        allow_http: false,
    };
    assert!(vectors.len() >= 120);
    for Native {
        text,
        network,
        kind,
    } in &vectors
    {
        // The empty text and one with a control character in it are refused, which is nobody's, too.
        let found = match code::decode(text, &context) {
            DecodeAnswer::Read(reading) => reading.network.map(|network| (network, reading.kind)),
            DecodeAnswer::Refused(_) => None,
        };
        let expected = network.as_deref().map(|network| (network, kind.as_str()));
        assert_eq!(found, expected, "{text}");
        // What is kept of a code is that code still, and of the same kind.
        if let Some(identity) = code::identify(text, &context) {
            let again = code::identify(&identity.canonical, &context);
            assert_eq!(again, Some(identity), "{text}");
        }
    }
}

#[test]
fn texts_that_no_vector_has_are_told_apart_too() {
    let natives = super::natives().unwrap();
    let token = "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0-_";
    for (text, network, kind) in [
        (
            format!("wxp://f2f1{token}"),
            "wechat_pay",
            "merchant_or_personal_static",
        ),
        (
            format!("https://payapp.wechatpay.cn/qr/{token}"),
            "wechat_pay",
            "merchant_static",
        ),
        (
            format!("https://payapp.wechatpay.cn/materialqr/entry/home?id={token}"),
            "wechat_pay",
            "merchant_static",
        ),
        (
            format!("https://payapp.weixin.qq.com/qrpay/order/home2?key={token}"),
            "wechat_pay",
            "merchant_static",
        ),
        (
            format!("https://wxpay.tenpay.com/md/{token}"),
            "wechat_pay",
            "merchant_static",
        ),
        (
            "weixin://wxpay/bizpayurl?appid=wx1&mch_id=5&sign=AB".to_owned(),
            "wechat_pay",
            "order",
        ),
        (
            "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=2"
                .to_owned(),
            "wechat_pay",
            "order",
        ),
        (
            "https://qr.95516.com/00010001/6240719538221503719271".to_owned(),
            "unionpay",
            "order",
        ),
        (
            "weixin://wap/pay?prepayid%3Dwx1&package=2".to_owned(),
            "wechat_pay",
            "deeplink",
        ),
        (
            "https://qr.alipay.com/_d?_b=peerpay&biz_no=1".to_owned(),
            "alipay",
            "order",
        ),
        (
            "https://qr.alipay.com/_d?_b=PAI_LOGIN_DY&securityId=1".to_owned(),
            "alipay",
            "oauth_entry",
        ),
        (
            "alipays://platformapi/startapp?appId=09999988&actionType=toAccount&userId=2088"
                .to_owned(),
            "alipay",
            "deeplink",
        ),
        (
            "https://qr.95516.com/03095810/unifiedNative?mchNo=1&token=2".to_owned(),
            "unionpay",
            "order",
        ),
    ] {
        let found = natives.recognise(&text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((found.network, found.kind), (network, kind), "{text}");
        // A path is the issuer's, letter by letter; another host is another's.
        for (known, other) in [
            ("://", "://x@"),
            (".com", ".com.example"),
            (".cn", ".cn.example"),
        ] {
            let text = text.replacen(known, other, 1);
            let is_other = text.contains('@') || text.contains(".example");
            assert!(!is_other || natives.recognise(&text).is_none(), "{text}");
        }
    }
    for text in [
        format!("wxp://f2f2{token}"),
        "https://payapp.wechatpay.cn/qr".to_owned(),
        "weixin://wxpay/bizpayurl?appid=wx1".to_owned(),
        "https://qr.alipay.com/_d?_b=other&biz_no=1".to_owned(),
        "alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fevil.example".to_owned(),
        "https://qr.95516.com/03095810/unifiedNative?mchNo=1".to_owned(),
    ] {
        assert_eq!(natives.recognise(&text), None, "{text}");
    }
}
