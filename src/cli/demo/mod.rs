//! `tongma demo`: a shop, eight wallets, and every one of them pays.
//!
//! Everything is real but the money: the server, the database, the code, its picture and the
//! reading of it, the signatures, the counter's feed. The eight institutions are simulated, each
//! with its own keys and its own server, and meet tongma over HTTP only.

mod counter;
mod data;
mod folder;
mod phone;
mod round;
mod row;
mod settings;
mod shop;
mod stage;
mod wall;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::serve;
use crate::config::Sources;
use crate::money::{Amount, Currency};
use crate::{telemetry, wallet};

use counter::Till;
use data::{BROWSER, BROWSERS, FIRST_PRICE_MINOR};
use round::{Payer, Scene, pay};
use row::{Row, Way, table};
use settings::{Given, SettingsError};
use stage::{Stage, StageError};

/// How the demo is run.
#[derive(Debug, clap::Args)]
#[command(after_help = settings::HELP)]
pub struct DemoArgs {
    /// Stop after every wallet has paid: exit 0 if all rows are good, 1 otherwise
    #[arg(long)]
    once: bool,
    /// An empty or absent folder to keep; a temporary one is removed at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080; any free port with --once; every address at the
    /// port of --public-url]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where a phone on the same network reaches this machine, as printed in the code
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// Why the demo ends before anybody paid.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Wall(#[from] wall::WallError),
    #[error(transparent)]
    Till(#[from] counter::TillError),
    #[error(transparent)]
    Pairing(#[from] crate::flow::FlowError),
    #[error("{0}")]
    Machine(#[from] io::Error),
}

const NEGATIVE: u8 = 1;
const USAGE: u8 = 2;

/// Runs the demo; serves until it is interrupted unless it is to run once.
pub(super) fn main(args: &DemoArgs, sources: Sources, json: bool) -> ExitCode {
    match run(args, sources, json) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NEGATIVE),
        Err(error) => {
            tell(&format!("tongma: {error}"));
            ExitCode::from(USAGE)
        }
    }
}

fn run(args: &DemoArgs, sources: Sources, json: bool) -> Result<bool, DemoError> {
    let given = Given::read(sources)?;
    telemetry::start(given.log());
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = given.workers() {
        builder.worker_threads(workers);
    }
    let runtime = builder.enable_all().build()?;
    runtime.block_on(play(args, &given, json))
}

async fn play(args: &DemoArgs, given: &Given, json: bool) -> Result<bool, DemoError> {
    let stage = Stage::set(args, given).await?;
    tell(&format!(
        "tongma listens at {}, eight institutions beside it",
        &stage.origin
    ));
    let wall = wall::hang(&stage.folder, &stage.shop.code.text)?;
    tell(&format!(
        "the code: {} and {}, read back from the picture",
        wall.png.display(),
        wall.svg.display()
    ));
    let invitation = stage.invite(0).await?;
    let code = invitation.code.expose().to_owned();
    let till = Till::pair(
        &stage.world.client,
        &stage.world.clock,
        &stage.origin,
        &code,
    )
    .await?;
    let scene = Scene {
        client: stage.world.client.clone(),
        tongma: stage.origin.clone(),
        code: wall.text.clone(),
        till,
    };
    let rows = everybody_pays(&stage, &scene, json).await?;
    let all_good = rows.iter().all(Row::is_good);
    if !json {
        say(&table(&rows))?;
    }
    if !args.once {
        let mut stop = serve::StopSignal::listen()?;
        links(&stage, &wall.text, json).await?;
        stop.told().await;
    }
    // The till's feed ends before the server that feeds it.
    drop(scene);
    stage.strike().await;
    Ok(all_good)
}

/// Every wallet pays once by each way.
async fn everybody_pays(stage: &Stage, scene: &Scene, json: bool) -> Result<Vec<Row>, DemoError> {
    let ways = [Way::Api, Way::Page];
    let bowls = ways
        .iter()
        .flat_map(|way| wallet::ALL.iter().map(move |wallet| (*way, *wallet)));
    let mut rows = Vec::new();
    for ((way, wallet), minor) in bowls.zip(FIRST_PRICE_MINOR..) {
        let about = wallet.about();
        let Some((id, app)) = stage.institution(about.id) else {
            continue;
        };
        let says = BROWSERS
            .iter()
            .find(|(of, _)| *of == about.id)
            .map_or("", |(_, says)| says);
        let payer = Payer {
            wallet: id,
            app,
            user_agent: format!("{BROWSER} {says}"),
        };
        let price = Amount::positive(minor, Currency::CNY).map_err(io::Error::other)?;
        let row = pay(scene, &payer, way, price).await;
        tell(&progress(&row, about.name_zh));
        if json {
            say(&format!(
                "{}\n",
                serde_json::to_string(&row).map_err(io::Error::other)?
            ))?;
        }
        rows.push(row);
    }
    Ok(rows)
}

fn progress(row: &Row, name: &str) -> String {
    let sign = if row.is_good() { "✓" } else { "✗" };
    let to = row.payee_institution.as_deref().unwrap_or("nobody");
    let seen = row
        .ms_to_counter
        .map_or_else(|| "not seen".to_owned(), |ms| format!("{ms} ms"));
    format!("{sign} {name} → {to}: {} ({seen})", row.state)
}

/// Where to go on by hand; beside the rows of a program, not among them.
async fn links(stage: &Stage, code: &str, json: bool) -> Result<(), DemoError> {
    let origin = &stage.origin;
    let mut lines = vec![
        String::new(),
        format!("the code's page  {code}"),
        format!("a phone          {origin}/phone"),
    ];
    for (at, name) in data::COUNTERS.iter().enumerate() {
        let code = stage.invite(at).await?.code;
        lines.push(format!(
            "{name}       {origin}/counter  pairing code {}",
            code.expose()
        ));
    }
    lines.push("stop with Ctrl-C".to_owned());
    let text = lines.join("\n");
    if json {
        tell(&text);
    } else {
        say(&format!("{text}\n"))?;
    }
    Ok(())
}

/// Progress, for whoever watches.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Results, for whoever asked.
fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
