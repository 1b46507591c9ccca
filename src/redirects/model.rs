//! What a redirect is.

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::articles::new::{LINK_RULE, is_link};
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::time::Time;

/// The longest path, in bytes.
const MAX_PATH: usize = 2048;

/// A redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// The path on the site that it leads from.
    #[schema(example = "/old-about")]
    pub path: String,
    /// The address that it leads to: absolute, or a path on the site. Null where it leads to an article.
    #[schema(example = "/about")]
    pub to: Option<String>,
    /// The article or page that it leads to, whatever its slug is. Null where it leads to an address.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub article: Option<Id>,
    /// The HTTP status that it is answered with.
    pub status: RedirectStatus,
    /// The name under which caches know the answers that show it.
    #[schema(example = "r-9f3c01d2")]
    pub cache_tag: String,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an article, whatever its slug is.
    Article(Id),
    /// To an address: absolute, or a path on the site.
    Address(String),
}

/// The HTTP status of a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedirectStatus {
    /// 301: for good; a client may ask the new address by GET.
    MovedPermanently,
    /// 302: for now; a client may ask the new address by GET.
    Found,
    /// 307: for now.
    Temporary,
    /// 308: for good.
    #[default]
    Permanent,
}

impl RedirectStatus {
    /// Every status, in order.
    pub const ALL: [Self; 4] = [
        Self::MovedPermanently,
        Self::Found,
        Self::Temporary,
        Self::Permanent,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::MovedPermanently => 301,
            Self::Found => 302,
            Self::Temporary => 307,
            Self::Permanent => 308,
        }
    }

    /// The status of this number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        let is_it = |status: &Self| i64::from(status.code()) == code;
        Self::ALL.into_iter().find(is_it)
    }
}

impl Serialize for RedirectStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.code())
    }
}

impl PartialSchema for RedirectStatus {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .enum_values(Some(Self::ALL.map(Self::code)))
            .examples([Self::default().code()])
            .description(Some("The HTTP status of a redirect"))
            .into()
    }
}

impl ToSchema for RedirectStatus {}

/// A redirect to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRedirect {
    pub(super) path: String,
    pub(super) target: Target,
    pub(super) status: RedirectStatus,
}

impl NewRedirect {
    /// Whether something on the site can have this path.
    #[must_use]
    pub fn is_path(path: &str) -> bool {
        path.len() <= MAX_PATH
            && path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(['?', '#'])
            && !path.contains(char::is_control)
    }

    /// Where it leads from.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it leads.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Checks a redirect: a path on the site, without query and fragment; an address to which a link may lead, and which is
    /// not the path itself; the status 301, 302, 307 or 308.
    ///
    /// # Errors
    /// All the faults.
    pub fn parse(path: &str, target: Target, status: i64) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if path.len() > MAX_PATH {
            let detail = format!("has {} bytes; at most {MAX_PATH} are allowed", path.len());
            faults.push(Fault::at("/path", FaultCode::TooLarge, detail));
        } else if !Self::is_path(path) {
            let detail = "a path on the site begins with one `/`, and has no query and no fragment";
            faults.push(Fault::at("/path", FaultCode::Malformed, detail));
        }
        if let Target::Address(to) = &target {
            if !is_link(to) {
                faults.push(Fault::at("/to", FaultCode::Malformed, LINK_RULE));
            }
            if to.split(['?', '#']).next() == Some(path) {
                let detail = "a redirect cannot lead to where it begins";
                faults.push(Fault::at("/to", FaultCode::Conflicting, detail));
            }
        }
        let status = RedirectStatus::from_code(status);
        if status.is_none() {
            let detail = "a redirect is 301, 302, 307 or 308";
            faults.push(Fault::at("/status", FaultCode::NotAllowed, detail));
        }
        match status {
            Some(status) if faults.is_empty() => Ok(Self {
                path: path.to_owned(),
                target,
                status,
            }),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, to: &str, status: i64) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        match NewRedirect::parse(path, Target::Address(to.into()), status) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.into_iter().map(told).collect(),
        }
    }

    #[test]
    fn tells_paths_from_others() {
        for good in ["/", "/a", "/a/b/", "/2014/Rust-1.0.html", "/日本", "/a b"] {
            assert_eq!(faults(good, "/elsewhere", 301), [""; 0], "{good}");
        }
        for bad in [
            "",
            "a",
            "//a",
            "/a?b",
            "/a#b",
            "/a\nb",
            "https://example.org/a",
        ] {
            assert_eq!(faults(bad, "/elsewhere", 301), ["/path Malformed"], "{bad}");
        }
        let path = |length: usize| format!("/{}", "a".repeat(length - 1));
        assert_eq!(faults(&path(2048), "/elsewhere", 301), [""; 0]);
        assert_eq!(faults(&path(2049), "/elsewhere", 301), ["/path TooLarge"]);
    }

    #[test]
    fn leads_somewhere_else() {
        for same in ["/a", "/a?b=c", "/a#b"] {
            assert_eq!(faults("/a", same, 308), ["/to Conflicting"], "{same}");
        }
        assert_eq!(faults("/a", "/a/b", 308), [""; 0]);
        assert_eq!(
            faults("/a", "javascript:alert(1)", 303),
            ["/to Malformed", "/status NotAllowed"]
        );
    }

    #[test]
    fn the_document_names_the_statuses_that_are_read() {
        let schema = serde_json::to_value(RedirectStatus::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::json!([301, 302, 307, 308]));
        for status in RedirectStatus::ALL {
            assert_eq!(
                RedirectStatus::from_code(status.code().into()),
                Some(status)
            );
        }
        assert_eq!(RedirectStatus::from_code(303), None);
    }
}
