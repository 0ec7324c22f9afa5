//! `/v1/institutions`, `/v1/acceptances`, `/v1/agreements`: whose payers can pay, and why.

use actix_web::get;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{self, Page};
use crate::http::api::answer::{Refusals, reading};
use crate::http::api::list::{ListQuery, Listed, Place};
use crate::http::auth::{Caller, ReadMerchant};
use crate::http::extract::{Id, Query};
use crate::http::problem::Problem;
use crate::id::{AcceptanceId, AgreementId};
use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, Institution, InstitutionId,
    InstitutionState, Label, Name, ProtectionClass, Ways,
};
use crate::money::{Amount, Currency};

/// A payment institution.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstitutionView {
    id: InstitutionId,
    name_zh: Name,
    name_en: Name,
    state: InstitutionState,
}

impl From<Institution> for InstitutionView {
    fn from(institution: Institution) -> Self {
        Self {
            id: institution.id,
            name_zh: institution.name_zh,
            name_en: institution.name_en,
            state: institution.state,
        }
    }
}

/// The merchant takes an institution.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptanceView {
    id: AcceptanceId,
    institution: InstitutionId,
    state: AcceptanceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cohort: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_limit_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day_limit_minor: Option<i64>,
    /// How well payments by printed codes are protected, which decides what one payer may pay by
    /// them in a day.
    protection: ProtectionClass,
    created_at: Timestamp,
}

impl From<Acceptance> for AcceptanceView {
    fn from(acceptance: Acceptance) -> Self {
        Self {
            id: acceptance.id,
            institution: acceptance.institution,
            state: acceptance.state,
            platform: acceptance.platform,
            cohort: acceptance.cohort,
            opens_at: acceptance.opens_at,
            consent_at: acceptance.consent_at,
            protection: acceptance.protection,
            payment_limit_minor: acceptance.payment_limit.map(Amount::minor),
            day_limit_minor: acceptance.day_limit.map(Amount::minor),
            created_at: acceptance.created_at,
        }
    }
}

/// Payers of one institution may pay into accounts at another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgreementView {
    id: AgreementId,
    payer: InstitutionId,
    payee: InstitutionId,
    ways: Ways,
    clearing: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    attester: Option<InstitutionId>,
    state: AgreementState,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_limit_minor: Option<i64>,
    starts_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
}

impl From<Agreement> for AgreementView {
    fn from(agreement: Agreement) -> Self {
        Self {
            id: agreement.id,
            payer: agreement.payer,
            payee: agreement.payee,
            ways: agreement.ways,
            clearing: agreement.clearing,
            attester: agreement.attester,
            state: agreement.state,
            currency: agreement.currency,
            payment_limit_minor: agreement.payment_limit.map(Amount::minor),
            starts_at: agreement.starts_at,
            ends_at: agreement.ends_at,
        }
    }
}

/// The payment institutions that this server knows.
#[utoipa::path(tag = "institutions", operation_id = "listInstitutions", params(ListQuery),
    responses((status = 200, body = Listed<InstitutionView>), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/institutions")]
pub(crate) async fn list_institutions(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    query: Query<ListQuery>,
) -> Result<Json<Listed<InstitutionView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let cursor = query.cursor.as_deref();
    let place = Place::read(&app, merchant, "institutions", query.limit, cursor)?;
    let page = Page::new(place.seen.as_deref(), place.wanted());
    let rows = reading(&app, async |tx| db::institutions::list(tx, &page).await).await?;
    Ok(Json(place.page(
        &app,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )))
}

/// One payment institution.
#[utoipa::path(tag = "institutions", operation_id = "getInstitution",
    params(("id" = InstitutionId, Path)),
    responses((status = 200, body = InstitutionView), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/institutions/{id}")]
pub(crate) async fn find_institution(
    app: Data<App>,
    _caller: Caller<ReadMerchant>,
    id: Id<InstitutionId>,
) -> Result<Json<InstitutionView>, Problem> {
    let id = id.read()?;
    let found = reading(&app, async |tx| db::institutions::find(tx, &id).await).await?;
    let found = found.ok_or_else(|| Problem::not_found("institution"))?;
    Ok(Json(found.into()))
}

/// What the merchant accepts.
#[utoipa::path(tag = "institutions", operation_id = "listAcceptances", params(ListQuery),
    responses((status = 200, body = Listed<AcceptanceView>), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/acceptances")]
pub(crate) async fn list_acceptances(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    query: Query<ListQuery>,
) -> Result<Json<Listed<AcceptanceView>>, Problem> {
    let (merchant, query) = (&caller.principal.merchant, query.read()?);
    let cursor = query.cursor.as_deref();
    let place = Place::read(&app, merchant, "acceptances", query.limit, cursor)?;
    let page = Page::new(place.seen.as_deref(), place.wanted());
    let rows = reading(&app, async |tx| {
        db::acceptances::list(tx, merchant, &page).await
    })
    .await?;
    Ok(Json(place.page(
        &app,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )))
}

/// One acceptance.
#[utoipa::path(tag = "institutions", operation_id = "getAcceptance",
    params(("id" = AcceptanceId, Path)),
    responses((status = 200, body = AcceptanceView), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/acceptances/{id}")]
pub(crate) async fn find_acceptance(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    id: Id<AcceptanceId>,
) -> Result<Json<AcceptanceView>, Problem> {
    let (merchant, id) = (&caller.principal.merchant, id.read()?);
    let found = reading(&app, async |tx| {
        db::acceptances::find(tx, merchant, &id).await
    })
    .await?;
    let found = found.ok_or_else(|| Problem::not_found("acceptance"))?;
    Ok(Json(found.into()))
}

/// The agreements that bring payers of other institutions to this merchant.
#[utoipa::path(tag = "institutions", operation_id = "listAgreements",
    responses((status = 200, body = Listed<AgreementView>), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/agreements")]
pub(crate) async fn list_agreements(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
) -> Result<Json<Listed<AgreementView>>, Problem> {
    let rows = touching(&app, &caller).await?;
    Ok(Json(Listed {
        data: rows.into_iter().map(Into::into).collect(),
        has_more: false,
        next_cursor: None,
    }))
}

/// One agreement that brings payers to this merchant.
#[utoipa::path(tag = "institutions", operation_id = "getAgreement",
    params(("id" = AgreementId, Path)),
    responses((status = 200, body = AgreementView), Refusals),
    security(("api_key" = ["merchant:read"])))]
#[get("/v1/agreements/{id}")]
pub(crate) async fn find_agreement(
    app: Data<App>,
    caller: Caller<ReadMerchant>,
    id: Id<AgreementId>,
) -> Result<Json<AgreementView>, Problem> {
    let id = id.read()?;
    let mut rows = touching(&app, &caller).await?.into_iter();
    let found = rows.find(|agreement| agreement.id == id);
    let found = found.ok_or_else(|| Problem::not_found("agreement"))?;
    Ok(Json(found.into()))
}

async fn touching(app: &App, caller: &Caller<ReadMerchant>) -> Result<Vec<Agreement>, Problem> {
    let merchant = &caller.principal.merchant;
    reading(app, async |tx| {
        db::agreements::leading_to(tx, merchant).await
    })
    .await
}
