//! Permission as a type in a handler's signature: [`Allowed`] with what it needs. A handler that is called was allowed
//! to; what depends on the resource (whose it is, which state it is in) is asked again in the store.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::model::{Action, Credential, Grants, Principal};
use super::store::{self, KeyBy};
use super::token::{Opaque, OpaqueKind};
use crate::app::App;
use crate::articles::model::{Kind, State};
use crate::db::Reason;
use crate::error::{Error, Result};
use crate::http::envelope::RequestId;
use crate::http::error::Refusal;
use crate::id::Id;

/// How precisely the last use of an API key is noted.
const USE_NOTED: Duration = Duration::from_secs(60);

/// Someone who may do what `P` says.
#[derive(Debug)]
pub struct Allowed<P> {
    /// Who.
    pub who: Principal,
    permission: PhantomData<P>,
}

/// What a route needs before anything else is looked at.
pub trait Permission {
    /// Whether someone with these grants may use the route at all.
    fn is_granted(grants: &Grants) -> bool;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident => $granted:expr),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                fn is_granted(grants: &Grants) -> bool {
                    let granted: fn(&Grants) -> bool = $granted;
                    granted(grants)
                }
            }
        )+
    };
}

permissions! {
    /// Look after one's own account.
    SignedIn => |grants| grants.may(Action::OwnAccount),
    /// Read what is edited, in every state.
    ReadDrafts => |grants| grants.may(Action::Read),
    /// Change some article.
    WriteArticles => |grants| may_write(grants, Kind::Article),
    /// Change some page.
    WritePages => |grants| may_write(grants, Kind::Page),
    /// Write tags.
    WriteTags => |grants| grants.may(Action::Tags),
    /// Write some author.
    WriteAuthors => |grants| {
        grants.may(Action::Author { own: false }) || grants.may(Action::Author { own: true })
    },
    /// Set what the site says of itself.
    WriteSite => |grants| grants.may(Action::Site),
    /// Write redirects.
    WriteRedirects => |grants| grants.may(Action::Redirects),
    /// Read what came by the contact form.
    ReadInbox => |grants| grants.may(Action::Inbox { writes: false }),
    /// Sort and delete what came by the contact form.
    WriteInbox => |grants| grants.may(Action::Inbox { writes: true }),
    /// Put in media and change some.
    WriteMedia => |grants| {
        grants.may(Action::Media { own: true }) || grants.may(Action::Media { own: false })
    },
    /// Write any of it.
    WriteAnything => |grants| {
        let any: [fn(&Grants) -> bool; 6] = [
            WriteArticles::is_granted,
            WritePages::is_granted,
            WriteTags::is_granted,
            WriteAuthors::is_granted,
            WriteSite::is_granted,
            WriteRedirects::is_granted,
        ];
        any.iter().any(|granted| granted(grants))
    },
    /// Bring content in from a file.
    Import => |grants| grants.may(Action::Import),
    /// Run the accounts, the API keys and the audit.
    Administer => |grants| grants.may(Action::Administer),
}

/// Whether there is any change to a text of this kind that they may make.
fn may_write(grants: &Grants, kind: Kind) -> bool {
    let states = || State::ALL.iter().copied().map(Some).chain([None]);
    states().any(|before| {
        states().any(|after| {
            grants.may(Action::Text {
                kind,
                own: true,
                edits: false,
                before,
                after,
            })
        })
    })
}

impl<P: Permission> FromRequest for Allowed<P> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request
                .app_data::<web::Data<App>>()
                .ok_or_else(|| Error::internal("a route without its application"))?;
            let who = identify(app, &request).await?;
            if P::is_granted(&who.grants) {
                Ok(Self {
                    who,
                    permission: PhantomData,
                })
            } else {
                Err(Error::Forbidden.into())
            }
        })
    }
}

/// Who sent a request. Role and status come from the database each time, so that a change of them counts for the next
/// request.
async fn identify(app: &web::Data<App>, request: &HttpRequest) -> Result<Principal> {
    let token = bearer(request.headers()).ok_or(Error::Unauthorized)?;
    let request_id = request.extensions().get::<RequestId>().cloned();
    let request_id = request_id.map(|id| id.0).unwrap_or_default();
    let peer = app.proxies.peer(request);
    let now = app.db.now();
    if let Some(key) = Opaque::parse(OpaqueKind::Key, token) {
        let by = KeyBy::Hash(key.hash());
        let found = app.db.read_indexed(move |conn| store::key(conn, by, now));
        let found = found.await?.ok_or(Error::Unauthorized)?;
        if found.used_at.is_none_or(|at| now > at.plus(USE_NOTED)) {
            // Nobody waits for it: reads go on while nothing can be written.
            actix_web::rt::spawn(note_use(app.clone(), found.id));
        }
        return Ok(Principal {
            user: found.user,
            credential: Credential::Key(found.id),
            grants: found.grants,
            peer,
            request_id,
        });
    }
    let claims = app.tokens.verify(token, now).ok_or(Error::Unauthorized)?;
    let (user, session) = (claims.user, claims.session);
    let grants = app
        .db
        .read_indexed(move |conn| store::grants_of_session(conn, user, session, now))
        .await?;
    Ok(Principal {
        user,
        credential: Credential::Session(session),
        grants: grants.ok_or(Error::Unauthorized)?,
        peer,
        request_id,
    })
}

/// The token of `Authorization: Bearer` (RFC 6750 section 2.1), of which there may be one only.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && values.next().is_none()).then(|| token.trim())
}

/// That it was used is good to know; a request does not fail where it cannot be noted.
async fn note_use(app: web::Data<App>, key: Id) {
    let now = app.db.now();
    let noted = app
        .db
        .write_quiet(Reason::LastUsed, move |conn| {
            store::note_key_use(conn, key, now)
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(%error, %key, "the use of an API key could not be noted");
    }
}
