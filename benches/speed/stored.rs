//! The same work beside few and beside many payments that are stored: what took a millisecond on the
//! first day shall not take two after a year.

use std::sync::Arc;

use tongma::clock::Clock;
use tongma::flow::resolve::resolve;

use crate::asked::Asked;
use crate::clients::at_once;
use crate::confirm;
use crate::seed::{self, Ground};
use crate::support::Backend;
use crate::support::shop::{ORIGIN, Shop};
use crate::table::{Done, Goal, Row, Table};

const CLIENTS: usize = 8;
/// In a turn.
const COUNT: usize = 1000;

/// A shop with a history.
struct Old {
    size: i64,
    shop: Shop,
    ground: Ground,
}

pub(crate) async fn measure(asked: &Asked, table: &mut Table) {
    for backend in asked.backends() {
        measure_on(asked, table, backend).await;
    }
}

async fn measure_on(asked: &Asked, table: &mut Table, backend: Backend) {
    let mut shops = Vec::new();
    for size in &asked.sizes {
        if let Some(needed) = too_much(asked, shops.first(), *size).await {
            let database = seed::name(backend);
            table.leave_out(format!(
                "Left out: {size} stored payments on {database} would take {needed} GiB; see --disk."
            ));
            continue;
        }
        shops.push(Old::open(backend, *size).await);
    }
    let Some((young, old)) = shops.split_first() else {
        return;
    };
    for old in old {
        let mut turns = [Vec::new(), Vec::new()];
        for round in 0..asked.rounds {
            let (few, many) = (young.turn(round).await, old.turn(round).await);
            for (turns, (few, many)) in turns.iter_mut().zip(few.into_iter().zip(many)) {
                turns.push((many.within_ms(99), few.within_ms(99)));
            }
        }
        for (figure, turns) in ["resolve, rare codes", "confirm"].into_iter().zip(turns) {
            let database = seed::name(backend);
            table.push(Row {
                figure: format!("{figure}, {database}, p99 at {} stored", old.size),
                reference: format!("p99 at {} stored", young.size),
                turns,
                unit: "ms",
                goal: Goal::AtMost(1.3),
                note: format!("{CLIENTS} clients"),
            });
        }
    }
}

/// How many GiB so many payments would take, by what the first shop's do, if that is too much.
async fn too_much(asked: &Asked, first: Option<&Old>, size: i64) -> Option<i64> {
    let first = first?;
    let taken = seed::bytes(&first.shop.database).await;
    let needed = taken / first.size.max(1) * size / (1 << 30);
    (needed > asked.disk).then_some(needed)
}

impl Old {
    async fn open(backend: Backend, size: i64) -> Self {
        let shop = Shop::open_at(backend, ORIGIN, Clock::System).await;
        let ground = Ground::of(&shop, &shop.sticker().await).await;
        seed::paid(&shop.database, &ground, 0, size).await;
        seed::analyse(&shop.database).await;
        Self { size, shop, ground }
    }

    /// Resolves codes that nobody asked for before, then confirms.
    async fn turn(&self, round: usize) -> [Done; 2] {
        let mut texts = Vec::new();
        for _ in 0..COUNT {
            texts.push(self.shop.sticker().await.text);
        }
        let (app, texts): (_, Arc<[String]>) = (self.shop.app.clone(), texts.into());
        let resolved = at_once(CLIENTS, COUNT, move |index| {
            let (app, texts) = (app.clone(), Arc::clone(&texts));
            async move {
                let wallet = seed::PAYER.parse().unwrap();
                resolve(&app, &wallet, &texts[index]).await.unwrap();
            }
        });
        let resolved = resolved.await;
        let from = self.size + (round * COUNT) as i64;
        seed::waiting(&self.shop.database, &self.ground, from, COUNT as i64).await;
        [
            resolved,
            confirm::ours(&self.shop, CLIENTS, from, COUNT).await,
        ]
    }
}
