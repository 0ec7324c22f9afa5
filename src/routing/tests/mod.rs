//! What the stories and the properties are told with.

mod stories;
mod worlds;

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::id::{AcceptanceId, AgreementId, MerchantId, PaymentAccountId};
use crate::merchant::{
    Acceptance, AcceptanceState, Agreement, AgreementState, BasisPoints, CodeClass, InstitutionId,
    Merchant, PaymentAccount, PaymentAccountState, ProtectionClass, StaticLimits, Way, Ways,
};
use crate::money::{Amount, Currency};
use crate::routing::{Facts, Scan, Spent};
use crate::word::Mode;

/// Institutions of the tests; who they are does not matter.
const NAMES: [&str; 4] = ["lotus", "harbour", "kite", "heron"];
const NOW: i64 = 1_790_000_000_000;

/// A merchant who accepts the first institution, to which an agreement leads from the second.
fn joined() -> Facts {
    Facts {
        acceptances: vec![acceptance(0)],
        accounts: vec![account(0)],
        agreements: vec![agreement(1, 0)],
        ..shop()
    }
}

fn shop() -> Facts {
    let merchant = Merchant {
        id: MerchantId::new(at(NOW), &Same(1)),
        name: "老王面馆".parse().unwrap(),
        latin_name: None,
        mcc: "5812".parse().unwrap(),
        city: "Shanghai".parse().unwrap(),
        country: "CN".parse().unwrap(),
        time_zone: "Asia/Shanghai".parse().unwrap(),
        currency: Currency::CNY,
        preference: Vec::new(),
        mode: Mode::Test,
        created_at: at(NOW),
    };
    Facts {
        merchant,
        accounts: Vec::new(),
        acceptances: Vec::new(),
        agreements: Vec::new(),
        unhealthy: BTreeSet::new(),
        static_limits: None,
        personal_codes: false,
    }
}

fn scan(payer: usize) -> Scan {
    Scan {
        only: None,
        payer: name(payer),
        way: Way::MerchantPresented,
        static_code: false,
        class: CodeClass::Business,
        amount: Some(fen(100)),
        currency: Currency::CNY,
        spent_today: None,
        now: at(NOW),
    }
}

fn account(institution: usize) -> PaymentAccount {
    PaymentAccount {
        id: PaymentAccountId::new(at(NOW), &Same(institution)),
        merchant: shop().merchant.id,
        institution: name(institution),
        reference: "1900000109".parse().unwrap(),
        currency: Currency::CNY,
        fee: BasisPoints::ZERO,
        state: PaymentAccountState::Open,
        created_at: at(NOW),
    }
}

fn acceptance(institution: usize) -> Acceptance {
    Acceptance {
        id: AcceptanceId::new(at(NOW), &Same(institution)),
        merchant: shop().merchant.id,
        institution: name(institution),
        state: AcceptanceState::Enabled,
        platform: None,
        cohort: None,
        opens_at: None,
        consent_at: None,
        payment_limit: None,
        day_limit: None,
        protection: ProtectionClass::D,
        created_at: at(NOW),
    }
}

fn agreement(from: usize, to: usize) -> Agreement {
    Agreement {
        id: AgreementId::new(at(NOW), &Same(from * NAMES.len() + to)),
        payer: name(from),
        payee: name(to),
        ways: Ways {
            merchant_presented: true,
            payer_presented: false,
        },
        clearing: "net".parse().unwrap(),
        attester: None,
        starts_at: at(NOW - 1),
        ends_at: None,
        state: AgreementState::Active,
        currency: Currency::CNY,
        payment_limit: None,
        created_at: at(NOW),
    }
}

fn same_for_all(limit: Amount) -> StaticLimits {
    StaticLimits {
        b: limit,
        c: limit,
        d: limit,
    }
}

fn name(institution: usize) -> InstitutionId {
    NAMES[institution].parse().unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// A payer's day: how much, and how much of it by static codes.
fn paid(all: i64, by_static_codes: i64) -> Spent {
    Spent {
        all: fen(all),
        by_static_codes: fen(by_static_codes),
    }
}

fn fen(minor: i64) -> Amount {
    Amount::new(minor, Currency::CNY).unwrap()
}

/// Chance that always falls the same way, so that ids can be told.
struct Same(usize);

impl Entropy for Same {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(u8::try_from(self.0).unwrap());
    }
}
