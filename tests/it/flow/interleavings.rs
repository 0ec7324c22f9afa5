//! Whatever wallets, institutions, cashiers and clocks do, in whatever order and at the same time:
//! a payment is paid at most once, and books, events and receipts say the same.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use tongma::flow::start::{StartOrder, Started};
use tongma::flow::{FlowError, change_code, expire, payment, report, start};
use tongma::id::AttemptId;
use tongma::merchant::{CodeEvent, PrintedCode};
use tongma::payment::{Payment, ResultClaims};

use crate::support::Backend;
use crate::support::books::must_add_up;
use crate::support::shop::{Shop, hex, order};

/// Something that somebody does; small numbers pick whose and which.
#[derive(Debug, Clone, Copy)]
enum Step {
    Start { wallet: usize, code: usize },
    Confirm { attempt: usize, what: What },
    WillSay { attempt: usize, what: What },
    Report { attempt: usize },
    Sweep,
    Cancel { code: usize },
    Suspend { code: usize },
    Resume { code: usize },
    Wait { seconds: u64 },
}

/// What the payee institution states of an attempt.
#[derive(Debug, Clone, Copy)]
enum What {
    Paid,
    PaidAgain,
    PaidWrong,
    PaidInDollars,
    PaidElsewhere,
    Failed,
    Closed,
}

const PAYERS: [&str; 4] = ["jd_pay", "bestpay", "hebao", "wechat_pay"];
const PRICE: i64 = 12_000;

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        4 => Just(What::Paid),
        2 => Just(What::PaidAgain),
        1 => Just(What::PaidWrong),
        1 => Just(What::PaidInDollars),
        1 => Just(What::PaidElsewhere),
        2 => Just(What::Failed),
        2 => Just(What::Closed),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_usize, 0..3_usize).prop_map(|(wallet, code)| Step::Start { wallet, code }),
        6 => (0..8_usize, what()).prop_map(|(attempt, what)| Step::Confirm { attempt, what }),
        3 => (0..8_usize, what()).prop_map(|(attempt, what)| Step::WillSay { attempt, what }),
        1 => (0..8_usize).prop_map(|attempt| Step::Report { attempt }),
        3 => Just(Step::Sweep),
        1 => (0..2_usize).prop_map(|code| Step::Cancel { code }),
        1 => (0..3_usize).prop_map(|code| Step::Suspend { code }),
        2 => (0..3_usize).prop_map(|code| Step::Resume { code }),
        2 => prop_oneof![Just(1), Just(61), Just(700), Just(7300)]
            .prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// Each inner list happens at the same time.
fn stories() -> impl Strategy<Value = Vec<Vec<Step>>> {
    vec(vec(step(), 1..4), 4..18)
}

fn tell(backend: Backend, cases: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    // The same stories every time, so that a red run can be told again.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let told = TestRunner::new_with_rng(config, rng).run(&stories(), |story| {
        runtime.block_on(live(backend, &story));
        Ok(())
    });
    if let Err(broken) = told {
        panic!("{broken}");
    }
}

mod at_most_one_attempt_succeeds_under_any_interleaving {
    use super::{Backend, tell};

    #[test]
    fn sqlite() {
        tell(Backend::Sqlite, 40);
    }

    #[test]
    fn postgres() {
        if Backend::Postgres.is_here() {
            tell(Backend::Postgres, 15);
        }
    }
}

/// A shop with two orders and a sticker, and everything that was begun at them.
struct Town {
    shop: Shop,
    payments: Vec<Payment>,
    codes: Vec<PrintedCode>,
    begun: std::sync::Mutex<Vec<(Started, ResultClaims, String)>>,
}

async fn live(backend: Backend, story: &[Vec<Step>]) {
    let shop = Shop::open(backend).await;
    let (first, code) = shop.sells(PRICE).await;
    let (second, other) = shop.sells(PRICE).await;
    let codes = vec![code, other, shop.sticker().await];
    let town = Town {
        shop,
        payments: vec![first, second],
        codes,
        begun: std::sync::Mutex::new(Vec::new()),
    };
    for steps in story {
        let doing = steps.iter().map(|step| town.does(*step));
        for outcome in futures_util::future::join_all(doing).await {
            // Whatever was asked, it is no fault of ours, and waiting for each other ends well.
            let is_ours = matches!(
                outcome,
                Err(FlowError::Keys(_) | FlowError::Seal(_) | FlowError::Ledger(_))
            );
            let is_broken = matches!(
                outcome,
                Err(FlowError::Db(
                    tongma::db::DbError::Failed(_)
                        | tongma::db::DbError::Inconsistent { .. }
                        | tongma::db::DbError::Busy(_)
                ))
            );
            assert!(!is_ours && !is_broken, "{outcome:?}");
        }
        must_add_up(&town.shop.database).await;
        town.shop.balances().await;
    }
    town.paid_stays_paid().await;
}

impl Town {
    async fn does(&self, step: Step) -> Result<(), FlowError> {
        let app = &self.shop.app;
        match step {
            Step::Start { wallet, code } => self.starts(PAYERS[wallet], code).await,
            Step::Confirm { attempt, what } => match self.statement(attempt, what) {
                Some(claims) => self.shop.confirms(&claims).await.map(|_| ()),
                None => Ok(()),
            },
            Step::WillSay { attempt, what } => {
                if let Some(claims) = self.statement(attempt, what) {
                    self.shop.payee.will_say(&claims, self.shop.signed(&claims));
                }
                Ok(())
            }
            Step::Report { attempt } => match self.attempt(attempt) {
                Some((id, payer, reference)) => {
                    let payer = payer.parse().unwrap();
                    report::report(app, &payer, &id, "paid", &reference).await
                }
                None => Ok(()),
            },
            Step::Sweep => expire::sweep(app).await.map(|_| ()),
            Step::Cancel { code } => {
                let id = &self.payments[code].id;
                payment::cancel(app, &self.shop.merchant.id, id)
                    .await
                    .map(|_| ())
            }
            Step::Suspend { code } => self.changes(code, CodeEvent::Suspend).await,
            Step::Resume { code } => self.changes(code, CodeEvent::Resume).await,
            Step::Wait { seconds } => {
                self.shop.advance(seconds);
                Ok(())
            }
        }
    }

    async fn starts(&self, payer: &str, code: usize) -> Result<(), FlowError> {
        let reference = hex(&self.shop.app.entropy.bytes::<8>());
        let asked = StartOrder {
            payer_ref: Some("payer-1".to_owned()),
            ..order(payer, &self.codes[code].text, PRICE, &reference)
        };
        let started = start::start(&self.shop.app, asked).await?;
        let claims = self.shop.paid("wechat_pay", &started);
        let payer = format!("{payer} {reference}");
        self.begun.lock().unwrap().push((started, claims, payer));
        Ok(())
    }

    async fn changes(&self, code: usize, event: CodeEvent) -> Result<(), FlowError> {
        let id = &self.codes[code].id;
        change_code::change(&self.shop.app, &self.shop.merchant.id, id, event)
            .await
            .map(|_| ())
    }

    fn attempt(&self, pick: usize) -> Option<(AttemptId, String, String)> {
        let begun = self.begun.lock().unwrap();
        let (started, _, payer) = begun.iter().rev().nth(pick)?;
        let (payer, reference) = payer.split_once(' ')?;
        let id = started.attempt.clone();
        Some((id, payer.to_owned(), reference.to_owned()))
    }

    fn statement(&self, pick: usize, what: What) -> Option<ResultClaims> {
        let begun = self.begun.lock().unwrap();
        let (_, claims, _) = begun.iter().rev().nth(pick)?;
        let now = self.shop.app.clock.now();
        let mut claims = ResultClaims {
            iat: now.seconds(),
            exp: now.seconds() + 300,
            paid_at: Some(now.to_string()),
            ..claims.clone()
        };
        let tail = match what {
            What::Paid | What::Failed | What::Closed => "",
            What::PaidAgain => "-again",
            What::PaidWrong => "-wrong",
            What::PaidInDollars => "-dollars",
            What::PaidElsewhere => "-elsewhere",
        };
        claims.payee_reference.push_str(tail);
        match what {
            What::Paid | What::PaidAgain => {}
            What::PaidWrong => {
                claims.amount_minor = PRICE - 1;
                claims.payer_amount_minor = None;
            }
            What::PaidInDollars => claims.currency = "USD".to_owned(),
            What::PaidElsewhere => claims.payment_account = "somebody else's".to_owned(),
            What::Failed => claims.status = "failed".to_owned(),
            What::Closed => claims.status = "closed".to_owned(),
        }
        Some(claims)
    }

    /// A second look at everything that was said: nothing that was paid becomes unpaid by it.
    async fn paid_stays_paid(&self) {
        let state_of = async |payment: &Payment| self.shop.payment(&payment.id).await.state;
        for payment in &self.payments {
            let before = state_of(payment).await;
            for pick in 0..8 {
                for what in [What::Failed, What::Closed, What::PaidAgain] {
                    drop(
                        self.does(Step::Confirm {
                            attempt: pick,
                            what,
                        })
                        .await,
                    );
                }
            }
            if before.was_paid() {
                assert_eq!(state_of(payment).await, before);
            }
        }
        must_add_up(&self.shop.database).await;
    }
}
