//! A part as a table: RFC 4180 in UTF-8, with a header, for a printing house that lays plates out
//! itself.

use csv::{Terminator, WriterBuilder};

use super::PlateWish;
use crate::print::{Blank, PrintError};

pub(super) fn write(blanks: &[Blank], wish: &PlateWish) -> Result<Vec<u8>, PrintError> {
    let refused = |error: csv::Error| PrintError::Writer(error.to_string());
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let row = |number: &str, short_id: &str, text: &str, claim: &str, bind_url: &str| {
        let mut row = vec![number, short_id, text];
        if wish.claims {
            row.push(claim);
        }
        row.push(bind_url);
        row.into_iter().map(harmless).collect::<Vec<String>>()
    };
    let header = row("number", "short_id", "text", "claim_secret", "bind_url");
    writer.write_record(header).map_err(refused)?;
    for blank in blanks {
        let Blank {
            short_id,
            text,
            claim,
            ..
        } = blank;
        let number = blank.number.to_string();
        let row = row(&number, short_id, text, claim, &wish.bind_url);
        writer.write_record(row).map_err(refused)?;
    }
    let file = writer.into_inner();
    file.map_err(|error| PrintError::Writer(error.to_string()))
}

/// What a spreadsheet would take for a formula gets a sign in front that makes it a text.
fn harmless(field: &str) -> String {
    let begins = |c: char| "=+-@\t\r\n＝＋－＠".contains(c);
    if field.starts_with(begins) {
        format!("'{field}")
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{blanks, wish};
    use super::super::{PlateFormat, PlateTemplate};
    use super::*;

    fn lines(blanks: &[Blank], claims: bool) -> Vec<String> {
        let wish = PlateWish {
            claims,
            ..wish(PlateFormat::Csv, PlateTemplate::Sticker60)
        };
        let table = String::from_utf8(write(blanks, &wish).unwrap()).unwrap();
        assert!(table.ends_with("\r\n"), "{table:?}");
        table
            .split_terminator("\r\n")
            .map(ToOwned::to_owned)
            .collect()
    }

    #[test]
    fn a_plate_is_a_line_and_its_claim_is_left_out_where_asked() {
        let all = blanks(1..=2);
        let text = &all[1].text;
        let told = lines(&all, true);
        let url = "https://pay.example.com/plates/bind";
        assert_eq!(told[0], "number,short_id,text,claim_secret,bind_url");
        assert_eq!(told[2], format!("2,P00002,{text},CLAIM-00002,{url}"));
        let apart = lines(&all, false);
        assert_eq!(apart[0], "number,short_id,text,bind_url");
        assert_eq!(apart[2], format!("2,P00002,{text},{url}"));
    }

    #[test]
    fn no_field_is_a_formula_and_none_ends_its_line_early() {
        for (short_id, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@A1", "'@A1"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("1-1", "1-1"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
        ] {
            let mut blank = blanks(1..=1).remove(0);
            short_id.clone_into(&mut blank.short_id);
            let told = lines(&[blank], true);
            assert!(told[1].starts_with(&format!("1,{written},")), "{told:?}");
        }
    }
}
