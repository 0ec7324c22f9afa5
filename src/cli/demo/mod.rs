//! `tongma demo`: a shop, eight wallets, and every one of them pays; then a second shop, whose old code
//! of WeChat Pay is adopted and paid by four wallets that could not pay it before.
//!
//! Everything is real but the money: the server, the database, the code, its picture and the
//! reading of it, the signatures, the counter's feed. The eight institutions are simulated, each
//! with its own keys and its own server, and meet tongma over HTTP only.

mod adopted;
mod counter;
mod data;
mod folder;
mod phone;
mod pictures;
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
use data::{
    ADOPTED_CODE, BROWSER, BROWSERS, DUMPLINGS, FIRST_BASKET_MINOR, FIRST_PRICE_MINOR, OTHERS,
};
use round::{Payer, Scene, pay};
use row::{Row, Way, table};
use settings::{Given, SettingsError};
use shop::Shop;
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
    /// A folder for pictures of the shop's code in both forms, and of signs for it
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
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
    Pictures(#[from] pictures::PicturesError),
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
    let wall = wall::hang(&stage.folder, &stage.street.code.text)?;
    tell(&format!(
        "the code: {} and {}, read back from the picture",
        wall.png.display(),
        wall.svg.display()
    ));
    if let Some(folder) = &args.pictures {
        for path in pictures::write(&stage, folder).await? {
            tell(&format!("a picture: {}", path.display()));
        }
    }
    let scene = scene(&stage, &stage.street.noodles, &wall.text).await?;
    let mut rows = everybody_pays(&stage, &scene, json).await?;
    let (second, adopted) = others_pay_the_adopted_code(&stage, json).await?;
    rows.extend(adopted);
    let all_good = rows.iter().all(Row::is_good);
    if !json {
        say(&table(&rows))?;
    }
    if !args.once {
        let mut stop = serve::StopSignal::listen()?;
        links(&stage, &wall.text, json).await?;
        stop.told().await;
    }
    // The tills' feeds end before the server that feeds them.
    drop((scene, second));
    stage.strike().await;
    Ok(all_good)
}

/// A till of a shop that was let in, beside the text of the code on its wall.
async fn scene(stage: &Stage, shop: &Shop, code: &str) -> Result<Scene, DemoError> {
    let invitation = stage.invite(shop, 0).await?;
    let pairing = invitation.code.expose().to_owned();
    let till = Till::pair(
        &stage.world.client,
        &stage.world.clock,
        &stage.origin,
        &pairing,
    )
    .await?;
    Ok(Scene {
        client: stage.world.client.clone(),
        tongma: stage.origin.clone(),
        code: code.to_owned(),
        till,
    })
}

/// The second shop adopts the code on its wall, and four wallets pay it. Where it does not come to stand
/// for the shop, their rows say so.
async fn others_pay_the_adopted_code(
    stage: &Stage,
    json: bool,
) -> Result<(Scene, Vec<Row>), DemoError> {
    let shop = &stage.street.dumplings;
    let scene = scene(stage, shop, ADOPTED_CODE).await?;
    let holder = DUMPLINGS.accounts.first().map_or("", |(at, _)| *at);
    let institution = stage.institution(holder).map(|(_, url)| url);
    let adopted = adopted::take_over(stage, shop, &institution.unwrap_or_default()).await;
    match &adopted {
        Ok(adoption) => tell(&format!(
            "✓ {} has adopted {holder}'s code on its wall: {} came by it",
            DUMPLINGS.merchant, adoption.amount
        )),
        Err(error) => tell(&format!("✗ the code was not adopted: {error}")),
    }
    let mut rows = Vec::new();
    for (id, minor) in OTHERS.into_iter().zip(FIRST_BASKET_MINOR..) {
        let Some(wallet) = wallet::ALL.iter().find(|wallet| wallet.about().id == id) else {
            continue;
        };
        rows.extend(one_pays(stage, &scene, (*wallet, Way::Adopted, minor), json).await?);
    }
    Ok((scene, rows))
}

/// Every wallet pays once by each way.
async fn everybody_pays(stage: &Stage, scene: &Scene, json: bool) -> Result<Vec<Row>, DemoError> {
    let ways = [Way::Api, Way::Page];
    let bowls = ways
        .iter()
        .flat_map(|way| wallet::ALL.iter().map(move |wallet| (*way, *wallet)));
    let mut rows = Vec::new();
    for ((way, wallet), minor) in bowls.zip(FIRST_PRICE_MINOR..) {
        rows.extend(one_pays(stage, scene, (wallet, way, minor), json).await?);
    }
    Ok(rows)
}

/// One wallet pays one price; nothing where there is no such institution on the stage.
async fn one_pays(
    stage: &Stage,
    scene: &Scene,
    (wallet, way, minor): (&dyn wallet::Wallet, Way, i64),
    json: bool,
) -> Result<Option<Row>, DemoError> {
    let about = wallet.about();
    let Some((id, app)) = stage.institution(about.id) else {
        return Ok(None);
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
    Ok(Some(row))
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
    for (at, name) in data::NOODLES.counters.iter().enumerate() {
        let code = stage.invite(&stage.street.noodles, at).await?.code;
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
