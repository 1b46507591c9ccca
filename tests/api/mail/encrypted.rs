//! Mail by TLS, in both of its ways, from the program as its users run it; and no mail where the certificate is not the right
//! one.

use std::fs;

use serde_json::json;

use super::server::{MailServer, until};
use crate::cli::program::{Serving, on};
use crate::support::Database;
use crate::tls::Authority;

#[test]
fn mail_goes_by_tls_to_the_right_server_and_to_nobody_else() {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new("the authority");
    let (certificate, key) = authority.issue();
    let both = files.path().join("server.pem");
    let pem = [
        certificate.to_pem().unwrap(),
        key.private_key_to_pem_pkcs8().unwrap(),
    ];
    fs::write(&both, pem.concat()).unwrap();
    let root = authority.write(files.path(), "root.crt");
    let stranger = Authority::new("the authority").write(files.path(), "stranger.crt");
    let options = ["--certificate", both.to_str().unwrap(), "--wrapped"];
    let message =
        json!({"name": "Ada", "email": "ada@example.com", "message": "Hello", "consent": true});
    for (options, scheme, tls) in [
        (&options[..2], "smtp", "?tls=required"),
        (&options[..], "smtps", ""),
    ] {
        let mail = MailServer::start_with(options);
        let url = format!(
            "{}{tls}",
            mail.url().replace("smtp:", &format!("{scheme}:"))
        );
        let serving = |trusted: &std::path::Path| {
            let database = Database::new();
            let flags = [
                "--smtp-url",
                &url,
                "--mail-from",
                "door@example.org",
                "--mail-to",
                "desk@example.org",
            ];
            let mut command = on(&database, &["serve", "--listen", "127.0.0.1:0"]);
            command.args(flags).env("SSL_CERT_FILE", trusted);
            let serving = Serving::start(command);
            let answer = serving.client.post("/v1/contact", &message);
            assert_eq!(answer.status, 202);
            (serving, database)
        };
        let (wrong, _database) = serving(&stranger);
        until("it was tried", || {
            let metrics = wrong.get("/metrics");
            metrics.text().contains("masthead_mail_failures_total 1\n")
        });
        let said = wrong.stop();
        assert!(said.errors.contains("certificate"), "{}", said.errors);
        assert!(!said.errors.contains("desk@"), "{}", said.errors);
        assert!(mail.all().is_empty());
        let (right, _database) = serving(&root);
        mail.taken(1);
        assert_eq!(right.stop().code, Some(0));
    }
}
