//! Pix, Brazil: a key in the code, or the address of a charge that says everything.
//!
//! ```text
//! 26 br.gov.bcb.pix   01 key   02 note      static; 62-05 is the reference, *** for none
//! 26 br.gov.bcb.pix   25 pix.example/…      dynamic: amount and name in the code are hints only
//! 80 br.gov.bcb.pix   25 pix.example/rec/…  the payer agrees to be charged again
//! ```

use super::payee::{Payee, Proxy, View, additional, is_digits};
use super::{Scheme, is_guid};
use crate::code::emv::fields::{Fields, Template};

pub(super) static SCHEME: Scheme = Scheme::new("pix", &[GUID], read);

const GUID: &str = "br.gov.bcb.pix";

account! {
    /// An account in Pix.
    Pix {
        /// The payee's key: e-mail, CPF, CNPJ, telephone or UUID.
        key = "01",
        /// What it is for, in words.
        note = "02",
        /// Who pays out cash, where it is a withdrawal.
        withdrawal = "03",
        /// Where the charge is, without its scheme.
        location = "25",
    }
}

fn read(template: &Template, fields: &Fields) -> View {
    let Some(pix) = Pix::read(template) else {
        return super::payee::generic(template, fields);
    };
    let reference = additional(fields, "05");
    let recurring = || {
        let mut all = fields.unreserved.iter().filter_map(Pix::read);
        let also = all.find(|also| is_guid(&also.guid, GUID))?;
        let location = also.location?;
        Some(Payee::new(
            &also.object,
            &pix.guid,
            Proxy::Location,
            location,
        ))
    };
    let payee = match (&pix.location, &pix.key) {
        (Some(location), _) => Some((Proxy::Location, location)),
        (None, Some(key)) => Some((proxy(key).unwrap_or(Proxy::Token), key)),
        (None, None) => None,
    };
    let payee = payee.map(|(by, payee)| Payee::new(&pix.object, &pix.guid, by, payee));
    let payee = payee.or_else(recurring).map(|p| p.referring(reference));
    let is_alone = |_: &str| pix.location.is_none();
    View::of(payee)
        .expect(&pix.object, "01", pix.key.as_deref(), |key| proxy(key).is_some(),
            "a key is an e-mail address, a CPF or CNPJ with its check digits, a number from +55, or a UUID")
        .expect(&pix.object, "01", pix.key.as_deref(), is_alone, "a key does not stand beside a location")
        .expect(&pix.object, "25", pix.location.as_deref(), is_place, "a location is the name of a host and a path")
}

/// Whether this leads where it seems to: no name and port around the host, and nothing unseen in it.
fn is_place(location: &str) -> bool {
    let Some((host, path)) = location.split_once('/') else {
        return false;
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.split('.').all(is_label)
        && top.bytes().any(|b| b.is_ascii_alphabetic())
        && !path.is_empty()
        && path.bytes().all(|b| b.is_ascii_graphic())
}

/// What kind of key this is.
fn proxy(key: &str) -> Option<Proxy> {
    if key
        .strip_prefix("+55")
        .is_some_and(|n| is_digits(n, 10..=11))
    {
        Some(Proxy::Phone)
    } else if is_digits(key, 11..=11) {
        checks(key, &[(9, 10), (10, 11)]).then_some(Proxy::NationalId)
    } else if is_company(key) {
        checks(key, &[(12, 9), (13, 9)]).then_some(Proxy::CompanyId)
    } else if is_uuid(key) {
        Some(Proxy::Alias)
    } else {
        let (name, host) = key.split_once('@')?;
        (!name.is_empty() && host.contains('.')).then_some(Proxy::Email)
    }
}

/// Whether this has the form of a CNPJ: twelve digits, since July 2026 also capital letters, and two
/// check digits.
fn is_company(key: &str) -> bool {
    let Some((number, checks)) = key.split_at_checked(12) else {
        return false;
    };
    is_digits(checks, 2..=2)
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// Check digits modulo 11: each sums the digits before it, weighted from its left by 2, 3, …, and
/// from 2 again after `top` where there are more digits than that. A letter counts by how far its
/// number in ASCII is from that of the digit 0.
fn checks(number: &str, at: &[(usize, u32)]) -> bool {
    let digits = number.bytes().map(|b| u32::from(b.saturating_sub(b'0')));
    let digits: Vec<u32> = digits.collect();
    at.iter().all(|(place, top)| {
        let weights = (2..=*top).cycle();
        let before = digits.iter().take(*place).rev();
        let sum: u32 = before.zip(weights).map(|(d, w)| d.saturating_mul(w)).sum();
        let check = match sum % 11 {
            0 | 1 => 0,
            rest => 11_u32.saturating_sub(rest),
        };
        digits.get(*place) == Some(&check)
    })
}

pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_form_and_its_check_digits() {
        for (key, by) in [
            ("11222333000181", Some(Proxy::CompanyId)),
            ("11222333000182", None),
            ("12ABC34501DE35", Some(Proxy::CompanyId)),
            ("12ABC34501DE36", None),
            ("12abc34501de35", None),
            ("52998224725", Some(Proxy::NationalId)),
            ("52998224735", None),
            ("+5511999998888", Some(Proxy::Phone)),
            ("+4511999998888", None),
            ("123e4567-e12b-12d1-a456-426655440000", Some(Proxy::Alias)),
            ("123e4567e12b-12d1-a456-4266-55440000", None),
            ("shop@example.com", Some(Proxy::Email)),
            ("@example.com", None),
        ] {
            assert_eq!(proxy(key), by, "{key}");
        }
    }
}
