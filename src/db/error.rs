//! What the databases say when something fails, in our words. The two name the same fault differently; nothing outside
//! this file may look at their texts.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

/// A uniqueness rule of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// Two resources with one id.
    Id,
    /// A slug in a locale, over articles and pages and their former slugs.
    ArticleSlug,
    /// One article per source and external id.
    ArticleExternal,
    /// A tag's slug.
    TagSlug,
    /// A tag's name, but for case and white space.
    TagName,
    /// The slug of an alias of a tag.
    TagAlias,
    /// An author's slug.
    AuthorSlug,
    /// The path of a redirect.
    RedirectPath,
}

/// Each rule as PostgreSQL names its constraint and as SQLite names its columns.
const RULES: &[(Unique, &str, &str)] = &[
    (Unique::Id, "articles_pkey", "articles.id"),
    (Unique::Id, "tags_pkey", "tags.id"),
    (Unique::Id, "authors_pkey", "authors.id"),
    (
        Unique::ArticleSlug,
        "article_slugs_pkey",
        "article_slugs.slug, article_slugs.locale",
    ),
    (
        Unique::ArticleExternal,
        "articles_external",
        "articles.source, articles.external_id",
    ),
    (Unique::TagSlug, "tags_slug", "tags.slug"),
    (Unique::TagName, "tags_name", "tags.name_key"),
    (Unique::TagAlias, "tag_aliases_pkey", "tag_aliases.slug"),
    (Unique::AuthorSlug, "authors_slug", "authors.slug"),
    (Unique::RedirectPath, "redirects_path", "redirects.path"),
];

/// Which uniqueness rule the statement broke, if that is why it failed.
#[must_use]
pub fn violated(error: &DieselError) -> Option<Unique> {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else {
        return None;
    };
    let constraint = info.constraint_name();
    let columns = info.message().strip_prefix("UNIQUE constraint failed: ");
    RULES
        .iter()
        .find(|(_, name, of)| constraint == Some(*name) || columns == Some(*of))
        .map(|(rule, ..)| *rule)
}

/// The connection is of no more use.
#[must_use]
pub fn is_broken(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        )
        | DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(_, info) => {
            let message = info.message();
            // PostgreSQL's 57P01 to 57P03 come as plain messages before the socket closes.
            message.contains("server closed the connection")
                || message.contains("terminating connection")
                || message.contains("the database system is")
        }
        _ => false,
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        if is_broken(&error) {
            return Self::Unreachable(one_line(&error));
        }
        let DieselError::DatabaseError(_, info) = &error else {
            return Self::Internal(format!("database: {error}"));
        };
        let message = info.message();
        if message.contains("disk is full") || message.contains("No space left on device") {
            Self::DiskFull
        } else if message.contains("database is locked") || message.contains("lock timeout") {
            Self::busy("the database is locked by someone else")
        } else if message.contains("statement timeout") || message == "interrupted" {
            Self::busy("the query took too long")
        } else {
            Self::Internal(format!("database: {error}"))
        }
    }
}

/// libpq writes its messages over several lines.
fn one_line(error: &impl std::fmt::Display) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        Self::Unreachable(one_line(&error))
    }
}
