//! Who may do what. [`Grants::may`] is the one place that says it; every door (HTTP, command line, import) asks there,
//! before anything is written, and about the state that would come of it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::{Kind, State};
use crate::id::Id;
use crate::names::names;

/// What someone is in the editorial team. Each may do what those before it may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything, in every state.
    Reader,
    /// Writes articles of their own and hands them to an editor.
    Contributor,
    /// Publishes articles of their own.
    Author,
    /// Writes and publishes everything.
    Editor,
    /// Runs the site and its accounts.
    Admin,
}

names!(Role {
    Reader => "reader",
    Contributor => "contributor",
    Author => "author",
    Editor => "editor",
    Admin => "admin",
});

/// One thing that an API key may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Scope {
    /// Read everything that is edited, in every state.
    #[serde(rename = "drafts:read")]
    DraftsRead,
    /// Write articles and pages that are not out.
    #[serde(rename = "articles:write")]
    ArticlesWrite,
    /// Publish, change what is published, and take it back.
    #[serde(rename = "articles:publish")]
    ArticlesPublish,
    /// Remove articles and pages for good.
    #[serde(rename = "articles:purge")]
    ArticlesPurge,
    /// Write tags.
    #[serde(rename = "tags:write")]
    TagsWrite,
    /// Write authors.
    #[serde(rename = "authors:write")]
    AuthorsWrite,
    /// Set the site's name, menus and contact.
    #[serde(rename = "site:write")]
    SiteWrite,
    /// Write redirects.
    #[serde(rename = "redirects:write")]
    RedirectsWrite,
    /// Read what came by the contact form.
    #[serde(rename = "messages:read")]
    MessagesRead,
    /// Sort and delete what came by the contact form.
    #[serde(rename = "messages:write")]
    MessagesWrite,
    /// Put in media, change and delete them.
    #[serde(rename = "media:write")]
    MediaWrite,
}

names!(Scope {
    DraftsRead => "drafts:read",
    ArticlesWrite => "articles:write",
    ArticlesPublish => "articles:publish",
    ArticlesPurge => "articles:purge",
    TagsWrite => "tags:write",
    AuthorsWrite => "authors:write",
    SiteWrite => "site:write",
    RedirectsWrite => "redirects:write",
    MessagesRead => "messages:read",
    MessagesWrite => "messages:write",
    MediaWrite => "media:write",
});

/// What looked like an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    /// A sign-in with a wrong address or password, or to a suspended account.
    SignInFailed,
    /// A refresh token that had been used before.
    TokenReused,
    /// A wrong password where the present one is asked for.
    PasswordWrong,
    /// A wrong code, or one that was used before, after the right password.
    CodeWrong,
    /// A mail with a link to set a password, asked for by somebody who is not signed in; for an account, where it has none,
    /// for an address that there is no account of.
    LinkAsked,
}

names!(Suspicion {
    SignInFailed => "sign_in_failed",
    TokenReused => "token_reused",
    PasswordWrong => "password_wrong",
    CodeWrong => "code_wrong",
    LinkAsked => "link_asked",
});

/// What someone wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read what is edited, in every state.
    Read,
    /// Change a text.
    Text {
        /// Article or page.
        kind: Kind,
        /// It belongs to whoever asks.
        own: bool,
        /// Its words change, and not its state alone.
        edits: bool,
        /// The state it is in; `None` where it does not exist yet.
        before: Option<State>,
        /// The state that would come of it; `None` where it would be gone for good.
        after: Option<State>,
    },
    /// Say to whom a text belongs.
    Assign,
    /// Send back a text that was handed in.
    Review,
    /// Write tags.
    Tags,
    /// Write an author.
    Author {
        /// It is the profile of whoever asks.
        own: bool,
    },
    /// Set what the site says of itself.
    Site,
    /// Write redirects.
    Redirects,
    /// Have to do with what came by the contact form.
    Inbox {
        /// Change or delete it, and not only read.
        writes: bool,
    },
    /// Bring content in from a file: any of it, in any state.
    Import,
    /// Put in a medium, change or delete one.
    Media {
        /// Whoever asks put it in.
        own: bool,
    },
    /// Run the accounts, the API keys and the audit.
    Administer,
    /// Look after one's own account.
    OwnAccount,
}

/// What someone may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grants {
    /// What their role may.
    Role(Role),
    /// What the scopes of an API key name.
    Scopes(Vec<Scope>),
}

impl Grants {
    /// Whether this may be done.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        match self {
            Self::Role(role) => role_may(*role, action),
            Self::Scopes(scopes) => scopes_may(scopes, action),
        }
    }
}

fn role_may(role: Role, action: Action) -> bool {
    match action {
        Action::Read | Action::OwnAccount => true,
        Action::Text {
            kind,
            own,
            before,
            after,
            ..
        } => match role {
            Role::Admin | Role::Editor => true,
            Role::Author => own && kind == Kind::Article && after.is_some(),
            Role::Contributor => {
                own && kind == Kind::Article
                    && before.is_none_or(is_quiet)
                    && after.is_some_and(is_quiet)
            }
            Role::Reader => false,
        },
        Action::Author { own: true } => role >= Role::Contributor,
        Action::Media { own: true } => role >= Role::Author,
        Action::Assign
        | Action::Review
        | Action::Tags
        | Action::Author { own: false }
        | Action::Media { own: false }
        | Action::Redirects
        | Action::Import => role >= Role::Editor,
        // Readers wrote to the editors, and to nobody else in the house.
        Action::Inbox { .. } => role >= Role::Editor,
        Action::Site | Action::Administer => role == Role::Admin,
    }
}

fn scopes_may(scopes: &[Scope], action: Action) -> bool {
    let has = |scope| scopes.contains(&scope);
    match action {
        Action::Read => has(Scope::DraftsRead),
        Action::Text { after: None, .. } => has(Scope::ArticlesPurge),
        Action::Text {
            edits,
            before,
            after: Some(after),
            ..
        } => {
            let quiet = is_quiet(after) && before.is_none_or(is_quiet);
            (quiet || has(Scope::ArticlesPublish))
                && (!(quiet || edits) || has(Scope::ArticlesWrite))
        }
        Action::Assign | Action::Review => has(Scope::ArticlesWrite),
        Action::Tags => has(Scope::TagsWrite),
        Action::Author { .. } => has(Scope::AuthorsWrite),
        Action::Site => has(Scope::SiteWrite),
        Action::Redirects => has(Scope::RedirectsWrite),
        Action::Inbox { writes: false } => has(Scope::MessagesRead),
        Action::Inbox { writes: true } => has(Scope::MessagesWrite),
        // All that may come of it.
        Action::Import => [
            Scope::ArticlesWrite,
            Scope::ArticlesPublish,
            Scope::TagsWrite,
            Scope::AuthorsWrite,
            Scope::RedirectsWrite,
        ]
        .into_iter()
        .all(has),
        Action::Media { .. } => has(Scope::MediaWrite),
        // A key makes no keys, changes no roles and signs in nowhere.
        Action::Administer | Action::OwnAccount => false,
    }
}

/// Nobody but editors has to do with it.
const fn is_quiet(state: State) -> bool {
    matches!(state, State::Draft | State::InReview | State::Trashed)
}

/// Someone who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account; of an API key, the account that made it.
    pub user: Id,
    /// By what they came.
    pub credential: Credential,
    /// What they may do.
    pub grants: Grants,
    /// The address they came from.
    pub peer: IpAddr,
    /// The request they came with.
    pub request_id: String,
}

/// What someone proved with who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A session, by its access token.
    Session(Id),
    /// An API key.
    Key(Id),
}

impl Principal {
    /// Whether this may be done.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.grants.may(action)
    }

    /// The API key, where it was one.
    #[must_use]
    pub const fn key(&self) -> Option<Id> {
        match self.credential {
            Credential::Key(id) => Some(id),
            Credential::Session(_) => None,
        }
    }

    /// The session, where it was one.
    #[must_use]
    pub const fn session(&self) -> Option<Id> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::Key(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(own: bool, before: Option<State>, after: Option<State>) -> Action {
        Action::Text {
            kind: Kind::Article,
            own,
            edits: true,
            before,
            after,
        }
    }

    #[test]
    fn each_role_may_what_those_before_it_may() {
        let states = || State::ALL.iter().copied().map(Some).chain([None]);
        for pair in Role::ALL.windows(2) {
            for (before, after) in states().flat_map(|a| states().map(move |b| (a, b))) {
                for own in [false, true] {
                    let action = text(own, before, after);
                    assert!(
                        !role_may(pair[0], action) || role_may(pair[1], action),
                        "{pair:?} {action:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_contributor_never_touches_what_is_out() {
        let may = |before, after| role_may(Role::Contributor, text(true, before, after));
        assert!(may(None, Some(State::Draft)) && may(Some(State::Draft), Some(State::InReview)));
        assert!(
            !may(None, Some(State::Published)) && !may(Some(State::Published), Some(State::Draft))
        );
        assert!(!may(Some(State::Draft), None));
    }

    #[test]
    fn a_key_may_what_it_names_and_no_more() {
        let write = [Scope::ArticlesWrite];
        let publish = [Scope::ArticlesPublish];
        let (draft, out) = (Some(State::Draft), Some(State::Published));
        assert!(scopes_may(&write, text(false, None, draft)));
        assert!(!scopes_may(&write, text(false, draft, out)));
        assert!(!scopes_may(&publish, text(false, draft, out)));
        let publishes = Action::Text {
            kind: Kind::Article,
            own: false,
            edits: false,
            before: draft,
            after: out,
        };
        assert!(scopes_may(&publish, publishes) && !scopes_may(&write, publishes));
        assert!(!scopes_may(Scope::ALL, Action::Administer));
        assert!(!scopes_may(Scope::ALL, Action::OwnAccount));
    }
}
