//! A blank plate: what is printed before anybody knows in which shop it will hang.

use std::fmt;

/// One plate of a batch.
#[derive(Clone, PartialEq, Eq)]
pub struct Blank {
    /// Which of its batch, from 1.
    pub number: u32,
    /// What people tell two plates apart by.
    pub short_id: String,
    /// What its symbol says.
    pub text: String,
    /// What whoever binds it has to know.
    pub claim: String,
}

impl fmt::Debug for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blank({} {})", self.number, self.short_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_is_logged_without_its_claim() {
        let blank = Blank {
            number: 7,
            short_id: "7F3K2Q".to_owned(),
            text: "HTTPS://A.EXAMPLE/Q/A".to_owned(),
            claim: "ABCDE-FGHJK".to_owned(),
        };
        assert_eq!(format!("{blank:?}"), "Blank(7 7F3K2Q)");
    }
}
