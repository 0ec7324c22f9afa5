//! Long lists: a page at a time, by a cursor that only this list of this merchant understands.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::crypto::sealing::Purpose;
use crate::http::problem::{Problem, kinds};
use crate::id::MerchantId;
use crate::misread::within;

/// Rows in one answer unless asked otherwise, and at most.
const LIMIT: u32 = 20;
pub(crate) const LIMIT_MAX: i64 = 100;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// How many, 1 to 100; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "within::<_, _, 1, LIMIT_MAX>")]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    /// The rows.
    pub(crate) data: Vec<T>,
    /// Whether there are more.
    pub(crate) has_more: bool,
    /// What to send as `cursor` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// A place in one list of one merchant.
#[derive(Debug)]
pub(crate) struct Place {
    bound_to: String,
    /// The name of the last row seen.
    pub(crate) seen: Option<String>,
    /// Rows to show.
    limit: u32,
}

impl Place {
    /// Reads where a client is in `list`, which names the list and its filters.
    pub(crate) fn read(
        app: &App,
        merchant: &MerchantId,
        list: &str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(LIMIT);
        let bound_to = format!("{merchant} {list}");
        let open = |cursor: &str| {
            let plain = app
                .sealer
                .open_text(Purpose::Cursor, bound_to.as_bytes(), cursor)
                .ok()?;
            String::from_utf8(plain).ok()
        };
        let seen = match cursor {
            Some(cursor) => {
                let why = "cursor must be next_cursor of a page of the same list";
                let strange = || Problem::because(&kinds::CURSOR_INVALID, why);
                Some(open(cursor).ok_or_else(strange)?)
            }
            None => None,
        };
        Ok(Self {
            bound_to,
            seen,
            limit,
        })
    }

    /// The name of the last row seen, as an id.
    pub(crate) fn seen_id<T: std::str::FromStr>(&self) -> Option<T> {
        self.seen.as_ref().and_then(|seen| seen.parse().ok())
    }

    /// How many rows to read: one more than is shown tells whether there are more.
    pub(crate) const fn wanted(&self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// The page, from the rows that were read.
    pub(crate) fn page<R, T>(
        &self,
        app: &App,
        mut rows: Vec<R>,
        name: impl Fn(&R) -> String,
        view: impl FnMut(R) -> T,
    ) -> Listed<T> {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > shown;
        rows.truncate(shown);
        let last = rows.last().filter(|_| has_more).map(name);
        let next_cursor = last.and_then(|seen| {
            let aad = self.bound_to.as_bytes();
            let entropy = app.entropy.as_ref();
            app.sealer
                .seal_text(Purpose::Cursor, aad, seen.as_bytes(), entropy)
                .ok()
        });
        Listed {
            data: rows.into_iter().map(view).collect(),
            has_more,
            next_cursor,
        }
    }
}
