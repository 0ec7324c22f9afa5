//! "Check my sign" at the counter: is what hangs on the wall ours, genuine, and where it belongs?

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::call::OwnCall;
use super::counter::device;
use super::lang::Lang;
use crate::app::{App, Rate};
use crate::clock::Timestamp;
use crate::db::{self, DbError};
use crate::flow::authenticate::Device;
use crate::flow::check_sign::{self, CheckedSign, SignVerdict};
use crate::http::problem::{Problem, may_try};

/// What the symbol on the wall says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignCall {
    text: String,
}

/// What a cashier is told beside the verdict, in names.
struct Place {
    store: Option<String>,
    counter: Option<String>,
    zone: String,
}

/// `POST /counter/sign`
pub(super) async fn check(
    req: HttpRequest,
    app: Data<App>,
    call: OwnCall<SignCall>,
) -> Result<HttpResponse, Problem> {
    let device = device(&req, &app).await?;
    may_try(&app, Rate::Receipts, device.session.as_str())?;
    let text = call.read()?.text;
    let here = (Some(&device.store), Some(&device.counter));
    let checked = check_sign::check(&app, &device.merchant, here, text.trim()).await?;
    let place = place(&app, &device, &checked).await?;
    let (title, detail) = words(&checked, &place, Lang::of(&req));
    Ok(HttpResponse::Ok().json(json!({
        "verdict": checked.verdict,
        "title": title,
        "detail": detail,
    })))
}

async fn place(app: &App, device: &Device, checked: &CheckedSign) -> Result<Place, DbError> {
    let mut tx = app.db.read().await?;
    let merchant = db::merchants::find(&mut tx, &device.merchant).await?;
    let store = match &checked.store {
        Some(id) => db::stores::find(&mut tx, &device.merchant, id).await?,
        None => None,
    };
    let counter = match &checked.counter {
        Some(id) => db::counters::find(&mut tx, &device.merchant, id).await?,
        None => None,
    };
    tx.rollback().await?;
    Ok(Place {
        store: store.map(|store| store.name.to_string()),
        counter: counter.map(|counter| counter.name.to_string()),
        zone: merchant.map_or_else(String::new, |merchant| merchant.time_zone.to_string()),
    })
}

/// One strong word, and one line of facts with times in the merchant's zone.
fn words(checked: &CheckedSign, place: &Place, lang: Lang) -> (&'static str, String) {
    let title = match checked.verdict {
        SignVerdict::Ours => lang.of_two("是我们的码，真的", "Ours, and genuine"),
        SignVerdict::Elsewhere => lang.of_two(
            "是我们的码，但不该挂在这里",
            "Ours, but it belongs elsewhere",
        ),
        SignVerdict::Stopped => lang.of_two(
            "是我们的码，但已不能收款",
            "Ours, but it takes no money any more",
        ),
        SignVerdict::Unbound => lang.of_two("空白码牌，还没有绑定", "A blank plate, not bound yet"),
        SignVerdict::Strangers => lang.of_two(
            "钱会付给别人，请取下",
            "It pays somebody else: take it down",
        ),
        SignVerdict::Forged => lang.of_two("假码，请取下", "Forged: take it down"),
        SignVerdict::PayerCode => lang.of_two("这是顾客的付款码", "A payer's code, and no sign"),
        SignVerdict::Foreign => lang.of_two("不是我们的码", "Not one of our codes"),
    };
    let mut facts = Vec::new();
    match checked.verdict {
        SignVerdict::Strangers => facts.push(
            lang.of_two(
                "是真的收款码，但属于别的商户。",
                "A genuine code, of another merchant.",
            )
            .to_owned(),
        ),
        SignVerdict::Forged => facts.push(
            lang.of_two(
                "看起来像我们发的，其实不是。",
                "It looks as if we had issued it, and we did not.",
            )
            .to_owned(),
        ),
        SignVerdict::PayerCode => facts.push(
            lang.of_two(
                "谁拿到它就能向那位顾客扣款：请勿保存、拍照或转发。",
                "Whoever has it can charge that payer: do not keep it or pass it on.",
            )
            .to_owned(),
        ),
        SignVerdict::Foreign => facts.push(
            lang.of_two(
                "如果它贴在您的收款码上，请取下。",
                "If it is stuck over your sign, take it down.",
            )
            .to_owned(),
        ),
        SignVerdict::Unbound => facts.push(
            lang.of_two(
                "现在谁也付不了；凭码牌上的密语绑定后才能收款。",
                "Nobody can pay it; bind it by the claim secret on it first.",
            )
            .to_owned(),
        ),
        SignVerdict::Ours | SignVerdict::Elsewhere | SignVerdict::Stopped => {}
    }
    if let Some(code) = &checked.code {
        facts.push(code.short());
    }
    facts.extend(place.store.clone());
    match (&checked.counter, &place.counter) {
        (Some(_), Some(name)) => facts.push(name.clone()),
        (None, _) if checked.store.is_some() => {
            facts.push(lang.of_two("全店通用", "for the whole store").to_owned());
        }
        (Some(_) | None, _) => {}
    }
    if let Some(since) = checked.since {
        let day = since.day_in(&place.zone);
        facts.push(match lang {
            Lang::Zh => format!("{day} 起"),
            Lang::En => format!("since {day}"),
        });
    }
    if checked.code.is_some() {
        facts.push(last_paid(checked.last_paid_at, &place.zone, lang));
    }
    (title, facts.join(" · "))
}

fn last_paid(at: Option<Timestamp>, zone: &str, lang: Lang) -> String {
    let Some(at) = at else {
        return lang.of_two("还没有收过款", "never paid yet").to_owned();
    };
    let (day, time) = (at.day_in(zone), at.time_in(zone));
    match lang {
        Lang::Zh => format!("上次收款 {day} {time}"),
        Lang::En => format!("last paid {day} {time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(verdict: SignVerdict, is_bound: bool, lang: Lang) -> (&'static str, String) {
        let at = |text: &str| Some(text.parse().unwrap());
        let is_own = matches!(
            verdict,
            SignVerdict::Ours | SignVerdict::Elsewhere | SignVerdict::Stopped
        );
        let own = |is_own: bool| is_own.then_some(());
        let checked = CheckedSign {
            verdict,
            code: own(is_own).map(|()| "cod_0123456789abcdefghij7f3k2q".parse().unwrap()),
            store: own(is_own).map(|()| "sto_0123456789abcdefghij7f3k2q".parse().unwrap()),
            counter: own(is_own && is_bound)
                .map(|()| "ctr_0123456789abcdefghij7f3k2q".parse().unwrap()),
            state: None,
            since: own(is_own).and_then(|()| at("2026-11-01T17:00:00Z")),
            last_paid_at: own(is_bound).and_then(|()| at("2026-11-21T04:00:09Z")),
        };
        let place = Place {
            store: checked.store.as_ref().map(|_| "南京路店".to_owned()),
            counter: checked.counter.as_ref().map(|_| "1 号柜台".to_owned()),
            zone: "Asia/Shanghai".to_owned(),
        };
        words(&checked, &place, lang)
    }

    #[test]
    fn a_sign_of_ours_says_where_it_belongs_since_when_and_when_it_was_paid() {
        let (title, detail) = told(SignVerdict::Ours, true, Lang::Zh);
        assert_eq!(title, "是我们的码，真的");
        let facts = "7F3K2Q · 南京路店 · 1 号柜台 · 2026-11-02 起 · 上次收款 2026-11-21 12:00:09";
        assert_eq!(detail, facts);
        let (_, detail) = told(SignVerdict::Elsewhere, false, Lang::En);
        let facts = "7F3K2Q · 南京路店 · for the whole store · since 2026-11-02 · never paid yet";
        assert_eq!(detail, facts);
    }

    #[test]
    fn a_strangers_sign_says_nothing_about_the_stranger() {
        for verdict in [
            SignVerdict::Strangers,
            SignVerdict::Forged,
            SignVerdict::PayerCode,
            SignVerdict::Foreign,
        ] {
            let (title, detail) = told(verdict, false, Lang::En);
            assert!(!title.is_empty() && !detail.contains('·'), "{detail}");
        }
    }
}
