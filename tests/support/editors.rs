//! People and programs that edit. They are made through the stores and not by signing in: to hash a password takes as long
//! as a whole test.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use masthead::auth::model::{Credential, Grants, Principal, Role, Scope};
use masthead::auth::secret::{Purpose, Secret};
use masthead::auth::store::{self, Beginning};
use masthead::auth::token::{AccessTokens, Opaque, OpaqueKind};
use masthead::changes::model::Actor;
use masthead::db::Reason;
use masthead::id::Id;
use masthead::media;
use masthead::media::model::{About, MediaType, NewMedia, Variant};
use masthead::users;
use masthead::users::model::NewUser;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::client::{Answer, Client};
use super::server::{SECRET, Server};

/// The password of everybody who has one.
const PASSWORD: &str = "violets are seldom found upstairs";

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: Id,
    pub(crate) email: String,
    pub(crate) password: &'static str,
}

impl Server {
    /// A fresh account of this role that is signed in.
    #[track_caller]
    pub(crate) fn sign_in(&self, role: Role) -> Client {
        self.session_of(self.account(role))
    }

    /// A fresh account of this role.
    #[track_caller]
    pub(crate) fn account(&self, role: Role) -> Id {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let email = format!("{}{number}@example.org", role.as_str());
        let name = format!("{} {number}", role.as_str());
        let new = NewUser::parse(&email, &name, role, false).expect("an account");
        self.write(move |tx| users::store::create(tx, &new))
            .value
            .id
    }

    /// A fresh session of this account.
    #[track_caller]
    pub(crate) fn session_of(&self, user: Id) -> Client {
        self.client
            .with_token(&self.token_of(user, Duration::from_secs(600)))
    }

    /// The access token of a fresh session of this account, which lasts that long.
    #[track_caller]
    pub(crate) fn token_of(&self, user: Id, life: Duration) -> String {
        let (session, _) = self.begin(user);
        let secret = Secret::parse(SECRET).expect("a secret");
        let issuer = format!("masthead:{}", self.db().epoch());
        AccessTokens::new(&secret, issuer)
            .issue(user, session, self.clock.now(), life)
            .expect("a token")
    }

    /// A fresh session of this account, and the token that renews it.
    #[track_caller]
    pub(crate) fn begin(&self, user: Id) -> (Id, Opaque) {
        let now = self.clock.now();
        let token = Opaque::new(OpaqueKind::Refresh).expect("a token");
        let beginning = Beginning {
            password: None,
            peer: Ipv4Addr::LOCALHOST.into(),
            user_agent: None,
            token: token.hash(),
            now,
            idle: Duration::from_secs(24 * 60 * 60),
        };
        let session = self.write_quietly(Reason::Session, move |conn| {
            store::begin(conn, user, &beginning)
        });
        (session, token)
    }

    /// What access tokens are signed with.
    pub(crate) fn signing_key(&self) -> [u8; 32] {
        let secret = Secret::parse(SECRET).expect("a secret");
        secret.key(Purpose::AccessToken)
    }

    /// A fresh account of this role with a password.
    #[track_caller]
    pub(crate) fn person(&self, role: Role) -> Person {
        let id = self.account(role);
        self.admit(id)
    }

    /// A fresh account of this role with this address and a password.
    #[track_caller]
    pub(crate) fn person_at(&self, email: &str, role: Role) -> Person {
        let new = NewUser::parse(email, "Somebody", role, false).expect("an account");
        let made = self.write(move |tx| users::store::create(tx, &new));
        self.admit(made.value.id)
    }

    /// Gives an account a password.
    #[track_caller]
    pub(crate) fn admit(&self, id: Id) -> Person {
        let hash = cheap_hash();
        let user = self.write(move |tx| users::store::set_password(tx, id, &hash, None));
        Person {
            id,
            email: user.value.email,
            password: PASSWORD,
        }
    }

    /// The password of everybody who has one.
    pub(crate) const fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Signs in as a browser does.
    pub(crate) fn login(&self, email: &str, password: &str) -> Answer {
        let who = json!({"email": email, "password": password});
        self.client.post("/v1/admin/auth/login", &who)
    }

    /// A fresh API key with these scopes.
    #[track_caller]
    pub(crate) fn key(&self, scopes: &[Scope]) -> Client {
        let admin = self.sign_in(Role::Admin);
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let made = admin.post(
            "/v1/admin/api-keys",
            &json!({"name": "a program", "scopes": scopes}),
        );
        let made = made.created();
        self.client.with_token(made["key"].as_str().expect("a key"))
    }
}

/// A hash of [`PASSWORD`] by the least that argon2 takes. How long it is to take is none of what these tests are about.
fn cheap_hash() -> String {
    let least = Params::new(8, 1, 1, Some(32)).expect("parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, least);
    let hash: PasswordHash = argon2.hash_password(PASSWORD.as_bytes()).expect("a hash");
    hash.to_string()
}

impl Server {
    /// A medium that this account has put in, without files.
    #[track_caller]
    pub(crate) fn medium(&self, owner: Option<Id>) -> Id {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = |name: &str| Variant {
            file: name.to_owned(),
            width: 40,
            height: 30,
            bytes: 100,
        };
        let new = NewMedia {
            hash: Sha256::digest(number.to_string()).into(),
            bytes: 1_000,
            name: format!("{number:032x}"),
            about: About::default(),
            media_type: MediaType::Png,
            width: 40,
            height: 30,
            blurhash: None,
            variants: vec![file("40.webp"), file("40.jpg")],
            animation: None,
        };
        let actor = owner.map_or(Actor::System, |user| {
            Actor::Principal(Principal {
                user,
                credential: Credential::Session(Id::new()),
                grants: Grants::Role(Role::Editor),
                peer: Ipv4Addr::LOCALHOST.into(),
                request_id: "r".into(),
            })
        });
        let made = self
            .db()
            .write_blocking(actor, move |tx| media::store::create(tx, &new));
        made.expect("a medium").value.0.id
    }
}
