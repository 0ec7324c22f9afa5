//! Keys as an operator registers them: which are refused, how one follows another, and what is shown.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

use super::Desk;
use crate::support::beside::run;
use crate::support::digest::business_digest;
use crate::support::{Backend, on_both};

/// The public keys of RFC 8037, appendix A, and RFC 8032, 7.1, test 1.
const PUBLIC_KEYS: [&str; 2] = [
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
];

impl Desk {
    /// A desk at which one institution is signed up.
    async fn with_an_institution(backend: Backend) -> Self {
        let desk = Self::new(backend).await;
        let names = ["--name-zh", "莲花", "--name-en", "Lotus"];
        desk.does(&[&["institution", "create", "lotus_pay"][..], &names].concat());
        desk
    }

    /// A file in the desk's folder.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn jwk(&self, name: &str, x: &str) -> String {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        self.file(name, &jwk.to_string())
    }

    fn keys(&self) -> Vec<Value> {
        let all = self.does(&["key", "list", "--institution", "lotus_pay"]);
        let rows = all.as_array().unwrap().iter();
        rows.filter(|row| row["direction"] == "inbound")
            .cloned()
            .collect()
    }
}

/// A JWK of these 32 bytes.
fn okp(bytes: [u8; 32]) -> Value {
    let x = BASE64URL_NOPAD.encode(&bytes);
    json!({"kty": "OKP", "crv": "Ed25519", "x": x})
}

fn with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (first, last);
    bytes
}

const CREATE: [&str; 4] = ["key", "create", "--institution", "lotus_pay"];

async fn a_file_that_is_no_jwk_is_called_so(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    let pem = desk.file("key.pem", "-----BEGIN PUBLIC KEY-----\nMCow\n");
    let why = "key.pem: not a JWK: a JSON object with kty, crv and x is needed";
    desk.refuses(&[&CREATE[..], &["--jwk", &pem]].concat(), 2, why);
}
on_both![a_file_that_is_no_jwk_is_called_so];

async fn t018_a_weak_key_is_not_registered(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    let known = desk.jwk("known.jwk", PUBLIC_KEYS[0]);
    desk.does(&[&CREATE[..], &["--jwk", &known]].concat());
    let public = BASE64URL_NOPAD.decode(PUBLIC_KEYS[0].as_bytes()).unwrap();
    let before = business_digest(&desk.database).await;

    let long = "AQAB".repeat(43);
    let jwks = [
        okp(with_ends(0, 0, 0)),
        okp(with_ends(1, 0, 0)),
        okp(with_ends(0xec, 0xff, 0x7f)),
        // A second spelling of the same point.
        okp(with_ends(0xee, 0xff, 0x7f)),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg"}),
        json!({"kty": "OKP", "crv": "X25519", "x": PUBLIC_KEYS[1]}),
        json!({"kty": "EC", "crv": "P-256", "x": PUBLIC_KEYS[0], "y": PUBLIC_KEYS[1]}),
        json!({"kty": "RSA", "n": long, "e": "AQAB"}),
        json!({"kty": "oct", "k": PUBLIC_KEYS[1]}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": PUBLIC_KEYS[1], "d": PUBLIC_KEYS[1]}),
    ];
    for jwk in jwks {
        let file = desk.file("weak.jwk", &jwk.to_string());
        desk.refuses(&[&CREATE[..], &["--jwk", &file]].concat(), 1, "key-weak: ");
    }
    let secrets = [
        b"too short to be a secret".to_vec(),
        vec![0x61; 64],
        b"password".repeat(8),
        (1..65).collect(),
        vec![9; 5000],
        public,
    ];
    for secret in secrets {
        let file = desk.file("weak.secret", &BASE64.encode(&secret));
        desk.refuses(&[&CREATE[..], &["--hmac", &file]].concat(), 1, "key-weak: ");
    }
    let file = desk.file("broken.secret", "not base64!");
    desk.refuses(&[&CREATE[..], &["--hmac", &file]].concat(), 2, "not base64");

    let changes = business_digest(&desk.database).await.counted_since(&before);
    assert_eq!(changes, "");
    let good = desk.jwk("good.jwk", PUBLIC_KEYS[1]);
    desk.does(&[&CREATE[..], &["--jwk", &good]].concat());
    assert_eq!(desk.keys().len(), 2);
}

async fn a_key_is_replaced_and_the_old_one_ends_after_the_overlap(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    let [first, second] = [0, 1].map(|n| desk.jwk(&format!("{n}.jwk"), PUBLIC_KEYS[n]));
    // As one in 64 names begins.
    let named = ["--jwk", &first, "--key-id", "-j-f7"];
    let old = desk.does(&[&CREATE[..], &named].concat());
    let old = old["key_id"].as_str().unwrap();
    assert_eq!(old, "-j-f7");
    let replace = ["key", "replace", old, "--jwk", &second];
    let begin = [
        "--not-before",
        "2099-01-01T00:00:00Z",
        "--overlap-s",
        "3600",
    ];
    let replaced = desk.does(&[&replace[..], &begin].concat());
    assert_eq!(replaced["old"]["not_after"], "2099-01-01T01:00:00.000Z");
    assert_eq!(replaced["new"]["state"], "upcoming");
    let states = desk.keys().into_iter().map(|key| key["state"].clone());
    assert_eq!(states.collect::<Vec<_>>(), ["current", "upcoming"]);

    let end = ["key", "end", old, "--at"];
    let sooner = desk.does(&[&end[..], &["2098-01-01T00:00:00Z"]].concat());
    assert_eq!(sooner["not_after"], "2098-01-01T00:00:00.000Z");
    let never = [&end[..], &["2001-01-01T00:00:00Z"]].concat();
    desk.refuses(&never, 1, "a key ends after it begins");
    desk.does(&["key", "revoke", old]);
    let late = [&end[..], &["2099-01-01T00:00:00Z"]].concat();
    desk.refuses(&late, 1, &format!("key {old} is revoked"));
    desk.refuses(&replace, 1, &format!("key {old} is revoked"));
    let nobodys = ["key", "replace", "nobodys", "--generate-hmac"];
    desk.refuses(&nobodys, 1, "no key nobodys");
}

/// Our keys between us and an institution: state, and whether the next begins when this one ends.
fn ours(desk: &Desk, institution: &str) -> Vec<Value> {
    let all = desk.does(&["key", "list", "--institution", institution]);
    let rows = all.as_array().unwrap().iter();
    rows.filter(|row| row["direction"] == "outbound")
        .cloned()
        .collect()
}

async fn our_request_key_is_replaced_for_one_institution_with_an_overlap(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    let names = ["--name-zh", "风筝", "--name-en", "Kite"];
    desk.does(&[&["institution", "create", "kite_pay"][..], &names].concat());
    desk.does(&["key", "rotate", "request"]);
    let states = |institution: &str| -> Vec<String> {
        let rows = ours(&desk, institution);
        rows.iter()
            .map(|row| row["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let rotate = ["key", "rotate", "request", "--institution", "lotus_pay"];
    let shown = desk.does(&[&rotate[..], &["--overlap-s", "3600"]].concat());

    assert_eq!(shown.as_array().unwrap().len(), 3, "{shown}");
    assert_eq!(states("lotus_pay"), ["ended", "current", "upcoming"]);
    assert_eq!(states("kite_pay"), ["ended", "current"]);
    let next = ours(&desk, "lotus_pay").pop().unwrap();
    assert!(next["not_before"].as_str() > next["created_at"].as_str());
    let all = desk.does(&["key", "list"]);
    let own: Vec<_> = all.as_array().unwrap().iter().collect();
    let own: Vec<_> = own
        .iter()
        .filter(|key| key["institution"] == "lotus_pay")
        .collect();
    assert_eq!(own.len(), 1, "{all}");
    assert_eq!(own[0]["signs_from"], next["not_before"]);

    // Without an overlap the next signs at once, in place of the one that has not begun.
    desk.does(&rotate);
    let now = states("lotus_pay");
    assert_eq!(
        now.iter().filter(|state| *state == "current").count(),
        1,
        "{now:?}"
    );
    assert_eq!(now.last().unwrap(), "current");
    assert_eq!(states("kite_pay"), ["ended", "current"]);

    let wrong = ["key", "rotate", "code", "--institution", "lotus_pay"];
    desk.refuses(&wrong, 1, "only request keys are for one institution");
    let nobodys = ["key", "rotate", "request", "--institution", "nobody"];
    desk.refuses(&nobodys, 1, "nobody");
}

async fn a_rotation_is_written_down_with_it_or_not_done(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    desk.does(&["key", "rotate", "code"]);
    let lines = desk.does(&["audit", "list", "--limit", "1"]);
    let line = [&lines[0]["action"], &lines[0]["object"]];
    assert_eq!(line, ["key.rotate", "code"]);
    let before = desk.does(&["key", "list"]);
    run(&desk.database, "DELETE FROM audit_head").await;
    for words in [
        &["key", "rotate", "code"][..],
        &["key", "rotate", "request", "--institution", "lotus_pay"],
    ] {
        desk.refuses(words, 1, "the audit log cannot be written");
        assert_eq!(desk.does(&["key", "list"]), before, "{words:?}");
    }
}

async fn a_rotation_under_another_master_key_is_not_done(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    desk.does(&["key", "rotate", "code"]);
    let before = desk.does(&["key", "list"]);
    let other = desk.file("other.key", &BASE64.encode(&[8; 32]));
    let set = format!("keys.master_file={other}");
    let rotate = ["key", "rotate", "code", "--set", &set];
    desk.refuses(&rotate, 1, "with this master key");
    assert_eq!(desk.does(&["key", "list"]), before);
}

async fn t095_a_secret_is_shown_once(backend: Backend) {
    let desk = Desk::with_an_institution(backend).await;
    let named = ["--generate-hmac", "--key-id", "lotus-2026-11"];
    let made = desk.does(&[&CREATE[..], &named].concat());
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(BASE64.decode(secret.as_bytes()).unwrap().len(), 32);
    assert_eq!(made["key_id"], "lotus-2026-11");
    assert_eq!(made["algorithm"], "hmac_sha256");
    desk.refuses(
        &[&CREATE[..], &named].concat(),
        1,
        "key lotus-2026-11 exists",
    );
    let quoted = ["--generate-hmac", "--key-id", "a\"b"];
    desk.refuses(&[&CREATE[..], &quoted].concat(), 1, "a key id has 1 to 128");

    for words in [
        &["key", "list", "--institution", "lotus_pay"][..],
        &["key", "list"],
        &[
            "key",
            "end",
            "lotus-2026-11",
            "--at",
            "2099-01-01T00:00:00Z",
        ],
        &["key", "revoke", "lotus-2026-11"],
    ] {
        let shown = desk.does(words).to_string();
        assert!(
            !shown.contains(&secret) && !shown.contains("secret"),
            "{shown}"
        );
    }
    let kept = business_digest(&desk.database).await.text().to_lowercase();
    let hex = tongma::crypto::digest::hex(&BASE64.decode(secret.as_bytes()).unwrap());
    assert!(kept.contains("lotus-2026-11") && !kept.contains(&hex));
}

on_both![
    t018_a_weak_key_is_not_registered,
    a_key_is_replaced_and_the_old_one_ends_after_the_overlap,
    our_request_key_is_replaced_for_one_institution_with_an_overlap,
    a_rotation_is_written_down_with_it_or_not_done,
    a_rotation_under_another_master_key_is_not_done,
    t095_a_secret_is_shown_once,
];
