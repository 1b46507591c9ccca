//! Bad content for everything but texts (for those see [`crate::editing`]): each is one problem that names all of its
//! faults, and changes nothing, whether something is to be made by it, changed or replaced.

use masthead::auth::model::Role;
use serde_json::json;

use crate::support::{Answer, Client, Server};

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Something of each kind, and how it is written to.
struct Things {
    server: Server,
    admin: Client,
}

impl Things {
    fn new() -> Self {
        let server = Server::start();
        let admin = server.sign_in(Role::Admin);
        for (route, taken) in [
            ("tags", json!({"name": "Taken", "aliases": ["also-taken"]})),
            ("authors", json!({"name": "Taken", "slug": "taken"})),
            ("redirects", json!({"path": "/taken", "to": "/"})),
            (
                "articles",
                json!({"title": "x", "slug": "text", "status": "published"}),
            ),
            (
                "users",
                json!({"email": "taken@example.org", "name": "Taken", "role": "reader"}),
            ),
        ] {
            admin.post(&format!("/v1/admin/{route}"), &taken).created();
        }
        Self { server, admin }
    }

    /// The writes by which something of this kind comes to be as it is wanted, each as method, address and entity tag.
    fn writes(&self, route: &str) -> Vec<(&'static str, String, Option<String>)> {
        let list = format!("/v1/admin/{route}");
        let new = match route {
            "tags" | "authors" => json!({"name": "Mine"}),
            "redirects" => json!({"path": "/mine", "to": "/"}),
            "users" => json!({"email": "mine@example.org", "name": "Mine", "role": "reader"}),
            "api-keys" => json!({"name": "Mine", "scopes": ["tags:write"]}),
            whole => {
                let etag = self.admin.get(&list).etag().to_owned();
                let methods: &[_] = if whole == "site" {
                    &["PATCH", "PUT"]
                } else {
                    &["PATCH"]
                };
                let writes = methods.iter();
                return writes
                    .map(|method| (*method, list.clone(), Some(etag.clone())))
                    .collect();
            }
        };
        let made = self.admin.post(&list, &new);
        let path = format!("{list}/{}", made.created()["id"].as_str().unwrap());
        let etag = Some(made.etag().to_owned());
        let mut writes = vec![("POST", list, None), ("PATCH", path.clone(), etag.clone())];
        if !matches!(route, "users" | "api-keys") {
            writes.push(("PUT", path, etag));
        }
        writes
    }

    fn send(&self, write: &(&'static str, String, Option<String>), body: &str) -> Answer {
        let (method, path, etag) = write;
        let request = self.admin.request(method, path);
        let request = match etag {
            Some(etag) => request.header("if-match", etag),
            None => request,
        };
        request
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
    }

    /// Every write of this kind is refused for these faults, and nothing is written.
    #[track_caller]
    fn refuses(&self, route: &str, cases: &[(&str, &[&str])]) {
        let writes = self.writes(route);
        let before = self.server.db().change();
        for (body, expected) in cases {
            for write in &writes {
                let answer = self.send(write, body);
                let what = format!("{} {} {body}", write.0, write.1);
                let status = answer.status;
                assert!(
                    matches!(status, 400 | 422),
                    "{what}: {status} {}",
                    answer.text()
                );
                let mut faults = answer.faults();
                let mut expected = expected.to_vec();
                faults.sort_unstable();
                expected.sort_unstable();
                assert_eq!(faults, expected, "{what}");
                // What is no JSON is told from what is none that is wanted.
                let unreadable = expected
                    .iter()
                    .all(|fault| *fault == " malformed" || fault.starts_with("/x"));
                assert_eq!(status == 400, unreadable, "{what}");
            }
        }
        assert_eq!(self.server.db().change(), before);
    }
}

#[test]
fn what_is_no_object_is_nothing_anywhere() {
    let things = Things::new();
    let deep = format!("{{\"x\": {}1{}}}", "[".repeat(32), "]".repeat(32));
    let too_deep = format!("/x{} too_large", "/0".repeat(31));
    for route in [
        "tags",
        "authors",
        "site",
        "redirects",
        "users",
        "api-keys",
        "me",
    ] {
        things.refuses(
            route,
            &[
                ("", &[" malformed"]),
                ("{", &[" malformed"]),
                ("{}{}", &[" malformed"]),
                ("{\"x\": 1, \"x\": 2}", &["/x repeated"]),
                ("{\"x\": \"\\u0000\"}", &["/x malformed"]),
                ("\u{feff}{}", &[" malformed"]),
                ("{'x': 1}", &[" malformed"]),
                (&deep, &[&too_deep]),
                ("NaN", &[" malformed"]),
                ("[]", &[" wrong_type"]),
                ("null", &[" wrong_type"]),
                ("3", &[" wrong_type"]),
            ],
        );
    }
}

#[test]
fn tags() {
    Things::new().refuses(
        "tags",
        &[
            (
                r#"{"name": 3, "slug": ["x"], "aliases": "y", "parent": 1.5, "nmae": "x"}"#,
                &[
                    "/name wrong_type",
                    "/slug wrong_type",
                    "/aliases wrong_type",
                    "/parent wrong_type",
                    "/nmae unknown",
                ],
            ),
            (
                r#"{"name": " ", "slug": "No Slug", "aliases": ["a", 1, "a", "É"], "version": 2}"#,
                &[
                    "/name malformed",
                    "/slug malformed",
                    "/aliases/1 wrong_type",
                    "/aliases/1 repeated",
                    "/aliases/2 malformed",
                    "/version unknown",
                ],
            ),
            (r#"{"name": null}"#, &["/name missing"]),
            (
                r#"{"name": "TAKEN", "slug": "taken", "aliases": ["also-taken"]}"#,
                &["/name taken", "/slug taken", "/aliases/0 taken"],
            ),
            (
                &format!(r#"{{"name": "x", "parent": "{NOBODY}"}}"#),
                &["/parent not_found"],
            ),
            (
                r#"{"name": "x", "parent": "no-such-tag"}"#,
                &["/parent not_found"],
            ),
        ],
    );
}

#[test]
fn authors() {
    Things::new().refuses(
        "authors",
        &[
            (
                r#"{"name": [], "bio": 1, "links": {}, "avatar": "x", "user": "me", "email": "a@b.c"}"#,
                &[
                    "/name wrong_type",
                    "/bio wrong_type",
                    "/links wrong_type",
                    "/avatar wrong_type",
                    "/user malformed",
                    "/email unknown",
                ],
            ),
            (
                r#"{"name": "x", "links": [{"label": 1, "url": "/"}, 3, {"label": "x"}], "avatar": {"url": "//x", "colour": "red"}}"#,
                &[
                    "/links/0/label wrong_type",
                    "/links/1 wrong_type",
                    "/links/2/url missing",
                    "/avatar/colour unknown",
                    "/avatar/url malformed",
                ],
            ),
            (r#"{"name": null}"#, &["/name missing"]),
            (
                &format!(r#"{{"name": "x", "slug": "taken", "user": "{NOBODY}"}}"#),
                &["/slug taken", "/user not_found"],
            ),
        ],
    );
}

#[test]
fn the_site() {
    Things::new().refuses(
        "site",
        &[
            (
                r#"{"name": 1, "menus": {"main": "x", "side": []}, "contact": [], "logo": {"url": 5}, "colour": "red"}"#,
                &[
                    "/name wrong_type",
                    "/menus/main wrong_type",
                    "/menus/side unknown",
                    "/contact wrong_type",
                    "/logo/url wrong_type",
                    "/colour unknown",
                ],
            ),
            (
                r#"{"name": "x", "logo": {"url": "javascript:alert(1)"}, "menus": {"main": [{"label": "a", "url": "//x"}]}, "contact": {"page": "x y", "fax": null}}"#,
                &[
                    "/logo/url malformed",
                    "/menus/main/0/url malformed",
                    "/contact/page malformed",
                    "/contact/fax unknown",
                ],
            ),
            (r#"{"name": null}"#, &["/name missing"]),
        ],
    );
}

#[test]
fn redirects() {
    Things::new().refuses(
        "redirects",
        &[
            (
                r#"{"path": 1, "to": [], "status": "308", "form": "x"}"#,
                &[
                    "/path wrong_type",
                    "/to wrong_type",
                    "/status wrong_type",
                    "/form unknown",
                ],
            ),
            (
                r#"{"path": "old?x", "to": "javascript:alert(1)", "status": 303}"#,
                &["/path malformed", "/to malformed", "/status not_allowed"],
            ),
            (
                &format!(r#"{{"path": "/x", "to": "/y", "article": "{NOBODY}"}}"#),
                &["/article conflicting"],
            ),
            (
                &format!(r#"{{"path": "/taken", "article": "{NOBODY}"}}"#),
                &["/path taken", "/article not_found"],
            ),
            (r#"{"path": "/x", "to": "/x"}"#, &["/to conflicting"]),
            (r#"{"path": "/x", "to": "/x?again"}"#, &["/to conflicting"]),
            (r#"{"path": "/text", "to": "/y"}"#, &["/path taken"]),
            (r#"{"path": null, "to": "/y"}"#, &["/path missing"]),
        ],
    );
}

#[test]
fn users() {
    Things::new().refuses(
        "users",
        &[
            (
                r#"{"email": 1, "name": [], "role": 5, "password": "x"}"#,
                &[
                    "/email wrong_type",
                    "/name wrong_type",
                    "/role wrong_type",
                    "/password unknown",
                ],
            ),
            (
                r#"{"email": "ada", "name": "a\u001bb", "role": "Admin"}"#,
                &["/email malformed", "/name malformed", "/role not_allowed"],
            ),
            (
                r#"{"email": null, "name": null, "role": null}"#,
                &["/email missing", "/name missing", "/role missing"],
            ),
            (
                r#"{"email": " TAKEN@Example.org", "name": "x", "role": "author"}"#,
                &["/email taken"],
            ),
        ],
    );
}

#[test]
fn api_keys() {
    Things::new().refuses(
        "api-keys",
        &[
            (
                r#"{"name": 1, "scopes": "all", "expires_at": 5, "key": "mhk_x"}"#,
                &[
                    "/name wrong_type",
                    "/scopes wrong_type",
                    "/expires_at wrong_type",
                    "/key unknown",
                ],
            ),
            (
                r#"{"name": "x", "scopes": ["drafts:read", "drafts:read", "users:write", 3], "expires_at": "2020-01-01T00:00:00Z"}"#,
                &[
                    "/scopes/1 repeated",
                    "/scopes/2 not_allowed",
                    "/scopes/3 wrong_type",
                    "/expires_at too_small",
                ],
            ),
            (
                r#"{"name": "", "scopes": [], "expires_at": "tomorrow"}"#,
                &["/name malformed", "/scopes too_small", "/expires_at malformed"],
            ),
            (
                r#"{"name": null, "scopes": null}"#,
                &["/name missing", "/scopes missing"],
            ),
            (
                &format!(r#"{{"name": "x", "scopes": ["tags:write"], "user": "{NOBODY}"}}"#),
                &["/user unknown"],
            ),
        ],
    );
}

#[test]
fn ones_own_account() {
    Things::new().refuses(
        "me",
        &[
            (
                r#"{"name": 1, "email": "x@example.org", "role": "admin", "suspended": false}"#,
                &[
                    "/name wrong_type",
                    "/email unknown",
                    "/role unknown",
                    "/suspended unknown",
                ],
            ),
            (r#"{"name": " "}"#, &["/name malformed"]),
            (r#"{"name": null}"#, &["/name missing"]),
        ],
    );
}

/// What has to be there and is not.
#[test]
fn nothing_comes_of_nothing() {
    let things = Things::new();
    let before = things.server.db().change();
    for (route, missing) in [
        ("tags", &["/name missing"][..]),
        ("authors", &["/name missing"]),
        ("redirects", &["/path missing", "/to missing"]),
        (
            "users",
            &["/email missing", "/name missing", "/role missing"],
        ),
        ("api-keys", &["/name missing", "/scopes missing"]),
    ] {
        let answer = things.admin.post(&format!("/v1/admin/{route}"), &json!({}));
        assert_eq!(answer.faults(), missing, "{route}");
    }
    let site = things.admin.get("/v1/admin/site");
    let answer = things.admin.put("/v1/admin/site", site.etag(), &json!({}));
    assert_eq!(answer.faults(), ["/name missing"]);
    assert_eq!(things.server.db().change(), before);
}
