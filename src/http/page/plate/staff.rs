//! Who stands before which plate. Each is asked once, here, before a page says or does anything.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Form;
use actix_web::{HttpRequest, HttpResponse};
use maud::Markup;

use super::view::{Says, find_form};
use crate::app::{App, Rate};
use crate::flow::authenticate::Device;
use crate::flow::plates::{self, Hand, PlateName};
use crate::flow::{FlowError, decode};
use crate::http::page::answer::{self, Camera};
use crate::http::page::counter::device;
use crate::http::page::lang::Lang;
use crate::http::page::layout::Shell;
use crate::http::page::same_site;
use crate::http::page::show::refused;
use crate::http::page::words::Refusal;
use crate::http::problem::{kinds, may_try};
use crate::merchant::plate::{Plate, ShortId};
use crate::word::Mode;

const NO_PLATE: (&str, &str) = (
    "没有这块码牌。请核对短号，或重新扫描码牌上的码。",
    "There is no such plate. Check its short id, or scan the code on it again.",
);

const PAYERS: (&str, &str) = (
    "这是顾客的付款码，不是码牌。谁拿到它就能向那位顾客扣款：请勿保存、拍照或转发。",
    "This is a payer's code, and no plate. Whoever has it can charge that payer: do not keep it or pass it on.",
);

/// Staff of a shop, whose phone was let in as tills are.
pub(super) struct Staff<'a> {
    pub(super) req: &'a HttpRequest,
    pub(super) app: &'a App,
    pub(super) device: Device,
}

/// Staff, and the plate in their hand.
pub(super) struct AtPlate<'a> {
    pub(super) staff: Staff<'a>,
    pub(super) plate: Plate,
}

impl<'a> Staff<'a> {
    /// Whoever looks at a page.
    pub(super) async fn looks(req: &'a HttpRequest, app: &'a App) -> Result<Self, HttpResponse> {
        match device(req, app).await {
            Ok(device) => Ok(Self { req, app, device }),
            Err(error) => Err(not_let_in(req, app, error)),
        }
    }

    /// Whoever sends a form of a page of ours.
    pub(super) async fn sends<T>(
        req: &'a HttpRequest,
        app: &'a App,
        form: Result<Form<T>, actix_web::Error>,
    ) -> Result<(Self, T), HttpResponse> {
        let refuse = |refusal| refused(req, app, refusal, None, Vec::new());
        if !same_site::is_own(req, app) {
            return Err(refuse(Refusal::of(&kinds::CSRF)));
        }
        let form = form.map_err(|error| refuse(Refusal::of_form(&error)))?;
        Ok((Self::looks(req, app).await?, form.into_inner()))
    }

    pub(super) fn hand(&self) -> Hand<'_> {
        Hand {
            merchant: Some(&self.device.merchant),
            actor: self.device.session.as_str(),
        }
    }

    pub(super) fn refuses(&self, refusal: Refusal) -> HttpResponse {
        refused(self.req, self.app, refusal, None, Vec::new())
    }

    /// The plate that is meant, if this device may bind it. Whoever makes up many is stopped.
    pub(super) async fn finds(&self, name: &PlateName) -> Result<Plate, HttpResponse> {
        let error = match plates::find(self.app, self.hand(), name).await {
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
            return Err(self.refuses(Refusal::from_flow(error)));
        }
        match may_try(self.app, Rate::Misses, self.device.session.as_str()) {
            Ok(()) if self.is_payers(name) => Err(self.no_plate(PAYERS)),
            Ok(()) => Err(self.no_plate(NO_PLATE)),
            Err(many) => Err(self.refuses(Refusal::of(many.kind()))),
        }
    }

    /// Somebody's till was held against the wrong phone, or a field took what another waited for.
    fn is_payers(&self, name: &PlateName) -> bool {
        match name {
            PlateName::Text(text) => decode::is_payers(self.app, text),
            PlateName::Short(_) => false,
        }
    }

    fn no_plate(&self, (zh, en): (&str, &str)) -> HttpResponse {
        let told = (zh.to_owned(), en.to_owned());
        self.find_page(StatusCode::NOT_FOUND, Some(&told))
    }

    /// The page that asks for a plate.
    pub(super) fn find_page(&self, status: StatusCode, told: Option<&Says>) -> HttpResponse {
        let lang = Lang::of(self.req);
        let scripts = &["camera.js", "plate.js"];
        let form = find_form(lang, told);
        self.page(status, "/plates/bind", scripts, Camera::Needed, &form)
    }

    /// A page of these.
    pub(super) fn page(
        &self,
        status: StatusCode,
        here: &str,
        scripts: &'static [&'static str],
        camera: Camera,
        content: &Markup,
    ) -> HttpResponse {
        let lang = Lang::of(self.req);
        let shell = Shell {
            lang,
            title: lang.of_two("绑定码牌", "Bind a plate"),
            here,
            form: &[],
            kind: "payer",
            scripts,
            is_test: self.app.mode == Mode::Test,
        };
        answer::page(status, lang, camera, shell.wrap(content))
    }

    /// On to a plate's page, so that nothing is sent again by going back.
    pub(super) fn see(&self, short_id: &ShortId) -> HttpResponse {
        let place = match Lang::asked(self.req.query_string()) {
            Some(lang) => format!("/plates/{short_id}?lang={}", lang.word()),
            None => format!("/plates/{short_id}"),
        };
        HttpResponse::SeeOther()
            .insert_header((LOCATION, place))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish()
    }
}

impl<'a> AtPlate<'a> {
    /// Whoever looks at a plate's page.
    pub(super) async fn looks(
        req: &'a HttpRequest,
        app: &'a App,
        short_id: &str,
    ) -> Result<Self, HttpResponse> {
        Self::of(Staff::looks(req, app).await?, short_id).await
    }

    /// Whoever sends a form of a plate's page.
    pub(super) async fn sends<T>(
        req: &'a HttpRequest,
        app: &'a App,
        short_id: &str,
        form: Result<Form<T>, actix_web::Error>,
    ) -> Result<(Self, T), HttpResponse> {
        let (staff, form) = Staff::sends(req, app, form).await?;
        Ok((Self::of(staff, short_id).await?, form))
    }

    async fn of(staff: Staff<'a>, short_id: &str) -> Result<Self, HttpResponse> {
        let short_id = short_id.parse().map_err(|_| staff.no_plate(NO_PLATE))?;
        let plate = staff.finds(&PlateName::Short(short_id)).await?;
        Ok(Self { staff, plate })
    }

    pub(super) fn see(&self) -> HttpResponse {
        self.staff.see(&self.plate.short_id)
    }
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
