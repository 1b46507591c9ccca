//! Tokens that somebody made or took from elsewhere. Each is answered exactly as no token at all.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use masthead::auth::model::{Role, Scope};
use masthead::auth::token::{Opaque, OpaqueKind};
use masthead::id::Id;
use masthead::users;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde_json::{Value, json};

use super::{ACCEPT, ME, alike, opens, renew};
use crate::support::Server;

const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256"}"#;

/// A token of a session that is open, and what it takes to make another.
pub(super) struct Forge {
    pub(super) server: Server,
    user: Id,
    pub(super) genuine: String,
    claims: Value,
    key: [u8; 32],
}

impl Forge {
    pub(super) fn new() -> Self {
        let server = Server::start();
        let user = server.account(Role::Admin);
        let genuine = server.session_of(user).token().to_owned();
        let claims = genuine.split('.').nth(1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        Self {
            key: server.signing_key(),
            claims: serde_json::from_slice(&claims).unwrap(),
            server,
            user,
            genuine,
        }
    }

    /// Signed with the key of access tokens.
    fn signed(&self, header: &str, claims: &str) -> String {
        signed(header, claims, &self.key, MessageDigest::sha256())
    }

    /// With our header, and the claims but for this one.
    fn with(&self, claim: &str, value: Option<Value>) -> String {
        let mut claims = self.claims.clone();
        let fields = claims.as_object_mut().unwrap();
        match value {
            Some(value) => fields.insert(claim.to_owned(), value),
            None => fields.shift_remove(claim),
        };
        self.signed(HEADER, &claims.to_string())
    }

    /// Whoever has any of these is nobody.
    #[track_caller]
    pub(super) fn assert_nobody(&self, tokens: &BTreeMap<String, String>) {
        let nobody = alike(&self.server.client.get(ME));
        assert_eq!(nobody.0, 401);
        for (name, token) in tokens {
            assert_ne!(*token, self.genuine, "{name}");
            let answer = self.server.client.with_token(token).get(ME);
            assert_eq!(alike(&answer), nobody, "{name}: {token:.200}");
        }
        assert_eq!(opens(&self.server, &self.genuine), 200);
    }
}

fn signed(header: &str, claims: &str, key: &[u8], digest: MessageDigest) -> String {
    let key = PKey::hmac(key).unwrap();
    let (header, claims) = (encoded(header), encoded(claims));
    let mut signer = Signer::new(digest, &key).unwrap();
    let text = format!("{header}.{claims}");
    let signature = signer.sign_oneshot_to_vec(text.as_bytes()).unwrap();
    format!("{text}.{}", encoded(signature))
}

pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is forged here is good but for what is wrong with it.
#[test]
fn a_token_made_as_ours_are_opens() {
    let forge = Forge::new();
    let mut claims = forge.claims.clone();
    claims["jti"] = json!(Id::new().to_string());
    let made = forge.signed(HEADER, &claims.to_string());
    assert_ne!(made, forge.genuine);
    assert_eq!(opens(&forge.server, &made), 200);
}

#[test]
fn another_header_opens_nothing() {
    let forge = Forge::new();
    let claims = forge.claims.to_string();
    let mut tokens = BTreeMap::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"typ": "at+jwt", "alg": alg}).to_string();
        let bare = format!("{}.{}.", encoded(&header), encoded(&claims));
        tokens.insert(format!("alg `{alg}` without a signature"), bare);
        tokens.insert(
            format!("alg `{alg}`, signed"),
            forge.signed(&header, &claims),
        );
    }
    let unsigned = format!("{}.{}.", encoded(HEADER), encoded(&claims));
    tokens.insert("our header without a signature".into(), unsigned);
    for (alg, digest) in [
        ("HS384", MessageDigest::sha384()),
        ("HS512", MessageDigest::sha512()),
    ] {
        let header = json!({"typ": "at+jwt", "alg": alg}).to_string();
        tokens.insert(alg.into(), signed(&header, &claims, &forge.key, digest));
        let under_ours = signed(HEADER, &claims, &forge.key, digest);
        tokens.insert(format!("{alg} under our header"), under_ours);
    }
    let rsa = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let public = rsa.public_key_to_pem().unwrap();
    for (name, alg) in [("RS256", "RS256"), ("RS256 under our header", "HS256")] {
        let header = json!({"typ": "at+jwt", "alg": alg}).to_string();
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signer = Signer::new(MessageDigest::sha256(), &rsa).unwrap();
        let signature = signer.sign_oneshot_to_vec(text.as_bytes()).unwrap();
        tokens.insert(name.into(), format!("{text}.{}", encoded(signature)));
    }
    for alg in ["RS256", "ES256", "PS256", "EdDSA", "hs256"] {
        let header = json!({"typ": "at+jwt", "alg": alg}).to_string();
        tokens.insert(
            format!("{alg} with our key"),
            forge.signed(&header, &claims),
        );
        let by_public = signed(&header, &claims, &public, MessageDigest::sha256());
        tokens.insert(format!("{alg} with a public key as the key"), by_public);
    }
    let jwk = json!({"kty": "oct", "k": encoded("a key of my own, of 32 bytes ok?")});
    for (name, value) in [
        ("kid", json!("../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
    ] {
        let mut header = json!({"typ": "at+jwt", "alg": "HS256"});
        header[name] = value.clone();
        let header = header.to_string();
        tokens.insert(format!("{name} {value}"), forge.signed(&header, &claims));
        let own_key = b"a key of my own, of 32 bytes ok?";
        let own = signed(&header, &claims, own_key, MessageDigest::sha256());
        tokens.insert(format!("{name} {value} with their own key"), own);
    }
    for header in [
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"typ": "at+jwt", "alg": "HS256"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","alg":"HS256"}"#,
        r#"{"typ":"at+jwt","alg":"HS256"} "#,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256"}"#,
        "{}",
        "[]",
        "",
    ] {
        tokens.insert(format!("header {header}"), forge.signed(header, &claims));
    }
    assert!(tokens.len() > 50, "{}", tokens.len());
    forge.assert_nobody(&tokens);
}

#[test]
fn other_claims_open_nothing() {
    let forge = Forge::new();
    let mut tokens = BTreeMap::new();
    let names: Vec<String> = forge.claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"]
    );
    for name in &names {
        tokens.insert(format!("without {name}"), forge.with(name, None));
        let present = forge.claims[name].clone();
        let others = match &present {
            Value::String(text) => vec![json!(1), json!([text]), json!({"a": text})],
            number => vec![
                json!(number.to_string()),
                json!([number]),
                json!(number.as_f64().unwrap() + 0.5),
                json!(1e300),
                json!(u64::MAX),
            ],
        };
        for value in others.into_iter().chain([json!(null), json!(true)]) {
            let token = forge.with(name, Some(value.clone()));
            tokens.insert(format!("{name}: {value}"), token);
        }
    }
    let now = forge.claims["iat"].as_i64().unwrap();
    let other = forge.server.account(Role::Admin);
    let (others_session, _) = forge.server.begin(other);
    for (name, value) in [
        ("aud", json!("masthead:preview")),
        ("aud", json!("masthead:refresh")),
        ("aud", json!(["masthead:access"])),
        ("aud", json!("")),
        ("iss", json!("masthead")),
        ("iss", json!(format!("masthead:{}", Id::new()))),
        ("iss", json!("https://evil.example")),
        ("exp", json!(now - 6)),
        ("exp", json!(now + 24 * 60 * 60 + 1)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(-1)),
        ("nbf", json!(now + 6)),
        ("nbf", json!(now - 1)),
        ("iat", json!(now + 6)),
        ("iat", json!(0)),
        ("sub", json!(Id::new())),
        ("sub", json!(other)),
        ("sub", json!("admin")),
        ("sub", json!("")),
        ("sid", json!(Id::new())),
        ("sid", json!(others_session)),
        ("sid", json!("*")),
        ("role", json!("admin")),
        ("scope", json!("articles:write")),
    ] {
        let token = forge.with(name, Some(value.clone()));
        tokens.insert(format!("{name}: {value}"), token);
    }
    let claims = forge.claims.to_string();
    for claims in [
        "{}",
        "[]",
        "null",
        "",
        "\"claims\"",
        &format!("[{claims}]"),
        &claims.replacen('{', "{\"sub\":\"x\",", 1),
        &format!("{claims}{claims}"),
        &format!(" {claims}"),
    ] {
        tokens.insert(format!("claims {claims}"), forge.signed(HEADER, claims));
    }
    forge.assert_nobody(&tokens);
}

#[test]
fn other_keys_and_other_tokens_open_nothing() {
    let forge = Forge::new();
    let claims = forge.claims.to_string();
    let mut tokens = BTreeMap::new();
    for (name, key) in [
        // The same as none (RFC 2104 section 2).
        ("32 zeros", &[0; 32][..]),
        ("the secret itself", crate::support::SECRET.as_bytes()),
        ("`secret`", b"secret"),
    ] {
        let token = signed(HEADER, &claims, key, MessageDigest::sha256());
        tokens.insert(name.into(), token);
    }
    let elsewhere = Server::start();
    let foreign = elsewhere.sign_in(Role::Admin).token().to_owned();
    assert_eq!(opens(&elsewhere, &foreign), 200);
    tokens.insert("an access token of another database".into(), foreign);
    let key = elsewhere.key(Scope::ALL).token().to_owned();
    tokens.insert("an API key of another database".into(), key);

    let (_, refresh) = forge.server.begin(forge.user);
    let link = Opaque::new(OpaqueKind::Link).unwrap();
    let (user, hash) = (forge.user, link.hash());
    let later = forge
        .server
        .clock
        .now()
        .plus(std::time::Duration::from_secs(60));
    forge
        .server
        .write(move |tx| users::store::make_link(tx, user, &hash, later));
    for (name, opaque) in [("a refresh token", &refresh), ("a link", &link)] {
        let text = opaque.as_str();
        tokens.insert(name.into(), text.to_owned());
        let as_key = format!("mhk_{}", &text[4..]);
        tokens.insert(format!("{name} called a key"), as_key);
    }
    let unknown = Opaque::new(OpaqueKind::Key).unwrap();
    tokens.insert("a key that never was".into(), unknown.as_str().into());
    for text in [
        "mhk_",
        "mhk_x",
        "null",
        "undefined",
        "Bearer",
        "0",
        "*",
        "%00",
        ".",
    ] {
        tokens.insert(format!("`{text}`"), text.into());
    }
    forge.assert_nobody(&tokens);

    // And the other way round: each is good for one thing.
    let key = forge.server.key(Scope::ALL);
    for token in [forge.genuine.as_str(), key.token(), link.as_str()] {
        assert_eq!(renew(&forge.server, token).status, 401);
    }
    for token in [forge.genuine.as_str(), key.token(), refresh.as_str()] {
        let content = json!({"token": token, "password": "marble kitten astronomy gallop"});
        let answer = forge.server.client.post(ACCEPT, &content);
        assert_eq!(answer.faults(), ["/token not_found"]);
    }
    assert_eq!(renew(&forge.server, refresh.as_str()).status, 200);
}
