//! What is issued is understood: here, by other people's readers, on paper, and by a payer.

use serde_json::{Value, json};

use tongma::code::run::CodeKind;
use tongma::flow;
use tongma::flow::payment::NewPayment;
use tongma::merchant::{CodeForm, PrintedCode};

use super::{checked, decoded, issued, paynow, pix, resolved, unionpay};
use crate::support::beside::run;
use crate::support::foreign::adopted;
use crate::support::paper::drawn;
use crate::support::server::Server;
use crate::support::shop::cny;
use crate::support::wire::Request;
use crate::support::{Backend, emv_forms, on_both, read_symbol};

/// The code as the shop keeps it.
async fn kept(server: &Server, code: &Value) -> PrintedCode {
    let id = code["id"].as_str().unwrap().parse().unwrap();
    flow::resolve::code_of(&server.shop.app, &server.shop.merchant.id, &id)
        .await
        .unwrap()
}

async fn sells(server: &Server, minor: i64) -> Value {
    let wanted = json!({"amount_minor": minor, "currency": "CNY", "form": "emv",
        "store": server.shop.store.id, "counter": server.shop.counters[0].id});
    let call = Request::post_json("/v1/payments", &wanted).with("Idempotency-Key", "sells");
    let answer = server.ask(call).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

async fn every_kind_is_read_paid_and_known_as_ours(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let any = issued(&server, None, &[paynow(), pix(), unionpay()]).await;
    let fixed = issued(&server, Some(1250), &[paynow()]).await;
    let payment = sells(&server, 990).await;
    let order = payment["checkout"]["text"].as_str().unwrap();

    for (text, kind, minor) in [
        (any["text"].as_str().unwrap(), "static", None),
        (fixed["text"].as_str().unwrap(), "fixed", Some(1250)),
        (order, "order", Some(990)),
    ] {
        assert!(text.starts_with("000201"), "{text}");
        let said = decoded(&server, text).await;
        let told = (
            &said["format"],
            &said["scheme"],
            &said["kind"],
            &said["signature"],
        );
        let expected = (
            &json!("emv_mpm"),
            &json!("tongma"),
            &json!(kind),
            &json!("valid"),
        );
        assert_eq!(told, expected, "{said}");
        assert_eq!(
            (&said["strict"], &said["warnings"]),
            (&json!(true), &json!([])),
            "{said}"
        );
        let amount = minor.map(|minor| cny(minor).decimal());
        assert_eq!(said["fields"]["amount"], json!(amount), "{said}");
        assert_eq!(said["fields"]["merchant_name"], "Lao Wang Mian Guan");
        assert_eq!(said["fields"]["language"]["01"], "老王面馆");

        let claims = resolved(&server, text).await.unwrap();
        assert_eq!(
            (&claims["kind"], &claims["amount_minor"]),
            (&json!(kind), &json!(minor))
        );
        assert_eq!(checked(&server, text).await["verdict"], "ours");
        let code = PrintedCode {
            text: text.to_owned(),
            ..shop.sticker().await
        };
        let started = shop
            .starts("wechat_pay", &code, minor.unwrap_or(700))
            .await
            .unwrap();
        let state = shop
            .confirms(&shop.paid("wechat_pay", &started))
            .await
            .unwrap();
        assert!(
            matches!(state, flow::confirm::Outcome::Settled { .. }),
            "{state:?}"
        );
    }
    let said = decoded(&server, any["text"].as_str().unwrap()).await;
    let networks: Vec<_> = said["payees"].as_array().unwrap().iter().collect();
    let networks: Vec<_> = networks.iter().map(|payee| &payee["network"]).collect();
    assert_eq!(networks, ["unionpay", "sg.paynow", "br.gov.bcb.pix"]);
    assert_eq!(
        (&any["form"], &any["compact"]),
        (&json!("emv"), &json!(false))
    );
}

async fn its_page_opens_by_its_whole_text_and_takes_the_payment(backend: Backend) {
    let server = Server::open(backend).await;
    let payment = sells(&server, 1880).await;
    let url = payment["checkout"]["url"].as_str().unwrap();
    let path = url
        .strip_prefix(&server.shop.app.origin.to_string())
        .unwrap();
    let wechat = |call: Request| call.with("User-Agent", "MicroMessenger/8.0.49");

    let page = server.send(&wechat(Request::get(path))).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let html = page.text();
    assert!(
        html.contains("老王面馆") && html.contains("18.80"),
        "{html}"
    );
    let token = html.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let action = html
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let form = format!("token={token}");
    let call = Request::post(action, "application/x-www-form-urlencoded", form)
        .with("Origin", &server.shop.app.origin.to_string());
    let begun = server.send(&wechat(call)).await;
    assert!(
        begun.text().contains("data-attempt"),
        "{} {}",
        begun.status,
        begun.text()
    );

    let no_wallet = server.send(&Request::get(path)).await.text();
    let link = no_wallet.split("/phone?wallet=").nth(1).unwrap();
    let link = link.split('#').nth(1).unwrap().split('"').next().unwrap();
    assert!(
        link.starts_with("000201") && link.contains("LaoWang") | link.contains("Lao%20Wang"),
        "{link}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_peoples_parser_reads_it_and_finds_the_signature_good() {
    let server = Server::open_as(Backend::Sqlite, "https://pay.example.com").await;
    let jwks = server
        .send(&Request::get("/.well-known/jwks.json"))
        .await
        .json();
    let all = issued(&server, Some(1250), &[paynow(), pix(), unionpay()]).await;
    let text = all["text"].as_str().unwrap();
    // An account of somebody else's, the checksum repaired.
    let forged = super::swapped::repaired(&text.replace("201509555BNN1", "201509555BNN2"));

    let says = emv_forms(&jwks, &[text.to_owned(), forged]);
    let said = &says[0];
    assert_eq!(said["violations"], json!([]), "{said}");
    assert_eq!(
        (&said["kind"], &said["origin"]),
        (&json!("fixed"), &json!("https://pay.example.com"))
    );
    assert_eq!(
        (&said["amount"], &said["currency"], &said["country"]),
        (&json!("12.50"), &json!("156"), &json!("CN"))
    );
    assert_eq!(said["name"], "Lao Wang Mian Guan");
    assert_eq!(
        said["language"],
        json!({"00": "ZH", "01": "老王面馆", "02": "上海"})
    );
    let mut expected = json!({"15": unionpay()["value"]});
    for account in [paynow(), pix()] {
        let mut inside = account["sub"].clone();
        inside["00"] = account["guid"].clone();
        expected[account["id"].as_str().unwrap()] = inside;
    }
    assert_eq!(said["accounts"], expected);
    assert_eq!(says[1], json!({"error": "the signature does not verify"}));
}

/// Its symbol has more modules, so it needs more room: every template says so or is read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_template_is_read_or_says_what_works() {
    let server = Server::open_as(Backend::Sqlite, "https://pay.example.com").await;
    let plain = issued(&server, None, &[]).await;
    let full = issued(&server, None, &[paynow(), pix(), unionpay()]).await;
    for code in [&plain, &full] {
        let (id, text) = (code["id"].as_str().unwrap(), code["text"].as_str().unwrap());
        let mut printed = Vec::new();
        for (template, _) in crate::prints::TEMPLATES {
            let answer = crate::prints::prints(&server, id, &format!("template={template}")).await;
            if answer.status == 422 {
                let why = answer.text();
                assert!(
                    why.contains("mm") || why.contains("sticker-80"),
                    "{template}: {why}"
                );
                continue;
            }
            assert_eq!(answer.status, 200, "{template}: {}", answer.text());
            let [zxing, zbar] = read_symbol(&drawn(&answer.body, 300));
            let count = crate::prints::symbols(template);
            assert_eq!(zxing, vec![text; count], "{template}");
            assert_eq!(zbar.concat(), text.repeat(count), "{template}");
            printed.push(template);
        }
        for template in ["stand-a6", "stand-a5", "poster-a4"] {
            assert!(printed.contains(&template), "{printed:?}");
        }
        let symbol = Request::get(&format!("/v1/codes/{id}/symbol.png"));
        let picture = server.ask(symbol).await;
        assert_eq!(
            read_symbol(&picture.body),
            [vec![text.to_owned()], vec![text.to_owned()]]
        );
    }
}

async fn the_accounts_of_an_adopted_code_stand_in_the_new_one(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let old = "00020101021126350009SG.PAYNOW010120213201509555BNN15204581253031565802CN5908LAO WANG6008SHANGHAI";
    let old = super::swapped::repaired(&format!("{old}6304XXXX"));
    for table in ["acceptances", "payment_accounts"] {
        let only_one = format!("DELETE FROM {table} WHERE institution_id = 'alipay'");
        run(&shop.database, &only_one).await;
    }
    let adoption = adopted(shop, &old).await;
    let wanted = json!({"kind": "static", "form": "emv", "store": shop.store.id,
        "adopted": [adoption.id], "network_accounts": [pix()]});
    let code = super::asked(&server, &wanted).await;
    assert_eq!(code.status, 201, "{}", code.text());
    let code = code.json();
    let text = code["text"].as_str().unwrap();
    // A network's name in the letters of whoever issued it: readers compare it so.
    assert!(text.contains("0009SG.PAYNOW"), "{text}");
    assert!(adoption.text.contains("0009sg.paynow"), "{}", adoption.text);
    let said = decoded(&server, text).await;
    let payees = said["payees"].as_array().unwrap();
    let payees: Vec<_> = payees
        .iter()
        .map(|payee| payee["payee"].as_str().unwrap())
        .collect();
    assert_eq!(payees, ["201509555BNN1", "11222333000181"], "{said}");
}

async fn another_instances_new_key_is_found_for_both_forms(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let stranger = server.stranger().await;
    let rotation = tongma::flow::keys::Rotation {
        key_use: tongma::crypto::jwk::KeyUse::Code,
        institution: None,
        overlap: std::time::Duration::ZERO,
    };
    crate::support::shop::rotates(&shop.app, &rotation).await;
    let code = issued(&server, None, &[]).await;
    let call = Request::post_json("/v1/decode", &json!({"text": code["text"]}));
    let call = crate::support::server::bearer(call, &server.token);
    let said = stranger.send(&call).await.json();
    assert_eq!(said["signature"], "valid", "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_keeps_the_form_it_was_issued_in() {
    let server = Server::open(Backend::Sqlite).await;
    let shop = &server.shop;
    let code = issued(&server, None, &[]).await;
    assert_eq!(kept(&server, &code).await.form(), CodeForm::Emv);
    assert_eq!(
        shop.code(CodeKind::Static, None).await.form(),
        CodeForm::Url
    );
    let mut tx = shop.app.db.begin().await.unwrap();
    let new = NewPayment {
        merchant: shop.merchant.id.clone(),
        store: shop.store.id.clone(),
        counter: None,
        amount: cny(100),
        reference: None,
        description: None,
        form: CodeForm::Emv,
        lifetime: None,
    };
    let (_, order) = flow::payment::create(&shop.app, &mut tx, new)
        .await
        .unwrap();
    assert_eq!((order.form(), order.amount), (CodeForm::Emv, None));
}

on_both![
    every_kind_is_read_paid_and_known_as_ours,
    its_page_opens_by_its_whole_text_and_takes_the_payment,
    the_accounts_of_an_adopted_code_stand_in_the_new_one,
    another_instances_new_key_is_found_for_both_forms,
];
