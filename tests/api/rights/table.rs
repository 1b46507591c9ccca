//! The table. A list names who is answered: roles, scopes of a key, and with `own:` roles that are answered where the text
//! or profile is their own. Two scopes joined by `+` are both needed. Whoever is nobody any more (see [`super::who`]) is
//! answered 401 wherever [`EVERYBODY`] does not stand; who is somebody and is in no list, 403.

/// Nobody is asked who they are.
pub(crate) const EVERYBODY: &str = "everybody";
/// Everybody who signs in; no key.
pub(crate) const PEOPLE: &str = "reader contributor author editor admin";
const READ: &str = "reader contributor author editor admin drafts:read";
const ADMIN: &str = "admin";
const TAGS: &str = "editor admin tags:write";
const AUTHORS: &str = "editor admin authors:write";
const PROFILE: &str = "own:contributor own:author editor admin authors:write";
const SITE: &str = "admin site:write";
/// All that may come of an import.
const IMPORT: &str =
    "editor admin articles:write+articles:publish+tags:write+authors:write+redirects:write";
const REDIRECTS: &str = "editor admin redirects:write";
/// Putting a picture in.
const UPLOAD: &str = "author editor admin media:write";
/// Changing one that was put in.
const MEDIA: &str = "own:author editor admin media:write";
/// Removing what nothing uses.
const SWEEP: &str = "editor admin media:write";
const INBOX: &str = "editor admin messages:read";
const SORT: &str = "editor admin messages:write";

/// What stays among drafts, what is in review and what is in the trash.
const QUIET: &str = "own:contributor own:author editor admin articles:write";
/// A move from or to what is scheduled, published or archived.
const MOVE: &str = "own:author editor admin articles:publish";
/// A change of the words or fields of what is or gets there.
const EDIT: &str = "own:author editor admin articles:write+articles:publish";
/// Giving a text to somebody else.
const GIVE: &str = "editor admin articles:write";
/// The same with a text that is or gets out.
const GIVE_OUT: &str = "editor admin articles:write+articles:publish";
/// Removing a text for good.
const PURGE: &str = "editor admin articles:purge";

/// Whom a cell answers, and with which status.
pub(crate) type Cell = (&'static str, u16);

/// The states of a text, in the order of the columns below.
pub(crate) const STATES: [&str; 6] = [
    "draft",
    "in_review",
    "scheduled",
    "published",
    "archived",
    "trashed",
];

/// What is done to a text, by its state. Where no way leads from a state, those who could go such a way are answered 409.
/// Of pages nobody has any of their own: `own:` does not count there.
#[rustfmt::skip]
pub(crate) const TEXTS: [(&str, [Cell; 6]); 26] = [
    //             draft         in_review     scheduled      published      archived       trashed
    ("GET",       [(READ, 200),  (READ, 200),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 200)]),
    ("PATCH",     [(QUIET, 200), (QUIET, 200), (EDIT, 200),   (EDIT, 200),   (EDIT, 200),   (QUIET, 409)]),
    ("PUT",       [(QUIET, 200), (QUIET, 200), (EDIT, 200),   (EDIT, 200),   (EDIT, 200),   (QUIET, 409)]),
    ("DELETE",    [(QUIET, 204), (QUIET, 204), (MOVE, 204),   (MOVE, 204),   (MOVE, 204),   (QUIET, 409)]),
    ("purge",     [(PURGE, 204), (PURGE, 204), (PURGE, 204),  (PURGE, 204),  (PURGE, 204),  (PURGE, 204)]),
    ("give",      [(GIVE, 200),  (GIVE, 200),  (GIVE_OUT, 200), (GIVE_OUT, 200), (GIVE_OUT, 200), (GIVE, 409)]),
    ("submit",    [(QUIET, 200), (QUIET, 409), (MOVE, 409),   (MOVE, 409),   (MOVE, 409),   (QUIET, 409)]),
    ("publish",   [(MOVE, 200),  (MOVE, 200),  (MOVE, 200),   (MOVE, 409),   (MOVE, 200),   (MOVE, 409)]),
    ("unpublish", [(QUIET, 409), (QUIET, 409), (MOVE, 200),   (MOVE, 200),   (MOVE, 200),   (QUIET, 409)]),
    ("archive",   [(MOVE, 409),  (MOVE, 409),  (MOVE, 409),   (MOVE, 200),   (MOVE, 409),   (MOVE, 409)]),
    ("restore",   [(QUIET, 409), (QUIET, 409), (MOVE, 409),   (MOVE, 409),   (MOVE, 409),   (QUIET, 200)]),
    ("schedule",  [(MOVE, 200),  (MOVE, 200),  (MOVE, 200),   (MOVE, 409),   (MOVE, 200),   (MOVE, 409)]),
    // Handing back is for editors: it is not the writer's own text that they review.
    ("send back", [(GIVE, 409),  (GIVE, 200),  (GIVE_OUT, 409), (GIVE_OUT, 409), (GIVE_OUT, 409), (GIVE, 409)]),
    ("notes",     [(READ, 200),  (READ, 200),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 200)]),
    ("previews",  [(READ, 200),  (READ, 200),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 200)]),
    ("preview",   [(QUIET, 201), (QUIET, 201), (EDIT, 201),   (EDIT, 409),   (EDIT, 201),   (QUIET, 409)]),
    // What readers see, and what is in the trash, has none.
    ("hide",      [(QUIET, 204), (QUIET, 204), (EDIT, 204),   (EDIT, 404),   (EDIT, 204),   (QUIET, 404)]),
    ("revisions", [(READ, 200),  (READ, 200),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 200)]),
    ("revision",  [(READ, 200),  (READ, 200),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 200)]),
    ("diff",      [(READ, 200),  (READ, 200),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 200)]),
    ("put back",  [(QUIET, 200), (QUIET, 200), (EDIT, 200),   (EDIT, 200),   (EDIT, 200),   (QUIET, 409)]),
    // Of what nobody but editors has to do with there is no working copy.
    ("GET copy",  [(READ, 404),  (READ, 404),  (READ, 200),   (READ, 200),   (READ, 200),   (READ, 404)]),
    ("PATCH copy", [(QUIET, 409), (QUIET, 409), (EDIT, 200),  (EDIT, 200),   (EDIT, 200),   (QUIET, 409)]),
    ("PUT copy",  [(QUIET, 409), (QUIET, 409), (EDIT, 200),   (EDIT, 200),   (EDIT, 200),   (QUIET, 409)]),
    ("DELETE copy", [(QUIET, 404), (QUIET, 404), (EDIT, 204), (EDIT, 204),   (EDIT, 204),   (QUIET, 404)]),
    ("publish copy", [(QUIET, 404), (QUIET, 404), (EDIT, 200), (EDIT, 200),  (EDIT, 200),   (QUIET, 404)]),
];

/// A PATCH that wishes for a state, by the state that the text is in.
#[rustfmt::skip]
pub(crate) const WISHES: [(&str, [Cell; 6]); 5] = [
    //             draft         in_review     scheduled      published      archived       trashed
    ("draft",     [(QUIET, 200), (QUIET, 200), (EDIT, 200),   (EDIT, 200),   (EDIT, 200),   (QUIET, 409)]),
    ("in_review", [(QUIET, 200), (QUIET, 200), (EDIT, 409),   (EDIT, 409),   (EDIT, 409),   (QUIET, 409)]),
    ("scheduled", [(EDIT, 200),  (EDIT, 200),  (EDIT, 200),   (EDIT, 409),   (EDIT, 200),   (EDIT, 409)]),
    ("published", [(EDIT, 200),  (EDIT, 200),  (EDIT, 200),   (EDIT, 200),   (EDIT, 200),   (EDIT, 409)]),
    ("archived",  [(EDIT, 409),  (EDIT, 409),  (EDIT, 409),   (EDIT, 200),   (EDIT, 200),   (EDIT, 409)]),
];

/// A text that is made in a state, for oneself and for somebody else.
pub(crate) const NEW: [(&str, &str, &str); 5] = [
    ("draft", QUIET, GIVE),
    ("in_review", QUIET, GIVE),
    ("scheduled", EDIT, GIVE_OUT),
    ("published", EDIT, GIVE_OUT),
    ("archived", EDIT, GIVE_OUT),
];

/// The list of texts.
pub(crate) const LIST: Cell = (READ, 200);

/// Every other route: whom it answers, and with which status.
#[rustfmt::skip]
pub(crate) const OTHERS: [(&str, &str, u16); 81] = [
    ("POST /v1/admin/auth/login", EVERYBODY, 200),
    ("POST /v1/admin/auth/refresh", EVERYBODY, 200),
    ("POST /v1/admin/auth/password", EVERYBODY, 204),
    // A server without mail says so.
    ("POST /v1/admin/auth/forgot", EVERYBODY, 409),
    ("POST /v1/admin/auth/logout", PEOPLE, 204),
    ("GET /v1/admin/me", PEOPLE, 200),
    ("PATCH /v1/admin/me", PEOPLE, 200),
    // Asked for while everybody has the password that they began with.
    ("POST /v1/admin/me/totp", PEOPLE, 200),
    ("POST /v1/admin/me/totp/confirm", PEOPLE, 200),
    ("POST /v1/admin/me/totp/recovery-codes", PEOPLE, 200),
    ("POST /v1/admin/me/totp/disable", PEOPLE, 204),
    ("PUT /v1/admin/me/password", PEOPLE, 204),
    ("GET /v1/admin/me/sessions", PEOPLE, 200),
    ("DELETE /v1/admin/me/sessions/{id}", PEOPLE, 204),

    ("GET /v1/admin/tags", READ, 200),
    ("POST /v1/admin/tags", TAGS, 201),
    ("GET /v1/admin/tags/{id}", READ, 200),
    ("PATCH /v1/admin/tags/{id}", TAGS, 200),
    ("PUT /v1/admin/tags/{id}", TAGS, 200),
    ("DELETE /v1/admin/tags/{id}", TAGS, 204),
    ("POST /v1/admin/tags/{id}/merge", TAGS, 200),

    // Of a tag; what else there is in one has the rights of its own route.
    ("POST /v1/admin/batch", TAGS, 200),

    // Of somebody else's draft; of one's own elsewhere.
    ("POST /v1/admin/retag", GIVE, 200),

    ("GET /v1/admin/authors", READ, 200),
    ("POST /v1/admin/authors", AUTHORS, 201),
    ("GET /v1/admin/authors/{id}", READ, 200),
    ("PATCH /v1/admin/authors/{id}", PROFILE, 200),
    ("PUT /v1/admin/authors/{id}", PROFILE, 200),
    ("DELETE /v1/admin/authors/{id}", AUTHORS, 204),

    ("GET /v1/admin/site", READ, 200),
    ("PATCH /v1/admin/site", SITE, 200),
    ("PUT /v1/admin/site", SITE, 200),

    ("GET /v1/admin/schedule", READ, 200),

    ("GET /v1/admin/redirects", READ, 200),
    ("POST /v1/admin/redirects", REDIRECTS, 201),
    ("GET /v1/admin/redirects/{id}", READ, 200),
    ("PATCH /v1/admin/redirects/{id}", REDIRECTS, 200),
    ("PUT /v1/admin/redirects/{id}", REDIRECTS, 200),
    ("DELETE /v1/admin/redirects/{id}", REDIRECTS, 204),

    ("GET /v1/admin/media", READ, 200),
    ("POST /v1/admin/media", UPLOAD, 201),
    ("POST /v1/admin/media-sweep", SWEEP, 200),
    ("GET /v1/admin/media/{id}", READ, 200),
    ("PATCH /v1/admin/media/{id}", MEDIA, 200),
    ("DELETE /v1/admin/media/{id}", MEDIA, 204),

    ("GET /v1/admin/messages", INBOX, 200),
    ("GET /v1/admin/messages.csv", INBOX, 200),
    ("GET /v1/admin/messages/{id}", INBOX, 200),
    ("PATCH /v1/admin/messages/{id}", SORT, 200),
    ("DELETE /v1/admin/messages/{id}", SORT, 204),

    ("POST /v1/admin/import", IMPORT, 202),
    ("POST /v1/admin/backup", ADMIN, 202),
    ("GET /v1/admin/jobs", IMPORT, 200),
    // Each is of an import that whoever asks wanted; those of others are in tests/api/jobs.rs.
    ("GET /v1/admin/jobs/{id}", IMPORT, 200),
    // An import makes none.
    ("GET /v1/admin/jobs/{id}/file", ADMIN, 404),
    ("POST /v1/admin/jobs/{id}/cancel", IMPORT, 200),

    ("GET /v1/admin/users", ADMIN, 200),
    ("POST /v1/admin/users", ADMIN, 201),
    ("GET /v1/admin/users/{id}", ADMIN, 200),
    ("PATCH /v1/admin/users/{id}", ADMIN, 200),
    ("DELETE /v1/admin/users/{id}", ADMIN, 204),
    ("POST /v1/admin/users/{id}/link", ADMIN, 201),
    ("GET /v1/admin/users/{id}/sessions", ADMIN, 200),
    ("DELETE /v1/admin/users/{id}/sessions", ADMIN, 204),
    ("DELETE /v1/admin/users/{id}/totp", ADMIN, 204),

    ("GET /v1/admin/api-keys", ADMIN, 200),
    ("POST /v1/admin/api-keys", ADMIN, 201),
    ("GET /v1/admin/api-keys/{id}", ADMIN, 200),
    ("PATCH /v1/admin/api-keys/{id}", ADMIN, 200),
    ("DELETE /v1/admin/api-keys/{id}", ADMIN, 204),

    ("GET /v1/admin/webhooks", ADMIN, 200),
    ("POST /v1/admin/webhooks", ADMIN, 201),
    ("GET /v1/admin/webhooks/{id}", ADMIN, 200),
    ("PATCH /v1/admin/webhooks/{id}", ADMIN, 200),
    ("DELETE /v1/admin/webhooks/{id}", ADMIN, 204),
    ("POST /v1/admin/webhooks/{id}/rotate-secret", ADMIN, 200),
    ("GET /v1/admin/webhooks/{id}/deliveries", ADMIN, 200),
    // Those of this table are disabled, and who may send is told so.
    ("POST /v1/admin/webhooks/{id}/ping", ADMIN, 409),
    ("POST /v1/admin/webhooks/{id}/deliveries/{delivery}/replay", ADMIN, 409),

    ("GET /v1/admin/audit", ADMIN, 200),
    ("GET /v1/admin/security-log", ADMIN, 200),
];

/// To whom a profile belongs is not one's own to say.
pub(crate) const PROFILE_OF: (&str, &str, u16) = ("PATCH /v1/admin/authors/{id}", AUTHORS, 200);
