//! What editors say of media: the rules of texts beside a picture, and of changes to them.

use serde_json::Value;

use super::model::{FocalPoint, MAX_TEXT, Media, MediaChange};
use crate::error::{Fault, FaultCode};
use crate::json::Fields;

/// The longest name of a file that is kept, in characters.
const MAX_FILE_NAME: usize = 255;

/// Reads a change, a merge patch (RFC 7396): what is left out stays, null clears.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub fn change(value: &Value) -> Result<MediaChange, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let mut change = MediaChange::default();
    let mut words = |name: &'static str| {
        let given = fields.field(name)?;
        let text = fields.string(name);
        let text = text.filter(|text| !text.trim().is_empty());
        given.is_none_or(Value::is_string).then_some(text)
    };
    change.alt = words("alt").map(Option::unwrap_or_default);
    change.title = words("title");
    change.credit = words("credit");
    if let Some(given) = fields.field("focal_point") {
        let point = fields.object("focal_point", focal_point);
        change.focal_point =
            Some(point.flatten()).filter(|point| given.is_none() || point.is_some());
    }
    fields.finish();
    let texts = [
        ("alt", change.alt.as_deref()),
        ("title", change.title.as_ref().and_then(Option::as_deref)),
        ("credit", change.credit.as_ref().and_then(Option::as_deref)),
    ];
    for (name, text) in texts {
        faults.extend(text.and_then(|text| too_long(name, text)));
    }
    if faults.is_empty() {
        Ok(change)
    } else {
        Err(faults)
    }
}

/// Reads the point that must stay in sight.
pub fn focal_point(fields: &mut Fields<'_>) -> Option<FocalPoint> {
    let mut side = |name: &'static str| {
        let part = fields.field(name).flatten().and_then(Value::as_f64);
        let within = part.filter(|part| (0.0..=1.0).contains(part));
        if within.is_none() {
            let detail = "must be a number from 0 (left, above) to 1 (right, below)";
            fields.fault(name, FaultCode::Malformed, detail);
        }
        within
    };
    let (x, y) = (side("x"), side("y"));
    FocalPoint::new(x?, y?)
}

/// Reads a focal point as a form sends it: `0.5,0.4`, from the left and from above.
#[must_use]
pub fn focal_point_of_form(text: &str) -> Option<FocalPoint> {
    let (x, y) = text.split_once(',')?;
    FocalPoint::new(x.trim().parse().ok()?, y.trim().parse().ok()?)
}

/// Why a text beside a picture cannot be kept.
#[must_use]
pub fn too_long(name: &str, text: &str) -> Option<Fault> {
    let pointer = format!("/{name}");
    let length = text.chars().count();
    if length > MAX_TEXT {
        let detail = format!("has {length} characters; at most {MAX_TEXT} are allowed");
        return Some(Fault::at(pointer, FaultCode::TooLarge, detail));
    }
    text.contains('\0')
        .then(|| Fault::at(pointer, FaultCode::Malformed, "contains a NUL character"))
}

/// The name of a file as it is kept: without folders, which some clients send, and without what no name should hold. It
/// names nothing here, and is for people to know it by.
#[must_use]
pub fn file_name(sent: &str) -> Option<String> {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_FILE_NAME)
        .collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// A medium's own fields in the form in which they are sent.
#[must_use]
pub fn changed(media: &Media, change: MediaChange) -> Media {
    Media {
        alt: change.alt.unwrap_or_else(|| media.alt.clone()),
        title: change.title.unwrap_or_else(|| media.title.clone()),
        credit: change.credit.unwrap_or_else(|| media.credit.clone()),
        focal_point: change.focal_point.unwrap_or(media.focal_point),
        ..media.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_stays_and_null_clears() {
        assert_eq!(change(&json!({})), Ok(MediaChange::default()));
        let all =
            change(&json!({"alt": "A cup", "title": null, "focal_point": {"x": 0, "y": 0.25}}));
        let all = all.unwrap();
        assert_eq!(
            (all.alt.as_deref(), all.title, all.credit),
            (Some("A cup"), Some(None), None)
        );
        assert_eq!(all.focal_point, Some(FocalPoint::new(0.0, 0.25)));
        let cleared = change(&json!({"alt": null, "focal_point": null})).unwrap();
        assert_eq!(
            (cleared.alt, cleared.focal_point),
            (Some(String::new()), Some(None))
        );
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let told = change(&json!({
            "alt": 1, "title": "x".repeat(5001), "focal_point": {"x": 1.5, "z": 1}, "url": "/x"
        }));
        let told: Vec<String> = told
            .unwrap_err()
            .into_iter()
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect();
        let expected = [
            "/alt WrongType",
            "/focal_point/x Malformed",
            "/focal_point/y Malformed",
            "/focal_point/z Unknown",
            "/url Unknown",
            "/title TooLarge",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_file_name_is_for_people() {
        for (sent, kept) in [
            ("cup.jpg", Some("cup.jpg")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\photos\\cup.jpg", Some("cup.jpg")),
            ("a\u{0}b\r\nc.png", Some("abc.png")),
            ("Straße.jpg", Some("Straße.jpg")),
            ("..", Some("..")),
            ("folder/", None),
            (" ", None),
        ] {
            assert_eq!(file_name(sent).as_deref(), kept, "{sent}");
        }
        assert_eq!(focal_point_of_form("0.5, 0.25"), FocalPoint::new(0.5, 0.25));
        assert_eq!(focal_point_of_form("0.5"), None);
        assert_eq!(focal_point_of_form("0.5,2"), None);
    }
}
