//! `/plates/bind` and `/plates/{short id}`: staff with a phone bind the blank plate in their hand.
//!
//! The phone is a device of a counter, let in as tills are. Nothing here needs a script but the
//! camera: two forms, one that finds the plate, one that says where it hangs.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answer::{self, Camera};
use super::counter::device;
use super::lang::Lang;
use super::layout::Shell;
use super::plate_view::{Hangs, PlateView, Spots, find_form, plate_card};
use super::same_site;
use super::show::refused;
use super::words::Refusal;
use crate::app::{App, Rate};
use crate::crypto::claim::ClaimSecret;
use crate::db::{self, Page};
use crate::flow::FlowError;
use crate::flow::authenticate::Device;
use crate::flow::plates::{self, Hand, PlateName, Spot};
use crate::http::problem::{kinds, may_try};
use crate::id::{CounterId, StoreId};
use crate::merchant::plate::{Plate, PlateState, ShortId};
use crate::merchant::{Counter, Store};
use crate::word::Mode;

/// Stores that a phone offers, and tills: more than these are bound through the API.
const OFFERED: u32 = db::PAGE_MAX;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindForm {
    plate: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BindForm {
    secret: String,
    spot: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveForm {
    spot: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// What stands below a field that was refused.
type Says = (String, String);

/// `GET /plates/bind`
pub(super) async fn start(req: HttpRequest, app: Data<App>) -> HttpResponse {
    match device(&req, &app).await {
        Ok(_) => find_page(&req, &app, StatusCode::OK, None),
        Err(error) => not_let_in(&req, &app, error),
    }
}

/// `POST /plates/find`
pub(super) async fn find(
    req: HttpRequest,
    app: Data<App>,
    form: Result<Form<FindForm>, actix_web::Error>,
) -> HttpResponse {
    let (device, form) = match let_in(&req, &app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let typed = form.plate.trim();
    let name = match typed.parse() {
        Ok(short_id) => PlateName::Short(short_id),
        Err(_) => PlateName::Text(typed.to_owned()),
    };
    match found(&req, &app, &device, &name).await {
        Ok(plate) => see(&req, &plate.short_id),
        Err(answer) => answer,
    }
}

/// `GET /plates/{short id}`
pub(super) async fn show(req: HttpRequest, app: Data<App>, short_id: Path<String>) -> HttpResponse {
    let device = match device(&req, &app).await {
        Ok(device) => device,
        Err(error) => return not_let_in(&req, &app, error),
    };
    match named(&req, &app, &device, &short_id).await {
        Ok(plate) => plate_page(&req, &app, &device, &plate, StatusCode::OK, None).await,
        Err(answer) => answer,
    }
}

/// `POST /plates/{short id}/bind`
pub(super) async fn bind(
    req: HttpRequest,
    app: Data<App>,
    short_id: Path<String>,
    form: Result<Form<BindForm>, actix_web::Error>,
) -> HttpResponse {
    let (device, form) = match let_in(&req, &app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let plate = match named(&req, &app, &device, &short_id).await {
        Ok(plate) => plate,
        Err(answer) => return answer,
    };
    if plate.state() != PlateState::Blank {
        // Sent twice, or somebody was faster: the page says where it hangs.
        return see(&req, &plate.short_id);
    }
    if let Err(many) = may_try(&app, Rate::Claims, device.session.as_str()) {
        return refused(&req, &app, Refusal::of(many.kind()), None, Vec::new());
    }
    let done = match (ClaimSecret::parse(&form.secret), spot_in(&form.spot)) {
        (Ok(secret), Some((store, counter))) => {
            let spot = Spot {
                merchant: device.merchant.clone(),
                store,
                counter,
            };
            let bound = plates::bind_proven(&app, hand(&device), &plate.id, &secret, &spot).await;
            bound.map(drop)
        }
        (Err(_), _) => {
            let told = says(SHAPE);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return plate_page(&req, &app, &device, &plate, status, Some(told)).await;
        }
        (Ok(_), None) => Err(FlowError::NotFound("store")),
    };
    after(&req, &app, &device, &plate, done).await
}

/// `POST /plates/{short id}/move`
pub(super) async fn relocate(
    req: HttpRequest,
    app: Data<App>,
    short_id: Path<String>,
    form: Result<Form<MoveForm>, actix_web::Error>,
) -> HttpResponse {
    let (device, form) = match let_in(&req, &app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let plate = match named(&req, &app, &device, &short_id).await {
        Ok(plate) => plate,
        Err(answer) => return answer,
    };
    let done = match spot_in(&form.spot) {
        Some((store, counter)) => {
            let moved = plates::rebind(&app, hand(&device), &plate.id, Some(store), counter).await;
            moved.map(drop)
        }
        None => Err(FlowError::NotFound("store")),
    };
    after(&req, &app, &device, &plate, done).await
}

/// `POST /plates/{short id}/unbind`
pub(super) async fn unbind(
    req: HttpRequest,
    app: Data<App>,
    short_id: Path<String>,
    form: Result<Form<Empty>, actix_web::Error>,
) -> HttpResponse {
    let device = match let_in(&req, &app, form).await {
        Ok((device, Empty {})) => device,
        Err(answer) => return answer,
    };
    let plate = match named(&req, &app, &device, &short_id).await {
        Ok(plate) => plate,
        Err(answer) => return answer,
    };
    let done = plates::unbind(&app, hand(&device), &plate.id).await;
    after(&req, &app, &device, &plate, done.map(drop)).await
}

/// What a form came to: the plate as it stands now, or why not.
async fn after(
    req: &HttpRequest,
    app: &App,
    device: &Device,
    plate: &Plate,
    done: Result<(), FlowError>,
) -> HttpResponse {
    let error = match done {
        // Somebody was faster, perhaps this very form: the page says where it hangs.
        Ok(()) | Err(FlowError::State { what: "plate", .. }) => return see(req, &plate.short_id),
        Err(error) => error,
    };
    let told = about_the_secret(&error);
    let refusal = Refusal::from_flow(error);
    if told.is_none() {
        return refused(req, app, refusal, None, Vec::new());
    }
    plate_page(req, app, device, plate, refusal.status(), told).await
}

/// What stands below the secret that was not the plate's, or was not looked at.
fn about_the_secret(error: &FlowError) -> Option<Says> {
    if let FlowError::ClaimInvalid { left } = error {
        return Some(match left {
            0 => says(LOCKED_NOW),
            left => (
                format!("认领密码不对，再错 {left} 次码牌会锁定。"),
                format!("This is not its secret; {left} more wrong ones lock the plate."),
            ),
        });
    }
    let FlowError::PlateLocked { seconds, .. } = error else {
        return None;
    };
    let minutes = seconds.div_ceil(60);
    Some((
        format!("错误次数过多，已锁定，请 {minutes} 分钟后再试。"),
        format!("Too many wrong secrets: it is locked. Try again in {minutes} min."),
    ))
}

const SHAPE: (&str, &str) = (
    "认领密码是码牌上的 10 个字符。",
    "The secret is the 10 characters on the plate.",
);
const LOCKED_NOW: (&str, &str) = (
    "认领密码不对；错误次数过多，码牌已锁定，请稍后再试。",
    "This is not its secret, and there were too many: the plate is locked for now.",
);
const NO_PLATE: (&str, &str) = (
    "没有这块码牌。请核对短号，或重新扫描码牌上的码。",
    "There is no such plate. Check its short id, or scan the code on it again.",
);

fn says((zh, en): (&str, &str)) -> Says {
    (zh.to_owned(), en.to_owned())
}

fn hand(device: &Device) -> Hand<'_> {
    Hand {
        merchant: Some(&device.merchant),
        actor: device.session.as_str(),
    }
}

/// A form of a page of ours, sent by a device that was let in.
async fn let_in<T>(
    req: &HttpRequest,
    app: &App,
    form: Result<Form<T>, actix_web::Error>,
) -> Result<(Device, T), HttpResponse> {
    let refuse = |refusal| refused(req, app, refusal, None, Vec::new());
    if !same_site::is_own(req, app) {
        return Err(refuse(Refusal::of(&kinds::CSRF)));
    }
    let form = form.map_err(|error| refuse(Refusal::of_form(&error)))?;
    let device = device(req, app).await;
    let device = device.map_err(|error| not_let_in(req, app, error))?;
    Ok((device, form.into_inner()))
}

/// A phone that nobody let in is led to where that is done.
fn not_let_in(req: &HttpRequest, app: &App, error: FlowError) -> HttpResponse {
    let is_stranger = matches!(error, FlowError::Auth(_));
    let mut refusal = Refusal::from_flow(error);
    if is_stranger {
        let connect = ("连接这部手机", "Connect this phone");
        refusal = refusal.with_way("/counter".to_owned(), connect);
    }
    refused(req, app, refusal, None, Vec::new())
}

async fn named(
    req: &HttpRequest,
    app: &App,
    device: &Device,
    short_id: &str,
) -> Result<Plate, HttpResponse> {
    match short_id.parse() {
        Ok(short_id) => found(req, app, device, &PlateName::Short(short_id)).await,
        Err(_) => Err(no_plate(req, app)),
    }
}

/// The plate that is meant, if this device may bind it. Whoever makes up many is stopped.
async fn found(
    req: &HttpRequest,
    app: &App,
    device: &Device,
    name: &PlateName,
) -> Result<Plate, HttpResponse> {
    let error = match plates::find(app, hand(device), name).await {
        Ok(plate) => return Ok(plate),
        Err(error) => error,
    };
    let is_miss = matches!(
        error,
        FlowError::NotFound(_)
            | FlowError::Field { .. }
            | FlowError::CodeMalformed(_)
            | FlowError::CodeSignatureInvalid
    );
    if !is_miss {
        let refusal = Refusal::from_flow(error);
        return Err(refused(req, app, refusal, None, Vec::new()));
    }
    if let Err(many) = may_try(app, Rate::Misses, device.session.as_str()) {
        return Err(refused(
            req,
            app,
            Refusal::of(many.kind()),
            None,
            Vec::new(),
        ));
    }
    Err(no_plate(req, app))
}

fn no_plate(req: &HttpRequest, app: &App) -> HttpResponse {
    find_page(req, app, StatusCode::NOT_FOUND, Some(says(NO_PLATE)))
}

fn find_page(req: &HttpRequest, app: &App, status: StatusCode, told: Option<Says>) -> HttpResponse {
    let lang = Lang::of(req);
    let shell = Shell {
        lang,
        title: lang.of_two("绑定码牌", "Bind a plate"),
        here: "/plates/bind",
        form: &[],
        kind: "payer",
        scripts: &["camera.js", "plate.js"],
        is_test: app.mode == Mode::Test,
    };
    let page = shell.wrap(&find_form(lang, told.as_ref()));
    answer::page(status, lang, Camera::Needed, page)
}

async fn plate_page(
    req: &HttpRequest,
    app: &App,
    device: &Device,
    plate: &Plate,
    status: StatusCode,
    told: Option<Says>,
) -> HttpResponse {
    let view = match view(app, device, plate).await {
        Ok(view) => view,
        Err(error) => return refused(req, app, Refusal::from_flow(error), None, Vec::new()),
    };
    let lang = Lang::of(req);
    let here = format!("/plates/{}", plate.short_id);
    let shell = Shell {
        lang,
        title: lang.of_two("绑定码牌", "Bind a plate"),
        here: &here,
        form: &[],
        kind: "payer",
        scripts: &[],
        is_test: app.mode == Mode::Test,
    };
    let page = shell.wrap(&plate_card(lang, &view, told.as_ref()));
    answer::page(status, lang, Camera::Off, page)
}

/// Where the plate hangs, and where it could.
async fn view(app: &App, device: &Device, plate: &Plate) -> Result<PlateView, FlowError> {
    let mut tx = app.db.read().await?;
    let code = match plate.code() {
        Some(code) => db::codes::find_of(&mut tx, &device.merchant, code).await?,
        None => None,
    };
    let merchant = db::merchants::find(&mut tx, &device.merchant).await?;
    let merchant = merchant.ok_or(FlowError::NotFound("merchant"))?;
    let page = Page::new(None, OFFERED);
    let mut stores = db::stores::list(&mut tx, &device.merchant, &page).await?;
    let mut counters = db::counters::list(&mut tx, &device.merchant, &page).await?;
    // Of a long list the device's own place is never missing.
    if !stores.iter().any(|store| store.id == device.store) {
        stores.extend(db::stores::find(&mut tx, &device.merchant, &device.store).await?);
    }
    if !counters.iter().any(|counter| counter.id == device.counter) {
        counters.extend(db::counters::find(&mut tx, &device.merchant, &device.counter).await?);
    }
    tx.commit().await?;
    stores.sort_by_key(|store| store.id != device.store);
    let spots = stores.iter().map(|store| spots(store, &counters)).collect();
    let hangs = match (plate.state(), &code) {
        (PlateState::Blank, _) => Hangs::Nowhere,
        (PlateState::Void, _) => Hangs::Never,
        (PlateState::Bound, None) => Hangs::Elsewhere,
        (PlateState::Bound, Some(code)) => {
            let store = stores.iter().find(|store| store.id == code.store);
            let counter = code.counter.as_ref();
            let counter = counter.and_then(|id| counters.iter().find(|till| till.id == *id));
            Hangs::Here {
                store: store.map_or_else(String::new, |store| store.name.to_string()),
                counter: counter.map(|till| till.name.to_string()),
                spot: match &code.counter {
                    Some(till) => format!("{}.{till}", code.store),
                    None => code.store.to_string(),
                },
            }
        }
    };
    Ok(PlateView {
        short_id: plate.short_id.to_string(),
        merchant: merchant.name.to_string(),
        hangs,
        spots,
        own: device.store.to_string(),
    })
}

fn spots(store: &Store, counters: &[Counter]) -> Spots {
    let there = counters.iter().filter(|till| till.store == store.id);
    let till = |till: &Counter| (format!("{}.{}", till.store, till.id), till.name.to_string());
    Spots {
        store: store.name.to_string(),
        value: store.id.to_string(),
        tills: there.map(till).collect(),
    }
}

/// What the choice of a place sends: a store, or a store and a till of it.
fn spot_in(sent: &str) -> Option<(StoreId, Option<CounterId>)> {
    match sent.split_once('.') {
        Some((store, till)) => Some((store.parse().ok()?, Some(till.parse().ok()?))),
        None => Some((sent.parse().ok()?, None)),
    }
}

/// On to the plate's page, so that nothing is sent again by going back.
fn see(req: &HttpRequest, short_id: &ShortId) -> HttpResponse {
    let place = match Lang::asked(req.query_string()) {
        Some(lang) => format!("/plates/{short_id}?lang={}", lang.word()),
        None => format!("/plates/{short_id}"),
    };
    HttpResponse::SeeOther()
        .insert_header((LOCATION, place))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
