//! Schemes that are known by name: what can be told of their payees without a file of their own.

use super::payee::{Payee, Proxy, View, additional, generic, is_digits};
use super::{Scheme, has_template, is_country};
use crate::code::bill::check::is_iban;
use crate::code::emv::fields::{Fields, Template};

pub(super) static BANGLAQR: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "BD") && has_template(fields),
    ..Scheme::new("banglaqr", &[], last)
};
pub(super) static LAOQR: Scheme = Scheme::new("laoqr", &["a005266284662577"], third);
pub(super) static MMQR: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "MM") && has_template(fields),
    ..Scheme::new("mmqr", &["mm.com.mmqr"], last)
};
pub(super) static QPAY_MN: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "MN"),
    ..Scheme::new("qpay-mn", &["a0000008430001*"], at_a_bank)
};
pub(super) static YAPE_PE: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "PE") && has_token(fields),
    ..Scheme::new("yape-pe", &[], generic)
};
pub(super) static PISPI: Scheme = Scheme::new("pispi", &["int.bceao.pi"], alias);
pub(super) static TANQR: Scheme = Scheme::new("tanqr", &["tz.go.bot.*"], last);
pub(super) static KEQR: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "KE") && has_template(fields),
    ..Scheme::new("keqr", &["ke.go.qr"], last)
};
pub(super) static GHQR: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "GH"),
    ..Scheme::new("ghqr", &["gh.net.ghipss.ghqr"], first)
};
pub(super) static NQR_NG: Scheme = Scheme::new("nqr-ng", NIBSS, first);
pub(super) static EMV_NG: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "NG") && has_template(fields),
    ..Scheme::new("emv-ng", &[], last)
};
pub(super) static MEEZA_EG: Scheme = Scheme::new("meeza-eg", &["a000000732100001*"], first);
pub(super) static SAMA_SA: Scheme = Scheme::new("sama-sa", &["sa.gov.sama"], first);
pub(super) static HALALAH_SA: Scheme = Scheme::new("halalah-sa", &["sa.halalah"], by_terminal);
pub(super) static KAREKOD_TR: Scheme = Scheme {
    by_habit: |fields| is_country(fields, "TR") && has_template(fields),
    ..Scheme::new("karekod-tr", &["tr.com.bkm"], karekod)
};
pub(super) static ZEROPAY: Scheme = Scheme::new("zeropay", &["com.zeropay"], first);

/// The bank's name is written in one word or two.
const NIBSS: &[&str] = &["ng.com.nibssplc.qr", "ng.com.nibss-plc.qr"];

/// 01 is the merchant.
fn first(template: &Template, fields: &Fields) -> View {
    by_sub(template, fields, Proxy::MerchantId, |sub| sub == "01")
}

/// 01 is the merchant, or the account that FAST pays into. A bare number behind the card networks'
/// objects and a template whose 00 is a version and no identifier say more of the payment, and name
/// nobody.
fn karekod(template: &Template, fields: &Fields) -> View {
    let Template::Opened { id, guid, sub } = template else {
        let is_card = template.id() < "26";
        return if is_card {
            generic(template, fields)
        } else {
            View::default()
        };
    };
    if guid.bytes().all(|b| b.is_ascii_digit()) {
        return View::default();
    }
    let is_account = |value: &str| {
        let digits = value.strip_prefix("TR");
        digits.is_some_and(|digits| is_digits(digits, 24..=24))
    };
    let Some((place, iban)) = sub.iter().find(|(_, value)| is_account(value)) else {
        return first(template, fields);
    };
    let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
    let payee = Payee::new(id, guid, Proxy::Iban, iban).referring(reference);
    let rule = "an IBAN's check digits fit it";
    View::of(Some(payee)).expect(id, place, Some(iban), is_iban, rule)
}

/// The template says only whose network it is; the terminal in 62 is the one name in the code that the
/// network can resolve.
fn by_terminal(template: &Template, fields: &Fields) -> View {
    let (Template::Opened { id, guid, .. }, Some(terminal)) = (template, additional(fields, "07"))
    else {
        return generic(template, fields);
    };
    let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
    View::of(Some(
        Payee::new(id, guid, Proxy::Token, terminal).referring(reference),
    ))
}

/// 03 is the merchant.
fn third(template: &Template, fields: &Fields) -> View {
    by_sub(template, fields, Proxy::MerchantId, |sub| sub == "03")
}

/// The last sub-object is the merchant; those before it say where.
fn last(template: &Template, fields: &Fields) -> View {
    by_sub(template, fields, Proxy::MerchantId, |sub| sub != "00")
}

/// 02 is the merchant, at the bank in 01.
fn at_a_bank(template: &Template, fields: &Fields) -> View {
    let mut view = by_sub(template, fields, Proxy::MerchantId, |sub| sub == "02");
    if let Template::Opened { sub, .. } = template {
        for payee in &mut view.payees {
            payee.institution = sub.get("01").cloned();
        }
    }
    view
}

/// 01 is a name that the central bank's system resolves.
fn alias(template: &Template, fields: &Fields) -> View {
    by_sub(template, fields, Proxy::Alias, |sub| sub == "01")
}

fn by_sub(template: &Template, fields: &Fields, by: Proxy, is: fn(&str) -> bool) -> View {
    let Template::Opened { id, guid, sub } = template else {
        return generic(template, fields);
    };
    let payee = sub.iter().rfind(|(sub, _)| is(sub));
    let reference = additional(fields, "05").or_else(|| additional(fields, "01"));
    let payee = payee.map(|(_, payee)| Payee::new(id, guid, by, payee).referring(reference));
    View::of(payee)
}

/// A bare token in 39.
fn has_token(fields: &Fields) -> bool {
    let is_token = |account: &Template| matches!(account, Template::Bare { id, .. } if id == "39");
    fields.merchant_accounts.iter().any(is_token)
}
