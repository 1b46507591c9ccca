//! Accounts as they come in: JSON, read strictly, with all the faults at once.

use serde_json::Value;

use super::model::{NewUser, UserChange, name_fault};
use crate::auth::model::Role;
use crate::error::{Fault, FaultCode};
use crate::json::Fields;

/// An account to be made: `email`, `name` and `role`.
///
/// # Errors
/// All the faults.
pub fn new_user(value: &Value) -> Result<NewUser, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let sent = UserChange {
        email: fields.required_string("email"),
        name: fields.required_string("name"),
        role: fields.one_of("role", Role::ALL, Role::as_str),
        suspended: None,
    };
    if value.is_object() && value.get("role").is_none_or(Value::is_null) {
        fields.fault("role", FaultCode::Missing, "role must be given");
    }
    fields.finish();
    faults.extend(sent.faults());
    match sent {
        UserChange {
            email: Some(email),
            name: Some(name),
            role: Some(role),
            ..
        } if faults.is_empty() => NewUser::parse(&email, &name, role, false),
        _ => Err(faults),
    }
}

/// A merge patch of an account: any of `email`, `name`, `role` and `suspended`, of which none can be taken away.
///
/// # Errors
/// All the faults.
pub fn user_change(value: &Value) -> Result<UserChange, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let change = UserChange {
        email: fields.string("email"),
        name: fields.string("name"),
        role: fields.one_of("role", Role::ALL, Role::as_str),
        suspended: fields.bool("suspended"),
    };
    for name in ["email", "name", "role", "suspended"] {
        keep(&mut fields, name);
    }
    fields.finish();
    faults.extend(change.faults());
    if faults.is_empty() {
        Ok(change)
    } else {
        Err(faults)
    }
}

/// A merge patch of one's own account: the name, and nothing else. Above all no role.
///
/// # Errors
/// All the faults.
pub fn own_name(value: &Value) -> Result<Option<String>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let name = fields.string("name");
    keep(&mut fields, "name");
    fields.finish();
    faults.extend(name.as_deref().and_then(name_fault));
    if faults.is_empty() {
        Ok(name)
    } else {
        Err(faults)
    }
}

/// Makes a fault of `null`, which would clear what has to be there.
fn keep(fields: &mut Fields<'_>, name: &'static str) {
    if fields.field(name) == Some(None) {
        let detail = format!("{name} cannot be taken away");
        fields.fault(name, FaultCode::Missing, detail);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told<T: std::fmt::Debug>(read: Result<T, Vec<Fault>>) -> Vec<String> {
        let faults = read.unwrap_err().into_iter();
        faults
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect()
    }

    #[test]
    fn a_new_account_needs_all_of_it() {
        assert_eq!(
            told(new_user(&json!({}))),
            ["/email Missing", "/name Missing", "/role Missing"]
        );
        assert_eq!(
            told(new_user(
                &json!({"email": "ada", "name": 3, "role": "boss", "suspended": true})
            )),
            [
                "/name WrongType",
                "/role NotAllowed",
                "/suspended Unknown",
                "/email Malformed"
            ]
        );
        assert_eq!(told(new_user(&json!([]))), [" WrongType"]);
        let ada = json!({"email": "ada@example.org", "name": "Ada", "role": "admin"});
        assert!(new_user(&ada).is_ok());
    }

    #[test]
    fn a_patch_changes_what_it_names_and_clears_nothing() {
        let change = user_change(&json!({"role": "editor"})).unwrap();
        let only_role = UserChange {
            role: Some(Role::Editor),
            ..UserChange::default()
        };
        assert_eq!(change, only_role);
        assert_eq!(user_change(&json!({})), Ok(UserChange::default()));
        assert_eq!(
            told(user_change(
                &json!({"name": null, "suspended": null, "version": null})
            )),
            ["/name Missing", "/suspended Missing", "/version Unknown"]
        );
    }

    #[test]
    fn of_oneself_the_name_alone_can_be_changed() {
        assert_eq!(own_name(&json!({"name": "Ada"})), Ok(Some("Ada".into())));
        assert_eq!(own_name(&json!({})), Ok(None));
        assert_eq!(
            told(own_name(
                &json!({"name": "", "role": "admin", "email": "a@b.c"})
            )),
            ["/role Unknown", "/email Unknown", "/name Malformed"]
        );
        assert_eq!(told(own_name(&json!({"name": null}))), ["/name Missing"]);
    }
}
