//! What a story needs: a database of its own on both kinds, wallets that other people wrote, and a
//! browser.

/// Makes two tests of each story, `name::sqlite` and `name::postgres`:
///
/// ```ignore
/// async fn a_notice_delivered_twice_is_booked_once(backend: Backend) { … }
/// on_both![a_notice_delivered_twice_is_booked_once];
/// ```
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$story($crate::support::Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if $crate::support::Backend::Postgres.is_here() {
                    super::$story($crate::support::Backend::Postgres).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;

/// Makes a test `name::postgres` of each story that only PostgreSQL can tell: several processes
/// share one database.
macro_rules! on_postgres {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if $crate::support::Backend::Postgres.is_here() {
                    super::$story().await;
                }
            }
        }
    )+};
}
pub(crate) use on_postgres;

pub(crate) mod beside;
pub(crate) mod books;
mod browser;
pub(crate) mod cut;
mod database;
pub(crate) mod digest;
pub(crate) mod foreign;
mod lines;
pub(crate) mod paper;
mod payee;
mod peer;
pub(crate) mod plates;
pub(crate) mod secret;
pub(crate) mod server;
pub(crate) mod shop;
pub(crate) mod shuffle;
pub(crate) mod stream;
pub(crate) mod wire;

pub(crate) use browser::{Browser, Page};
pub(crate) use database::{Backend, TestDb};
pub(crate) use peer::{
    PeerWallet, certificate, emv_forms, example, explore, get_trusting, openapi_faults,
    read_symbol, read_symbols, rows, unpacked, verify_codes,
};
