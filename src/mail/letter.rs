//! What the mails say, in plain text.

use crate::messages::model::Message;
use crate::users::model::{Status, User, link_url};

/// A mail without its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The name and the address that an answer goes to, where it is not who sent it.
    pub reply_to: Option<(String, String)>,
}

/// Where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// The publication's name.
    pub name: String,
    /// The address of the editors' app, without a slash at the end.
    pub editor_url: Option<String>,
    /// How long a link works, in hours.
    pub link_hours: u64,
}

impl House {
    /// A link to set a password: an invitation for whoever has none yet.
    #[must_use]
    pub fn link(&self, user: &User, token: &str) -> Letter {
        let Self {
            name, link_hours, ..
        } = self;
        let way = match &self.editor_url {
            Some(editor) => format!("open\n\n{}", link_url(editor, token)),
            None => format!("send this token to POST /v1/admin/auth/password\n\n{token}"),
        };
        let lasts = format!("It works once, within {link_hours} hours.");
        let (subject, reason, otherwise) = if user.status == Status::Invited {
            (
                format!("Your invitation to {name}"),
                format!("you are invited to write for {name}. To set your password and begin,"),
                "If you do not know what this is about, do nothing.",
            )
        } else {
            (
                format!("Set a new password for {name}"),
                format!("somebody asked to reset your password for {name}. To set a new one,"),
                "If it was not you, do nothing: your password stays as it is.",
            )
        };
        Letter {
            subject,
            text: format!(
                "Hello {},\n\n{reason} {way}\n\n{lasts} A newer one takes its place.\n\n{otherwise}\n",
                user.name
            ),
            reply_to: None,
        }
    }

    /// A message that came by the contact form. An answer goes to who wrote it.
    #[must_use]
    pub fn message(&self, message: &Message) -> Letter {
        let name = &self.name;
        let about = message.subject.as_deref().unwrap_or("(no subject)");
        let foot = self.at_the_editors("The message is in the inbox");
        Letter {
            subject: format!("{name}: {about}"),
            text: format!(
                "{} <{}> wrote by the contact form of {name}:\n\nSubject: {about}\n\n{}\n\n-- \nAn answer to this mail goes to \
                 them; nobody has made sure that the address is theirs.\n{foot}\n",
                message.name, message.email, message.message
            ),
            reply_to: Some((message.name.clone(), message.email.clone())),
        }
    }

    /// A text that waits for review.
    #[must_use]
    pub fn review(&self, title: &str, from: Option<&str>) -> Letter {
        let name = &self.name;
        let from = from.unwrap_or("somebody");
        let foot = self.at_the_editors("It is among what is in review");
        Letter {
            subject: format!("{name}: for review: {title}"),
            text: format!("{from} asks for a review of\n\n{title}\n\n{foot}\n"),
            reply_to: None,
        }
    }

    fn at_the_editors(&self, what: &str) -> String {
        match &self.editor_url {
            Some(editor) => format!("{what}: {editor}"),
            None => format!("{what}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::model::Role;
    use crate::id::Id;
    use crate::time::Time;

    fn house(editor_url: Option<&str>) -> House {
        House {
            name: "The Door".into(),
            editor_url: editor_url.map(str::to_owned),
            link_hours: 48,
        }
    }

    fn user(status: Status) -> User {
        let at = Time::from_millis(0).unwrap();
        User {
            id: Id::new(),
            email: "ada@example.org".into(),
            name: "Ada".into(),
            role: Role::Author,
            status,
            version: 1,
            created_at: at,
            updated_at: at,
            signed_in_at: None,
            totp: false,
        }
    }

    #[test]
    fn who_has_no_password_yet_is_invited() {
        let invited = house(Some("https://edit.example.org")).link(&user(Status::Invited), "mhl_x");
        assert_eq!(invited.subject, "Your invitation to The Door");
        let link = "\nhttps://edit.example.org/set-password#mhl_x\n";
        assert!(invited.text.contains(link), "{}", invited.text);
        let reset = house(None).link(&user(Status::Active), "mhl_x");
        assert_eq!(reset.subject, "Set a new password for The Door");
        assert!(
            reset.text.contains("\nmhl_x\n") && !reset.text.contains("invited"),
            "{}",
            reset.text
        );
    }

    #[test]
    fn a_review_names_the_text_and_who_asks() {
        let letter = house(None).review("Tea", Some("Ada"));
        assert_eq!(letter.subject, "The Door: for review: Tea");
        assert_eq!(
            letter.text,
            "Ada asks for a review of\n\nTea\n\nIt is among what is in review.\n"
        );
    }
}
