//! The signature base (RFC 9421 section 2.5): the lines that are really signed.

use std::borrow::Cow;

use sfv::{InnerList, ListSerializer};

use super::SignatureError;

/// The covered components' names, in their order. Each stands once and has no parameters.
pub(super) fn names(covered: &InnerList) -> Result<Vec<&str>, SignatureError> {
    let mut names = Vec::with_capacity(covered.items.len());
    for item in &covered.items {
        let name = item.bare_item.as_string();
        let name = name
            .ok_or(SignatureError::Malformed("Signature-Input"))?
            .as_str();
        if !item.params.is_empty() {
            return Err(SignatureError::Unsupported(name.to_owned()));
        }
        if names.contains(&name) {
            return Err(SignatureError::Malformed("Signature-Input"));
        }
        names.push(name);
    }
    Ok(names)
}

/// One line for each component, then the list of them with its parameters.
pub(super) fn build<'a>(
    names: &[&str],
    params: &str,
    value_of: impl Fn(&str) -> Option<Cow<'a, str>>,
) -> Result<String, SignatureError> {
    let mut base = String::with_capacity(512);
    for name in names {
        let value = value_of(name).ok_or(SignatureError::Invalid)?;
        // A line break would let one value pass for two lines.
        if value.contains(['\r', '\n']) {
            return Err(SignatureError::Invalid);
        }
        base.push('"');
        base.push_str(name);
        base.push_str("\": ");
        base.push_str(&value);
        base.push('\n');
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(params);
    Ok(base)
}

/// The list and its parameters in the one form that both sides compute (RFC 9651 section 4.1).
pub(super) fn canonical(covered: &InnerList) -> String {
    let mut list = ListSerializer::new();
    let mut inner = list.inner_list();
    inner.items(&covered.items);
    inner.finish().parameters(&covered.params);
    list.finish().unwrap_or_default()
}
