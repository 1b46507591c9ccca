//! Which mail server is told what.

use std::path::PathBuf;

use clap::Args;

use super::accounts::Hidden;
use crate::mail::post::Settings;

/// Which mail server is told what.
#[derive(Debug, Clone, Args)]
pub struct Mail {
    /// Mail server: smtps://user@mail.example.org, or smtp://user@mail.example.org:587?tls=required for STARTTLS. Without it no mail is sent
    #[arg(
        long,
        env = "MASTHEAD_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    smtp_url: Option<Hidden>,

    /// Password of the mail server's user, where it does not stand in the URL
    #[arg(
        long,
        env = "MASTHEAD_SMTP_PASSWORD",
        value_name = "TEXT",
        hide_env_values = true,
        conflicts_with = "smtp_password_file"
    )]
    smtp_password: Option<Hidden>,

    /// File that holds that password
    #[arg(long, env = "MASTHEAD_SMTP_PASSWORD_FILE", value_name = "FILE")]
    pub smtp_password_file: Option<PathBuf>,

    /// Who sends the mails: noreply@example.org, or The Open Door <noreply@example.org>
    #[arg(long, env = "MASTHEAD_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,

    /// Addresses that messages of the contact form and requests for review go to, separated by commas; without them, every editor and admin
    #[arg(
        long,
        env = "MASTHEAD_MAIL_TO",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    pub mail_to: Vec<String>,
}

impl Mail {
    /// By which server mails go, from whom and to whom; nothing where none is configured.
    ///
    /// # Errors
    /// In words, where settings do not go together or cannot be used.
    pub fn settings(&self) -> Result<Option<Settings>, String> {
        let Some(Hidden(url)) = &self.smtp_url else {
            return if self.mail_from.is_some() || !self.mail_to.is_empty() {
                Err("--mail-from and --mail-to (MASTHEAD_MAIL_FROM, MASTHEAD_MAIL_TO) need --smtp-url (MASTHEAD_SMTP_URL)".into())
            } else {
                Ok(None)
            };
        };
        let Some(from) = &self.mail_from else {
            return Err(
                "--smtp-url (MASTHEAD_SMTP_URL) needs --mail-from (MASTHEAD_MAIL_FROM)".into(),
            );
        };
        let read =
            match &self.smtp_password_file {
                Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                    format!("--smtp-password-file: {}: {error}", file.display())
                })?),
                None => None,
            };
        let given = self
            .smtp_password
            .as_ref()
            .map(|Hidden(text)| text.as_str());
        let password = read.as_deref().map(str::trim_end).or(given);
        Settings::parse(url, password, from, &self.mail_to)
            .map(Some)
            .map_err(|error| format!("--smtp-url (MASTHEAD_SMTP_URL): {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Result<bool, String> {
        #[derive(Debug, clap::Parser)]
        struct Program {
            #[command(flatten)]
            mail: Mail,
        }
        let all = ["masthead"].iter().chain(arguments);
        let program = <Program as clap::Parser>::parse_from(all);
        assert!(!format!("{program:?}").contains("secret"), "{program:?}");
        Ok(program.mail.settings()?.is_some())
    }

    #[test]
    fn what_belongs_together_is_asked_for() {
        let server = ["--smtp-url", "smtp://ada@127.0.0.1"];
        let from = ["--mail-from", "door@example.org"];
        let password = ["--smtp-password", "a secret"];
        assert_eq!(settings(&[]), Ok(false));
        assert!(settings(&from).unwrap_err().contains("--smtp-url"));
        assert!(settings(&server).unwrap_err().contains("--mail-from"));
        assert!(
            settings(&[server, from].concat())
                .unwrap_err()
                .contains("password")
        );
        assert_eq!(settings(&[server, from, password].concat()), Ok(true));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let by_file = ["--smtp-password-file", file.to_str().unwrap()];
        assert!(
            settings(&[server, from, by_file].concat())
                .unwrap_err()
                .contains("password")
        );
        std::fs::write(&file, "a secret\n").unwrap();
        assert_eq!(settings(&[server, from, by_file].concat()), Ok(true));
    }
}
