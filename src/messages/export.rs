//! Messages as a table for spreadsheets (RFC 4180).

use csv::{Terminator, WriterBuilder};

use super::model::Message;
use crate::error::{Error, Result};

/// The names of the columns.
const HEAD: [&str; 8] = [
    "id",
    "received_at",
    "status",
    "name",
    "email",
    "subject",
    "message",
    "caught_by",
];

/// By this, spreadsheets know that a file is in UTF-8; what reads CSV otherwise passes over it, or is told to.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The table, with a head. What a spreadsheet would take for a formula, it is told is a text.
///
/// # Errors
/// When it cannot be written, which is a fault of ours.
pub fn table(messages: &[Message]) -> Result<Vec<u8>> {
    let fault = |error: String| Error::internal(format!("a table of messages: {error}"));
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(MARK.to_vec());
    let mut write = |row: [&str; 8]| {
        let written = writer.write_record(row);
        written.map_err(|error| fault(error.to_string()))
    };
    write(HEAD)?;
    for message in messages {
        write([
            &message.id.to_string(),
            &message.received_at.to_string(),
            message.status.as_str(),
            &harmless(&message.name),
            &harmless(&message.email),
            &harmless(message.subject.as_deref().unwrap_or_default()),
            &harmless(&message.message),
            message.caught_by.map_or("", |by| by.as_str()),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| fault(error.to_string()))
}

/// A cell that no spreadsheet runs: what begins as a formula does, in narrow or wide letters, gets an apostrophe in front.
/// So does what would begin a cell where lists are separated by semicolons: there the quotes around this one are none, and
/// a semicolon or a line break in it ends it.
fn harmless(cell: &str) -> String {
    let runs = |first: char| {
        matches!(
            first,
            '=' | '+' | '-' | '@' | '\t' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
        )
    };
    let mut harmless = String::with_capacity(cell.len() + 1);
    if cell.starts_with(['\r', '\n']) || cell.starts_with(runs) {
        harmless.push('\'');
    }
    for (index, part) in cell.split_inclusive([';', '\r', '\n']).enumerate() {
        if index > 0 && part.trim_start_matches(['"', ' ']).starts_with(runs) {
            harmless.push('\'');
        }
        harmless.push_str(part);
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::model::{CaughtBy, MessageStatus};

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        let at = "2026-11-22T10:00:00Z".parse().unwrap();
        let message = Message {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            status: MessageStatus::Spam,
            name: "=HYPERLINK(\"http://x.example\")".into(),
            email: "+a@example.org".into(),
            subject: None,
            message: "One, two\n\"three\"".into(),
            caught_by: Some(CaughtBy::Timing),
            cache_tag: "i-1".into(),
            version: 1,
            received_at: at,
            updated_at: at,
        };
        let table = String::from_utf8(table(&[message]).unwrap()).unwrap();
        let expected = "\u{feff}id,received_at,status,name,email,subject,message,caught_by\r\n\
            01890a5d-ac96-774b-bcce-b302099a8057,2026-11-22T10:00:00.000Z,spam,\
            \"'=HYPERLINK(\"\"http://x.example\"\")\",'+a@example.org,,\"One, two\n\"\"three\"\"\",timing\r\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn whatever_begins_as_a_formula_does_is_none() {
        for begins in ["=", "+", "-", "@", "\t", "\r", "\u{ff1d}"] {
            let cell = format!("{begins}1");
            assert_eq!(harmless(&cell), format!("'{cell}"), "{begins:?}");
        }
        for plain in ["", "a=1", " =1", "'=1", "1-1", "a; b\nc"] {
            assert_eq!(harmless(plain), plain);
        }
        // Where semicolons part the cells.
        for (cell, harmless_cell) in [
            ("hi\n=1+1\nbye", "hi\n'=1+1\nbye"),
            ("a;=1+1", "a;'=1+1"),
            ("a;\"=1+1\"", "a;'\"=1+1\""),
            ("a\r\n @b;c", "a\r\n' @b;c"),
        ] {
            assert_eq!(harmless(cell), harmless_cell);
        }
    }
}
