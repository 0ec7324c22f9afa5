//! The API: for merchants' programs under `/v1`, for payment institutions under `/wallet/v1`.
//!
//! A route is added here and nowhere else; the same line puts it into the OpenAPI document, so that
//! none can be forgotten there.

mod about;
mod adoptions;
mod answer;
pub mod bodies;
mod checks;
mod codes;
mod events;
mod feed;
mod institutions;
mod list;
pub(super) mod metrics;
mod payments;
mod plate_batches;
mod plate_parts;
mod plates;
mod prints;
mod shops;
mod wallets;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds all routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(about::jwks)
        .service(about::openapi)
        .service(about::problems)
        .service(about::problem)
        .service(about::healthz)
        .service(about::readyz)
        .service(metrics::read)
        .service(wallets::resolve)
        .service(wallets::start)
        .service(wallets::report)
        .service(wallets::find_attempt)
        .service(wallets::confirm)
        .service(wallets::find_order)
        .service(shops::own_merchant)
        .service(shops::list_merchants)
        .service(shops::list_stores)
        .service(shops::find_store)
        .service(shops::list_counters)
        .service(shops::find_counter)
        .service(shops::invite)
        .service(institutions::list_institutions)
        .service(institutions::find_institution)
        .service(institutions::list_acceptances)
        .service(institutions::find_acceptance)
        .service(institutions::list_agreements)
        .service(institutions::find_agreement)
        .service(codes::issue)
        .service(codes::list)
        .service(codes::symbol_png)
        .service(codes::symbol_svg)
        .service(prints::print)
        .service(prints::print_with_logo)
        .service(codes::suspend)
        .service(codes::resume)
        .service(codes::revoke)
        .service(codes::find)
        .service(adoptions::create)
        .service(adoptions::list)
        .service(adoptions::end)
        .service(adoptions::find)
        .service(plate_batches::create)
        .service(plate_batches::list)
        .service(plate_batches::find)
        .service(plate_parts::print)
        .service(plates::bind)
        .service(plates::list)
        .service(plates::rebind)
        .service(plates::unbind)
        .service(plates::void)
        .service(plates::find)
        .service(payments::create)
        .service(payments::list)
        .service(payments::cancel)
        .service(payments::find)
        .service(payments::list_exceptions)
        .service(checks::verify)
        .service(checks::decode)
        .service(checks::check_sign)
        .service(checks::dry_run)
        .service(events::list)
        .service(feed::follow);
}
