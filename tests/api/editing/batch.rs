//! Batches: several writes under one change number, or none of them.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{ARTICLES, draft, path_of};
use crate::rights::everything::rows_of;
use crate::support::{Answer, Client, Server};

const BATCH: &str = "/v1/admin/batch";

fn batch(who: &Client, operations: &Value) -> Answer {
    who.post(BATCH, &json!({"operations": operations}))
}

/// Where each result is, and its status.
fn statuses(answer: &Answer) -> Vec<i64> {
    let answer = answer.ok();
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|it| it["status"].as_i64().unwrap()).collect()
}

#[test]
fn all_of_it_is_one_change() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let (tea, coffee) = (draft(&admin, "Tea"), draft(&admin, "Coffee"));
    let old = admin.post("/v1/admin/tags", &json!({"name": "Old"}));
    let site = admin.get("/v1/admin/site");
    let operations = json!([
        {"method": "POST", "path": "/v1/admin/tags", "body": {"name": "Drinks"}},
        {"method": "PATCH", "path": path_of(&tea), "if_match": tea.etag(), "body": {"tags": ["drinks"], "status": "published"}},
        {"method": "POST", "path": format!("{}/publish", path_of(&coffee))},
        {"method": "POST", "path": "/v1/admin/pages", "body": {"title": "About"}},
        {"method": "POST", "path": "/v1/admin/authors", "body": {"name": "Ada"}},
        {"method": "POST", "path": "/v1/admin/redirects", "body": {"path": "/old", "to": "/new"}},
        {"method": "PUT", "path": "/v1/admin/site", "if_match": site.etag(), "body": {"name": "The Cup"}},
        {"method": "DELETE", "path": format!("/v1/admin/tags/{}", old.json()["id"].as_str().unwrap()), "if_match": old.etag()},
    ]);
    let before = rows_of(&server);
    let rehearsed = admin.post(
        &format!("{BATCH}?dry_run=true"),
        &json!({"operations": operations}),
    );
    assert_eq!(rows_of(&server), before);
    let change = server.db().change();
    let done = batch(&admin, &operations);
    assert_eq!(
        statuses(&done),
        [201, 200, 200, 201, 201, 201, 200, 204],
        "{}",
        done.text()
    );
    assert_eq!(statuses(&rehearsed), statuses(&done));
    assert_eq!(
        (server.db().change(), done.change()),
        (change + 1, change + 1)
    );
    let told = done.ok();
    assert_eq!(told["change"], change + 1);
    // Each is told as its own route tells it.
    let location = told["results"][4]["location"].as_str().unwrap();
    let ada = admin.get(&location[location.find("/v1/").unwrap()..]);
    assert_eq!(told["results"][4]["etag"], ada.etag());
    assert_eq!(told["results"][4]["body"], ada.ok());
    assert_eq!(told["results"][1]["etag"], admin.get(&path_of(&tea)).etag());
    assert_eq!(told["results"][1]["body"]["version"], 2);
    assert_eq!(told["results"][7], json!({"status": 204}));
    assert_eq!(
        server.get("/v1/articles?sort=title").column("title"),
        ["Coffee", "Tea"]
    );
    assert_eq!(server.get("/v1/tags/drinks").ok()["article_count"], 1);
    assert_eq!(server.get("/v1/site").ok()["name"], "The Cup");
}

#[test]
fn what_one_is_refused_for_all_are() {
    let server = Server::start();
    let author = server.sign_in(Role::Author);
    let editor = server.sign_in(Role::Editor);
    let (own, other) = (draft(&author, "Own"), draft(&editor, "Other"));
    let tag = editor.post("/v1/admin/tags", &json!({"name": "Rain"}));
    let tag_path = format!("/v1/admin/tags/{}", tag.json()["id"].as_str().unwrap());
    let nobody = format!("{ARTICLES}/01890a5d-ac96-774b-8000-000000000001");
    let first = json!({"method": "POST", "path": ARTICLES, "body": {"title": "First"}});
    let patch = |path: &str, etag: &str| json!({"method": "PATCH", "path": path, "if_match": etag, "body": {}});
    let (own_path, other_path) = (path_of(&own), path_of(&other));
    let before = rows_of(&server);
    for (who, second, status, fault) in [
        (
            &author,
            json!({"method": "POST", "path": "/v1/admin/tags", "body": {"name": "x"}}),
            403,
            "/operations/1 not_allowed",
        ),
        (
            &author,
            json!({"method": "DELETE", "path": other_path, "if_match": other.etag()}),
            403,
            "/operations/1 not_allowed",
        ),
        (
            &author,
            json!({"method": "POST", "path": "/v1/admin/pages", "body": {"title": "x"}}),
            403,
            "/operations/1 not_allowed",
        ),
        (
            &author,
            json!({"method": "DELETE", "path": format!("{own_path}?purge=true"), "if_match": own.etag()}),
            403,
            "/operations/1 not_allowed",
        ),
        (
            &editor,
            json!({"method": "DELETE", "path": tag_path}),
            428,
            "/operations/1/if_match missing",
        ),
        (
            &editor,
            json!({"method": "DELETE", "path": tag_path, "if_match": "*"}),
            428,
            "/operations/1/if_match missing",
        ),
        (
            &editor,
            json!({"method": "DELETE", "path": tag_path, "if_match": "1"}),
            400,
            "/operations/1/if_match malformed",
        ),
        (
            &editor,
            json!({"method": "DELETE", "path": tag_path, "if_match": "\"7.x\""}),
            412,
            "/operations/1/if_match conflicting",
        ),
        (
            &editor,
            patch(&own_path, "\"7.x\""),
            412,
            "/operations/1/if_match conflicting",
        ),
        (
            &editor,
            patch(&nobody, "\"1.x\""),
            404,
            "/operations/1/path not_found",
        ),
        (
            &editor,
            json!({"method": "POST", "path": format!("{own_path}/restore")}),
            409,
            "/operations/1 conflicting",
        ),
        (
            &editor,
            json!({"method": "POST", "path": format!("{own_path}/shred")}),
            404,
            "/operations/1/path not_found",
        ),
        (
            &editor,
            json!({"method": "POST", "path": "/v1/admin/tags", "body": {"name": "rain"}}),
            422,
            "/operations/1/body/name taken",
        ),
        (
            &editor,
            json!({"method": "POST", "path": "/v1/admin/tags"}),
            422,
            "/operations/1/body wrong_type",
        ),
        (
            &editor,
            json!({"method": "POST", "path": ARTICLES, "body": {"title": "x", "seo": {"x": 1}}}),
            422,
            "/operations/1/body/seo/x unknown",
        ),
        (
            &editor,
            json!({"method": "POST", "path": format!("{ARTICLES}?purge=true"), "body": {"title": "x"}}),
            400,
            "/operations/1/path unknown",
        ),
        (
            &editor,
            json!({"method": "POST", "path": format!("{own_path}/publish"), "body": {"now": true}}),
            413,
            "/operations/1/body not_allowed",
        ),
        (
            &editor,
            json!({"method": "POST", "path": "/v1/admin/users", "body": {}}),
            422,
            "/operations/1/path not_allowed",
        ),
    ] {
        let refused = batch(who, &json!([first, second]));
        assert_eq!(
            (refused.status, refused.faults()),
            (status, vec![fault.to_owned()]),
            "{second}"
        );
    }
    let twice = json!([patch(&own_path, own.etag()), patch(&own_path, own.etag())]);
    assert_eq!(
        batch(&editor, &twice).faults(),
        ["/operations/1/path repeated"]
    );
    assert_eq!(rows_of(&server), before);
}

#[test]
fn sent_again_it_is_answered_as_before() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let tea = draft(&editor, "Tea");
    let body = json!({"operations": [
        {"method": "PATCH", "path": path_of(&tea), "if_match": tea.etag(), "body": {"title": "Green tea"}},
        {"method": "POST", "path": ARTICLES, "body": {"title": "Coffee"}},
    ]});
    let send = |body: &Value| {
        let request = editor
            .request("POST", BATCH)
            .header("idempotency-key", "k-1");
        request.json(body).send()
    };
    let (first, again) = (send(&body), send(&body));
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(
        (first.text(), first.change()),
        (again.text(), again.change())
    );
    assert_eq!(
        editor
            .get(&format!("{ARTICLES}?sort=title"))
            .column("title"),
        ["Coffee", "Green tea"]
    );
    let other = send(
        &json!({"operations": [{"method": "POST", "path": ARTICLES, "body": {"title": "x"}}]}),
    );
    assert_eq!(other.code(), "idempotency-key-reused");
}

#[test]
fn it_may_be_longer_than_an_article() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let text = "word ".repeat(160_000);
    let some = |count: usize| {
        let one =
            json!({"method": "POST", "path": ARTICLES, "body": {"title": "Long", "text": text}});
        batch(&editor, &json!(vec![one; count]))
    };
    assert_eq!(statuses(&some(2)), [201, 201]);
    assert_eq!(some(6).status, 413);
}

#[test]
fn few_words_do_not_store_many() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let large = "A line of words. ".repeat(60_000);
    let texts: Vec<Answer> = (0..9)
        .map(|n| {
            let text = json!({"title": format!("Text {n}"), "text": large});
            editor.post(ARTICLES, &text)
        })
        .collect();
    let operations = |some: &[Answer]| -> Value {
        let each = some.iter().map(|text| {
            json!({"method": "PATCH", "path": path_of(text), "if_match": text.etag(), "body": {"featured": true}})
        });
        each.collect()
    };
    let before = rows_of(&server);
    let refused = batch(&editor, &operations(&texts));
    assert_eq!(refused.status, 422);
    let fault = &refused.json()["errors"][0];
    assert_eq!(
        (&fault["pointer"], &fault["code"]),
        (&json!("/operations/8"), &json!("too_large")),
        "{fault}"
    );
    assert_eq!(rows_of(&server), before);
    assert_eq!(
        statuses(&batch(&editor, &operations(&texts[..8]))),
        [200; 8]
    );
}

#[test]
fn a_name_that_was_only_rehearsed_is_not_remembered() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let tag = admin.post("/v1/admin/tags", &json!({"name": "Sleep"}));
    let author = admin.post("/v1/admin/authors", &json!({"name": "Ada"}));
    let path = |kind: &str, made: &Answer| {
        format!("/v1/admin/{kind}/{}", made.json()["id"].as_str().unwrap())
    };
    let (tag_path, author_path) = (path("tags", &tag), path("authors", &author));
    let text =
        json!({"title": "Night", "status": "published", "tags": ["sleep"], "authors": ["ada"]});
    let text = admin.post(ARTICLES, &text);
    let named = |tag: &str, author: &str| {
        json!([
            {"method": "PATCH", "path": tag_path, "if_match": admin.get(&tag_path).etag(), "body": {"name": tag}},
            {"method": "PATCH", "path": author_path, "if_match": admin.get(&author_path).etag(), "body": {"name": author}},
            {"method": "PATCH", "path": path_of(&text), "if_match": admin.get(&path_of(&text)).etag(), "body": {"subtitle": tag}},
        ])
    };
    let names = |shown: &Value| {
        [
            shown["tags"][0]["name"].clone(),
            shown["authors"][0]["name"].clone(),
        ]
    };
    let of_readers = || names(&server.get("/v1/articles/night").ok());
    assert_eq!(of_readers(), ["Sleep", "Ada"]);
    let rehearsed = admin.post(
        &format!("{BATCH}?dry_run=true"),
        &json!({"operations": named("Dreams", "Bea")}),
    );
    assert_eq!(
        names(&rehearsed.ok()["results"][2]["body"]),
        ["Dreams", "Bea"]
    );
    assert_eq!(of_readers(), ["Sleep", "Ada"]);
    assert_eq!(names(&admin.get(&path_of(&text)).ok()), ["Sleep", "Ada"]);
    let done = batch(&admin, &named("Rest", "Cleo"));
    assert_eq!(names(&done.ok()["results"][2]["body"]), ["Rest", "Cleo"]);
    assert_eq!(of_readers(), ["Rest", "Cleo"]);
    assert_eq!(
        names(&server.get("/v1/articles?include=tags,authors").ok()["items"][0]),
        ["Rest", "Cleo"]
    );
}
