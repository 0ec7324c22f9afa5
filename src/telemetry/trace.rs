//! Which trace a piece of work belongs to, by W3C Trace Context.
//!
//! Whoever calls us may name a trace in `traceparent`; what we do for that call goes on under it,
//! and the institutions that we call for it hear of it. Where nobody names one, or in a form that
//! the standard does not know, a trace begins here. Whether it is sampled is the caller's to say and
//! is handed on as it came; a trace that begins here is not, since nobody here records spans.
//! `tracestate` is not handed on: what one caller's vendor puts there is no business of another.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use tracing::Instrument as _;

use crate::entropy::Entropy;

/// The header that names a trace.
pub const TRACEPARENT: &str = "traceparent";

/// Our part of one trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    span: [u8; 8],
    sampled: bool,
    from: Option<IpAddr>,
}

/// Version, trace, parent and flags with hyphens between them.
const LENGTH: usize = 55;
/// The one version that is known; a later one may have more behind the flags.
const VERSION: &str = "00";
/// The standard forbids this one for ever.
const VERSION_FORBIDDEN: &str = "ff";
const SAMPLED: u8 = 1;

tokio::task_local! {
    static CURRENT: Trace;
}

impl Trace {
    /// A trace that begins here.
    pub fn root(entropy: &dyn Entropy) -> Self {
        Self {
            id: entropy.bytes(),
            span: entropy.bytes(),
            sampled: false,
            from: None,
        }
    }

    /// Goes on with the trace that a caller names, under a span of our own; nothing where the header
    /// is not one that the standard knows.
    pub fn after(header: &str, entropy: &dyn Entropy) -> Option<Self> {
        let head = header.get(..LENGTH)?;
        let mut parts = head.split('-');
        let (version, trace_id) = (parts.next()?, parts.next()?);
        let (parent, flags) = (parts.next()?, parts.next()?);
        let [_] = hex(version)?;
        let rest = header.get(LENGTH..)?;
        let fits = match version {
            VERSION => rest.is_empty(),
            VERSION_FORBIDDEN => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let trace_id: [u8; 16] = hex(trace_id)?;
        let parent: [u8; 8] = hex(parent)?;
        let [flags] = hex(flags)?;
        let named = trace_id != [0; 16] && parent != [0; 8];
        (fits && named && parts.next().is_none()).then(|| Self {
            id: trace_id,
            span: entropy.bytes(),
            sampled: flags & SAMPLED != 0,
            from: None,
        })
    }

    /// The same, for work that this address asked for.
    #[must_use]
    pub fn asked_from(self, from: Option<IpAddr>) -> Self {
        Self { from, ..self }
    }

    /// The address that asked for this work, if one did.
    pub fn from(&self) -> Option<IpAddr> {
        self.from
    }

    /// The trace, as lines and problems name it.
    pub fn trace_id(&self) -> String {
        HEXLOWER.encode(&self.id)
    }

    /// Our part of it.
    pub fn span_id(&self) -> String {
        HEXLOWER.encode(&self.span)
    }

    /// `traceparent` for whom we call.
    pub fn header(&self) -> String {
        let flags = if self.sampled { "01" } else { "00" };
        format!("{VERSION}-{}-{}-{flags}", self.trace_id(), self.span_id())
    }
}

/// The trace of the work that is being done; nothing where nobody said.
pub fn current() -> Option<Trace> {
    CURRENT.try_with(|trace| *trace).ok()
}

/// Does `work` as a part of `trace`.
pub async fn within<T>(trace: Trace, work: impl Future<Output = T>) -> T {
    CURRENT.scope(trace, work).await
}

/// Takes the trace and the span along with work that goes on by itself.
pub fn taken_along<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let (trace, work) = (current(), work.in_current_span());
    async move {
        match trace {
            Some(trace) => within(trace, work).await,
            None => work.await,
        }
    }
}

/// Does work that nobody called for, as a trace of its own.
pub async fn begun<T>(entropy: &dyn Entropy, work: impl Future<Output = T>) -> T {
    let trace = Trace::root(entropy);
    let (trace_id, span_id) = (trace.trace_id(), trace.span_id());
    let span = tracing::info_span!("follow_up", trace_id, span_id);
    within(trace, work.instrument(span)).await
}

/// Bytes in lower-case hex, which is the only spelling there is.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn after(header: &str) -> Option<Trace> {
        Trace::after(header, &SystemEntropy::new())
    }

    #[test]
    fn a_trace_goes_on_under_a_span_of_our_own_with_its_flag() {
        for (flags, told) in [("00", "00"), ("01", "01"), ("03", "01"), ("fe", "00")] {
            let trace = after(&format!("00-{TRACE}-{PARENT}-{flags}")).unwrap();
            assert_eq!(trace.trace_id(), TRACE);
            assert_ne!(trace.span_id(), PARENT);
            let header = trace.header();
            assert_eq!(header, format!("00-{TRACE}-{}-{told}", trace.span_id()));
            assert_eq!(after(&header).unwrap().trace_id(), TRACE);
        }
    }

    #[test]
    fn a_later_version_may_have_more() {
        assert!(after(&format!("cc-{TRACE}-{PARENT}-01")).is_some());
        assert!(after(&format!("cc-{TRACE}-{PARENT}-01-what-comes")).is_some());
        assert!(after(&format!("cc-{TRACE}-{PARENT}-01.what-comes")).is_none());
    }

    #[test]
    fn what_the_standard_does_not_know_names_no_trace() {
        let zeros = |count| "0".repeat(count);
        for header in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-0x"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("00-{TRACE}-{PARENT}-01 "),
            format!(" 00-{TRACE}-{PARENT}-01"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0-{TRACE}-{PARENT}-011"),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{}-{PARENT}-01", zeros(32)),
            format!("00-{TRACE}-{}-01", zeros(16)),
            format!("00-{TRACE}{PARENT}--01-"),
            format!("00_{TRACE}_{PARENT}_01"),
            format!("00-{TRACE}-{PARENT}-0面"),
        ] {
            assert_eq!(after(&header), None, "{header:?}");
        }
    }

    #[test]
    fn two_roots_are_two_traces() {
        let entropy = SystemEntropy::new();
        let (one, other) = (Trace::root(&entropy), Trace::root(&entropy));
        assert_ne!(one.trace_id(), other.trace_id());
        assert!(one.header().ends_with("-00"), "{}", one.header());
    }

    #[tokio::test]
    async fn work_that_goes_on_by_itself_keeps_its_trace() {
        let trace = Trace::root(&SystemEntropy::new());
        assert_eq!(current(), None);
        let beside = async { tokio::spawn(taken_along(async { current() })).await };
        assert_eq!(within(trace, beside).await.unwrap(), Some(trace));
    }
}
