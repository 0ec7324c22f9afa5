//! Plates: signs that are printed blank, carried to the shop, and bound there.
//!
//! ```text
//! blank ──bind──▶ bound ──unbind──▶ blank     the plate hangs on; who is paid changes
//!                 bound ──rebind──▶ bound     another store or till of the same merchant
//! blank, bound ──void──▶ void                 lost, broken or stolen: never again
//! ```
//!
//! A bound plate is not the code that is paid: one of ours stands behind it, made when it was bound and
//! ended when it is unbound, so that a payment keeps pointing at the shop that it was made in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::code::run::RandomId;
use crate::id::{CodeId, CounterId, MerchantId, PlateBatchId, PlateId, StoreId};
use crate::merchant::{Label, Refused};
use crate::typed;
use crate::word::words;

words! {
    /// Where a plate stands.
    PlateState {
        /// Nobody is paid by it yet.
        Blank = "blank",
        /// A shop is paid by it.
        Bound = "bound",
        /// Over for good.
        Void = "void",
    }

    /// What moves a plate.
    PlateEvent {
        /// To a shop.
        Bind = "bind",
        /// To another shop, or another till, of the same merchant.
        Rebind = "rebind",
        /// Away from its shop.
        Unbind = "unbind",
        /// For good.
        Void = "void",
    }

    /// What became of a plate, in its log.
    PlateDeed {
        /// It was bound to a shop.
        Bound = "bound",
        /// It was moved.
        Rebound = "rebound",
        /// It was taken away from its shop.
        Unbound = "unbound",
        /// It was ended.
        Void = "void",
    }
}

/// Plates that were made together, and bear the signature of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlateBatch {
    /// Ours.
    pub id: PlateBatchId,
    /// Who alone may bind them; whoever has one in hand where they are the operator's.
    pub merchant: Option<MerchantId>,
    /// What they are for, in its owner's words.
    pub note: Option<Label>,
    /// How many; they are numbered from 1.
    pub count: u32,
    /// How many of them have been made, in the order of their numbers; fewer where that was cut off.
    pub made: u32,
    /// Whose signature they bear: the key's thumbprint.
    pub key_id: String,
    /// When they were made.
    pub created_at: Timestamp,
}

/// One plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plate {
    /// Ours.
    pub id: PlateId,
    /// With which it was made.
    pub batch: PlateBatchId,
    /// Which of them.
    pub number: u32,
    /// What people know it by.
    pub short_id: ShortId,
    /// The random bits that name it in its symbol.
    pub random: RandomId,
    /// Where it stands.
    pub standing: PlateStanding,
    /// Wrong secrets since it was bound last, or made.
    pub wrong_tries: u32,
    /// Until when no secret is looked at.
    pub locked_until: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
}

/// Where a plate stands, with what belongs to it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlateStanding {
    /// Nobody is paid by it.
    Blank,
    /// A shop is paid by the code behind it.
    Bound {
        /// The code.
        code: CodeId,
    },
    /// Over.
    Void,
}

/// Where a plate hangs, or is to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Whose shop.
    pub merchant: MerchantId,
    /// Which store.
    pub store: StoreId,
    /// Which till.
    pub counter: Option<CounterId>,
}

/// A line of a plate's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlateLine {
    /// Which plate.
    pub plate: PlateId,
    /// The version that it led to; lines lie in this order.
    pub version: i64,
    /// What became of it.
    pub what: PlateDeed,
    /// Whose shop it was about; nobody's where a blank plate of the operator's was ended.
    pub merchant: Option<MerchantId>,
    /// In which store.
    pub store: Option<StoreId>,
    /// At which till.
    pub counter: Option<CounterId>,
    /// The code behind it, made or ended.
    pub code: Option<CodeId>,
    /// Who did it: an API key, a session, or `cli`.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// What people read off a plate: eight characters, `7F3K-2QZD`. No two plates have the same.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
pub struct ShortId(String);

/// A text that is no short id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a plate's 8 characters, such as 7F3K-2QZD")]
pub struct ShortIdError;

/// Plates in one batch.
pub const BATCH_MAX: u32 = 100_000;
/// Wrong secrets, one behind the other, after which a plate locks itself.
pub const TRIES: u32 = 5;
/// How long it is locked the first time; twice as long each time after.
const LOCK: Duration = Duration::from_mins(1);
/// A shop that is handed a locked plate does not wait longer than a day.
const LOCK_MAX: Duration = Duration::from_hours(24);

const SHORT_CHARS: usize = 8;

impl PlateState {
    /// Every move there is.
    pub fn apply(self, event: PlateEvent) -> Result<Self, Refused> {
        use PlateEvent::{Bind, Rebind, Unbind, Void};
        match self {
            Self::Blank => match event {
                Bind => Ok(Self::Bound),
                Void => Ok(Self::Void),
                Rebind | Unbind => Err(self.refuses(event)),
            },
            Self::Bound => match event {
                Rebind => Ok(Self::Bound),
                Unbind => Ok(Self::Blank),
                Void => Ok(Self::Void),
                Bind => Err(self.refuses(event)),
            },
            Self::Void => match event {
                Bind | Rebind | Unbind | Void => Err(self.refuses(event)),
            },
        }
    }

    const fn refuses(self, event: PlateEvent) -> Refused {
        Refused {
            what: "plate",
            now: self.as_str(),
            event: event.as_str(),
        }
    }
}

impl PlateEvent {
    /// What the log says of it.
    pub const fn deed(self) -> PlateDeed {
        match self {
            Self::Bind => PlateDeed::Bound,
            Self::Rebind => PlateDeed::Rebound,
            Self::Unbind => PlateDeed::Unbound,
            Self::Void => PlateDeed::Void,
        }
    }
}

impl PlateBatch {
    /// Whether all its plates are there. One that is not whole is not printed.
    pub const fn is_whole(&self) -> bool {
        self.made >= self.count
    }
}

impl Plate {
    /// A blank one.
    pub const fn blank(
        id: PlateId,
        batch: PlateBatchId,
        number: u32,
        short_id: ShortId,
        random: RandomId,
    ) -> Self {
        Self {
            id,
            batch,
            number,
            short_id,
            random,
            standing: PlateStanding::Blank,
            wrong_tries: 0,
            locked_until: None,
            version: 1,
        }
    }

    /// Bound to the shop of this code, or moved there.
    pub fn to(self, event: PlateEvent, code: CodeId) -> Result<Self, Refused> {
        match self.state().apply(event)? {
            PlateState::Bound => Ok(self.standing_as(PlateStanding::Bound { code })),
            PlateState::Blank | PlateState::Void => Err(self.state().refuses(event)),
        }
    }

    /// Away from its shop, or ended.
    pub fn off(self, event: PlateEvent) -> Result<Self, Refused> {
        match self.state().apply(event)? {
            PlateState::Blank => Ok(self.standing_as(PlateStanding::Blank)),
            PlateState::Void => Ok(self.standing_as(PlateStanding::Void)),
            PlateState::Bound => Err(self.state().refuses(event)),
        }
    }

    /// After one more wrong secret.
    #[must_use]
    pub fn missed(self, now: Timestamp) -> Self {
        let wrong_tries = self.wrong_tries.saturating_add(1);
        let locked_until = match wrong_tries % TRIES {
            0 => Some(now.plus(locked_for(wrong_tries / TRIES))),
            _ => self.locked_until,
        };
        Self {
            wrong_tries,
            locked_until,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// Until when no secret is looked at, if that is later than `now`.
    pub fn locked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until)
    }

    /// Where it stands.
    pub const fn state(&self) -> PlateState {
        match self.standing {
            PlateStanding::Blank => PlateState::Blank,
            PlateStanding::Bound { .. } => PlateState::Bound,
            PlateStanding::Void => PlateState::Void,
        }
    }

    /// The code behind it.
    pub const fn code(&self) -> Option<&CodeId> {
        match &self.standing {
            PlateStanding::Bound { code } => Some(code),
            PlateStanding::Blank | PlateStanding::Void => None,
        }
    }

    fn standing_as(self, standing: PlateStanding) -> Self {
        Self {
            standing,
            wrong_tries: 0,
            locked_until: None,
            version: self.version.saturating_add(1),
            ..self
        }
    }
}

/// How long the `nth` lock holds.
fn locked_for(nth: u32) -> Duration {
    let times = 1_u32.checked_shl(nth.saturating_sub(1)).unwrap_or(u32::MAX);
    LOCK.saturating_mul(times).min(LOCK_MAX)
}

impl ShortId {
    /// Of forty random bits.
    pub fn new(random: [u8; 5]) -> Self {
        Self(typed::spell::<SHORT_CHARS>(&random))
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&typed::halves(&self.0))
    }
}

/// As people type it: in either case, with or without dashes, O for 0, and I or L for 1.
impl FromStr for ShortId {
    type Err = ShortIdError;

    fn from_str(text: &str) -> Result<Self, ShortIdError> {
        typed::read::<SHORT_CHARS>(text)
            .map(Self)
            .ok_or(ShortIdError)
    }
}

impl TryFrom<String> for ShortId {
    type Error = ShortIdError;

    fn try_from(text: String) -> Result<Self, ShortIdError> {
        text.parse()
    }
}

impl From<ShortId> for String {
    fn from(id: ShortId) -> Self {
        id.to_string()
    }
}

impl utoipa::PartialSchema for ShortId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9A-HJKMNP-TV-Z]{4}-?[0-9A-HJKMNP-TV-Z]{4}$"))
            .examples(["7F3K-2QZD"])
            .into()
    }
}

impl utoipa::ToSchema for ShortId {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn plate() -> Plate {
        let (at, entropy) = (Timestamp::from_seconds(0), SystemEntropy::new());
        Plate::blank(
            PlateId::new(at, &entropy),
            PlateBatchId::new(at, &entropy),
            1,
            ShortId::new([7; 5]),
            RandomId::new([7; 16]),
        )
    }

    fn code() -> CodeId {
        CodeId::new(Timestamp::from_seconds(0), &SystemEntropy::new())
    }

    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        use PlateEvent as E;
        use PlateState as S;
        let moves = [
            (S::Blank, E::Bind, S::Bound),
            (S::Blank, E::Void, S::Void),
            (S::Bound, E::Rebind, S::Bound),
            (S::Bound, E::Unbind, S::Blank),
            (S::Bound, E::Void, S::Void),
        ];
        for state in S::ALL {
            for event in E::ALL {
                let to = moves.iter().find(|m| (m.0, m.1) == (*state, *event));
                assert_eq!(state.apply(*event).ok(), to.map(|m| m.2), "{state} {event}");
            }
        }
    }

    #[test]
    fn a_bound_plate_has_the_code_of_its_shop_and_no_other_has_one() {
        let (first, second) = (code(), code());
        let bound = plate().to(PlateEvent::Bind, first.clone()).unwrap();
        assert_eq!(
            (bound.state(), bound.code()),
            (PlateState::Bound, Some(&first))
        );
        assert!(bound.clone().to(PlateEvent::Bind, second.clone()).is_err());
        assert!(
            bound
                .clone()
                .to(PlateEvent::Unbind, second.clone())
                .is_err()
        );
        assert!(bound.clone().off(PlateEvent::Rebind).is_err());
        let moved = bound.to(PlateEvent::Rebind, second.clone()).unwrap();
        assert_eq!((moved.code(), moved.version), (Some(&second), 3));
        let free = moved.off(PlateEvent::Unbind).unwrap();
        assert_eq!((free.state(), free.code()), (PlateState::Blank, None));
        let over = free.off(PlateEvent::Void).unwrap();
        assert_eq!((over.state(), over.version), (PlateState::Void, 5));
        assert!(over.to(PlateEvent::Bind, first).is_err());
    }

    #[test]
    fn five_wrong_secrets_lock_a_plate_each_time_for_twice_as_long() {
        let now = Timestamp::from_seconds(1_000);
        let mut plate = plate();
        let mut locks = Vec::new();
        for _ in 0..TRIES * 3 {
            plate = plate.missed(now);
            if plate.wrong_tries.is_multiple_of(TRIES) {
                locks.push(plate.locked_at(now).unwrap().seconds() - now.seconds());
            }
        }
        assert_eq!(locks, [60, 120, 240]);
        assert_eq!(plate.locked_at(now.plus(Duration::from_mins(4))), None);
        let bound = plate.to(PlateEvent::Bind, code()).unwrap();
        assert_eq!((bound.wrong_tries, bound.locked_until), (0, None));
    }

    #[test]
    fn four_wrong_secrets_lock_nothing_and_no_lock_outlasts_a_day() {
        let now = Timestamp::from_seconds(1_000);
        let four = (0..TRIES - 1).fold(plate(), |plate, _| plate.missed(now));
        assert_eq!(four.locked_at(now), None);
        for nth in [1_000, u32::MAX] {
            assert_eq!(locked_for(nth), LOCK_MAX);
        }
    }

    #[test]
    fn a_short_id_is_shown_in_halves_and_read_as_people_type_it() {
        let id = ShortId::new([0x7f, 3, 0x4b, 0x2a, 0x01]);
        let shown = id.to_string();
        assert_eq!(shown.len(), SHORT_CHARS + 1);
        assert_eq!(shown.to_ascii_lowercase().parse(), Ok(id.clone()));
        assert_eq!(shown.replace('-', "").parse(), Ok(id));
        assert_eq!("7F3K".parse::<ShortId>(), Err(ShortIdError));
    }
}
