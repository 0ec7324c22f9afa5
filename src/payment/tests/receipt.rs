//! What a receipt shows to whom.

use crate::payment::receipt::Receipt;
use crate::payment::tests::{NOW, id, payment, seconds_later};

#[test]
fn the_log_learns_which_receipt_it_is_and_not_its_text() {
    let receipt = Receipt {
        id: id("rcp_", "0"),
        payment: payment().id,
        store: payment().store,
        number: "204816".to_owned(),
        jws: "a.b.c".to_owned(),
        issued_at: NOW,
        expires_at: seconds_later(600),
        shown_at: None,
        shown_where: None,
    };
    let zeros = "0".repeat(26);
    let expected = format!("Receipt(rcp_{zeros} of pay_{zeros})");
    assert_eq!(format!("{receipt:?}"), expected);
}
