//! Who may do what, as a matrix: every route for editors, by everybody who could ask, whoever a text belongs to and in
//! whatever state it is. What each cell answers is read from [`table`], which was written by hand from the contract and
//! asks no code of the program. What is allowed is rehearsed (`dry_run`), and of each kind done once for real; what is
//! refused is never rehearsed, and must leave every table as it was.

mod cells;
pub(crate) mod everything;
mod others;
mod table;
mod texts;
mod who;

use std::collections::BTreeSet;

use masthead::articles::model::Kind;
use masthead::auth::model::Role;
use serde_json::json;

use self::cells::Examination;
pub(crate) use self::everything::rows_of;
use self::others::Others;
use self::table::{OTHERS, TEXTS, WISHES};
use self::texts::Texts;
use self::who::Cast;
use crate::support::{Server, contract};

/// The routes for editors, as the document names them.
fn routes() -> BTreeSet<String> {
    let routes = contract().routes().into_iter();
    routes
        .filter(|route| route.contains(" /v1/admin"))
        .collect()
}

/// The routes of the table.
fn known() -> BTreeSet<String> {
    let texts = Kind::ALL.iter().flat_map(|kind| texts::routes(*kind));
    let others = OTHERS.iter().map(|(route, ..)| (*route).to_owned());
    texts.chain(others).collect()
}

#[test]
fn the_table_names_every_route() {
    let (routes, known) = (routes(), known());
    let untold: Vec<_> = routes.difference(&known).collect();
    assert!(
        untold.is_empty(),
        "who may use these? Tell tests/api/rights/table.rs: {untold:?}"
    );
    let gone: Vec<_> = known.difference(&routes).collect();
    assert!(gone.is_empty(), "there are no such routes: {gone:?}");
}

#[test]
fn every_cell_of_the_articles() {
    every_cell_of_texts(Kind::Article);
}

#[test]
fn every_cell_of_the_pages() {
    every_cell_of_texts(Kind::Page);
}

fn every_cell_of_texts(kind: Kind) {
    let server = Server::start();
    let cast = Cast::new(&server);
    let mut texts = Texts::new(&server, &cast, kind);
    let mut examination = Examination::new(&server, &cast);
    texts.examine(&mut examination);
    let people = cast.everybody.len();
    // Of each text that is asked for: whose it is, and in which of six states.
    let asked = (TEXTS.len() + WISHES.len()) * 6 * 2;
    // A list, and a text of each of five states that is made for oneself or for another.
    let beside = 1 + 5 * 2;
    examination.conclude(&texts::routes(kind), people * (asked + beside));
}

#[test]
fn every_cell_of_the_other_routes() {
    let server = Server::start();
    let cast = Cast::new(&server);
    let mut examination = Examination::new(&server, &cast);
    let cells = Others::new(&server, &cast).examine(&mut examination);
    let routes = OTHERS.iter().map(|(route, ..)| (*route).to_owned());
    examination.conclude(&routes.collect(), cells);
    assert!(cells >= OTHERS.len() * cast.everybody.len(), "{cells}");
}

/// Whoever has no right to a route learns nothing else by it: not what exists, and not what would be wrong.
#[test]
fn a_refusal_comes_before_all_other_faults() {
    const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    let server = Server::start();
    let reader = server.sign_in(Role::Reader);
    let (before, mut asked) = (server.db().change(), 0);
    for route in routes() {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", NOBODY).replace("{way}", "publish");
        let path = path.replace("{n}", "1");
        let list = OTHERS.iter().find(|(known, ..)| *known == route);
        if list.is_some_and(|(_, list, _)| *list == table::EVERYBODY) {
            continue;
        }
        let methods: &[&str] = if method == "GET" {
            &["GET", "HEAD"]
        } else {
            &[method]
        };
        for method in methods {
            let anonymous = server
                .client
                .request(method, &format!("{path}?no_such_parameter=1"));
            let anonymous = match *method {
                "GET" | "HEAD" => anonymous.header("accept", "image/png"),
                "DELETE" => anonymous.header("if-match", "broken"),
                _ => anonymous.header("if-match", "broken").body("no JSON"),
            };
            assert_eq!(anonymous.send().status, 401, "{method} {path}");
            asked += 1;
        }
        // A reader reads, and looks after their own account.
        let readers = list.is_some_and(|(_, list, _)| list.starts_with(table::PEOPLE));
        if method != "GET" && !readers {
            let refused = reader
                .request(method, &format!("{path}?no_such_parameter=1"))
                .header("if-match", "broken");
            let refused = match method {
                "DELETE" => refused,
                _ => refused.json(&json!({"no such field": 1})),
            };
            assert_eq!(refused.send().status, 403, "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
    assert_eq!(server.db().change(), before);
}
