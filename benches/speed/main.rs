//! How fast tongma is, against what the same machine could do at best.
//!
//! ```text
//! cargo bench --bench speed                       every figure
//! cargo bench --bench speed -- resolve confirm    some: resolve, confirm, start, counter, process, stored
//! ```
//!
//! One table. Each figure stands beside a reference that was measured in the same run, turn by turn
//! (A B A B …), and is given as the ratio of the two: machines differ and are shared, ratios hold.
//! What falls short of its goal is printed like what does not. `TONGMA_TEST_POSTGRES` names a server
//! for PostgreSQL's figures, or is the word `off`; `--only sqlite` and `--only postgresql` leave the
//! other out. `--rounds N` (3) takes more turns. `--sizes 10000,1000000` says at how many stored
//! payments `stored` measures, the first being the reference, and `--disk 12` how many GiB one
//! database of them may take: ten million payments take about thirty, and a size that would take more
//! is left out and named. Nothing is logged meanwhile.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::float_arithmetic,
    reason = "a measurement that cannot be made stops, and ratios are fractions"
)]

mod asked;
mod clients;
mod confirm;
mod counter;
mod floor;
mod load;
mod pgbench;
mod process;
mod request;
mod resolve;
mod seed;
mod start;
mod stored;
mod support;
mod table;
mod writer;

use asked::Asked;
use table::Table;

fn main() {
    let asked = Asked::read(std::env::args().skip(1));
    let mut table = Table::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        if asked.wants("resolve") {
            resolve::measure(&asked, &mut table).await;
        }
        for backend in asked.backends() {
            if asked.wants("confirm") {
                confirm::measure(&asked, &mut table, backend).await;
            }
            if asked.wants("start") {
                start::measure(&asked, &mut table, backend).await;
            }
        }
        if asked.wants("counter") {
            counter::measure(&asked, &mut table).await;
        }
        if asked.wants("process") {
            process::measure(&asked, &mut table).await;
        }
        if asked.wants("stored") {
            stored::measure(&asked, &mut table).await;
        }
    });
    println!("{table}");
}
