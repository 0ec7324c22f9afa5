//! Attempts that were handed over, many in one transaction.

use crate::db::hot::handed::{Columns, HandedOver};
use crate::db::hot::sqlite::written::{Want, Written, still};

const STILL: &str = still!(
    "SELECT handed.key AS place FROM jsonb_each($1) AS handed \
     CROSS JOIN attempts a ON a.id = handed.value->>'attempt' \
     WHERE a.version = handed.value->>'version' - 1 AND a.state = 'started'"
);
const HAND_OVER: &str = "UPDATE attempts SET state = 'waiting', handover = value->>'handover', \
     version = value->>'version' FROM jsonb_each($1) WHERE attempts.id = value->>'attempt'";

impl Written for HandedOver {
    type Columns<'a> = Columns<'a>;

    const STILL: &'static str = STILL;

    fn columns(&self) -> Columns<'_> {
        self.columns()
    }

    fn statements(_: &[&Columns<'_>]) -> Vec<&'static str> {
        vec![HAND_OVER]
    }

    fn wants<'a>(row: &'a Columns<'_>) -> [Want<'a>; 3] {
        [(row.attempt, "", ""); 3]
    }
}
