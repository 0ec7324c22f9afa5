//! What may stand in one place only: SQL, our status codes, sockets, and the wallets' names.

use super::source::{File, Finding, has_word};

/// The beginnings of SQL statements, as words in a string literal.
const SQL: &[(&str, &str)] = &[
    ("SELECT ", " "),
    ("INSERT INTO", ""),
    ("UPDATE ", " SET "),
    ("DELETE FROM", ""),
    ("CREATE TABLE", ""),
    ("ALTER TABLE", ""),
    ("PRAGMA ", ""),
];

/// SQL text and statements outside `src/db`.
pub(super) fn sql(file: &File) -> Vec<Finding> {
    if !file.is_in("src") || file.is_in("src/db") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, text) in file.product_strings() {
        let begins = |(first, second): &&(&str, &str)| {
            let at = text.find(first);
            at.is_some_and(|at| text[at + first.len()..].contains(second))
        };
        if let Some((first, _)) = SQL.iter().find(begins) {
            found.push(Finding {
                line,
                what: format!("SQL ({first}) outside src/db"),
            });
        }
    }
    for (line, code) in file.product() {
        if code.contains("sqlx::query") || code.contains("QueryBuilder") {
            found.push(Finding {
                line,
                what: "a statement outside src/db".to_owned(),
            });
        }
    }
    found
}

/// Where HTTP answers are made that are not our API's: the institutions' own servers and clients.
const OTHER_SPEAKERS: &[&str] = &[
    "src/wallet",
    "src/cli/demo",
    "src/cli/demo.rs",
    "src/cli/simulator",
    "src/event/webhook.rs",
];

/// The names of status codes that tell of an error.
const ERROR_STATUS: &[&str] = &[
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "CONFLICT",
    "GONE",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "UNPROCESSABLE_ENTITY",
    "TOO_MANY_REQUESTS",
    "INTERNAL_SERVER_ERROR",
    "BAD_GATEWAY",
    "SERVICE_UNAVAILABLE",
];

/// Where they are given: problems, the translation of the framework's own refusals into problems,
/// and pages, which say in words what is wrong and have a status as well.
const MAY_REFUSE: &[&str] = &["src/http/problem", "src/http/frame.rs", "src/http/page"];

/// Status codes of our API outside `src/http`, and its errors' codes outside `problem.rs`.
pub(super) fn status(file: &File) -> Vec<Finding> {
    if !file.is_in("src") || OTHER_SPEAKERS.iter().any(|place| file.is_in(place)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let in_http = file.is_in("src/http");
    let may_refuse = MAY_REFUSE.iter().any(|place| file.is_in(place));
    for (line, code) in file.product() {
        if !in_http && (code.contains("StatusCode") || code.contains("HttpResponse")) {
            found.push(Finding {
                line,
                what: "a status code outside src/http".to_owned(),
            });
        }
        if in_http && !may_refuse && ERROR_STATUS.iter().any(|name| refuses(code, name)) {
            found.push(Finding {
                line,
                what: "an error's status outside src/http/problem".to_owned(),
            });
        }
    }
    found
}

/// `StatusCode::NOT_FOUND` and `HttpResponse::NotFound()` are one.
fn refuses(code: &str, name: &str) -> bool {
    let camel: String = name
        .split('_')
        .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
        .collect();
    has_word(code, &format!("StatusCode::{name}"))
        || has_word(code, &format!("HttpResponse::{camel}"))
}

/// Text in code, and the only places where it may stand.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("reqwest", &["src/wallet/client.rs", "src/event/webhook.rs"]),
    ("TcpStream", &["src/http/listen"]),
    ("UdpSocket", &[]),
    (".begin()", &["src/db", "src/flow", "src/event", "src/cli"]),
    (
        "HttpServer",
        &[
            "src/http",
            "src/cli",
            "src/wallet/simulator",
            "src/wallet/simulator.rs",
        ],
    ),
];

/// Sockets and write transactions outside the places that own them.
pub(super) fn owners(file: &File) -> Vec<Finding> {
    if !file.is_in("src") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (text, places) in ONLY_IN {
        if places.iter().any(|place| file.is_in(place)) {
            continue;
        }
        for (line, _) in file.product().filter(|(_, code)| code.contains(text)) {
            found.push(Finding {
                line,
                what: format!("{text} belongs in {places:?}"),
            });
        }
    }
    found
}

/// A wallet's file under `src/wallet`, and what names it, in lower case.
const WALLETS: &[(&str, &[&str])] = &[
    ("wechat_pay", &["wechat", "weixin", "微信"]),
    ("alipay", &["alipay", "支付宝"]),
    ("unionpay", &["unionpay", "银联", "云闪付"]),
    ("jd_pay", &["jd_pay", "jdpay", "jd pay", "京东"]),
    ("bestpay", &["bestpay", "翼支付"]),
    ("hebao", &["hebao", "和包"]),
    ("wo_pay", &["wo_pay", "wopay", "wo pay", "沃支付"]),
    ("ecny", &["ecny", "e-cny", "数字人民币"]),
];

/// Where wallets may be named: the table, and the data of the demo.
const NAMED_IN: &[&str] = &["src/wallet/mod.rs", "src/cli/demo", "src/cli/demo.rs"];

/// A name that another wallet's description cannot do without, with the reason.
const NAMED_ALSO: &[(&str, &str, &str)] = &[
    (
        "src/wallet/jd_pay.rs",
        "unionpay",
        "JD Finance calls itself a UnionPay app in its User-Agent",
    ),
    (
        "src/code/label.rs",
        "alipay",
        "Alipay+ is a system of other countries, whose codes are named and routed nowhere",
    ),
    (
        "src/code/emv/scheme/cards.rs",
        "unionpay",
        "the owner of two objects in EMV's table of card networks",
    ),
    (
        "src/merchant/text.rs",
        "wechat",
        "the example of an id in the OpenAPI document",
    ),
];

/// A wallet's name, in a string or as an identifier, outside its own file.
pub(super) fn wallet_names(file: &File) -> Vec<Finding> {
    let is_page = file.is_in("static");
    if !(file.is_in("src") || is_page) || NAMED_IN.iter().any(|place| file.is_in(place)) {
        return Vec::new();
    }
    let texts: Vec<(usize, &str)> = if is_page {
        file.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .collect()
    } else {
        file.product_strings().chain(file.product()).collect()
    };
    let mut found = Vec::new();
    for (wallet, names) in WALLETS {
        let own = format!("src/wallet/{wallet}");
        if file.is_in(&own) || file.is_in(&format!("{own}.rs")) {
            continue;
        }
        for name in *names {
            let may = |(path, also, _): &(&str, &str, &str)| file.path == *path && also == name;
            if NAMED_ALSO.iter().any(may) {
                continue;
            }
            for (line, _) in texts.iter().filter(|(_, text)| names_wallet(text, name)) {
                found.push(Finding {
                    line: *line,
                    what: format!("{name} outside {own}.rs"),
                });
            }
        }
    }
    found
}

/// Whether the name stands in the text, but not inside another word: `two_payments` names nobody.
fn names_wallet(text: &str, name: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !(name.is_ascii() && before.is_some_and(|c| c.is_ascii_alphanumeric()))
    })
}

#[test]
fn sql_outside_its_folder_is_found() {
    for code in [
        "const FIND: &str = \"SELECT id FROM payments\";",
        "f(\"UPDATE payments SET state = $1\")",
        "sqlx::query_scalar(X)",
    ] {
        assert_eq!(sql(&File::new("src/flow/pay.rs", code)).len(), 1, "{code}");
        assert_eq!(sql(&File::new("src/db/payments.rs", code)), []);
    }
    assert_eq!(
        sql(&File::new(
            "src/flow/pay.rs",
            "// UPDATE a SET b\nf(\"Select a shop\")"
        )),
        []
    );
}

#[test]
fn a_status_code_outside_its_place_is_found() {
    let code = "Err(StatusCode::NOT_FOUND)";
    assert_eq!(status(&File::new("src/flow/pay.rs", code)).len(), 1);
    assert_eq!(status(&File::new("src/http/api/codes.rs", code)).len(), 1);
    let built = File::new("src/http/api/codes.rs", "HttpResponse::NotFound().finish()");
    assert_eq!(status(&built).len(), 1);
    assert_eq!(status(&File::new("src/http/problem/mod.rs", code)), []);
    assert_eq!(
        status(&File::new("src/http/api/codes.rs", "StatusCode::CREATED")),
        []
    );
    assert_eq!(status(&File::new("src/wallet/client.rs", code)), []);
}

#[test]
fn a_socket_outside_its_owner_is_found() {
    assert_eq!(
        owners(&File::new("src/flow/pay.rs", "reqwest::get(url)")).len(),
        1
    );
    assert_eq!(
        owners(&File::new("src/wallet/client.rs", "reqwest::get(url)")),
        []
    );
    assert_eq!(
        owners(&File::new("src/http/api/codes.rs", "app.db.begin().await?")).len(),
        1
    );
}

#[test]
fn a_wallets_name_outside_its_file_is_found() {
    for code in [
        "if id == \"alipay\" {",
        "wallet::jd_pay::JdPay",
        "let name = \"微信支付\";",
        "match agent { \"MicroMessenger wechat\" => 1 }",
    ] {
        assert!(
            !wallet_names(&File::new("src/http/page/code.rs", code)).is_empty(),
            "{code}"
        );
    }
    assert_eq!(
        wallet_names(&File::new("static/phone.js", "a = 'hebao'")).len(),
        1
    );
    assert_eq!(
        wallet_names(&File::new("src/wallet/hebao.rs", "f(\"hebao\", \"和包\")")),
        []
    );
    assert_eq!(
        wallet_names(&File::new("src/wallet/hebao.rs", "f(\"alipay\")")).len(),
        1
    );
    let right =
        "// for WeChat Pay\nfn two_payments() {}\n#[cfg(test)]\nmod tests {\nf(\"ecny\")\n}";
    assert_eq!(wallet_names(&File::new("src/flow/pay.rs", right)), []);
}
