//! TLS to PostgreSQL, as managed databases want it: a private cluster with a certificate of its own, the program over it,
//! and no connection where the certificate is not the right one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use masthead::db::{Backend, Db, Settings};
use masthead::time::Clock;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder, X509NameRef};

use crate::cli::program::{masthead, run};
use crate::support::each;

/// A PostgreSQL of this test's own.
struct Cluster {
    folder: PathBuf,
    url: String,
    // Dropped after the server has ended.
    _around: tempfile::TempDir,
}

fn tool(arguments: &[&str]) -> String {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/postgres");
    let output = Command::new(tool).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "tests/tools/postgres {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Cluster {
    fn start() -> Self {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("cluster");
        let url = tool(&["start", folder.to_str().unwrap()]);
        assert!(url.starts_with("postgres://"), "{url}");
        Self {
            folder,
            url,
            _around: around,
        }
    }

    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// The same server by TLS, held to this root certificate.
    fn verified(&self, root: &Path) -> String {
        let plain = self.url.split('?').next().unwrap();
        format!("{plain}?sslmode=verify-full&sslrootcert={}", root.display())
    }

    /// Gives the server this certificate and key, and waits until it uses them.
    fn use_certificate(&self, certificate: &X509, key: &PKey<Private>) {
        #[derive(QueryableByName)]
        struct Setting {
            #[diesel(sql_type = Text)]
            data_directory: String,
        }
        #[derive(QueryableByName)]
        struct Loaded {
            #[diesel(sql_type = Bool)]
            loaded: bool,
        }
        let mut conn = self.connect();
        let setting: Setting = diesel::sql_query("SHOW data_directory")
            .get_result(&mut conn)
            .unwrap();
        let data = Path::new(&setting.data_directory);
        install(data, "server.crt", &certificate.to_pem().unwrap());
        install(data, "server.key", &key.private_key_to_pem_pkcs8().unwrap());
        conn.batch_execute("ALTER SYSTEM SET ssl = on").unwrap();
        let reloaded: Loaded = diesel::sql_query("SELECT pg_reload_conf() AS loaded")
            .get_result(&mut conn)
            .unwrap();
        assert!(reloaded.loaded);
        let demanding = self.url.replace("sslmode=disable", "sslmode=require");
        assert_ne!(demanding, self.url);
        for _ in 0..500 {
            if PgConnection::establish(&demanding).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!(
            "the server does not speak TLS: {:?}",
            PgConnection::establish(&demanding).err()
        );
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/postgres");
        let removed = Command::new(tool).arg("remove").arg(&self.folder).status();
        if !std::thread::panicking() {
            assert!(removed.unwrap().success());
        }
    }
}

/// Writes a file that the cluster's user owns and nobody else reads, as the server demands.
fn install(data: &Path, name: &str, bytes: &[u8]) {
    let owner = fs::metadata(data).unwrap();
    let path = data.join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// An authority of its own, and a certificate from it for 127.0.0.1.
pub(crate) struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = new_key();
        let name = named(name);
        let mut draft = draft(&name, &name, &key);
        let authority = BasicConstraints::new().critical().ca().build().unwrap();
        draft.append_extension(authority).unwrap();
        let usage = KeyUsage::new().critical().key_cert_sign().build().unwrap();
        draft.append_extension(usage).unwrap();
        draft.sign(&key, MessageDigest::sha256()).unwrap();
        Self {
            certificate: draft.build(),
            key,
        }
    }

    pub(crate) fn issue(&self) -> (X509, PKey<Private>) {
        let key = new_key();
        let mut draft = draft(&named("database"), self.certificate.subject_name(), &key);
        let context = draft.x509v3_context(Some(&self.certificate), None);
        let address = SubjectAlternativeName::new()
            .ip("127.0.0.1")
            .build(&context)
            .unwrap();
        draft.append_extension(address).unwrap();
        draft.sign(&self.key, MessageDigest::sha256()).unwrap();
        (draft.build(), key)
    }

    /// Its certificate as a file.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, self.certificate.to_pem().unwrap()).unwrap();
        path
    }
}

fn new_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn named(name: &str) -> X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    builder.append_entry_by_text("CN", name).unwrap();
    builder.build()
}

/// What every certificate has, before its extensions and its signature.
fn draft(subject: &X509NameRef, issuer: &X509NameRef, key: &PKey<Private>) -> X509Builder {
    let mut draft = X509::builder().unwrap();
    draft.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(63, MsbOption::MAYBE_ZERO, false).unwrap();
    draft
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    draft.set_subject_name(subject).unwrap();
    draft.set_issuer_name(issuer).unwrap();
    draft
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    draft
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    draft.set_pubkey(key).unwrap();
    draft
}

#[derive(QueryableByName)]
struct Encryption {
    #[diesel(sql_type = Text)]
    version: String,
}

#[test]
fn the_program_speaks_tls_to_postgresql_and_to_nobody_else() {
    let cluster = Cluster::start();
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new("the authority");
    let (certificate, key) = authority.issue();
    let root = authority.write(files.path(), "root.crt");
    cluster.use_certificate(&certificate, &key);

    let url = cluster.verified(&root);
    let ran = run(masthead(["migrate", "--database-url", &url])).ok();
    assert!(ran.starts_with("ran 0001"), "{ran}");

    let db = Db::open(Settings::new(Backend::Postgres(url)), Clock::system()).unwrap();
    let query = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    let used: Encryption = db
        .read_blocking(|conn| Ok(each!(conn, c => diesel::sql_query(query).get_result(c))?))
        .unwrap();
    assert!(
        ["TLSv1.3", "TLSv1.2"].contains(&used.version.as_str()),
        "{}",
        used.version
    );

    // Authorities that did not sign it, one of them under the name of the one that did.
    for (name, words) in [
        ("a stranger", "certificate verify failed"),
        ("the authority", "SSL error"),
    ] {
        let stranger = Authority::new(name).write(files.path(), "stranger.crt");
        let url = cluster.verified(&stranger);
        let refused = run(masthead(["migrate", "--database-url", &url])).refused();
        assert!(refused.contains(words), "{name}: {refused}");
    }

    // The right authority, but for another name.
    let elsewhere = cluster.verified(&root).replace("127.0.0.1", "localhost");
    let refused = run(masthead(["migrate", "--database-url", &elsewhere])).refused();
    assert!(refused.contains("certificate"), "{refused}");
}
