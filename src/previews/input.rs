//! A link to be made, as it comes in.

use std::time::Duration;

use serde_json::Value;

use super::model::{LASTS, LASTS_BY_DEFAULT};
use crate::error::Fault;
use crate::json::Fields;

/// How long a link is to last: `expires_in`, in seconds.
///
/// # Errors
/// All the faults.
pub fn lasting(value: &Value) -> Result<Duration, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let seconds = fields.integer("expires_in", LASTS);
    fields.finish();
    if !faults.is_empty() {
        return Err(faults);
    }
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    Ok(seconds.map_or(LASTS_BY_DEFAULT, Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_link_lasts_a_minute_to_a_month() {
        assert_eq!(lasting(&json!({})), Ok(LASTS_BY_DEFAULT));
        assert_eq!(
            lasting(&json!({"expires_in": 60})),
            Ok(Duration::from_secs(60))
        );
        for (sent, code) in [
            (json!({"expires_in": 59}), "TooSmall"),
            (json!({"expires_in": -1}), "TooSmall"),
            (json!({"expires_in": 2_592_001}), "TooLarge"),
            (json!({"expires_in": "60"}), "WrongType"),
            (json!({"expires": 60}), "Unknown"),
            (json!([]), "WrongType"),
        ] {
            let faults = lasting(&sent).unwrap_err();
            let codes: Vec<_> = faults
                .iter()
                .map(|fault| format!("{:?}", fault.code))
                .collect();
            assert_eq!(codes, [code], "{sent}");
        }
    }
}
