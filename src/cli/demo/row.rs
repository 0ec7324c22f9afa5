//! One paid bowl of noodles as a row, for people and for programs.

use serde::Serialize;

use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency};
use crate::routing::Reason;

/// Through which door a wallet paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// Its backend called the API.
    Api,
    /// The code's page in its browser.
    Page,
    /// Its backend, by a code of another institution that the shop has adopted.
    Adopted,
}

/// One row, with the fields that `interfaces.md` fixes.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub(super) wallet: InstitutionId,
    pub(super) way: Way,
    pub(super) route: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) payee_institution: Option<String>,
    pub(super) payment_account: Option<String>,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
    pub(super) state: String,
    pub(super) ms_to_counter: Option<u64>,
    /// Through which clearing channel; for the table only.
    #[serde(skip)]
    pub(super) clearing: Option<String>,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Page => "page",
            Self::Adopted => "adopted",
        }
    }
}

impl Row {
    /// A row of which nothing is known yet.
    pub(super) fn begun(wallet: InstitutionId, way: Way, amount: Amount) -> Self {
        Self {
            wallet,
            way,
            route: None,
            reason: None,
            payee_institution: None,
            payment_account: None,
            amount_minor: amount.minor(),
            currency: amount.currency(),
            state: "not started".to_owned(),
            ms_to_counter: None,
            clearing: None,
        }
    }

    /// Paid, and seen at the counter.
    pub(super) fn is_good(&self) -> bool {
        self.state == "paid" && self.ms_to_counter.is_some()
    }

    /// The route in words: through whom, and the sentence behind the reason's word.
    fn route_and_why(&self) -> String {
        let route = self.route.as_deref().unwrap_or("-");
        let through = self
            .clearing
            .as_ref()
            .map(|clearing| format!(" through {clearing}"));
        let word = self.reason.as_deref().unwrap_or("-");
        let known = Reason::ALL.iter().find(|reason| reason.as_str() == word);
        let why = known.map_or(word, |reason| reason.told().en);
        format!(
            "{route}{}: {}",
            through.unwrap_or_default(),
            why.trim_end_matches('.')
        )
    }

    fn cells(&self) -> [String; 7] {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let amount = Amount::new(self.amount_minor, self.currency).map_or_else(
            |_| self.amount_minor.to_string(),
            |amount| amount.to_string(),
        );
        [
            self.wallet.to_string(),
            self.way.word().to_owned(),
            self.route_and_why(),
            format!(
                "{} {}",
                shown(&self.payee_institution),
                shown(&self.payment_account)
            ),
            amount,
            self.state.clone(),
            self.ms_to_counter
                .map_or_else(|| "-".to_owned(), |ms| ms.to_string()),
        ]
    }
}

const HEAD: [&str; 7] = [
    "wallet",
    "way",
    "route and why",
    "payment account",
    "amount",
    "state",
    "ms to counter",
];

/// The rows as a table, columns as wide as their widest cell.
pub(super) fn table(rows: &[Row]) -> String {
    let head = HEAD.map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| columns(cell))
            .max()
    };
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| {
                format!("{cell}{}", " ".repeat(width.saturating_sub(columns(cell))))
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// How many columns a terminal gives to a text: Chinese letters take two.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let price = Amount::positive(1880, Currency::CNY).unwrap();
        Row::begun("wechat_pay".parse().unwrap(), Way::Page, price)
    }

    #[test]
    fn a_row_for_programs_has_the_fixed_fields() {
        let json = serde_json::to_value(row()).unwrap();
        let mut fields: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        fields.sort_unstable();
        let mut fixed = [
            "wallet",
            "way",
            "route",
            "reason",
            "payee_institution",
            "payment_account",
            "amount_minor",
            "currency",
            "state",
            "ms_to_counter",
        ];
        fixed.sort_unstable();
        assert_eq!(fields, fixed);
        assert_eq!(json["way"], "page");
    }

    #[test]
    fn only_what_was_paid_and_seen_is_good() {
        let paid = Row {
            state: "paid".to_owned(),
            ..row()
        };
        assert!(!paid.is_good());
        assert!(
            Row {
                ms_to_counter: Some(3),
                ..paid
            }
            .is_good()
        );
        assert!(
            !Row {
                ms_to_counter: Some(3),
                ..row()
            }
            .is_good()
        );
    }

    #[test]
    fn columns_stand_below_each_other_also_with_chinese_letters() {
        let chinese = Row {
            reason: Some("直付".to_owned()),
            ..row()
        };
        let latin = Row {
            reason: Some("four".to_owned()),
            ..row()
        };
        let text = table(&[chinese, latin]);
        assert!(text.contains("直付"), "{text}");
        let at: Vec<_> = text
            .lines()
            .skip(1)
            .map(|line| columns(line.split("CNY").next().unwrap()))
            .collect();
        assert_eq!(at.first(), at.last());
    }
}
