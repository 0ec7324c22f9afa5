//! `/plates/bind` and `/plates/{short id}`: staff with a phone bind the blank plate in their hand.
//!
//! The phone is a device of a counter, let in as tills are. Nothing here needs a script but the
//! camera: two forms, one that finds the plate, one that says where it hangs; and where a shop has more
//! places than a phone can offer, pages that lead from store to till.

mod places;
mod staff;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use self::places::spot_in;
use self::staff::{AtPlate, Staff};
use self::view::{Says, plate_card};
use super::answer::Camera;
use super::lang::Lang;
use super::words::Refusal;
use crate::app::{App, Rate};
use crate::crypto::claim::ClaimSecret;
use crate::flow::FlowError;
use crate::flow::plates::{self, PlateName};
use crate::http::problem::may_try;
use crate::merchant::plate::{PlateState, Spot};

pub(super) use self::places::choose;

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

#[derive(Debug, Default, Deserialize)]
struct ShowQuery {
    /// A place that was chosen on another page.
    spot: Option<String>,
}

/// `GET /plates/bind`
pub(super) async fn start(req: HttpRequest, app: Data<App>) -> HttpResponse {
    match Staff::looks(&req, &app).await {
        Ok(staff) => staff.find_page(StatusCode::OK, None),
        Err(answer) => answer,
    }
}

/// `POST /plates/find`
pub(super) async fn find(
    req: HttpRequest,
    app: Data<App>,
    form: Result<Form<FindForm>, actix_web::Error>,
) -> HttpResponse {
    let (staff, form) = match Staff::sends(&req, &app, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let typed = form.plate.trim();
    let name = match typed.parse() {
        Ok(short_id) => PlateName::Short(short_id),
        Err(_) => PlateName::Text(typed.to_owned()),
    };
    match staff.finds(&name).await {
        Ok(plate) => staff.see(&plate.short_id),
        Err(answer) => answer,
    }
}

/// `GET /plates/{short id}`
pub(super) async fn show(req: HttpRequest, app: Data<App>, short_id: Path<String>) -> HttpResponse {
    let asked = Query::<ShowQuery>::from_query(req.query_string());
    let spot = asked.ok().and_then(|asked| asked.into_inner().spot);
    match AtPlate::looks(&req, &app, &short_id).await {
        Ok(at) => at.shows(StatusCode::OK, spot, None).await,
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
    let (at, form) = match AtPlate::sends(&req, &app, &short_id, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    if at.plate.state() != PlateState::Blank {
        // Sent twice, or somebody was faster: the page says where it hangs.
        return at.see();
    }
    let device = &at.staff.device;
    if let Err(many) = may_try(&app, Rate::Claims, device.session.as_str()) {
        return at.staff.refuses(Refusal::of(many.kind()));
    }
    let Ok(secret) = ClaimSecret::parse(&form.secret) else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return at.shows(status, Some(form.spot), Some(says(SHAPE))).await;
    };
    let done = match spot_in(&form.spot) {
        Some((store, counter)) => {
            let spot = Spot {
                merchant: device.merchant.clone(),
                store,
                counter,
            };
            let hand = at.staff.hand();
            let bound = plates::bind_proven(&app, hand, &at.plate.id, &secret, &spot).await;
            bound.map(drop)
        }
        None => Err(FlowError::NotFound("store")),
    };
    at.after(done, Some(form.spot)).await
}

/// `POST /plates/{short id}/move`
pub(super) async fn relocate(
    req: HttpRequest,
    app: Data<App>,
    short_id: Path<String>,
    form: Result<Form<MoveForm>, actix_web::Error>,
) -> HttpResponse {
    let (at, form) = match AtPlate::sends(&req, &app, &short_id, form).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let done = match spot_in(&form.spot) {
        Some((store, counter)) => {
            let (hand, id) = (at.staff.hand(), &at.plate.id);
            let moved = plates::rebind(&app, hand, id, Some(store), counter).await;
            moved.map(drop)
        }
        None => Err(FlowError::NotFound("store")),
    };
    at.after(done, Some(form.spot)).await
}

/// `POST /plates/{short id}/unbind`
pub(super) async fn unbind(
    req: HttpRequest,
    app: Data<App>,
    short_id: Path<String>,
    form: Result<Form<Empty>, actix_web::Error>,
) -> HttpResponse {
    let at = match AtPlate::sends(&req, &app, &short_id, form).await {
        Ok((at, Empty {})) => at,
        Err(answer) => return answer,
    };
    let done = plates::unbind(&app, at.staff.hand(), &at.plate.id).await;
    at.after(done.map(drop), None).await
}

impl AtPlate<'_> {
    /// The plate's page; `spot` is the place that was chosen, `says` what was wrong with the secret.
    async fn shows(
        &self,
        status: StatusCode,
        spot: Option<String>,
        says: Option<Says>,
    ) -> HttpResponse {
        let view = match self.view(spot).await {
            Ok(view) => view,
            Err(error) => return self.staff.refuses(Refusal::from_flow(error)),
        };
        let here = format!("/plates/{}", self.plate.short_id);
        let card = plate_card(Lang::of(self.staff.req), &view, says.as_ref());
        self.staff.page(status, &here, &[], Camera::Off, &card)
    }

    /// What a form came to: the plate as it stands now, or why not.
    async fn after(&self, done: Result<(), FlowError>, spot: Option<String>) -> HttpResponse {
        let error = match done {
            // Somebody was faster, perhaps this very form: the page says where it hangs.
            Ok(()) | Err(FlowError::State { what: "plate", .. }) => return self.see(),
            Err(error) => error,
        };
        let says = about_the_secret(&error);
        let refusal = Refusal::from_flow(error);
        match says {
            Some(says) => self.shows(refusal.status(), spot, Some(says)).await,
            None => self.staff.refuses(refusal),
        }
    }
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

fn says((zh, en): (&str, &str)) -> Says {
    (zh.to_owned(), en.to_owned())
}
