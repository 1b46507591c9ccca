//! The secret from which the server derives its keys, one for each purpose: what is signed for one never passes for
//! another. It is configured, or made in the data folder at the first start.

use std::fmt;
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::names::names;

/// The fewest bytes of a secret: as many as a key derived from it has.
const MIN_LEN: usize = 32;

/// The name of its file in the data folder.
const FILE: &str = "secret";

/// What no one but its owner may do with that file.
const OTHERS: u32 = 0o077;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing access tokens.
    AccessToken,
    /// Following one refresh token with the next.
    RefreshToken,
    /// Digests of what holds a password.
    Digest,
    /// Links that are mailed: each follows from its mail.
    MailedLink,
    /// The secrets of webhooks, each with a salt of its own.
    Webhook,
    /// Sealing what authenticator apps share with the server.
    SecondFactor,
}

// What a key comes from: with another name, everything signed so far is void.
names!(Purpose {
    AccessToken => "masthead access token v1",
    RefreshToken => "masthead refresh token v1",
    Digest => "masthead digest v1",
    MailedLink => "masthead mailed link v1",
    Webhook => "masthead webhook v1",
    SecondFactor => "masthead second factor v1",
});

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// So many bytes are too few.
    #[error("must have at least {MIN_LEN} bytes; has {0}")]
    TooShort(usize),
    /// It is one byte over and over.
    #[error("must not be one character repeated")]
    Uniform,
    /// Others may read the file.
    #[error(
        "{} has mode {mode:03o}, so that others may use it; run: chmod 600 {}",
        path.display(),
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What stands in the file will not do.
    #[error("the secret in {}: {reason}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: Box<SecretError>,
    },
    /// The file cannot be made or read.
    #[error("cannot make or read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The secret. It is printed nowhere, and wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The secret in a configured text; white space around it does not count.
    ///
    /// # Errors
    /// It is shorter than 32 bytes, or one byte repeated.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = text.trim().as_bytes();
        if bytes.len() < MIN_LEN {
            return Err(SecretError::TooShort(bytes.len()));
        }
        if bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return Err(SecretError::Uniform);
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The secret in the file `secret` of the data folder, which is made where there is none. The text counts as it
    /// stands, so that it can be moved to the configuration and all tokens stay good.
    ///
    /// # Errors
    /// The file cannot be made or read, others may read it, or what stands in it will not do.
    pub fn in_folder(folder: &Path) -> Result<Self, SecretError> {
        let path = folder.join(FILE);
        match read(&path) {
            Err(SecretError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
                make(folder, &path).map_err(|source| SecretError::File {
                    path: path.clone(),
                    source,
                })?;
                read(&path)
            }
            read => read,
        }
    }

    /// The key for this purpose: HKDF-SHA256 (RFC 5869), without salt, the purpose's name as info.
    #[must_use]
    pub fn key(&self, purpose: Purpose) -> [u8; 32] {
        let mut key = [0; 32];
        let expanded =
            Hkdf::<Sha256>::new(None, &self.0).expand(purpose.as_str().as_bytes(), &mut key);
        // Cannot fail below 8,160 bytes, and must not do so quietly: the key would be known.
        assert!(expanded.is_ok(), "HKDF gives keys of 32 bytes");
        key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn read(path: &Path) -> Result<Secret, SecretError> {
    let unreadable = |source| SecretError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(unreadable)?;
    // Of the open file: the path may name another by now.
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(SecretError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(unreadable)?;
    Secret::parse(&text).map_err(|reason| SecretError::Unfit {
        path: path.to_owned(),
        reason: Box::new(reason),
    })
}

/// Makes the file, unless another process was faster; either way there is one, whole and on the disk, after this.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut())?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()));
    let mut file = tempfile::Builder::new()
        .prefix(".secret-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    writeln!(file, "{}", *text)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    const TEXT: &str = "0123456789abcdef0123456789abcdef";

    fn hex(bytes: [u8; 32]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_those_of_rfc_5869_and_stay() {
        let secret = Secret::parse(TEXT).unwrap();
        let keys: Vec<String> = Purpose::ALL
            .iter()
            .map(|purpose| hex(secret.key(*purpose)))
            .collect();
        assert_eq!(
            keys,
            [
                "898d2186c70d53afcbf4d420ef7ff33c637de820cef2e3ecc91daf66d7b2ddb2",
                "eab460f414bb8a697b15721bc81a9d68fd1c513bca756df27821470b37d6c969",
                "f01aec6385de24c01c0d7f045137e1fc4ca1d11af76f501412b66a6314fc67b3",
                "4660d687576f5269d4b84946f7acd65f7fb69f9e9b4dbfce1daacc22e5bafb4a",
                "d0c64b1d9fc6c715edb1a4665f97213be9458ce7d537a07dabe67597365ea88a",
                "b6e7de8b983861a83ad5072d78e33066ec05bed66b69f56f70cd1923aa25c849",
            ]
        );
        let other = Secret::parse("0123456789abcdef0123456789abcdeF").unwrap();
        assert_ne!(hex(other.key(Purpose::AccessToken)), keys[0]);
    }

    #[test]
    fn refuses_what_is_short_or_one_byte_repeated() {
        let refused = |text: &str| Secret::parse(text).unwrap_err().to_string();
        assert_eq!(refused(""), "must have at least 32 bytes; has 0");
        assert_eq!(refused(&TEXT[1..]), "must have at least 32 bytes; has 31");
        assert_eq!(
            refused(&format!("{}   \n", &TEXT[1..])),
            "must have at least 32 bytes; has 31"
        );
        assert_eq!(
            refused(&"x".repeat(64)),
            "must not be one character repeated"
        );
        assert!(Secret::parse(TEXT).is_ok());
    }

    #[test]
    fn is_printed_nowhere() {
        assert_eq!(format!("{:?}", Secret::parse(TEXT).unwrap()), "Secret");
    }

    #[test]
    fn is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secret::in_folder(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!((mode(&path), text.trim().len()), (0o600, 43));

        let again = Secret::in_folder(folder.path()).unwrap();
        let configured = Secret::parse(&text).unwrap();
        let key = first.key(Purpose::Digest);
        assert_eq!(
            [again.key(Purpose::Digest), configured.key(Purpose::Digest)],
            [key, key]
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);

        let elsewhere = tempfile::tempdir().unwrap();
        let other = Secret::in_folder(elsewhere.path()).unwrap();
        assert_ne!(other.key(Purpose::Digest), key);
    }

    #[test]
    fn those_that_start_at_once_have_one() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<[u8; 32]> = thread::scope(|scope| {
            let starting: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| Secret::in_folder(folder.path()).unwrap()))
                .collect();
            starting
                .into_iter()
                .map(|thread| thread.join().unwrap().key(Purpose::AccessToken))
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        // And nobody's temporary file is left.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn one_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Secret::in_folder(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        for exposed in [0o644, 0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(exposed)).unwrap();
            let refused = Secret::in_folder(folder.path()).unwrap_err().to_string();
            let advice = format!("chmod 600 {}", path.display());
            assert!(refused.ends_with(&advice), "{refused}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(Secret::in_folder(folder.path()).is_ok());
    }

    #[test]
    fn a_file_that_will_not_do_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "too short\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            Secret::in_folder(folder.path()).unwrap_err().to_string(),
            format!(
                "the secret in {}: must have at least 32 bytes; has 9",
                path.display()
            )
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "too short\n");
        let missing = Secret::in_folder(&folder.path().join("no")).unwrap_err();
        assert!(matches!(missing, SecretError::File { .. }), "{missing}");
    }
}
