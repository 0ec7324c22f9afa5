//! Style sheets, scripts and the icon: in the program, under an address that changes with them, so
//! that browsers may keep them for ever.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use data_encoding::HEXLOWER;

use crate::crypto::digest::sha256;
use crate::wallet;

struct Asset {
    name: &'static str,
    media: &'static str,
    text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

static FILES: &[Asset] = &[
    Asset {
        name: "page.css",
        media: CSS,
        text: include_str!("../../../static/page.css"),
    },
    Asset {
        name: "docs.css",
        media: CSS,
        text: include_str!("../../../static/docs.css"),
    },
    Asset {
        name: "docs.js",
        media: JS,
        text: include_str!("../../../static/docs.js"),
    },
    Asset {
        name: "code.js",
        media: JS,
        text: include_str!("../../../static/code.js"),
    },
    Asset {
        name: "bridge.js",
        media: JS,
        text: include_str!("../../../static/bridge.js"),
    },
    Asset {
        name: "pay.js",
        media: JS,
        text: include_str!("../../../static/pay.js"),
    },
    Asset {
        name: "camera.js",
        media: JS,
        text: include_str!("../../../static/camera.js"),
    },
    Asset {
        name: "chime.js",
        media: JS,
        text: include_str!("../../../static/chime.js"),
    },
    Asset {
        name: "voice.js",
        media: JS,
        text: include_str!("../../../static/voice.js"),
    },
    Asset {
        name: "line.js",
        media: JS,
        text: include_str!("../../../static/line.js"),
    },
    Asset {
        name: "takings.js",
        media: JS,
        text: include_str!("../../../static/takings.js"),
    },
    Asset {
        name: "counter.js",
        media: JS,
        text: include_str!("../../../static/counter.js"),
    },
    Asset {
        name: "question.js",
        media: JS,
        text: include_str!("../../../static/question.js"),
    },
    Asset {
        name: "check.js",
        media: JS,
        text: include_str!("../../../static/check.js"),
    },
    Asset {
        name: "plate.js",
        media: JS,
        text: include_str!("../../../static/plate.js"),
    },
    Asset {
        name: "sign.js",
        media: JS,
        text: include_str!("../../../static/sign.js"),
    },
    Asset {
        name: "phone.js",
        media: JS,
        text: include_str!("../../../static/phone.js"),
    },
    Asset {
        name: "icon.svg",
        media: "image/svg+xml",
        text: include_str!("../../../static/icon.svg"),
    },
];

/// The wallets' colours, one class each; made from their descriptions.
static TAGS: LazyLock<String> = LazyLock::new(|| {
    wallet::ALL.iter().fold(String::new(), |mut css, wallet| {
        let about = wallet.about();
        let _ = writeln!(css, ".w-{} {{ --tag: {}; }}", about.id, about.colour);
        css
    })
});

/// Changes whenever one of the files does.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = TAGS.clone();
    for file in FILES {
        all.push_str(file.name);
        all.push_str(file.text);
    }
    let digest = sha256(all.as_bytes());
    HEXLOWER.encode(digest.first_chunk::<6>().unwrap_or(&[0; 6]))
});

/// Where a page finds a file.
pub(crate) fn path(name: &str) -> String {
    format!("/static/{}/{name}", *VERSION)
}

/// `GET /static/{version}/{name}`
pub(super) async fn read(path: web::Path<(String, String)>) -> HttpResponse {
    let (version, name) = path.into_inner();
    let found = if name == "tags.css" {
        Some((CSS, TAGS.as_str()))
    } else {
        let file = FILES.iter().find(|file| file.name == name);
        file.map(|file| (file.media, file.text))
    };
    let Some((media, text)) = found else {
        return HttpResponse::NotFound().finish();
    };
    // During a roll-out the other version may be asked for; it gets ours, once.
    let cache = if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static(media)))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}
