//! `/`: what this server is, for whoever typed its name.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::html;

use super::lang::Lang;
use super::layout::both;
use super::show::payer_page;
use crate::app::App;

/// `GET /`
pub(super) async fn show(req: HttpRequest, app: Data<App>) -> HttpResponse {
    let lang = Lang::of(&req);
    let docs = format!("/docs?lang={}", lang.word());
    let content = html! {
        main.card.home {
            h1 { (both(lang, "通码收款服务", "A tongma payment-code server")) }
            p.lead {
                (lang.of_two(
                    "商户一个收款码，各家钱包都能付。要付款，请用钱包扫店里的码。",
                    "One receiving code for a shop, whichever wallet scans it. To pay, scan the shop’s code with a wallet.",
                ))
            }
            p { a href=(docs) { (lang.of_two("接口文档", "How to connect: the API")) } }
        }
    };
    payer_page(&req, &app, StatusCode::OK, "通码 tongma", &[], &content)
}
