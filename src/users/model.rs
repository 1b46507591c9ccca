//! What an account is. Its e-mail address is shown to admins and to whoever it belongs to, and to nobody else.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::auth::model::Role;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::names::names;
use crate::time::Time;

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No password has been set yet.
    Invited,
    /// It can be used.
    Active,
    /// It may not be used.
    Suspended,
}

names!(Status {
    Invited => "invited",
    Active => "active",
    Suspended => "suspended",
});

/// An account, as other resources show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRef {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// The name for people.
    pub name: String,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// The address to sign in with.
    pub email: String,
    /// The name for people.
    pub name: String,
    /// What they are in the team.
    pub role: Role,
    /// Whether it can be used.
    pub status: Status,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When someone last signed in with it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signed_in_at: Option<Time>,
    /// Signing in takes a code besides the password.
    pub totp: bool,
}

/// The longest e-mail address, in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const MAX_EMAIL: usize = 254;
/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// An account to be made, or as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) suspended: bool,
}

impl NewUser {
    /// Checks an account: an e-mail address, and a name of 1 to 200 characters.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(email: &str, name: &str, role: Role, suspended: bool) -> Result<Self, Vec<Fault>> {
        let faults: Vec<Fault> = email_fault(email)
            .into_iter()
            .chain(name_fault(name))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            email: email.trim().to_owned(),
            name: name.trim().to_owned(),
            role,
            suspended,
        })
    }

    /// Whether an account would be the same.
    pub(super) fn is(&self, user: &User) -> bool {
        self.email == user.email
            && self.name == user.name
            && self.role == user.role
            && self.suspended == user.is_suspended()
    }

    /// What is new about an account, for the log: never an e-mail address.
    pub(super) fn news(&self, user: &User) -> Option<String> {
        let mut news = Vec::new();
        if self.role != user.role {
            news.push(format!("{} to {}", user.role.as_str(), self.role.as_str()));
        }
        match (user.is_suspended(), self.suspended) {
            (false, true) => news.push("suspended".into()),
            (true, false) => news.push("reinstated".into()),
            _ => {}
        }
        if self.email != user.email {
            news.push("another address".into());
        }
        (!news.is_empty()).then(|| news.join(", "))
    }
}

impl User {
    /// Whether it may not be used.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.status == Status::Suspended
    }

    /// Whether someone can sign in with it who may run the accounts.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.status == Status::Active
    }
}

/// What is to change of an account; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The address to sign in with.
    pub email: Option<String>,
    /// The name for people.
    pub name: Option<String>,
    /// What they are in the team.
    pub role: Option<Role>,
    /// Whether it may not be used.
    pub suspended: Option<bool>,
}

impl UserChange {
    /// What is wrong with what is to change.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let email = self.email.as_deref().and_then(email_fault);
        let name = self.name.as_deref().and_then(name_fault);
        email.into_iter().chain(name).collect()
    }

    /// The account as it is to be.
    ///
    /// # Errors
    /// All the faults.
    pub fn of(&self, user: &User) -> Result<NewUser, Vec<Fault>> {
        NewUser::parse(
            self.email.as_deref().unwrap_or(&user.email),
            self.name.as_deref().unwrap_or(&user.name),
            self.role.unwrap_or(user.role),
            self.suspended.unwrap_or_else(|| user.is_suspended()),
        )
    }
}

/// What is wrong with an e-mail address.
#[must_use]
pub fn email_fault(email: &str) -> Option<Fault> {
    let detail = "an e-mail address such as ada@example.org is wanted";
    (!is_email(email.trim())).then(|| Fault::at("/email", FaultCode::Malformed, detail))
}

/// What is wrong with somebody's name.
#[must_use]
pub fn name_fault(name: &str) -> Option<Fault> {
    let length = name.trim().chars().count();
    let fine = (1..=MAX_NAME).contains(&length) && !name.contains(char::is_control);
    let detail = "a name has 1 to 200 characters, and none that control a terminal";
    (!fine).then(|| Fault::at("/name", FaultCode::Malformed, detail))
}

/// The shape of an address: something, an @, and a host with a dot. Whether it exists, only a letter to it can tell.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let clean = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_control() || c.is_whitespace() || c == '@')
    };
    let labels = || host.split('.');
    text.len() <= MAX_EMAIL
        && clean(local)
        && clean(host)
        && labels().count() >= 2
        && labels()
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
}

/// An e-mail address as it is compared. No two accounts have addresses that differ in spelling alone.
#[must_use]
pub fn email_key(email: &str) -> String {
    folded(email)
}

/// Where the editors' app takes a link to set a password. What follows the # stays in the browser and reaches no log.
#[must_use]
pub fn link_url(editor: &str, token: &str) -> String {
    format!("{editor}/set-password#{token}")
}

/// A text as it is compared with others: composed, in lower case, without white space around.
pub(super) fn folded(text: &str) -> String {
    let composed: String = text.trim().nfc().collect();
    composed.to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_from_others() {
        for good in [
            "ada@example.org",
            "a.b+c@mail.example.co.uk",
            "jörg@exämple.de",
            "o'neil@x.io",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@example",
            "a b@example.org",
            "a@b@example.org",
            "ada@.org",
            "ada@-x.org",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@example.org", "a".repeat(250))));
    }

    #[test]
    fn one_key_for_spellings_of_an_address() {
        assert_eq!(email_key(" Ada@Example.ORG "), "ada@example.org");
        assert_eq!(
            email_key("JO\u{308}RG@example.org"),
            email_key("jörg@example.org")
        );
    }

    fn user(role: Role, status: Status) -> User {
        let at = Time::from_millis(0).unwrap();
        User {
            id: Id::new(),
            email: "ada@example.org".into(),
            name: "Ada".into(),
            role,
            status,
            version: 1,
            created_at: at,
            updated_at: at,
            signed_in_at: None,
            totp: false,
        }
    }

    #[test]
    fn all_the_faults_of_an_account_come_at_once() {
        let faults = NewUser::parse("ada", " ", Role::Reader, false).unwrap_err();
        let places: Vec<_> = faults
            .iter()
            .filter_map(|fault| fault.pointer.as_deref())
            .collect();
        assert_eq!(places, ["/email", "/name"]);
        let new = NewUser::parse(" ada@example.org ", " Ada\u{a0}", Role::Reader, false).unwrap();
        assert!(new.is(&user(Role::Reader, Status::Active)));
        assert!(name_fault(&"é".repeat(200)).is_none() && name_fault(&"é".repeat(201)).is_some());
        assert!(name_fault("Ada\u{1b}[2J").is_some());
    }

    #[test]
    fn what_stays_is_no_change() {
        for status in Status::ALL {
            let user = user(Role::Editor, *status);
            let same = UserChange::default().of(&user).unwrap();
            assert!(same.is(&user) && same.news(&user).is_none(), "{status:?}");
        }
    }

    #[test]
    fn the_log_hears_of_roles_and_of_no_address() {
        let author = user(Role::Author, Status::Active);
        let change = UserChange {
            email: Some("countess@example.org".into()),
            role: Some(Role::Editor),
            suspended: Some(true),
            ..UserChange::default()
        };
        assert_eq!(
            change.of(&author).unwrap().news(&author).unwrap(),
            "author to editor, suspended, another address"
        );
        let back = UserChange {
            suspended: Some(false),
            ..UserChange::default()
        };
        let suspended = user(Role::Author, Status::Suspended);
        assert_eq!(
            back.of(&suspended).unwrap().news(&suspended).unwrap(),
            "reinstated"
        );
        let renamed = UserChange {
            name: Some("Augusta".into()),
            ..UserChange::default()
        };
        let renamed = renamed.of(&author).unwrap();
        assert!(!renamed.is(&author) && renamed.news(&author).is_none());
    }
}
