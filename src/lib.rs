//! tongma 通码: one receiving code for a merchant; whichever wallet scans it is routed to a payment
//! that it can make; the cashier verifies at the counter that the money came.
//!
//! # Map
//!
//! Each folder imports only from those below it; a test reads the source and holds it to that.
//!
//! ```text
//! cli        one file a command; `serve` is where everything is put together
//! http       the routes, the only place with status codes; api/ a file a resource; page/ HTML
//! event      tells others: the outbox worker, the live feed
//! flow       the use cases, a file each: resolve, start, confirm, close, receipt …
//! app        what a use case is given: database, clock, chance, keys, sender, limits
//! wallet     a file an institution: how it is recognised and spoken to; one sender
//! db         all SQL, once for both databases, a file an aggregate
//! ── pure from here: no clock, no chance, no disk, no network ──────────────────────────────
//! routing    which institution takes this scan, and why
//! payment    what can happen to a payment; what an attested result means; the books
//! merchant   who is paid, what they accept, what hangs on their walls
//! code       the text inside a code
//! print      signs on paper: pages in whole micrometres, as PDF, SVG, PNG and HTML
//! qr         symbol to picture, picture to text
//! crypto     keys, signatures, seals
//! clock, entropy, id, misread, money, typed, word   the values that everything speaks in
//! telemetry  what the operator is told: lines of the log, traces, numbers; anyone may tell
//! ```
//!
//! # What holds, wherever you look
//!
//! * **Only the payee institution makes a payment paid**, or an attester that the agreement names,
//!   by its signature: [`flow::confirm`] and [`payment::judge()`](payment::judge()). What the payer's
//!   wallet or browser says about success is shown amber and proves nothing: [`flow::report`].
//! * **An attempt holds its payment until the institution says how the order ended.** Silence
//!   decides nothing, and a lost reply leaves a row to ask about: [`flow::start`],
//!   [`flow::expire`].
//! * **State, books, event and outbox row change in one transaction**, and none is open while an
//!   institution is called.
//! * **The same request twice has one effect.** Merchants by Idempotency-Key
//!   ([`flow::idempotent`]), `start` by the payer institution's number, `confirm` by the payee
//!   institution's. What must not happen twice is a unique index or a version in a `WHERE`.
//! * **Money that arrives anyway is real**: it is kept as an exception, acknowledged, and shown.
//! * **Another tenant's thing does not exist**: not found, byte for byte as if it had never been.
//! * **Amounts are whole minor units with a currency**; sums are checked; a posting that does not
//!   balance cannot be built: [`payment::ledger`].
//! * **What an operator or a device does is written down with it, or not done**: [`db::audit`] is a
//!   chain under a key that is not in the database, and [`flow::verify`] walks it.
//! * Time, chance and the network are arguments. Nothing reads a clock but [`clock`].
//!
//! # Four walks
//!
//! **A payer scans a printed code.** Her wallet posts the text to `/wallet/v1/resolve`, signed with
//! RFC 9421 ([`crypto::http_signature`]); [`flow::authenticate`] finds the key, and with it the
//! institution. [`flow::resolve`] reads the run ([`code::run`]), checks that we signed it, finds the
//! merchant, asks [`routing::route`] and answers who is paid, signed. She agrees; the wallet posts
//! `/wallet/v1/attempts`. [`flow::start`] checks everything again, writes the payment and the
//! attempt that holds it, commits, and has the payee institution open an order
//! ([`wallet::contract`], sent by [`wallet::client`]). Its handover goes back to her wallet, which
//! pays. The payee institution posts its signed result to `/wallet/v1/orders/{n}/confirm`; one
//! transaction makes the payment paid, books the claim, issues the receipt and writes the event.
//! [`event::outbox`] gives the event its place in the merchant's sequence, and the counter's page
//! chimes.
//!
//! **A reply is lost and the notice arrives twice.** The institution opened the order but its answer
//! never came: the attempt stays `started` and holds the payment; the wallet's retry under the same
//! `payer_reference` opens the same order number again. She has paid; the notice comes before the
//! retry's answer, and comes again: the second finds its `payee_reference` and changes nothing. Had
//! no notice come, [`flow::expire`] would have asked after five seconds, and closed the order at
//! `pay_before`.
//!
//! **The cashier is shown a receipt.** Scanned, pasted or typed, it goes to [`flow::receipt`]: the
//! signature says that it is ours, the row that it is this store's and still young, and one guarded
//! update that nobody was shown it before. Of twenty tills that check it at once, one is told
//! `genuine`.
//!
//! **A code hangs there already.** The merchant sends the text that its institution once printed for it;
//! [`code::adopt`] says whether it is a merchant's, and its one spelling. [`flow::adopt`] names an
//! amount and has the institution look out for it. It is paid to the code as anybody would; the
//! institution attests into which account it came and by which code ([`payment::adoption`]). A code
//! of ours, bound to that account, stands behind theirs from then on, until the merchant lets it go.
//!
//! # Adding a wallet
//!
//! One new file in [`wallet`], two lines in `wallet/mod.rs`, and its vectors. The conformance suite
//! does the rest.

pub mod app;
pub mod cli;
pub mod clock;
pub mod code;
pub mod config;
pub mod crypto;
pub mod db;
pub mod entropy;
pub mod event;
pub mod flow;
pub mod http;
pub mod id;
pub mod merchant;
mod misread;
pub mod money;
pub mod payment;
pub mod print;
pub mod qr;
pub mod routing;
pub mod telemetry;
mod typed;
pub mod wallet;
pub mod word;
