//! How far a connection is: between two requests, in the head of one, or being answered.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::web::Bytes;

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come since the last answer.
    Idle,
    /// Some of a head has come.
    Head,
    /// A request is worked on, or its answer is on its way.
    Answering,
}

/// What the stream and the requests on it know of each other.
#[derive(Debug)]
pub(super) struct Pace {
    between: Cell<Phase>,
    answering: Cell<u32>,
    reader: RefCell<Option<Waker>>,
}

/// One request that is worked on, until its answer is gone.
#[derive(Debug)]
pub(crate) struct Turn(Rc<Pace>);

/// A body that ends its request's turn when it is gone.
pub(crate) struct Kept {
    body: BoxBody,
    _turn: Option<Turn>,
}

impl Pace {
    /// Of a connection that was just made: the head of its first request is awaited.
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            between: Cell::new(Phase::Head),
            answering: Cell::new(0),
            reader: RefCell::new(None),
        })
    }

    pub(super) fn phase(&self) -> Phase {
        if self.answering.get() > 0 {
            Phase::Answering
        } else {
            self.between.get()
        }
    }

    /// Something came.
    pub(super) fn heard(&self) {
        self.between.set(Phase::Head);
    }

    /// Whom to wake when the last answer is gone, because from then on silence counts.
    pub(super) fn reads(&self, waker: &Waker) {
        let mut reader = self.reader.borrow_mut();
        if !reader.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *reader = Some(waker.clone());
        }
    }
}

/// Begins a request's turn; nothing where the connection is not one of ours.
pub(crate) fn answering(request: &ServiceRequest) -> Option<Turn> {
    let pace = request.conn_data::<Rc<Pace>>()?;
    pace.answering.set(pace.answering.get().saturating_add(1));
    Some(Turn(Rc::clone(pace)))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let pace = &self.0;
        pace.answering.set(pace.answering.get().saturating_sub(1));
        if pace.answering.get() == 0 {
            pace.between.set(Phase::Idle);
            if let Some(reader) = pace.reader.borrow_mut().take() {
                reader.wake();
            }
        }
    }
}

impl Kept {
    /// The body, and the turn that ends with it.
    pub(crate) fn around(body: BoxBody, turn: Option<Turn>) -> BoxBody {
        BoxBody::new(Self { body, _turn: turn })
    }
}

impl MessageBody for Kept {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
