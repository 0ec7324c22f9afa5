//! The payer's phone: a browser inside a wallet's app, as far as one payment needs it.

use std::fmt::Write as _;

use crate::wallet::client::{Answer, Call, SendError};
use crate::wallet::{Client, WireRequest};

/// A browser that keeps cookies and says which app it is in.
pub(super) struct Browser {
    client: Client,
    base_url: String,
    user_agent: String,
    cookies: Vec<(String, String)>,
}

/// A form on a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is sent.
    pub(super) action: String,
    /// Its fields with their values.
    pub(super) fields: Vec<(String, String)>,
}

/// A page that was opened.
pub(super) struct Page {
    /// The status.
    pub(super) status: u16,
    /// The HTML.
    pub(super) html: String,
}

/// How many times a page may send the browser on.
const REDIRECTS_MAX: u8 = 4;

impl Browser {
    pub(super) fn new(client: Client, base_url: &str, user_agent: String) -> Self {
        Self {
            client,
            base_url: base_url.to_owned(),
            user_agent,
            cookies: Vec::new(),
        }
    }

    /// Opens a page.
    pub(super) async fn open(&mut self, path: &str) -> Result<Page, SendError> {
        self.go(WireRequest::get(path.to_owned())).await
    }

    /// Sends a form.
    pub(super) async fn submit(&mut self, form: &Form) -> Result<Page, SendError> {
        let body: Vec<String> = form
            .fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let body = body.join("&").into_bytes();
        let sent = WireRequest::post(
            form.action.clone(),
            "application/x-www-form-urlencoded",
            body,
        );
        self.go(sent).await
    }

    /// The cookies as they are sent.
    pub(super) fn cookie_header(&self) -> Option<(&'static str, String)> {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| ("cookie", pairs.join("; ")))
    }

    async fn go(&mut self, first: WireRequest) -> Result<Page, SendError> {
        let mut request = first;
        for _ in 0..REDIRECTS_MAX {
            let answer = self.send(request).await?;
            self.keep_cookies(&answer);
            let location = answer.headers.iter().find(|(name, _)| name == "location");
            match location {
                Some((_, to)) if matches!(answer.reply.status, 301..=308) => {
                    let path = to.strip_prefix(&self.base_url).unwrap_or(to);
                    request = WireRequest::get(path.to_owned());
                }
                _ => {
                    let html = String::from_utf8_lossy(&answer.reply.body).into_owned();
                    return Ok(Page {
                        status: answer.reply.status,
                        html,
                    });
                }
            }
        }
        Err(SendError::Connection(
            "the page sends the browser on without end".to_owned(),
        ))
    }

    async fn send(&self, request: WireRequest) -> Result<Answer, SendError> {
        let mut headers = vec![
            ("user-agent", self.user_agent.clone()),
            ("accept", "text/html".to_owned()),
            ("accept-language", "zh-CN".to_owned()),
        ];
        headers.extend(self.cookie_header());
        if request.body.is_some() {
            headers.push(("origin", self.base_url.clone()));
            headers.push(("sec-fetch-site", "same-origin".to_owned()));
        }
        self.client
            .call(&self.base_url, &Call { request, headers }, None)
            .await
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let pair = line.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.retain(|(known, _)| known != name.trim());
                self.cookies
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
}

impl Page {
    /// The first form of the page that is sent.
    pub(super) fn form(&self) -> Option<Form> {
        let start = self.html.find("<form")?;
        let form = self.html.get(start..)?;
        let form = form.get(..form.find("</form>")?)?;
        let fields = form.split("<input").skip(1).filter_map(|input| {
            let tag = input.split('>').next()?;
            Some((
                attribute(tag, "name")?,
                attribute(tag, "value").unwrap_or_default(),
            ))
        });
        let tag = form.split('>').next()?;
        Some(Form {
            action: attribute(tag, "action")?,
            fields: fields.collect(),
        })
    }

    /// The value of an attribute, wherever it first stands.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        attribute(&self.html, name)
    }
}

impl Form {
    /// Fills in a field.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value));
    }
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain = value
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'");
    Some(
        plain
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

/// As forms are sent: letters and digits stay, all else as bytes.
fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*') {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_with_its_fields() {
        let html = r#"<main class="a"><form method="post" action="/Q/A/start?a=1&amp;b=2">
            <input type="hidden" name="token" value="t&quot;1"><label>x</label>
            <input id="amount" name="amount" type="text"></form></main>"#;
        let page = Page {
            status: 200,
            html: html.to_owned(),
        };
        let mut form = page.form().unwrap();
        assert_eq!(form.action, "/Q/A/start?a=1&b=2");
        form.set("amount", "12.50".to_owned());
        let fields = [("token", "t\"1"), ("amount", "12.50")];
        assert_eq!(
            form.fields,
            fields.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn a_page_without_a_form_has_none() {
        let page = Page {
            status: 410,
            html: "<main><h1>410</h1></main>".to_owned(),
        };
        assert_eq!(page.form(), None);
        assert_eq!(page.attribute("data-handover"), None);
    }

    #[test]
    fn a_field_is_sent_byte_by_byte() {
        assert_eq!(encoded("a b&面="), "a%20b%26%E9%9D%A2%3D");
    }
}
