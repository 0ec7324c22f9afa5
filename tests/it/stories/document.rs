//! The OpenAPI document says what the server does: nothing more, nothing less.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both, openapi_faults};

/// Every operation: method and path as documented.
pub(super) fn operations(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            found.push((method.to_uppercase(), path.clone()));
        }
    }
    found
}

/// A path with something in its places that names nothing.
fn filled(path: &str) -> String {
    let step = |step: &str| if step.starts_with('{') { "x" } else { step }.to_owned();
    let steps: Vec<String> = path.split('/').map(step).collect();
    steps.join("/")
}

async fn the_document_is_clean_and_every_route_in_it_exists(backend: Backend) {
    let server = Server::open(backend).await;
    let document = server.send(&Request::get("/openapi.json")).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(openapi_faults(&document), None);

    let operations = operations(&document);
    assert!(operations.len() > 40, "{operations:?}");
    for (method, path) in operations {
        if path == "/v1/feed" {
            // Has no end; the stories of the wallets follow it.
            continue;
        }
        let mut request = Request::get(&filled(&path));
        request.method.clone_from(&method);
        let answer = server.ask(request).await;
        let about = format!("{method} {path}: {} {}", answer.status, answer.text());
        assert!(answer.status < 500 && answer.status != 405, "{about}");
        if answer.status == 404 {
            assert_ne!(answer.json()["code"], "not-found", "{about}");
        }
    }
}
on_both![the_document_is_clean_and_every_route_in_it_exists];

/// Handlers name their routes by an attribute; one that is not in the document is either not served
/// or served in secret.
#[test]
fn every_route_of_the_api_is_in_the_document() {
    let document = serde_json::to_value(tongma::http::openapi()).unwrap();
    let documented: BTreeSet<(String, String)> = operations(&document).into_iter().collect();

    let mut written = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")) {
        let text = std::fs::read_to_string(file).unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            for piece in text.split(&format!("\n#[{method}(\"")).skip(1) {
                let path = piece.split('"').next().unwrap();
                written.insert((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    assert_eq!(written, documented);
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}
