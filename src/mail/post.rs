//! The mail server, and a letter on its way to it.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use url::Url;

use super::letter::Letter;
use crate::id::Id;
use crate::time::Time;

/// How long a mail server may take for each step.
const STEP: Duration = Duration::from_secs(20);
/// How long it may take for a mail: less than what others wait before they try the same.
const WHOLE: Duration = Duration::from_secs(45);

/// By which server, from whom, and to whom what is for the editors goes.
#[derive(Debug, Clone)]
pub struct Settings {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where what is for the editors goes; to each of them where nothing is said.
    pub editors: Vec<String>,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is worth another try: why.
    #[error("{0}")]
    ForNow(String),
    /// It never will be: why. Never an address.
    #[error("{0}")]
    ForGood(String),
}

impl Settings {
    /// Reads where mails go: a URL of the server, as lettre takes it, whose password may be given apart; who sends them; and
    /// to whom what is for the editors goes.
    ///
    /// # Errors
    /// In words, without what was given: it may hold a password.
    pub fn parse(
        url: &str,
        password: Option<&str>,
        from: &str,
        editors: &[String],
    ) -> Result<Self, String> {
        let example = "such as smtps://user@mail.example.org or smtp://user@mail.example.org:587?tls=required";
        let mut url = Url::parse(url).map_err(|error| format!("no URL ({error}), {example}"))?;
        let known = matches!(url.scheme(), "smtp" | "smtps")
            && url.host_str().is_some_and(|host| !host.is_empty());
        if !known {
            return Err(format!("no URL of a mail server, {example}"));
        }
        if let Some(password) = password {
            if url.username().is_empty() {
                return Err("has no user for the password that is given".into());
            }
            url.set_password(Some(password))
                .map_err(|()| "can have no password".to_owned())?;
        } else if !url.username().is_empty() && url.password().is_none() {
            return Err("has a user and no password".into());
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|_told| format!("cannot be used, {example}"))?;
        let from: Mailbox = from
            .parse()
            .map_err(|error| format!("who sends the mails is no address: {error}"))?;
        for address in editors {
            address
                .parse::<Address>()
                .map_err(|error| format!("one of the editors' addresses is none: {error}"))?;
        }
        Ok(Self {
            transport: transport.timeout(Some(STEP)).build(),
            from,
            editors: editors.to_vec(),
        })
    }

    /// Hands a letter to the server. `id` names the mail: a second try has the same `Message-ID`.
    ///
    /// # Errors
    /// Why the server did not take it.
    pub async fn send(
        &self,
        letter: Letter,
        name: Option<String>,
        address: &str,
        id: Id,
        now: Time,
    ) -> Result<(), Refused> {
        let address: Address = address
            .parse()
            .map_err(|_no_address| Refused::ForGood("this is no address to send to".into()))?;
        let message = self.message(letter, mailbox(name, address), id, now)?;
        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_taken)) => Ok(()),
            Ok(Err(error)) => Err(judged(&error)),
            Err(_elapsed) => Err(Refused::ForNow("the mail server took too long".into())),
        }
    }

    fn message(&self, letter: Letter, to: Mailbox, id: Id, now: Time) -> Result<Message, Refused> {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let host = self.from.email.domain();
        let mut builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(format!("<{id}@{host}>")))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ))
            .header(ContentType::TEXT_PLAIN);
        // What a stranger gave as their address may be none that mail knows; then it stands in the text alone.
        if let Some((name, address)) = letter.reply_to
            && let Ok(address) = address.parse()
        {
            builder = builder.reply_to(mailbox(Some(name), address));
        }
        builder
            .body(letter.text)
            .map_err(|error| Refused::ForGood(format!("the mail cannot be written: {error}")))
    }
}

/// An address with a name; without it where it has letters that no header can have, on which the library would panic.
fn mailbox(name: Option<String>, address: Address) -> Mailbox {
    let named = Mailbox::new(name, address);
    let mut text = String::new();
    match write!(text, "{named}") {
        Ok(()) => named,
        Err(_unfit) => Mailbox::new(None, named.email),
    }
}

/// Whether it is the mail that the server will not have, or only not now. What a server says is not repeated: it often names
/// the address.
fn judged(error: &lettre::transport::smtp::Error) -> Refused {
    let Some(code) = error.status().map(u16::from) else {
        return Refused::ForNow(error.to_string());
    };
    let told = format!("the mail server answered {code}");
    match code {
        // The mailbox or the mail itself. Other codes of 500 and more tell of a server that is set up otherwise.
        550..=556 => Refused::ForGood(told),
        _ => Refused::ForNow(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str, password: Option<&str>, from: &str) -> Result<Settings, String> {
        Settings::parse(url, password, from, &[])
    }

    #[test]
    fn a_server_and_a_sender_are_read_and_no_password_is_told() {
        let from = "The Door <door@example.org>";
        for url in [
            "smtp://127.0.0.1:25",
            "smtp://u:p@mail.example.org:587?tls=required",
            "smtps://u:p@mail.example.org",
        ] {
            let settings = parsed(url, None, from).unwrap();
            assert!(!format!("{settings:?}").contains("\"p\""), "{settings:?}");
        }
        assert!(parsed("smtp://u@127.0.0.1", Some("a b/c:d"), from).is_ok());
        for (url, password, from) in [
            ("http://127.0.0.1", None, from),
            ("smtp:", None, from),
            ("mail.example.org", None, from),
            ("smtp://127.0.0.1?tls=sometimes", None, from),
            ("smtp://u@127.0.0.1", None, from),
            ("smtp://127.0.0.1", Some("secret"), from),
            ("smtp://u:secret@127.0.0.1", None, "nobody"),
        ] {
            let refused = parsed(url, password, from).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
        let to = ["nobody".to_owned()];
        assert!(Settings::parse("smtp://127.0.0.1", None, from, &to).is_err());
    }

    fn letter(subject: &str, name: &str, address: &str) -> String {
        let settings = parsed("smtp://127.0.0.1", None, "door@example.org").unwrap();
        let letter = Letter {
            subject: subject.into(),
            text: "Grüße\n.\nEnd".into(),
            reply_to: Some((name.into(), address.into())),
        };
        let to = Mailbox::new(None, "ada@example.org".parse().unwrap());
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let message = settings.message(letter, to, id, now).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_the_headers_that_it_has_to_have() {
        let mail = letter("Tea", "Grace", "grace@example.com");
        for line in [
            "From: door@example.org\r\n",
            "To: ada@example.org\r\n",
            "Reply-To: Grace <grace@example.com>\r\n",
            "Subject: Tea\r\n",
            "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n",
            "Message-ID: <01890a5d-ac96-774b-bcce-b302099a8057@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert!(mail.contains(line), "{line}{mail}");
        }
    }

    #[test]
    fn nobody_adds_a_header_by_what_they_write() {
        let evil = "x\r\nBcc: all@example.com\r\n\r\nBody";
        for mail in [
            letter(evil, "Grace", "grace@example.com"),
            letter("Tea", evil, "grace@example.com"),
            letter("Tea", "Grace", &format!("grace@example.com{evil}")),
            letter("Tea", "Grace\" <all@example.com>, \"x", "grace@example.com"),
        ] {
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            let names: Vec<_> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().unwrap().to_ascii_lowercase())
                .collect();
            assert!(!names.contains(&"bcc".to_owned()), "{mail}");
            let known = [
                "from",
                "to",
                "reply-to",
                "subject",
                "date",
                "message-id",
                "auto-submitted",
                "content-type",
                "content-transfer-encoding",
                "mime-version",
            ];
            assert!(
                names.iter().all(|name| known.contains(&name.as_str())),
                "{mail}"
            );
        }
    }
}
