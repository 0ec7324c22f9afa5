//! One text in, one answer out: what is this, and can it be trusted?
//!
//! Asks in the order of how sure the answer is: our own form, numbers that payers show, the texts
//! of known systems, EMV; the rest is a link or other text. Nothing is fetched, nothing is stored,
//! and a payer's number leaves this module masked.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::answer::{
    DecodeAnswer, Format, PictureAnswer, PlacedAnswer, Reading, Remark, SignatureVerdict,
};
use super::bill::{self, Bill};
use super::emv::consumer::{self, Consumer};
use super::emv::scheme::Payee;
use super::emv_form::{self, Claimed};
use super::native::{self, Native, Natives};
use super::origin::{Origin, code_points, strip_prefix_ascii_case};
use super::run::{self, Parsed, RunError};
use super::{emv, label};

/// What decoding needs to know about this installation.
#[derive(Clone, Copy)]
pub struct DecodeContext<'a> {
    /// The shapes of wallets' texts.
    pub natives: &'a Natives,
    /// Where our codes point.
    pub own_origins: &'a [Origin],
    /// Judges the signature of one of our codes.
    pub verify: &'a dyn Fn(&Parsed) -> SignatureVerdict,
    /// Test mode: `http://` origins are read.
    pub allow_http: bool,
}

/// No symbol holds more than 7,089 characters or 2,953 bytes; the rest is room for escapes.
pub const TEXT_BYTES_MAX: usize = 8_192;

/// What is remarked on a code of another server like this one.
pub(super) const OTHER_ORIGIN: &str = "other-origin";
/// What is remarked on a code that could be anybody's.
pub(super) const ISSUER_UNLISTED: &str = "issuer-unlisted";

/// The network of every code in EMV's merchant-presented form.
pub(super) const EMV: &str = "emv_mpm";

/// Says what a text is. Never fails and never panics: a bad text is an answer, too.
pub fn decode(text: &str, context: &DecodeContext<'_>) -> DecodeAnswer {
    match read(text, context) {
        Ok(mut reading) => {
            reading.warnings.extend(hidden_characters(text));
            DecodeAnswer::Read(reading)
        }
        Err(error) => DecodeAnswer::refused(error),
    }
}

/// Whether a character is not seen but changes what is seen or compared: zero width, direction.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The answers about the codes found in one picture, each a text and its four corners; `cut` where
/// there may be more.
pub fn decode_all(
    found: impl IntoIterator<Item = (String, [[i32; 2]; 4])>,
    cut: bool,
    context: &DecodeContext<'_>,
) -> PictureAnswer {
    let place = |(text, position): (String, _)| {
        let answer = decode(&text, context);
        let is_masked = is_of_payers(&answer, &text);
        PlacedAnswer {
            text: (!is_masked).then_some(text),
            answer,
            position,
        }
    };
    PictureAnswer {
        codes: found.into_iter().map(place).collect(),
        cut,
    }
}

/// Whether a text is what a payer shows, by the answer about it. One that is broken in one place
/// still tells the rest.
pub(super) fn is_of_payers(answer: &DecodeAnswer, text: &str) -> bool {
    match answer {
        DecodeAnswer::Read(reading) => reading.kind == native::PAYER_CODE,
        DecodeAnswer::Refused(_) => consumer::looks_like(text),
    }
}

/// Whether a text is what a payer shows, where another was asked for.
pub fn is_payers(text: &str, context: &DecodeContext<'_>) -> bool {
    is_of_payers(&decode(text, context), text)
}

/// Refuses what no code contains, before anybody looks at it more closely.
pub(super) fn check_characters(text: &str) -> Result<(), Remark> {
    if text.is_empty() {
        return Err(Remark::new("empty", "the text is empty").at(0));
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(Remark::new(
            "too-long",
            format!("text exceeds {TEXT_BYTES_MAX} bytes"),
        ));
    }
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    match text.chars().position(is_control) {
        None => Ok(()),
        Some(at) => {
            Err(Remark::new("control-character", "control characters are not allowed").at(at))
        }
    }
}

fn read(text: &str, context: &DecodeContext<'_>) -> Result<Reading, Remark> {
    check_characters(text)?;
    match run::parse(text, context.allow_http) {
        Ok(parsed) => return Ok(ours(&parsed, context)),
        Err(error) if meant_as_ours(text, &error, context) => {
            return Err(Remark::new(error.fault.code(), error.fault.to_string()).at(error.offset));
        }
        Err(_) => {}
    }
    if let Some((text, native)) = context.natives.find(text) {
        return Ok(known(text, native));
    }
    if consumer::looks_like(text) {
        return consumer::parse(text)
            .map(|code| consumer_presented(&code))
            .map_err(|error| {
                Remark::new(error.fault.code(), error.fault.to_string()).at(error.offset)
            });
    }
    let (front, bare) = bare(text);
    if emv::looks_like(bare) {
        return emv::parse(bare)
            .map(|payload| merchant_presented(bare, &payload, context))
            .map(|reading| reading.behind(front))
            .map_err(|error| {
                Remark::new(error.fault.code(), error.fault.to_string())
                    .at(error.offset.saturating_add(front))
                    .of(error.object)
            });
    }
    let is_link = ["https://", "http://"]
        .iter()
        .any(|s| strip_prefix_ascii_case(text, s).is_some());
    Ok(Reading::unknown(if is_link {
        Format::Link
    } else {
        Format::Other
    }))
}

/// A text without what stands around it, and how many characters of that stand in front of it.
pub(super) fn bare(text: &str) -> (usize, &str) {
    let behind = text.trim_start_matches(native::AROUND);
    let front = text.len().saturating_sub(behind.len());
    (front, behind.trim_end_matches(native::AROUND))
}

/// Whether a text that is not ours was made to be taken for ours: it names our host, or carries a
/// whole run behind something that is no proper origin.
pub(super) fn meant_as_ours(text: &str, error: &RunError, context: &DecodeContext<'_>) -> bool {
    let names_us = Origin::split(text, context.allow_http).is_ok_and(|(origin, path)| {
        context.own_origins.contains(&origin)
            && path
                .get(..3)
                .is_some_and(|start| start.eq_ignore_ascii_case("/q/"))
    });
    let carries_run = || {
        let run = text.rsplit('/').next().unwrap_or_default();
        run::parse(&format!("https://x/Q/{run}"), false).is_ok()
    };
    names_us || (matches!(error.fault, run::RunFault::Origin(_)) && carries_run())
}

fn ours(parsed: &Parsed, context: &DecodeContext<'_>) -> Reading {
    let body = &parsed.run.body;
    let signature = if body.is_compact() {
        SignatureVerdict::Absent
    } else {
        (context.verify)(parsed)
    };
    let mut fields = object(json!({
        "kind": body.kind().as_str(),
        "id": body.random().to_string(),
        "origin": parsed.origin.to_string(),
        "compact": body.is_compact(),
    }));
    if let Some(key) = body.key() {
        fields.insert("key_id".to_owned(), key.to_string().into());
    }
    if let Some(amount) = body.amount() {
        fields.insert("amount_minor".to_owned(), amount.minor().into());
        fields.insert("currency".to_owned(), amount.currency().code().into());
    }
    let mut warnings = Vec::new();
    if signature == SignatureVerdict::Invalid {
        let message = "the signature does not belong to this code: do not pay it";
        warnings.push(Remark::new("signature-invalid", message));
    }
    if !context.own_origins.is_empty() && !context.own_origins.contains(&parsed.origin) {
        let message = format!("the code points to another server, {}", parsed.origin);
        warnings.push(Remark::new(OTHER_ORIGIN, message));
    }
    Reading {
        scheme: Some("tongma"),
        network: Some("tongma"),
        kind: body.kind().as_str(),
        strict: true,
        signature: Some(signature),
        warnings,
        fields,
        ..Reading::unknown(Format::Link)
    }
    .asking(body.amount())
}

fn known(text: &str, native: Native) -> Reading {
    let mut reading = Reading {
        network: Some(native.network),
        kind: native.kind,
        strict: true,
        ..Reading::unknown(Format::Native)
    };
    if native.kind == native::PAYER_CODE {
        reading.warnings.push(payers());
        reading.fields = object(json!({
            "masked": native::mask(text),
            "length": code_points(text),
        }));
    }
    if label::REFUSED.contains(&native.network) {
        let message = "this is no payment in money; no institution here takes it";
        reading.warnings.push(Remark::new("not-taken", message));
    }
    if label::is_of_an_unlisted_issuer(native.network, text) {
        reading.strict = false;
        let message = "the code is on a host that is not known to be an issuer's of this network";
        reading.warnings.push(Remark::new(ISSUER_UNLISTED, message));
    }
    let bill = bill::read(native.network, text);
    match bill.filter(|_| native.kind != native::PAYER_CODE) {
        Some(bill) => billed(reading, native.network, bill),
        None => reading,
    }
}

/// With what a bill says, and what is wrong with it.
fn billed(reading: Reading, network: &str, bill: Bill) -> Reading {
    let mut reading = reading.asking(bill.to_pay());
    if let Some(what) = bill.doubt {
        reading.strict = false;
        let message = format!("{what} do not fit: do not pay this");
        reading.warnings.push(Remark::new("check-digits", message));
    }
    if let Some(rule) = bill.rule {
        reading.strict = false;
        let message = format!("{network} would not write this: {rule}");
        reading.warnings.push(Remark::new("bill-rule", message));
    }
    for (name, value) in bill.fields() {
        // The text itself may have hidden them behind percent signs or in base64.
        let hides = |c: char| is_hidden(c) || (c.is_control() && !matches!(c, '\r' | '\n'));
        if value.contains(hides) {
            reading.warnings.push(hidden(Some(name), None));
        }
        reading.fields.insert(name.to_owned(), value.into());
    }
    reading
}

/// A card in a payer's app: what it offers, and nothing of whose it is.
fn consumer_presented(code: &Consumer) -> Reading {
    Reading {
        scheme: Some("emv-cpm"),
        network: Some("emv_cpm"),
        kind: native::PAYER_CODE,
        strict: code.strict,
        warnings: vec![payers()],
        fields: object(json!({
            "applications": code.applications(),
            "objects": code.masked(),
        })),
        ..Reading::unknown(Format::EmvCpm)
    }
}

fn payers() -> Remark {
    let message = "this is the code a payer shows, not one to be paid to; it is masked here";
    Remark::new("payer-code", message).at(0)
}

fn merchant_presented(text: &str, payload: &emv::Payload, context: &DecodeContext<'_>) -> Reading {
    let reading = of_a_network(text, payload);
    let claimed = emv_form::claimed(text, payload, context.own_origins, context.allow_http);
    match claimed {
        Some(claimed) => ours_in_emv(reading, &claimed, context),
        None => reading,
    }
}

/// One of ours in EMV's form: the objects are EMV's, and whose they are is ours to say.
fn ours_in_emv(reading: Reading, claimed: &Claimed, context: &DecodeContext<'_>) -> Reading {
    let parsed = &claimed.parsed;
    let mut ours = if claimed.whole {
        ours(parsed, context)
    } else {
        let never = |_: &Parsed| SignatureVerdict::Invalid;
        let context = DecodeContext {
            verify: &never,
            ..*context
        };
        self::ours(parsed, &context)
    };
    ours.warnings.extend(reading.warnings);
    let is_other = |payee: &Payee| payee.object != claimed.object;
    Reading {
        format: reading.format,
        strict: reading.strict,
        amount_minor: reading.amount_minor,
        currency: reading.currency,
        payees: reading.payees.into_iter().filter(is_other).collect(),
        fields: reading.fields,
        ..ours
    }
}

fn of_a_network(text: &str, payload: &emv::Payload) -> Reading {
    let fields = serde_json::to_value(&payload.fields).map_or_else(|_| Map::new(), object);
    let kind = emv::kind(&payload.fields);
    let remark = |deviation: &emv::Deviation| {
        Remark::new(deviation.kind.code(), deviation.kind.to_string())
            .at(deviation.offset)
            .of(Some(deviation.object.clone()))
    };
    let view = payload.view();
    let doubt = |doubt: emv::scheme::Doubt| {
        let message = format!("{} would not write this: {}", payload.scheme, doubt.rule);
        let mut remark = Remark::new("scheme-rule", message);
        remark.offset = emv::offset_of(text, &doubt.object);
        remark.of(Some(doubt.object))
    };
    let deviations = payload.deviations.iter().map(remark);
    Reading {
        scheme: Some(payload.scheme),
        network: Some(EMV),
        kind,
        strict: payload.deviations.is_empty(),
        warnings: deviations
            .chain(view.doubts.into_iter().map(doubt))
            .collect(),
        payees: view.payees,
        fields,
        ..Reading::unknown(Format::EmvMpm)
    }
    .asking(payload.fields.to_pay())
}

fn hidden_characters(text: &str) -> Option<Remark> {
    let at = text.chars().position(is_hidden)?;
    Some(hidden(None, Some(at)))
}

fn hidden(field: Option<&str>, at: Option<usize>) -> Remark {
    let message = "the text holds characters that are not seen, which may deceive";
    let mut remark = Remark::new("hidden-character", message).of(field.map(str::to_owned));
    remark.offset = at;
    remark
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
