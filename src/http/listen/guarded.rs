//! A connection that keeps the time: whoever sends a head by drops, or nothing at all, or does not
//! take its answer, is cut off.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::app::{Place, Proxies, Tally};
use crate::http::listen::Patience;
use crate::http::listen::pace::{Pace, Phase};
use crate::http::source;

/// A connection that was taken.
pub(super) struct Guarded {
    io: TcpStream,
    pace: Rc<Pace>,
    patience: Patience,
    /// For what the connection is awaited, and until when.
    awaited: Option<(Phase, Pin<Box<Sleep>>)>,
    /// Until when it must take something.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl Guarded {
    /// Takes a connection, if there is a place for it.
    pub(super) fn admit(
        io: TcpStream,
        places: &Tally,
        proxies: &Proxies,
        patience: Patience,
    ) -> io::Result<Self> {
        let peer = io.peer_addr()?.ip();
        let holder = (!proxies.trusts(peer)).then(|| source::network(peer));
        let Some(place) = places.take(holder) else {
            tracing::debug!("a connection was refused: there are too many");
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        // Answers are small, and somebody waits for each.
        io.set_nodelay(true)?;
        Ok(Self {
            io,
            pace: Pace::new(),
            patience,
            awaited: None,
            stalled: None,
            _place: place,
        })
    }

    pub(super) fn pace(&self) -> Rc<Pace> {
        Rc::clone(&self.pace)
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.io.peer_addr().ok()
    }

    /// Nothing came: is it time to give up?
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pace.reads(context.waker());
        let phase = self.pace.phase();
        let within = match phase {
            Phase::Answering => {
                self.awaited = None;
                return Poll::Pending;
            }
            Phase::Head => self.patience.head,
            Phase::Idle => self.patience.idle,
        };
        let over = match &mut self.awaited {
            Some((of, over)) if *of == phase => over,
            _ => {
                let over = Box::pin(tokio::time::sleep(within));
                &mut self.awaited.insert((phase, over)).1
            }
        };
        ready!(over.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// What a write came to; none may stand still for too long.
    fn poll_progress<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let within: Duration = self.patience.stalled;
        let over = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        ready!(over.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.io).poll_read(context, buffer) {
            Poll::Ready(done) => {
                if buffer.filled().len() > before {
                    this.pace.heard();
                }
                Poll::Ready(done)
            }
            Poll::Pending => this.poll_patience(context),
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.io).poll_write(context, bytes);
        this.poll_progress(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

impl ActixStream for Guarded {
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.io, context)
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.io, context)
    }
}
