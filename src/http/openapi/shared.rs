//! What every route of a kind takes and answers: parameters, headers, and which problems. A route's own description need
//! not say it.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Ref, RefOr, Required, Response, ResponseBuilder};

use super::problems::SHARED;
use crate::http::error::Code;
use crate::http::extract::MAX_CHANGE;
use crate::http::protect::ADMIN;

/// What each of its operations is answered, the whole is.
const BATCH: &str = "/v1/admin/batch";

/// The methods that routes have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A route, as far as it says what its operation answers.
#[derive(Clone, Copy)]
pub(super) struct Route<'p> {
    pub(super) path: &'p str,
    pub(super) method: Method,
}

impl Route<'_> {
    fn is_editors(self) -> bool {
        self.path.starts_with(ADMIN)
    }

    /// For whoever runs the server, and about it.
    fn is_of_operations(self) -> bool {
        self.path.starts_with("/health/") || self.path == "/metrics"
    }

    /// Whose answer has no end.
    fn is_live(self) -> bool {
        self.path.ends_with("/stream")
    }

    /// Made of content, at an address that others have chosen.
    fn is_of_the_site(self) -> bool {
        self.path == "/llms.txt" || self.path.starts_with("/sitemap")
    }

    /// A file that never changes.
    fn is_file(self) -> bool {
        self.path.starts_with("/media/")
    }

    /// For whoever has a link, before readers see it.
    fn is_preview(self) -> bool {
        self.path.starts_with("/v1/preview/")
    }

    /// Signing in and the contact form, which are asked for while nobody is known.
    fn is_open(self) -> bool {
        matches!(
            self.path,
            "/v1/admin/auth/login"
                | "/v1/admin/auth/refresh"
                | "/v1/admin/auth/password"
                | "/v1/admin/auth/forgot"
                | "/v1/contact"
        )
    }

    fn writes(self) -> bool {
        self.method != Method::Get
    }

    /// A change to a version that somebody has read. Sessions, preview links, passwords and second factors have none.
    fn needs_version(self) -> bool {
        matches!(self.method, Method::Put | Method::Patch | Method::Delete)
            && !self.path.ends_with("/me/password")
            && !self.path.ends_with("/totp")
            && !self.path.contains("/sessions")
            && !self.path.contains("/preview-links")
    }

    /// A move of a versioned resource to another state, or into another.
    fn takes_version(self) -> bool {
        let optional = [
            "/{way}",
            "/{id}/schedule",
            "/{id}/cancel",
            "/{id}/submit",
            "/{id}/send-back",
            "/merge",
            "/revisions/{n}/restore",
            "/working-copy/publish",
        ];
        self.needs_version() || optional.iter().any(|end| self.path.ends_with(end))
    }

    /// Whether answers have an entity tag.
    fn is_tagged(self) -> bool {
        let signs_in = self.writes() && self.path.contains("/auth/");
        !(signs_in
            || self.path == "/v1/contact"
            || self.is_of_many()
            || self.is_of_operations()
            || self.is_live())
    }

    /// A write of many resources: no one version is answered.
    fn is_of_many(self) -> bool {
        self.path.ends_with("/retag") || self.path.ends_with("/media-sweep") || self.path == BATCH
    }

    /// Whether answers name a change that they include.
    fn names_change(self) -> bool {
        let content = self.path.starts_with("/v1/") || self.is_of_the_site();
        content && self.path != "/v1/openapi.json" && !self.is_open()
    }

    /// Whether answers are kept until something that they depend on is touched.
    fn is_kept(self) -> bool {
        let explains = ["/docs", "/problems/"]
            .iter()
            .any(|path| self.path.starts_with(path));
        let open_to_all = !(self.is_editors() || self.is_preview() || self.is_file() || explains);
        self.method == Method::Get && self.is_tagged() && open_to_all
    }

    /// Adds what every such route takes and answers.
    pub(super) fn complete(self, operation: &mut Operation) {
        self.add_parameters(operation);
        if self.is_editors() && !self.is_open() {
            let bearer = SecurityRequirement::new::<_, _, &str>("bearer", []);
            operation.security = Some(vec![bearer]);
        }
        let responses = &mut operation.responses.responses;
        if !self.writes() && self.is_tagged() && responses.contains_key("200") {
            let unchanged = ResponseBuilder::new().description("What the client has still holds");
            responses.insert("304".into(), RefOr::T(unchanged.build()));
        }
        for (status, response) in responses.iter_mut() {
            if let RefOr::T(response) = response {
                self.add_headers(status, response);
            }
        }
        for (code, _) in SHARED {
            if self.answers(code, responses) {
                responses
                    .entry(code.status().as_u16().to_string())
                    .or_insert_with(|| RefOr::Ref(Ref::from_response_name(code.as_str())));
            }
        }
    }

    fn answers(self, code: Code, responses: &BTreeMap<String, RefOr<Response>>) -> bool {
        let editors = self.is_editors();
        let writes = self.writes();
        match code {
            Code::Unauthorized => editors,
            Code::Forbidden => editors && !self.is_open(),
            Code::NotFound => {
                let named = ["/v1/resolve", "/sitemap.xml", "/v1/contact", BATCH];
                self.path.contains('{') || named.contains(&self.path)
            }
            Code::NotAcceptable => {
                responses.contains_key("304") || self.is_live() || writes && !self.is_open()
            }
            Code::RequestTimeout | Code::UnsupportedMediaType | Code::InvalidContent => writes,
            Code::Conflict => writes && (!self.is_open() || self.path.ends_with("/auth/forgot")),
            Code::DiskFull => writes,
            Code::RangeNotSatisfiable => self.is_file(),
            Code::SyncReset => self.path.starts_with("/v1/changes"),
            Code::PreconditionFailed => self.takes_version() || self.path == BATCH,
            Code::PreconditionRequired => self.needs_version() || self.path == BATCH,
            Code::TooManyRequests => [
                "/auth/login",
                "/auth/refresh",
                "/auth/forgot",
                "/me/password",
                "/me/totp",
                "/me/totp/confirm",
                "/me/totp/recovery-codes",
                "/me/totp/disable",
                "/v1/contact",
            ]
            .iter()
            .any(|end| self.path.ends_with(end)),
            _ => true,
        }
    }

    fn add_headers(self, status: &str, response: &mut Response) {
        add(
            response,
            "X-Request-Id",
            "Names the request in the server's log",
            Type::String,
        );
        let success = status.starts_with('2') || status == "304";
        if success && self.names_change() {
            let about = if self.is_editors() {
                "The number of a change that the answer includes"
            } else {
                "The number of a public change that the answer includes"
            };
            add(response, "Change", about, Type::Integer);
        }
        if success && !matches!(status, "202" | "204") && self.is_tagged() {
            let about = if self.is_editors() {
                "A strong tag of the bytes; before a dot the version, where there is one"
            } else {
                "A strong tag of the bytes"
            };
            add(response, "ETag", about, Type::String);
        }
        if self.is_kept() && matches!(status, "200" | "304") {
            add(
                response,
                "Surrogate-Key",
                "What the answer depends on: cache tags, separated by spaces",
                Type::String,
            );
            add(response, "Vary", "`Accept-Encoding`", Type::String);
            if status == "200" {
                add(
                    response,
                    "Content-Encoding",
                    "`br` or `gzip`, where the client accepts it and the answer was asked for before",
                    Type::String,
                );
            }
        }
        let caching = match status {
            _ if self.is_editors() || self.is_preview() => "Never kept",
            _ if self.is_file() => "Keep it for ever: it never changes",
            "200" | "304" | "308" if self.is_tagged() => {
                "Keep it, and ask each time whether it still holds"
            }
            _ => "Never kept",
        };
        if self.is_editors() || success || status == "308" || self.is_of_operations() {
            add(response, "Cache-Control", caching, Type::String);
        }
        // A link is for somebody else to follow, and not to be read here.
        if status == "201" && !self.path.ends_with("/link") {
            add(response, "Location", "Where it is", Type::String);
        }
    }

    fn add_parameters(self, operation: &mut Operation) {
        let mut add = |name: &str, required: bool, schema: ObjectBuilder, about: &str| {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(if required {
                    Required::True
                } else {
                    Required::False
                })
                .description(Some(about))
                .schema(Some(schema.build()));
            operation
                .parameters
                .get_or_insert_default()
                .push(parameter.build().into());
        };
        let text = || ObjectBuilder::new().schema_type(Type::String);
        if !self.writes() && self.names_change() {
            let number = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(0))
                .maximum(Some(MAX_CHANGE));
            add(
                "Min-Change",
                false,
                number,
                "A `Change` that the answer must include; waited for, and 503 where it does not come",
            );
        }
        if self.takes_version() {
            let tag = text().pattern(Some("^\"[0-9]+\\.[A-Za-z0-9_-]+\"$"));
            add(
                "If-Match",
                self.needs_version(),
                tag,
                "The `ETag` of the version that the change is based on",
            );
        }
        if self.writes() && self.is_editors() && !self.is_open() {
            let key = text()
                .min_length(Some(1))
                .max_length(Some(255))
                .pattern(Some("^[!-~]+$"));
            add(
                "Idempotency-Key",
                false,
                key,
                "A key of this write: sent again within 24 hours, it is answered as before and not done again",
            );
            let flag = ParameterBuilder::new()
                .name("dry_run")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some("Answer as the write would, and change nothing."))
                .schema(Some(
                    ObjectBuilder::new().schema_type(Type::Boolean).build(),
                ));
            operation
                .parameters
                .get_or_insert_default()
                .push(flag.build().into());
        }
    }
}

/// Adds a header to an answer.
pub(super) fn add(response: &mut Response, name: &str, description: &str, kind: Type) {
    let schema = Object::with_type(SchemaType::Type(kind));
    let header = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description));
    response
        .headers
        .insert(name.into(), RefOr::T(header.build()));
}
