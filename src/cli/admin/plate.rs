//! `tongma plate`.

use serde_json::{Value, json};

use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::cli::progress::Progress;
use crate::db;
use crate::db::plate_batches::InUse;
use crate::db::plates::{Hanging, Wanted};
use crate::flow::plates::{self, Hand, NewBatch, Shown};
use crate::id::{CounterId, MerchantId, PlateBatchId, PlateId, StoreId};
use crate::merchant::Label;
use crate::merchant::plate::{BATCH_MAX, Plate, PlateBatch, PlateLine, PlateState, ShortId, Spot};
use crate::print::plates::parts;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a batch of blank plates; print them by `plate print`
    Create(New),
    /// Make what a batch lacks whose making was cut off
    Finish {
        /// Which batch
        batch: PlateBatchId,
    },
    /// List batches of plates, the newest first
    Batches {
        /// Only this merchant's; the operator's own and everybody's where nothing is said
        #[arg(long)]
        merchant: Option<MerchantId>,
        /// Go on behind this id
        #[arg(long, value_name = "ID")]
        after: Option<PlateBatchId>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=200))]
        limit: i64,
    },
    /// List the plates of a batch, or those that a merchant holds, and where they hang
    List(Listing),
    /// Show a batch and how much of it is in use, or a plate and what became of it
    Show {
        /// A batch, or a plate by its id or by the short id that is printed on it
        #[arg(value_name = "BATCH|PLATE")]
        which: Which,
    },
    /// Print a batch into files for a printing house
    Print(super::plate_print::Args),
    /// Bind a blank plate to a store or till; who is at this machine needs no claim secret
    Bind {
        /// By its id, or by the short id that is printed on it
        plate: Name,
        #[command(flatten)]
        place: Place,
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
    },
    /// Move a bound plate to another store or till of the same merchant
    Rebind {
        /// By its id, or by the short id that is printed on it
        plate: Name,
        #[command(flatten)]
        place: Place,
    },
    /// Take a plate away from its shop
    Unbind {
        /// By its id, or by the short id that is printed on it
        plate: Name,
    },
    /// End a plate for good: lost, broken or stolen
    Void {
        /// By its id, or by the short id that is printed on it
        plate: Name,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// How many
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(BATCH_MAX)))]
    count: u32,
    /// Who alone may bind them; whoever has one in hand where nothing is said
    #[arg(long)]
    merchant: Option<MerchantId>,
    /// What they are for
    #[arg(long)]
    note: Option<Label>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Listing {
    /// Of which batch
    #[arg(long, required_unless_present = "merchant")]
    batch: Option<PlateBatchId>,
    /// Of which merchant: those of its batches, and those of the operator's that it has bound
    #[arg(long)]
    merchant: Option<MerchantId>,
    /// Only those that hang in this store
    #[arg(long)]
    store: Option<StoreId>,
    /// Only those that hang at this till
    #[arg(long)]
    counter: Option<CounterId>,
    /// Only those that are blank, bound or void
    #[arg(long)]
    state: Option<PlateState>,
    /// Go on behind this plate
    #[arg(long, value_name = "PLATE")]
    after: Option<Name>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=200))]
    limit: i64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// In which store it hangs
    #[arg(long)]
    store: StoreId,
    /// At which till
    #[arg(long)]
    counter: Option<CounterId>,
}

/// What people call a plate.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    Id(PlateId),
    Short(ShortId),
}

/// A batch or a plate.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    Batch(PlateBatchId),
    Plate(Name),
}

/// The operator, at the machine.
const HAND: Hand<'static> = Hand {
    merchant: None,
    actor: "cli",
};

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::Finish { batch } => finish(desk, &batch).await,
            Self::Batches {
                merchant,
                after,
                limit,
            } => {
                let mut tx = desk.db.read().await?;
                if let Some(merchant) = &merchant {
                    desk.merchant(&mut tx, merchant).await?;
                }
                let whose = merchant.as_ref();
                let found = db::plate_batches::list(&mut tx, whose, after.as_ref(), limit).await?;
                Ok(found.iter().map(batch_view).collect())
            }
            Self::List(listing) => list(desk, listing).await,
            Self::Show {
                which: Which::Batch(id),
            } => {
                let app = desk.app().await?;
                let (batch, in_use) = plates::look_at_batch(&app, None, &id).await?;
                Ok(counted(batch_view(&batch), &batch, in_use))
            }
            Self::Show {
                which: Which::Plate(name),
            } => {
                let app = desk.app().await?;
                let id = name.find(desk).await?;
                Ok(view(plates::look(&app, HAND, &id).await?))
            }
            Self::Print(args) => args.run(desk).await,
            Self::Bind {
                plate,
                place,
                merchant,
            } => bind(desk, &plate, place, merchant).await,
            Self::Rebind { plate, place } => {
                let app = desk.app().await?;
                let id = plate.find(desk).await?;
                let store = Some(place.store);
                Ok(view(
                    plates::rebind(&app, HAND, &id, store, place.counter).await?,
                ))
            }
            Self::Unbind { plate } => {
                let app = desk.app().await?;
                let id = plate.find(desk).await?;
                Ok(view(plates::unbind(&app, HAND, &id).await?))
            }
            Self::Void { plate } => {
                let app = desk.app().await?;
                let id = plate.find(desk).await?;
                Ok(view(plates::void(&app, HAND, &id).await?))
            }
        }
    }
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let app = desk.app().await?;
    if let Some(merchant) = &new.merchant {
        let mut tx = desk.db.read().await?;
        desk.merchant(&mut tx, merchant).await?;
        tx.commit().await?;
    }
    let wanted = NewBatch {
        merchant: new.merchant,
        count: new.count,
        note: new.note,
    };
    let batch = plates::create(&app, wanted, HAND.actor, progress(desk)).await?;
    Ok(batch_view(&batch))
}

async fn finish(desk: &Desk, id: &PlateBatchId) -> Result<Value, CliError> {
    let app = desk.app().await?;
    let (batch, _) = plates::look_at_batch(&app, None, id).await?;
    let batch = plates::finish(&app, batch, HAND.actor, progress(desk)).await?;
    Ok(batch_view(&batch))
}

/// Says how far a batch is, after each step. A small one is made before anybody wonders.
fn progress(desk: &Desk) -> impl FnMut(&PlateBatch) {
    let number = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let (is_json, mut shown, mut before) = (desk.json, None, 0);
    move |batch| {
        if shown.is_none() && batch.is_whole() {
            return;
        }
        let begin = || Progress::start("plates", number(batch.count), is_json);
        let progress = shown.get_or_insert_with(begin);
        progress.moved(number(batch.made.saturating_sub(before)));
        before = batch.made;
    }
}

async fn list(desk: &Desk, listing: Listing) -> Result<Value, CliError> {
    let after = match &listing.after {
        Some(name) => Some(name.find(desk).await?),
        None => None,
    };
    let Listing {
        batch,
        merchant,
        limit,
        ..
    } = listing;
    let wanted = Wanted {
        state: listing.state,
        batch: batch.clone(),
        store: listing.store,
        counter: listing.counter,
    };
    let mut tx = desk.db.read().await?;
    let found = match (&merchant, &batch) {
        (Some(merchant), _) => {
            desk.merchant(&mut tx, merchant).await?;
            db::plates::held(&mut tx, merchant, &wanted, after.as_ref(), limit).await?
        }
        (None, Some(batch)) => {
            let known = db::plate_batches::find(&mut tx, batch).await?;
            known.ok_or_else(|| CliError::NotFound("plate batch", batch.to_string()))?;
            db::plates::of_batch(&mut tx, batch, &wanted, after.as_ref(), limit).await?
        }
        (None, None) => Vec::new(),
    };
    tx.commit().await?;
    let row = |Hanging { plate, spot }: Hanging| plate_view(&plate, spot.as_ref());
    Ok(found.into_iter().map(row).collect())
}

async fn bind(
    desk: &Desk,
    plate: &Name,
    place: Place,
    merchant: MerchantId,
) -> Result<Value, CliError> {
    let app = desk.app().await?;
    let id = plate.find(desk).await?;
    let mut tx = desk.db.begin().await?;
    desk.merchant(&mut tx, &merchant).await?;
    // Another merchant's plates are as little for this one here as at the API.
    let hand = Hand {
        merchant: Some(&merchant),
        ..HAND
    };
    let spot = Spot {
        merchant: merchant.clone(),
        store: place.store,
        counter: place.counter,
    };
    let bound = plates::bind(&app, &mut tx, hand, &id, &spot).await?;
    tx.commit().await?;
    Ok(view(bound))
}

impl Name {
    async fn find(&self, desk: &Desk) -> Result<PlateId, CliError> {
        let short_id = match self {
            Self::Id(id) => return Ok(id.clone()),
            Self::Short(short_id) => short_id,
        };
        let mut tx = desk.db.read().await?;
        let found = db::plates::by_short_id(&mut tx, short_id).await?;
        let plate = found.ok_or_else(|| CliError::NotFound("plate", short_id.to_string()))?;
        Ok(plate.id)
    }
}

impl std::str::FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let short = || text.parse().map(Self::Short);
        let found = text.parse().map(Self::Id).or_else(|_| short());
        found.map_err(|why| format!("{why}, or its id"))
    }
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plate = || text.parse().map(Self::Plate);
        text.parse().map(Self::Batch).or_else(|_| plate())
    }
}

fn batch_view(batch: &PlateBatch) -> Value {
    json!({
        "id": batch.id,
        "merchant": batch.merchant,
        "note": batch.note,
        "count": batch.count,
        "made": batch.made,
        "parts": parts(batch.count),
        "key_id": batch.key_id,
        "created_at": batch.created_at,
    })
}

/// With how many of its plates are in use.
fn counted(mut view: Value, batch: &PlateBatch, InUse { bound, void }: InUse) -> Value {
    let blank = i64::from(batch.made).saturating_sub(bound.saturating_add(void));
    if let Value::Object(fields) = &mut view {
        for (name, count) in [("blank", blank), ("bound", bound), ("void", void)] {
            fields.insert(name.to_owned(), count.into());
        }
    }
    view
}

fn view(Shown { plate, code, lines }: Shown) -> Value {
    let line = |line: &PlateLine| {
        json!({
            "what": line.what,
            "at": line.at,
            "actor": line.actor,
            "merchant": line.merchant,
            "store": line.store,
            "counter": line.counter,
            "code": line.code,
        })
    };
    let spot = code.map(|code| Spot {
        merchant: code.merchant,
        store: code.store,
        counter: code.counter,
    });
    let mut view = plate_view(&plate, spot.as_ref());
    if let Value::Object(fields) = &mut view {
        fields.insert("log".to_owned(), lines.iter().map(line).collect());
    }
    view
}

fn plate_view(plate: &Plate, spot: Option<&Spot>) -> Value {
    json!({
        "id": plate.id,
        "plate": plate.short_id,
        "batch": plate.batch,
        "number": plate.number,
        "state": plate.state(),
        "merchant": spot.map(|spot| &spot.merchant),
        "store": spot.map(|spot| &spot.store),
        "counter": spot.and_then(|spot| spot.counter.as_ref()),
        "code": plate.code(),
        "locked_until": plate.locked_until,
    })
}
