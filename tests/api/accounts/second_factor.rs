//! Codes besides the password. The clock stands still, so that a step lasts as long as a test wants.

use std::sync::Barrier;
use std::time::Duration;

use diesel::prelude::*;
use masthead::auth::model::{Role, Scope};
use masthead::auth::secret::{Purpose, Secret};
use masthead::auth::token::{Opaque, OpaqueKind};
use masthead::auth::totp::TotpSecret;
use masthead::db::Reason;
use masthead::db::schema::{changes, idempotency_keys, totp_secrets};
use masthead::time::Clock;
use masthead::users;
use serde_json::{Value, json};

use super::{ACCEPT, LOGIN, ME, Tokens, alike, suspicions};
use crate::cli::program::{Serving, on, run};
use crate::support::{Answer, Authenticator, Client, SECRET, Server, each};

const TOTP: &str = "/v1/admin/me/totp";
const CONFIRM: &str = "/v1/admin/me/totp/confirm";
const CODES: &str = "/v1/admin/me/totp/recovery-codes";
const DISABLE: &str = "/v1/admin/me/totp/disable";
const STEP: Duration = Duration::from_secs(30);
const GOOD: &str = "marble kitten astronomy gallop";

/// Somebody who has a second factor.
struct Ada {
    id: masthead::id::Id,
    email: String,
    password: &'static str,
    session: Client,
    app: Authenticator,
}

impl Ada {
    fn on(server: &Server) -> Self {
        let person = server.person(Role::Editor);
        let session = server.session_of(person.id);
        let app = server.enable_totp(&session);
        Self {
            id: person.id,
            email: person.email,
            password: person.password,
            session,
            app,
        }
    }

    fn login(&self, server: &Server, code: &str) -> Answer {
        let who = json!({"email": self.email, "password": self.password, "code": code});
        server.client.post(LOGIN, &who)
    }

    /// What the app shows now.
    fn code(&self, server: &Server) -> String {
        self.app.code(server.clock.now(), 0)
    }

    fn proof(&self, code: &str) -> Value {
        json!({"current_password": self.password, "code": code})
    }
}

fn is_on(client: &Client) -> bool {
    client.get(ME).ok()["totp"].as_bool().unwrap()
}

/// What the log says of accounts, the last first.
fn actions(server: &Server) -> Vec<String> {
    let log = server.sign_in(Role::Admin).get("/v1/admin/audit?limit=100");
    let about = |action: &String| action.contains("totp") || action.contains("recovery");
    log.column("action").into_iter().filter(about).collect()
}

#[test]
fn the_whole_way() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    admin.put(
        "/v1/admin/site",
        admin.get("/v1/admin/site").etag(),
        &json!({"name": "The Door"}),
    );
    let person = server.person_at("ada@example.org", Role::Author);
    let session = server.session_of(person.id);
    assert!(!is_on(&session));
    let begun = session.post(TOTP, &json!({"current_password": person.password}));
    let begun = begun.ok();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 32);
    assert_eq!(
        begun["otpauth_url"],
        format!(
            "otpauth://totp/The%20Door:ada%40example%2Eorg?secret={secret}&issuer=The%20Door&algorithm=SHA1&digits=6&period=30"
        )
    );
    // It counts for nothing yet.
    assert!(!is_on(&session));
    assert_eq!(server.login(&person.email, person.password).status, 200);

    let app = Authenticator::new(secret);
    let version = session.get(ME).ok()["version"].as_i64().unwrap();
    let code = app.code(server.clock.now(), 0);
    let on = session.post(CONFIRM, &json!({"code": code}));
    let codes = on.ok()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let me = session.get(ME).ok();
    assert_eq!(
        (&me["totp"], &me["version"]),
        (&json!(true), &json!(version + 1))
    );
    let account = admin.get(&format!("/v1/admin/users/{}", person.id)).ok();
    assert_eq!(account["totp"], true);
    let list = admin.get("/v1/admin/users?q=ada@").ok();
    assert_eq!(list["items"][0]["totp"], true);

    // From now on the password alone is not enough, and says so.
    let refused = server.login(&person.email, person.password);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (401, "totp-required")
    );
    let login = |code: &str| {
        let who = json!({"email": person.email, "password": person.password, "code": code});
        server.client.post(LOGIN, &who)
    };
    server.clock.advance(STEP);
    let signed_in = Tokens::of(&login(&app.code(server.clock.now(), 0)));
    assert!(is_on(&server.client.with_token(&signed_in.access)));

    server.clock.advance(STEP);
    let proof =
        json!({"current_password": person.password, "code": app.code(server.clock.now(), 0)});
    assert_eq!(session.post(DISABLE, &proof).status, 204);
    assert!(!is_on(&session));
    assert_eq!(server.login(&person.email, person.password).status, 200);
    // What is no longer asked for is not looked at.
    assert_eq!(login("000000").status, 200);
    assert_eq!(actions(&server), ["totp_disabled", "totp_enabled"]);
    assert!(suspicions(&server).is_empty());
}

#[test]
fn a_code_is_taken_once_and_for_a_step_around_now() {
    let server = Server::start();
    let ada = Ada::on(&server);
    // The one that confirmed is used up, and so are those before it.
    for used in [-1, 0] {
        let code = ada.app.code(server.clock.now(), used);
        assert_eq!(ada.login(&server, &code).status, 401, "{used}");
    }
    server.clock.advance(10 * STEP);
    for (steps, status) in [
        (-2, 401),
        (2, 401),
        (-1, 200),
        (0, 200),
        (1, 200),
        (0, 401),
        (1, 401),
    ] {
        let code = ada.app.code(server.clock.now(), steps);
        assert_eq!(ada.login(&server, &code).status, status, "{steps}");
    }
    server.clock.advance(2 * STEP);
    let spaced = ada.code(&server);
    let spaced = format!(" {} {}", &spaced[..3], &spaced[3..]);
    assert_eq!(ada.login(&server, &spaced).status, 200);
}

#[test]
fn a_wrong_code_looks_as_a_wrong_password_and_is_noted() {
    let server = Server::start();
    let ada = Ada::on(&server);
    let wrong = alike(&server.login(&ada.email, "not her password at all"));
    assert_eq!(wrong.0, 401);
    for code in [
        "000000",
        "",
        "12345",
        "no code",
        &"9".repeat(500),
        &ada.code(&server),
    ] {
        assert_eq!(alike(&ada.login(&server, code)), wrong, "{code}");
    }
    // Nobody learns without the password that there is one.
    let who = json!({"email": ada.email, "password": "wrong", "code": ada.app.code(server.clock.now(), 1)});
    assert_eq!(alike(&server.client.post(LOGIN, &who)), wrong);
    let who = json!({"email": "nobody@example.org", "password": ada.password, "code": "000000"});
    assert_eq!(alike(&server.client.post(LOGIN, &who)), wrong);
    let kinds = suspicions(&server);
    let of = |kind: &str| kinds.iter().filter(|(it, _)| it == kind).count();
    assert_eq!((of("code_wrong"), of("sign_in_failed")), (6, 3));
    assert!(kinds.contains(&("code_wrong".into(), Some(ada.id.to_string()))));
    // The right one was not used up by the wrong password.
    let code = ada.app.code(server.clock.now(), 1);
    assert_eq!(ada.login(&server, &code).status, 200);
    let faults = json!({"email": "a", "password": "b", "code": 492_039});
    assert_eq!(
        server.client.post(LOGIN, &faults).faults(),
        ["/code wrong_type"]
    );
}

#[test]
fn two_who_come_with_one_code_at_once_are_one() {
    let server = Server::start();
    let ada = Ada::on(&server);
    for round in 0..3 {
        server.clock.advance(STEP);
        let code = match round {
            0 => ada.app.recovery_codes[0].clone(),
            _ => ada.code(&server),
        };
        let start = Barrier::new(4);
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let enter = || {
                start.wait();
                ada.login(&server, &code).status
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(enter)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401], "{round}");
        server.clock.advance(Duration::from_secs(300));
    }
}

#[test]
fn a_recovery_code_works_once_and_for_its_owner() {
    let server = Server::start();
    let (ada, other) = (Ada::on(&server), Ada::on(&server));
    let code = &ada.app.recovery_codes[3];
    assert_eq!(other.login(&server, code).status, 401);
    assert_eq!(
        ada.login(&server, &code.to_uppercase().replace('-', " "))
            .status,
        200
    );
    assert_eq!(ada.login(&server, code).status, 401);
    assert_eq!(ada.login(&server, &ada.app.recovery_codes[4]).status, 200);
    // New ones take the place of all others.
    let proof = ada.proof(&ada.app.recovery_codes[5]);
    let new = ada.session.post(CODES, &proof).ok();
    let new: Vec<&str> = new["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(new.len(), 10);
    assert_eq!(ada.login(&server, &ada.app.recovery_codes[6]).status, 401);
    assert_eq!(ada.login(&server, new[0]).status, 200);
    // Whoever lost the app switches it off with one, too; and then they are no more.
    assert_eq!(ada.session.post(DISABLE, &ada.proof(new[1])).status, 204);
    let again = server.enable_totp(&ada.session);
    assert_ne!(again.recovery_codes, ada.app.recovery_codes);
    assert_eq!(ada.login(&server, new[2]).status, 401);
    assert_eq!(
        actions(&server)[..3],
        ["totp_enabled", "totp_disabled", "recovery_codes_made"]
    );
}

#[test]
fn codes_are_tried_as_seldom_as_passwords() {
    let server = Server::start();
    let ada = Ada::on(&server);
    server.clock.advance(STEP);
    // To be asked for a code is no failure.
    for _ in 0..15 {
        assert_eq!(
            server.login(&ada.email, ada.password).code(),
            "totp-required"
        );
    }
    for _ in 0..10 {
        assert_eq!(ada.login(&server, "000000").status, 401);
    }
    let refused = ada.login(&server, &ada.code(&server));
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    // By whoever stole a session as well.
    for path in [CODES, DISABLE] {
        assert_eq!(
            ada.session
                .post(path, &ada.proof(&ada.code(&server)))
                .status,
            429
        );
    }
    server.clock.advance(Duration::from_secs(600));
    let session = server.session_of(ada.id);
    for number in 0..10 {
        let path = [CODES, DISABLE][number % 2];
        let refused = session.post(path, &ada.proof("000000"));
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec!["/code not_allowed".into()])
        );
    }
    assert_eq!(ada.login(&server, &ada.code(&server)).status, 429);
    assert_eq!(suspicions(&server).len(), 20);
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(ada.login(&server, &ada.code(&server)).status, 200);
}

#[test]
fn a_stolen_session_neither_begins_nor_confirms() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let session = server.session_of(person.id);
    let wrong = json!({"current_password": "not her password at all"});
    assert_eq!(
        session.post(TOTP, &wrong).faults(),
        ["/current_password not_allowed"]
    );
    assert_eq!(
        session.post(CONFIRM, &json!({"code": "492039"})).status,
        409
    );
    let first = server.begin_totp(&session);
    let app = server.begin_totp(&session);
    let now = server.clock.now();
    // Begun anew, the first counts no more.
    let refused = session.post(CONFIRM, &json!({"code": first.code(now, 0)}));
    assert_eq!(refused.faults(), ["/code not_allowed"]);
    for _ in 0..8 {
        assert_eq!(
            session.post(CONFIRM, &json!({"code": "not one"})).status,
            422
        );
    }
    assert_eq!(
        session
            .post(CONFIRM, &json!({"code": app.code(now, 0)}))
            .status,
        429
    );
    server.clock.advance(Duration::from_secs(120));
    let code = json!({"code": app.code(server.clock.now(), 0)});
    assert_eq!(
        session
            .request("POST", &format!("{CONFIRM}?dry_run=true"))
            .json(&code)
            .send()
            .status,
        200
    );
    assert!(!is_on(&session));
    assert_eq!(session.post(CONFIRM, &code).status, 200);
    // Once is enough.
    assert_eq!(session.post(CONFIRM, &code).status, 409);
    let begin = json!({"current_password": person.password});
    assert_eq!(session.post(TOTP, &begin).status, 409);
    assert!(is_on(&session));
}

#[test]
fn what_is_sent_is_read_strictly() {
    let server = Server::start();
    let session = server.session_of(server.person(Role::Author).id);
    let faults = |path: &str, content: Value| session.post(path, &content).faults();
    assert_eq!(
        faults(TOTP, json!({"code": "1"})),
        ["/current_password missing", "/code unknown"]
    );
    assert_eq!(
        faults(CONFIRM, json!({"current_password": "x"})),
        ["/code missing", "/current_password unknown"]
    );
    for path in [CODES, DISABLE] {
        assert_eq!(
            faults(path, json!({"code": 1})),
            ["/current_password missing", "/code wrong_type"]
        );
        let proof = json!({"current_password": server.password(), "code": "492039"});
        assert_eq!(session.post(path, &proof).status, 409, "it is off");
    }
}

#[test]
fn an_admin_lets_in_whoever_lost_everything() {
    let server = Server::start();
    let ada = Ada::on(&server);
    let admin = Ada::on(&server);
    let boss = server.sign_in(Role::Admin);
    let path = format!("/v1/admin/users/{}/totp", ada.id);
    let remove = |client: &Client, path: &str| client.request("DELETE", path).send().status;
    assert_eq!(remove(&admin.session, &path), 403);
    assert_eq!(remove(&boss, &path), 204);
    assert_eq!(ada.session.get(ME).status, 401);
    assert_eq!(server.login(&ada.email, ada.password).status, 200);
    assert_eq!(remove(&boss, &path), 404);
    assert_eq!(remove(&boss, "/v1/admin/users/nobody/totp"), 404);
    let log = boss.get("/v1/admin/audit?limit=1").ok();
    assert_eq!(log["items"][0]["action"], "totp_disabled");
    assert_eq!(log["items"][0]["detail"], "by an admin");
    // One's own is not given up without a code.
    let own = server.person(Role::Admin);
    let session = server.session_of(own.id);
    server.enable_totp(&session);
    assert_eq!(
        remove(&session, &format!("/v1/admin/users/{}/totp", own.id)),
        409
    );
    assert!(is_on(&session));

    // Where there is no other admin, there is the command line.
    let database = server.into_database();
    let said = run(on(&database, &["user", "reset-totp", &own.email])).ok();
    assert!(said.contains("signs in with the password alone"), "{said}");
    let refused = run(on(&database, &["user", "reset-totp", &own.email])).refused();
    assert!(
        refused.contains("there is no second factor here"),
        "{refused}"
    );
    let server = Server::setup().over(database).start();
    assert_eq!(server.login(&own.email, own.password).status, 200);
}

#[test]
fn a_new_password_does_not_switch_it_off() {
    let server = Server::start();
    let ada = Ada::on(&server);
    let token = Opaque::new(OpaqueKind::Link).unwrap();
    let (hash, id) = (token.hash(), ada.id);
    let until = server.clock.now().plus(Duration::from_secs(60));
    server.write(move |tx| users::store::make_link(tx, id, &hash, until));
    let set = server
        .client
        .post(ACCEPT, &json!({"token": token.as_str(), "password": GOOD}));
    assert_eq!(set.status, 204);
    assert_eq!(server.login(&ada.email, GOOD).code(), "totp-required");
    let code = ada.app.code(server.clock.now(), 1);
    let who = json!({"email": ada.email, "password": GOOD, "code": code});
    assert_eq!(server.client.post(LOGIN, &who).status, 200);
    // A key is asked for no code.
    let maker = server.person(Role::Admin);
    let session = server.session_of(maker.id);
    let key = json!({"name": "a program", "scopes": [Scope::DraftsRead.as_str()]});
    let key = session.post("/v1/admin/api-keys", &key).created();
    server.enable_totp(&session);
    let program = server.client.with_token(key["key"].as_str().unwrap());
    assert_eq!(program.get("/v1/admin/articles").status, 200);
}

#[test]
fn nothing_of_it_shows_again() {
    let server = Server::start();
    let person = server.person(Role::Admin);
    let session = server.session_of(person.id);
    let with_key = |path: &str, key: &str, content: &Value| {
        let request = session.request("POST", path).header("idempotency-key", key);
        request.json(content).send()
    };
    let begin = json!({"current_password": person.password});
    let begun = with_key(TOTP, "one", &begin).ok();
    let secret = begun["secret"].as_str().unwrap();
    let again = with_key(TOTP, "one", &begin);
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "answer-not-kept")
    );
    assert!(!again.text().contains(secret));
    let app = Authenticator::new(secret.to_owned());
    let confirm = json!({"code": app.code(server.clock.now(), 0)});
    let on = with_key(CONFIRM, "two", &confirm).ok();
    let codes: Vec<String> = on["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap().to_owned())
        .collect();
    // The same write again is told apart from another: its code is not looked at any more.
    assert_eq!(with_key(CONFIRM, "two", &confirm).code(), "answer-not-kept");
    let proof = json!({"current_password": person.password, "code": codes[0]});
    assert_eq!(with_key(CODES, "three", &proof).status, 200);
    assert_eq!(with_key(CODES, "three", &proof).code(), "answer-not-kept");

    let raw = data_encoding::BASE32_NOPAD
        .decode(secret.as_bytes())
        .unwrap();
    let sealed: Vec<u8> = server
        .read(|conn| each!(conn, c => totp_secrets::table.select(totp_secrets::sealed).first(c)));
    assert!(
        !sealed
            .windows(8)
            .any(|part| raw.windows(8).any(|it| it == part))
    );
    let key = Secret::parse(SECRET).unwrap().key(Purpose::SecondFactor);
    assert_eq!(
        TotpSecret::open(&sealed, &key, person.id).unwrap().base32(),
        secret
    );
    let bodies: Vec<Option<String>> = server.read(
        |conn| each!(conn, c => idempotency_keys::table.select(idempotency_keys::body).load(c)),
    );
    assert_eq!(bodies, [None, None, None]);
    let details: Vec<Option<String>> =
        server.read(|conn| each!(conn, c => changes::table.select(changes::detail).load(c)));
    let mut shown = format!("{details:?}");
    for path in [
        ME,
        "/v1/admin/me/sessions",
        "/v1/admin/users",
        "/v1/admin/audit",
        "/v1/admin/security-log",
    ] {
        shown.push_str(session.get(path).text());
    }
    for hidden in codes.iter().map(String::as_str).chain([secret]) {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}

#[test]
fn the_log_of_the_program_has_nothing_of_it() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let database = server.into_database();
    let serving = Serving::over(&database, &["--log", "debug"]);
    let login = |code: Option<&str>| {
        let who = json!({"email": person.email, "password": person.password, "code": code});
        serving.client.post(LOGIN, &who)
    };
    let session = serving.client.with_token(&Tokens::of(&login(None)).access);
    let begun = session
        .post(TOTP, &json!({"current_password": person.password}))
        .ok();
    let secret = begun["secret"].as_str().unwrap();
    let code = Authenticator::new(secret.to_owned()).code(Clock::system().now(), 0);
    let on = session.post(CONFIRM, &json!({"code": code})).ok();
    let codes: Vec<&str> = on["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(login(None).code(), "totp-required");
    assert_eq!(login(Some("wrong-wrong")).status, 401);
    assert_eq!(login(Some(codes[0])).status, 200);
    let said = serving.stop();
    assert!(said.errors.contains("code_wrong"), "{}", said.errors);
    for hidden in codes.into_iter().chain([secret, "wrong-wrong"]) {
        assert!(!said.errors.contains(hidden), "{hidden}");
    }
}

#[test]
fn under_another_secret_of_the_server_recovery_codes_still_work() {
    let server = Server::start();
    let ada = Ada::on(&server);
    let id = ada.id;
    let other = TotpSecret::new().unwrap().sealed(&[7; 32], id).unwrap();
    server.write_quietly(Reason::SecondFactor, move |conn| {
        let row = diesel::update(totp_secrets::table.find(id))
            .set(totp_secrets::sealed.eq(other.as_slice()));
        each!(conn, c => row.execute(c))?;
        Ok(())
    });
    server.clock.advance(STEP);
    assert_eq!(ada.login(&server, &ada.code(&server)).status, 500);
    assert_eq!(ada.login(&server, &ada.app.recovery_codes[0]).status, 200);
}
