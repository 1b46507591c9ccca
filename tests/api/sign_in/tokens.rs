//! Access tokens that are none of ours, or not for this. Each is answered as if there were none.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use masthead::auth::model::{Role, Scope};
use masthead::auth::secret::{Purpose, Secret};
use masthead::id::Id;
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha384, Sha512};

use super::{ME, REFRESH, refresh, text, told};
use crate::support::{SECRET, Server};
use crate::wire::peer::Peer;

const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256"}"#;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A token of this header and these claims, whose signature is by this algorithm and key.
fn signed<M: Mac + KeyInit>(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{}", base64(header), base64(claims));
    let signature = base64(mac::<M>(key, &message));
    format!("{message}.{signature}")
}

/// What nobody has but us: the key, and an account with a session. So a token is wrong in the one thing that a test spoils.
struct Forge {
    server: Server,
    key: [u8; 32],
    claims: Map<String, Value>,
}

impl Forge {
    fn new() -> Self {
        let server = Server::start();
        let user = server.account(Role::Admin);
        let (session, _) = server.begin(user);
        let now = server.clock.now().millis() / 1000;
        let claims = json!({
            "iss": format!("masthead:{}", server.db().epoch()), "aud": "masthead:access", "sub": user,
            "sid": session, "iat": now, "nbf": now, "exp": now + 600, "jti": Id::new(),
        });
        let forge = Self {
            key: server.signing_key(),
            claims: claims.as_object().unwrap().clone(),
            server,
        };
        // Or nothing below would prove anything.
        let good = forge.server.client.with_token(&forge.good());
        assert_eq!(good.get(ME).status, 200);
        forge
    }

    fn good(&self) -> String {
        self.of_claims(&self.text())
    }

    fn text(&self) -> String {
        json!(self.claims).to_string()
    }

    fn of_claims(&self, claims: &str) -> String {
        signed::<Hmac<Sha256>>(HEADER, claims, &self.key)
    }

    fn of_header(&self, header: &str) -> String {
        signed::<Hmac<Sha256>>(header, &self.text(), &self.key)
    }

    fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims.insert(name.to_owned(), value);
        self.of_claims(&json!(claims).to_string())
    }

    #[track_caller]
    fn assert_refused(&self, token: &str) {
        assert_refused(&self.server, token);
    }
}

#[track_caller]
fn assert_refused(server: &Server, token: &str) {
    let answer = server.client.with_token(token).get(ME);
    assert_eq!(answer.status, 401, "{token:.200}");
    assert_eq!(told(&answer), told(&server.get(ME)), "{token:.200}");
}

#[test]
fn another_algorithm_is_refused() {
    let forge = Forge::new();
    let (claims, key) = (forge.text(), &forge.key);
    for name in ["none", "None", "NONE", "nOnE"] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{name}"}}"#);
        let message = format!("{}.{}", base64(&header), base64(&claims));
        forge.assert_refused(&format!("{message}."));
        forge.assert_refused(&message);
        forge.assert_refused(&forge.of_header(&header));
    }
    let header = |name: &str| format!(r#"{{"typ":"at+jwt","alg":"{name}"}}"#);
    forge.assert_refused(&signed::<Hmac<Sha384>>(&header("HS384"), &claims, key));
    forge.assert_refused(&signed::<Hmac<Sha512>>(&header("HS512"), &claims, key));
    forge.assert_refused(&signed::<Hmac<Sha512>>(HEADER, &claims, key));
    // Where a public key is expected, ours would be one that everybody could have.
    for name in [
        "RS256", "PS256", "ES256", "EdDSA", "hs256", "HS256 ", "", "A256KW", "dir",
    ] {
        forge.assert_refused(&forge.of_header(&header(name)));
    }
}

#[test]
fn a_header_that_names_its_own_key_is_refused() {
    let forge = Forge::new();
    let own = b"a key that the attacker has chosen";
    let jwk = format!(r#""jwk":{{"kty":"oct","k":"{}"}}"#, base64(own));
    let claims = forge.text();
    for more in [
        jwk.as_str(),
        r#""kid":"0""#,
        r#""kid":"../../../../dev/null""#,
        r#""kid":"' UNION SELECT ''--""#,
        r#""jku":"https://attacker.example/jwks.json""#,
        r#""x5u":"https://attacker.example/key.pem""#,
        r#""x5c":["AAAA"]"#,
        r#""crit":["exp"]"#,
        r#""b64":false,"crit":["b64"]"#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
        r#""alg":"none""#,
    ] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"HS256",{more}}}"#);
        forge.assert_refused(&forge.of_header(&header));
        forge.assert_refused(&signed::<Hmac<Sha256>>(&header, &claims, own));
        forge.assert_refused(&signed::<Hmac<Sha256>>(&header, &claims, b""));
    }
    for other in [
        r#"{"alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{ "typ":"at+jwt","alg":"HS256"}"#,
        r#"{"typ":"at+jwt"}"#,
        "{}",
        "",
    ] {
        forge.assert_refused(&forge.of_header(other));
    }
}

#[test]
fn another_key_is_refused() {
    let forge = Forge::new();
    let claims = forge.text();
    let refreshing = Secret::parse(SECRET).unwrap().key(Purpose::RefreshToken);
    for key in [SECRET.as_bytes(), &refreshing, b"", b"secret", &[0; 32]] {
        forge.assert_refused(&signed::<Hmac<Sha256>>(HEADER, &claims, key));
    }
}

#[test]
fn claims_that_are_missing_or_of_another_type_are_refused() {
    let forge = Forge::new();
    for (name, good) in &forge.claims {
        let mut claims = forge.claims.clone();
        claims.remove(name);
        forge.assert_refused(&forge.of_claims(&json!(claims).to_string()));
        let other = match good.as_i64() {
            Some(number) => [json!(number.to_string()), json!(number as f64 + 0.5)],
            None => [json!(0), json!({"a": good})],
        };
        for wrong in [json!(null), json!(true), json!([good]), json!([])] {
            forge.assert_refused(&forge.with(name, wrong));
        }
        for wrong in other {
            forge.assert_refused(&forge.with(name, wrong));
        }
        // Said twice, it might be read once by one reader and once by another.
        let twice = forge
            .text()
            .replacen('{', &format!("{{\"{name}\":{good},"), 1);
        forge.assert_refused(&forge.of_claims(&twice));
    }
    let values: Vec<&Value> = forge.claims.values().collect();
    for claims in [
        json!(values).to_string(),
        "{}".into(),
        "null".into(),
        String::new(),
    ] {
        forge.assert_refused(&forge.of_claims(&claims));
    }
    forge.assert_refused(&forge.with("role", json!("admin")));
}

#[test]
fn claims_that_say_something_else_are_refused() {
    let forge = Forge::new();
    let now = forge.claims["iat"].as_i64().unwrap();
    let other = forge.server.account(Role::Admin);
    for (name, value) in [
        ("aud", json!("masthead:preview")),
        ("aud", json!("masthead:refresh")),
        ("aud", json!("masthead")),
        ("aud", json!("")),
        ("iss", json!("masthead")),
        ("iss", json!(format!("masthead:{}", Id::new()))),
        // The session is that of another account.
        ("sub", json!(other)),
        ("sub", json!(Id::new())),
        ("sub", json!("")),
        ("sid", json!(Id::new())),
        ("sid", forge.claims["sub"].clone()),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 24 * 60 * 60 + 1)),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 1)),
        ("iat", json!(i64::MIN)),
    ] {
        forge.assert_refused(&forge.with(name, value));
    }
}

#[test]
fn a_token_of_another_shape_is_refused() {
    let forge = Forge::new();
    let good = forge.good();
    let [header, claims, signature]: [&str; 3] =
        good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let changed = forge.text().replacen("600", "601", 1);
    let admin = json!({"sub": forge.claims["sub"], "role": "admin"}).to_string();
    for wrong in [
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{good}.."),
        format!(".{good}"),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}.{claims}.{}", &signature[1..]),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{}", "A".repeat(43)),
        format!("{header}.{}.{signature}", base64(changed)),
        format!("{header}.{}.{signature}", base64(admin)),
        format!("{good},{good}"),
        format!("{good} {good}"),
        good.to_uppercase(),
        "..".into(),
        String::new(),
        // As long as a head may be, it is a token as any other.
        "a".repeat(100 * 1024),
        format!("{good}{}", "a".repeat(100 * 1024)),
    ] {
        forge.assert_refused(&wrong);
    }
}

#[test]
fn of_a_token_of_a_megabyte_the_rest_is_not_read() {
    let server = Server::start();
    let mut peer = Peer::connect(server.client.address());
    let beginning = "a".repeat(129 * 1024);
    peer.send(format!(
        "GET {ME} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {beginning}"
    ));
    peer.refusal(431, "headers-too-large");
    peer.assert_closed();
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn a_token_is_taken_from_one_place() {
    let server = Server::start();
    let token = server.token_of(server.account(Role::Admin), Duration::from_secs(600));
    let asked = |headers: &[(&str, &str)], path: &str| {
        let request = server.client.request("GET", path);
        let all = headers.iter();
        all.fold(request, |request, (name, value)| {
            request.header(name, value)
        })
        .send()
    };
    let bearer = format!("Bearer {token}");
    for good in [
        bearer.clone(),
        format!("bearer {token}"),
        format!("BEARER  {token}"),
    ] {
        assert_eq!(
            asked(&[("authorization", &good)], ME).status,
            200,
            "{good:.8}"
        );
    }
    let nobody = told(&server.get(ME));
    for value in [
        token.clone(),
        format!("Basic {}", base64(&token)),
        format!("Token {token}"),
        format!("Bearer: {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer, {bearer}"),
        "Bearer".into(),
    ] {
        let answer = asked(&[("authorization", &value)], ME);
        assert_eq!(told(&answer), nobody, "{value:.8}");
    }
    let twice = [
        ("authorization", bearer.as_str()),
        ("authorization", "Bearer x"),
    ];
    assert_eq!(told(&asked(&twice, ME)), nobody);
    let cookie = format!("access_token={token}");
    assert_eq!(told(&asked(&[("cookie", &cookie)], ME)), nobody);
    let query = format!("{ME}?access_token={token}");
    assert_eq!(told(&asked(&[], &query)), nobody);
}

#[test]
fn what_proves_something_else_proves_nothing_here() {
    let (server, other) = (Server::start(), Server::start());
    let admin = server.sign_in(Role::Admin);
    let user = server.account(Role::Editor);
    let (_, refreshing) = server.begin(user);
    let link = admin.order(&format!("/v1/admin/users/{user}/link"));
    let link = text(&link.created(), "token");
    let key = server.key(Scope::ALL);
    // Both servers sign with the same secret.
    let foreign_token = other.token_of(other.account(Role::Editor), Duration::from_secs(600));
    let foreign_admin = other.sign_in(Role::Admin);
    let foreign_key = other.key(Scope::ALL);
    assert_eq!(foreign_admin.get(ME).status, 200);
    for token in [
        refreshing.as_str(),
        &link,
        &foreign_token,
        foreign_admin.token(),
        foreign_key.token(),
    ] {
        assert_refused(&server, token);
    }
    let drafts = "/v1/admin/articles";
    assert_eq!(
        other
            .client
            .with_token(foreign_key.token())
            .get(drafts)
            .status,
        200
    );
    let refused = server.client.with_token(foreign_key.token()).get(drafts);
    assert_eq!(told(&refused), told(&server.get(drafts)));

    let unknown = told(&refresh(&server, "mhr_"));
    let (_, foreign) = other.begin(other.account(Role::Admin));
    for token in [admin.token(), key.token(), &link, "", foreign.as_str()] {
        let answer = refresh(&server, token);
        assert_eq!(told(&answer), unknown, "{token:.4} {REFRESH}");
    }
    assert_eq!(unknown.0, 401);
    for token in [admin.token(), key.token(), refreshing.as_str(), ""] {
        let content = json!({"token": token, "password": "six ferries under a paper moon"});
        let answer = server.client.post("/v1/admin/auth/password", &content);
        assert_eq!(
            (answer.status, answer.faults()),
            (422, vec!["/token not_found".into()])
        );
    }
    // None of it was used up.
    assert_eq!(refresh(&server, refreshing.as_str()).status, 200);
}

#[test]
fn an_access_token_lasts_as_long_as_it_says() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let signed_in = server.login(&person.email, person.password).ok();
    let life = signed_in["expires_in"].as_u64().unwrap();
    let client = server.client.with_token(&text(&signed_in, "access_token"));
    server.clock.advance(Duration::from_secs(life - 1));
    assert_eq!(client.get(ME).status, 200);
    // The clocks of two nodes may be a little apart.
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(told(&client.get(ME)), told(&server.get(ME)));
    let renewed = refresh(&server, &text(&signed_in, "refresh_token")).ok();
    let client = server.client.with_token(&text(&renewed, "access_token"));
    assert_eq!(client.get(ME).status, 200);
}
