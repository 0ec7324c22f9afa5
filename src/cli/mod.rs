//! The command line.
//!
//! Answers go to standard output, for programs as JSON with `--json`; logs and complaints go to
//! standard error. Exit 0: done; 1: a negative result; 2: usage or configuration.

mod admin;
pub mod decode;
mod decode_context;
pub mod demo;
mod error;
mod manager;
mod print;
mod progress;
mod scrape;
pub(crate) mod serve;
mod settings;
pub(crate) mod setup;
pub mod simulator;
mod unit;
mod verify;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::config::{Config, Setting};
use crate::telemetry;

use error::CliError;
use settings::{Settings, Where};

/// One receiving code for a merchant; every wallet can pay it
#[derive(Debug, Parser)]
#[command(
    name = "tongma",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve, until it is told to stop
    Serve(Where),
    /// Let eight simulated wallets pay in a shop on this machine
    Demo(demo::DemoArgs),
    /// Bring the database's schema up to this version
    Migrate,
    /// Check the settings and show where each comes from
    CheckConfig,
    /// Check that what is kept agrees with itself: audit log, books, payments
    Verify(verify::Args),
    /// Say what a code is; where our own address is set, also whether it points to another server
    Decode(decode_context::Args),
    /// Show a script that completes these commands in a shell
    Completions {
        /// Which shell
        shell: unit::Shell,
    },
    /// Show a systemd unit that locks the server into what it needs
    SystemdUnit,
    #[command(flatten)]
    Admin(admin::Admin),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output and is no failure.
            drop(error.print());
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    run(cli).unwrap_or_else(|error| {
        drop(writeln!(io::stderr(), "tongma: {error}"));
        error.exit()
    })
}

fn run(cli: Cli) -> Result<ExitCode, CliError> {
    // What needs no settings is shown whatever they are.
    match cli.command {
        Command::Completions { shell } => {
            unit::completions(shell, Cli::command());
            return Ok(ExitCode::SUCCESS);
        }
        Command::SystemdUnit => {
            unit::systemd();
            return Ok(ExitCode::SUCCESS);
        }
        // Some settings of a server are the demo's own.
        Command::Demo(args) => {
            let sources = cli.settings.sources(&Where::default())?;
            return Ok(demo::main(&args, sources, cli.json));
        }
        Command::Serve(_)
        | Command::Migrate
        | Command::CheckConfig
        | Command::Verify(_)
        | Command::Decode(_)
        | Command::Admin(_) => {}
    }
    let beside = match &cli.command {
        Command::Serve(beside) => beside,
        Command::Demo(_)
        | Command::Migrate
        | Command::CheckConfig
        | Command::Verify(_)
        | Command::Decode(_)
        | Command::Completions { .. }
        | Command::SystemdUnit
        | Command::Admin(_) => &Where::default(),
    };
    let (config, settings) = cli.settings.load(beside)?;
    telemetry::start(config.log);
    let answer = match cli.command {
        Command::CheckConfig => {
            serve::tls(&config).map_err(|error| CliError::File("tls".to_owned(), error))?;
            checked(&settings, cli.json)
        }
        Command::Serve(_) => {
            runtime(&config)?.block_on(serve::run(&config))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Decode(args) => return runtime(&config)?.block_on(args.run(&config)),
        Command::Verify(args) => return runtime(&config)?.block_on(args.run(&config, cli.json)),
        Command::Completions { .. } | Command::SystemdUnit | Command::Demo(_) => {
            return Ok(ExitCode::SUCCESS);
        }
        Command::Migrate => runtime(&config)?.block_on(migrate(&config))?,
        Command::Admin(admin) => {
            let (answer, code) = runtime(&config)?.block_on(admin.run(config, cli.json))?;
            print::answer(&answer, cli.json);
            return Ok(code);
        }
    };
    print::answer(&answer, cli.json);
    Ok(ExitCode::SUCCESS)
}

async fn migrate(config: &Config) -> Result<Value, CliError> {
    setup::database(config, Clock::System).await?.close().await;
    Ok(json!({"schema": "up to date"}))
}

fn checked(settings: &[Setting], json: bool) -> Value {
    let row = |setting: &Setting| json!({"name": setting.name, "value": setting.value, "from": setting.from});
    let rows: Vec<Value> = settings.iter().map(row).collect();
    if json {
        json!({"ok": true, "settings": rows})
    } else {
        rows.into()
    }
}

fn runtime(config: &Config) -> Result<tokio::runtime::Runtime, CliError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.workers > 0 {
        builder.worker_threads(config.workers.into());
    }
    let built = builder.enable_all().build();
    built.map_err(|error| CliError::File("the runtime cannot start".to_owned(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_takes_json_in_front_or_behind() {
        for words in [
            &["tongma", "--json", "merchant", "list"][..],
            &["tongma", "merchant", "list", "--json"],
            &["tongma", "check-config", "--json"],
            &["tongma", "decode", "SPC", "--json"],
        ] {
            assert!(Cli::try_parse_from(words).unwrap().json, "{words:?}");
        }
    }
}
