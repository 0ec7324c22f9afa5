//! tongma: one receiving code for a merchant; every wallet can pay it; the cashier sees the proof.

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
pub mod money;
pub mod payment;
pub mod qr;
pub mod routing;
pub mod telemetry;
pub mod wallet;
pub mod word;
