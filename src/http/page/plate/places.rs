//! Where a plate could hang. A phone offers all places of a small merchant in one list; of a large one
//! those nearby, and pages that lead by name from store to till, so that every place can be reached.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::staff::AtPlate;
use super::view::{Hangs, Level, PlacesView, PlateView, Spots, places_card};
use crate::app::App;
use crate::db::{self, Page, Tx};
use crate::flow::FlowError;
use crate::http::page::answer::Camera;
use crate::http::page::lang::Lang;
use crate::http::page::words::Refusal;
use crate::id::{CounterId, MerchantId, StoreId};
use crate::merchant::plate::{PlateState, Spot};
use crate::merchant::{Counter, Store};

/// Stores, and tills, that one list offers: more than these make no list that anybody reads.
const OFFERED: u32 = db::PAGE_MAX;
/// Places on one page of a search: some screens of a phone.
const FOUND: u32 = 50;
/// No name has more characters.
const WORDS_MAX: usize = 60;

#[derive(Debug, Default, Deserialize)]
struct ChooseQuery {
    /// The store whose tills are wanted; stores are where nothing is said.
    store: Option<StoreId>,
    /// What is in the name.
    find: Option<String>,
    /// The last of the page before.
    after: Option<String>,
}

/// `GET /plates/{short id}/places`: any store, then any till of it.
pub(in crate::http::page) async fn choose(
    req: HttpRequest,
    app: Data<App>,
    short_id: Path<String>,
) -> HttpResponse {
    let at = match AtPlate::looks(&req, &app, &short_id).await {
        Ok(at) => at,
        Err(answer) => return answer,
    };
    // What makes no sense is passed over: the page begins anew.
    let asked = Query::<ChooseQuery>::from_query(req.query_string());
    let asked = asked.map(Query::into_inner).unwrap_or_default();
    let view = match at.places(asked).await {
        Ok(view) => view,
        Err(error) => return at.staff.refuses(Refusal::from_flow(error)),
    };
    let here = view.address(view.from.as_deref());
    let card = places_card(Lang::of(&req), &view);
    at.staff
        .page(StatusCode::OK, &here, &[], Camera::Off, &card)
}

/// What the choice of a place sends: a store, or a store and a till of it.
pub(super) fn spot_in(sent: &str) -> Option<(StoreId, Option<CounterId>)> {
    match sent.split_once('.') {
        Some((store, till)) => Some((store.parse().ok()?, Some(till.parse().ok()?))),
        None => Some((sent.parse().ok()?, None)),
    }
}

/// What a place is called in the choice of places.
fn sent(store: &StoreId, counter: Option<&CounterId>) -> String {
    match counter {
        Some(till) => format!("{store}.{till}"),
        None => store.to_string(),
    }
}

/// What is looked for; no name has a character that controls something.
fn words(typed: &str) -> String {
    let shown = typed.trim().chars().filter(|c| !c.is_control());
    shown.take(WORDS_MAX).collect()
}

impl AtPlate<'_> {
    async fn places(&self, asked: ChooseQuery) -> Result<PlacesView, FlowError> {
        let merchant = &self.staff.device.merchant;
        let find = words(&asked.find.unwrap_or_default());
        let is_a_place = |id: &String| match &asked.store {
            None => id.parse::<StoreId>().is_ok(),
            Some(_) => id.parse::<CounterId>().is_ok(),
        };
        let from = asked.after.filter(is_a_place);
        let mut tx = self.staff.app.db.read().await?;
        let (level, rows, last) = match &asked.store {
            None => {
                let page = Page::new(from.as_deref(), FOUND);
                let found = db::stores::named(&mut tx, merchant, &find, &page).await?;
                let rows = found
                    .iter()
                    .map(|store| (store.id.to_string(), store.name.to_string()));
                let last = found.last().map(|store| store.id.to_string());
                (Level::Stores, rows.collect::<Vec<_>>(), last)
            }
            Some(id) => {
                let store = db::stores::find(&mut tx, merchant, id).await?;
                let store = store.ok_or(FlowError::NotFound("store"))?;
                let page = Page::new(from.as_deref(), FOUND);
                let found = db::counters::in_store(&mut tx, &store, &find, &page).await?;
                let row =
                    |till: &Counter| (sent(&till.store, Some(&till.id)), till.name.to_string());
                let last = found.last().map(|till| till.id.to_string());
                let rows = found.iter().map(row).collect();
                let level = Level::Tills {
                    store: store.id.to_string(),
                    name: store.name.to_string(),
                };
                (level, rows, last)
            }
        };
        tx.commit().await?;
        let is_full = rows.len() >= usize::try_from(FOUND).unwrap_or(usize::MAX);
        Ok(PlacesView {
            short_id: self.plate.short_id.to_string(),
            level,
            find,
            from,
            rows,
            after: last.filter(|_| is_full),
        })
    }

    /// Where the plate hangs, and where it could.
    pub(super) async fn view(&self, asked: Option<String>) -> Result<PlateView, FlowError> {
        let device = &self.staff.device;
        let mut tx = self.staff.app.db.read().await?;
        let code = match self.plate.code() {
            Some(code) => db::codes::find_of(&mut tx, &device.merchant, code).await?,
            None => None,
        };
        let merchant = db::merchants::find(&mut tx, &device.merchant).await?;
        let merchant = merchant.ok_or(FlowError::NotFound("merchant"))?;
        let here = code.map(|code| Spot {
            merchant: code.merchant,
            store: code.store,
            counter: code.counter,
        });
        let wanted = asked.as_deref().and_then(spot_in);
        let hung = here
            .as_ref()
            .map(|spot| (spot.store.clone(), spot.counter.clone()));
        let own = (device.store.clone(), Some(device.counter.clone()));
        let near = [wanted.clone(), hung, Some(own)];
        let offer = Offer::read(&mut tx, &device.merchant, near.iter().flatten()).await?;
        tx.commit().await?;
        let hangs = match (self.plate.state(), &here) {
            (PlateState::Blank, _) => Hangs::Nowhere,
            (PlateState::Void, _) => Hangs::Never,
            (PlateState::Bound, None) => Hangs::Elsewhere,
            (PlateState::Bound, Some(spot)) => Hangs::Here {
                store: offer.store(&spot.store),
                counter: spot.counter.as_ref().map(|till| offer.till(till)),
            },
        };
        let chosen = wanted
            .map(|(store, counter)| sent(&store, counter.as_ref()))
            .or_else(|| here.map(|spot| sent(&spot.store, spot.counter.as_ref())));
        Ok(PlateView {
            short_id: self.plate.short_id.to_string(),
            merchant: merchant.name.to_string(),
            hangs,
            spots: offer.spots(&device.store),
            chosen: chosen.unwrap_or_else(|| device.store.to_string()),
            has_more: offer.has_more,
        })
    }
}

/// The places of a list.
struct Offer {
    stores: Vec<Store>,
    counters: Vec<Counter>,
    /// Whether there are others.
    has_more: bool,
}

impl Offer {
    /// All places of a small merchant; of a large one the first of them, and those that are `near`.
    async fn read<'a>(
        tx: &mut Tx,
        merchant: &MerchantId,
        near: impl Iterator<Item = &'a (StoreId, Option<CounterId>)>,
    ) -> Result<Self, FlowError> {
        let page = Page::new(None, OFFERED);
        let mut stores = db::stores::list(tx, merchant, &page).await?;
        let mut counters = db::counters::list(tx, merchant, &page).await?;
        let most = usize::try_from(OFFERED).unwrap_or(usize::MAX);
        let has_more = stores.len() >= most || counters.len() >= most;
        for (store, counter) in near {
            if !stores.iter().any(|known| known.id == *store) {
                stores.extend(db::stores::find(tx, merchant, store).await?);
            }
            let Some(counter) = counter else { continue };
            if !counters.iter().any(|known| known.id == *counter) {
                counters.extend(db::counters::find(tx, merchant, counter).await?);
            }
        }
        Ok(Self {
            stores,
            counters,
            has_more,
        })
    }

    fn store(&self, id: &StoreId) -> String {
        let found = self.stores.iter().find(|store| store.id == *id);
        found.map_or_else(String::new, |store| store.name.to_string())
    }

    fn till(&self, id: &CounterId) -> String {
        let found = self.counters.iter().find(|till| till.id == *id);
        found.map_or_else(String::new, |till| till.name.to_string())
    }

    /// As the list shows them, this store first.
    fn spots(&self, first: &StoreId) -> Vec<Spots> {
        let mut stores: Vec<&Store> = self.stores.iter().collect();
        stores.sort_by_key(|store| store.id != *first);
        let spots = |store: &Store| {
            let there = self.counters.iter().filter(|till| till.store == store.id);
            let till = |till: &Counter| (sent(&till.store, Some(&till.id)), till.name.to_string());
            Spots {
                store: store.name.to_string(),
                value: store.id.to_string(),
                tills: there.map(till).collect(),
            }
        };
        stores.into_iter().map(spots).collect()
    }
}
