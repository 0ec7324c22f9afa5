//! The live feeds, as server-sent events: one for the merchant's systems, one for a counter.
//!
//! `id` is the place in the merchant's sequence, so a reader that comes back with `Last-Event-ID`
//! misses nothing and gets nothing twice. A reader that opens more than its share ends its oldest
//! stream, which may be a connection that was torn unnoticed. A few seconds after its key or session was revoked a
//! stream ends, whether or not anything happens on it.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use futures_util::stream;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior};

use super::code::source;
use super::cookie;
use super::counter;
use crate::app::{App, StreamPlace};
use crate::clock::Timestamp;
use crate::db::outbox::{self, Placed};
use crate::event::feed::Feed;
use crate::event::hub::Hub;
use crate::flow::FlowError;
use crate::flow::authenticate;
use crate::http::problem::{Problem, kinds};
use crate::id::{MerchantId, PaymentId, StoreId};
use crate::money::{Amount, Currency};
use crate::payment::event::{EventData, EventKind};
use crate::telemetry::metrics::OpenFeed;

/// How often a stream shows that it lives and asks whether it may. Proxies cut what is silent for
/// much longer; a revoked reader is gone in less than five seconds.
const BEAT: Duration = Duration::from_secs(4);

/// How long a reader waits before it comes back.
const RETRY_MS: u32 = 1_500;

/// And one whose stream gave way to a newer one of the same reader. Longer, should more of them read
/// than have room, who would take the place from each other again and again; not long, should it be
/// the one that somebody looks at.
const RETRY_SUPERSEDED_MS: u32 = 5_000;

/// Who reads, and how events are told to it.
#[derive(Clone)]
pub(crate) enum Reader {
    /// A merchant's program: everything, as it is stored.
    Program {
        /// Its API key.
        token: String,
    },
    /// A device at a counter: its store's events, without evidence.
    Device {
        /// Its session.
        token: String,
        /// Its store.
        store: StoreId,
        /// The merchant's time zone: whose day it is there.
        zone: String,
        /// Day and time there, as of the last beat; JSON.
        at: String,
    },
}

/// `GET /counter/feed`
pub(super) async fn of_counter(
    req: HttpRequest,
    app: Data<App>,
    hub: Data<Hub>,
) -> Result<HttpResponse, Problem> {
    let device = counter::device(&req, &app).await?;
    let token = req
        .cookie(&cookie::name(&app, cookie::COUNTER))
        .map(|cookie| cookie.value().to_owned())
        .unwrap_or_default();
    let zone = counter::zone(&app, &device.merchant).await?;
    let reader = Reader::Device {
        token,
        store: device.store,
        at: local(device.at, &zone),
        zone,
    };
    let after = position(&req)?;
    let place = place_for(&req, &app, device.session.as_str())?;
    Ok(open(&app, &hub, &device.merchant, after, reader, place).await?)
}

/// Where the reader wants to go on: behind `Last-Event-ID`, else behind `?after=`; nothing stands
/// for now.
pub(crate) fn position(req: &HttpRequest) -> Result<Option<i64>, Problem> {
    let last = req.headers().get("last-event-id");
    let last = last.map(|value| value.to_str().unwrap_or("?"));
    let query = req.query_string();
    let after = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("after="));
    let last = place(last)
        .map_err(|why| Problem::because(&kinds::HEADER_INVALID, format!("Last-Event-ID {why}")))?;
    // What does not count is read all the same: a client that writes nonsense learns it.
    let after = place(after)
        .map_err(|why| Problem::because(&kinds::QUERY_INVALID, format!("after {why}")))?;
    Ok(last.or(after))
}

/// A place; nothing for none and for an empty text, as a browser sends before its first event.
fn place(text: Option<&str>) -> Result<Option<i64>, &'static str> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let place: i64 = text
        .parse()
        .map_err(|_| "must be a whole number of at most 9223372036854775807")?;
    // A place before the beginning is the beginning.
    Ok(Some(place.max(0)))
}

/// Room for one more stream, or the refusal.
pub(crate) fn place_for(
    req: &HttpRequest,
    app: &App,
    reader: &str,
) -> Result<StreamPlace, Problem> {
    let place = app.streams.open(reader, &source(req, app));
    place.ok_or_else(Problem::too_many_streams)
}

/// The stream for a reader that was let in.
pub(crate) async fn open(
    app: &Data<App>,
    hub: &Hub,
    merchant: &MerchantId,
    after: Option<i64>,
    reader: Reader,
    place: StreamPlace,
) -> Result<HttpResponse, FlowError> {
    let after = if let Some(place) = after {
        place
    } else {
        let mut tx = app.db.read().await?;
        let last = outbox::last(&mut tx, merchant).await?;
        tx.rollback().await?;
        last
    };
    let mut beat = tokio::time::interval(BEAT);
    beat.reset();
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let kind = match &reader {
        Reader::Program { .. } => "program",
        Reader::Device { .. } => "device",
    };
    let live = Live {
        _open: app.metrics.feed_opened(kind),
        feed: Feed::open(&app.db, hub, merchant, after),
        hub: hub.clone(),
        app: app.clone(),
        reader,
        beat,
        has_begun: false,
        has_ended: false,
        place,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(("x-content-type-options", "nosniff"))
        .streaming(frames(live)))
}

struct Live {
    feed: Feed,
    hub: Hub,
    app: Data<App>,
    reader: Reader,
    beat: Interval,
    has_begun: bool,
    has_ended: bool,
    place: StreamPlace,
    _open: OpenFeed,
}

fn frames(live: Live) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(live, |mut live| async move {
        if live.has_ended {
            return None;
        }
        let frame = live.frame().await?;
        Some((Ok(Bytes::from(frame)), live))
    })
}

impl Live {
    /// The next piece of the stream; nothing when it ends at once.
    async fn frame(&mut self) -> Option<String> {
        // It opens with a beat, for the reader was just let in; and before all that it tells, because
        // whoever comes back after midnight has to know what day it is now.
        if !std::mem::replace(&mut self.has_begun, true) {
            return Some(self.heartbeat());
        }
        tokio::select! {
            biased;
            () = self.hub.closed() => {
                self.has_ended = true;
                Some(format!("retry: {RETRY_MS}\n\n"))
            }
            () = self.place.given_up() => {
                self.has_ended = true;
                Some(format!(": a newer feed took this place\nretry: {RETRY_SUPERSEDED_MS}\n\n"))
            }
            _ = self.beat.tick() => self.is_let_in().await.then(|| self.heartbeat()),
            news = self.feed.next(BEAT) => match news {
                Ok(news) if news.is_empty() => Some(self.heartbeat()),
                Ok(news) => Some(self.tell(&news)),
                Err(error) => {
                    tracing::warn!(%error, "a feed ends because it cannot be read; its reader comes back");
                    None
                }
            },
        }
    }

    /// Whether the reader still may read; for a device also, what time it is.
    async fn is_let_in(&mut self) -> bool {
        let asked = match &mut self.reader {
            Reader::Program { token } => authenticate::api_key(&self.app, token).await.map(|_| ()),
            Reader::Device {
                token, zone, at, ..
            } => {
                let device = authenticate::device(&self.app, token).await;
                device.map(|device| *at = local(device.at, zone))
            }
        };
        match asked {
            Err(FlowError::Auth(_)) => false,
            // The database is away for a moment: that says nothing about the reader, and the feed
            // itself will notice.
            Ok(()) | Err(_) => true,
        }
    }

    fn heartbeat(&self) -> String {
        match &self.reader {
            Reader::Program { .. } => format!(": alive\nretry: {RETRY_MS}\n\n"),
            // Scripts do not see comments, a sleeping phone must notice that it slept, and its own
            // clock may not be the shop's.
            Reader::Device { at, .. } => format!(
                "id: {}\nevent: beat\nretry: {RETRY_MS}\ndata: {at}\n\n",
                self.feed.position()
            ),
        }
    }

    fn tell(&self, news: &[Placed]) -> String {
        let mut text = String::new();
        for event in news {
            match &self.reader {
                Reader::Program { .. } => {
                    write_event(&mut text, event.sequence, event.kind.as_str(), &event.data);
                }
                Reader::Device { store, zone, .. } => {
                    let is_theirs = event.store.as_ref().is_none_or(|of| of == store);
                    if let Some(data) = is_theirs.then(|| for_counter(event, zone)).flatten() {
                        write_event(&mut text, event.sequence, "counter", &data);
                    }
                }
            }
        }
        if text.is_empty() {
            return self.heartbeat();
        }
        text
    }
}

/// Day and time in a time zone, JSON on one line.
fn local(at: Timestamp, zone: &str) -> String {
    json!({"day": at.day_in(zone), "time": at.time_in(zone)}).to_string()
}

/// One event; a line break in its data would end it, and stored JSON has none.
fn write_event(text: &mut String, sequence: i64, kind: &str, data: &str) {
    let data = data.replace(['\r', '\n'], " ");
    let _ = write!(text, "id: {sequence}\nevent: {kind}\ndata: {data}\n\n");
}

/// What the counter's screen shows of an event; nothing for what it does not show.
fn for_counter(event: &Placed, zone: &str) -> Option<String> {
    let kind = match event.kind {
        EventKind::Created
        | EventKind::AdoptionProven
        | EventKind::AdoptionMissed
        | EventKind::AdoptionEnded => return None,
        EventKind::Waiting => "waiting",
        EventKind::Reported => "reported",
        EventKind::Paid => "paid",
        EventKind::Released | EventKind::Closed | EventKind::Expired => "ended",
        EventKind::Exception => "exception",
        EventKind::CodeSilent => return sign_for_counter(event, "silent", zone),
        EventKind::CodePaidAgain => return sign_for_counter(event, "again", zone),
    };
    let data: EventData = serde_json::from_str(&event.data).ok()?;
    let currency: Currency = data.currency.as_deref()?.parse().ok()?;
    let amount = Amount::new(data.amount_minor?, currency).ok()?;
    let payment = data.payment.as_ref().map(PaymentId::as_str);
    let key = match &data.exception {
        Some(exception) => exception.as_str(),
        None => payment.unwrap_or(event.id.as_str()),
    };
    let told = json!({
        "key": key,
        "kind": kind,
        "amount": super::code_view::grouped(&amount.decimal()),
        "amount_minor": amount.minor(),
        "currency": currency,
        "payer": data.payer_institution,
        "number": data.number,
        "code": data.code,
        "at": event.at,
        "day": event.at.day_in(zone),
        "time": event.at.time_in(zone),
    });
    Some(told.to_string())
}

/// A code that fell silent, or is used again: which, and when somebody paid by it last. What is told of
/// it later takes the place of what was told before.
fn sign_for_counter(event: &Placed, kind: &str, zone: &str) -> Option<String> {
    let data: EventData = serde_json::from_str(&event.data).ok()?;
    let told = json!({
        "key": data.sign,
        "kind": kind,
        "sign": data.sign.as_ref()?.short(),
        "last": data.paid_at.map(|at| at.time_in(zone)),
        "at": event.at,
        "day": event.at.day_in(zone),
        "time": event.at.time_in(zone),
    });
    Some(told.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_cannot_forge_an_event() {
        let mut text = String::new();
        write_event(
            &mut text,
            7,
            "payment.paid",
            "{\"a\":\"\n\nevent: payment.paid\r\"}",
        );
        assert_eq!(
            text,
            "id: 7\nevent: payment.paid\ndata: {\"a\":\"  event: payment.paid \"}\n\n"
        );
    }
}
