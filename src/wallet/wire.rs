//! What goes over the wire to an institution and comes back, as plain values.

use std::fmt;

/// What we ask of an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Open an order under our number.
    Open,
    /// Ask what became of an order.
    Query,
    /// Close an order, so that it can no longer be paid.
    Close,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::Open, Self::Query, Self::Close];

    /// The word for logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Query => "query",
            Self::Close => "close",
        }
    }
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes.
    Post,
}

impl Method {
    /// As on the request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request that has yet to be addressed, signed and sent.
#[derive(Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// The method.
    pub method: Method,
    /// Appended to the institution's base address; begins with a slash, holds no query.
    pub path: String,
    /// Bytes and their media type.
    pub body: Option<WireBody>,
}

/// A request's body.
#[derive(Clone, PartialEq, Eq)]
pub struct WireBody {
    /// The media type.
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl WireRequest {
    /// A request without a body.
    pub fn get(path: String) -> Self {
        Self {
            method: Method::Get,
            path,
            body: None,
        }
    }

    /// A request with a JSON body.
    pub fn post_json(path: String, body: &serde_json::Value) -> Self {
        Self::post(path, "application/json", body.to_string().into_bytes())
    }

    /// A request with a body of any type.
    pub fn post(path: String, content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            method: Method::Post,
            path,
            body: Some(WireBody {
                content_type,
                bytes,
            }),
        }
    }
}

/// Bodies may hold what must not be logged, so only their size is shown.
impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.method.as_str(), self.path, self.body)
    }
}

impl fmt::Debug for WireBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.content_type, self.bytes.len())
    }
}

/// What an institution answered.
#[derive(Clone, PartialEq, Eq)]
pub struct WireReply {
    /// The status.
    pub status: u16,
    /// The media type, without parameters, in lower case; empty when absent.
    pub content_type: String,
    /// The bytes.
    pub body: Vec<u8>,
}

impl WireReply {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let content_type = if status < 400 {
            "application/json"
        } else {
            "application/problem+json"
        };
        Self {
            status,
            content_type: content_type.to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    /// A signed answer.
    pub fn jose(jws: String) -> Self {
        Self {
            status: 200,
            content_type: "application/jose".to_owned(),
            body: jws.into_bytes(),
        }
    }

    /// Whether the answer is a success.
    pub const fn is_ok(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

impl fmt::Debug for WireReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} of {} bytes",
            self.status,
            self.content_type,
            self.body.len()
        )
    }
}
