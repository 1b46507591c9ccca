use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha384, Sha512};

use super::*;

const ISSUER: &str = "https://api.example.org";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const HOUR: Duration = Duration::from_secs(3600);

fn tokens() -> AccessTokens {
    AccessTokens::new(&Secret::parse(SECRET).unwrap(), ISSUER.to_owned())
}

fn start() -> Time {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Time {
    Time::from_millis(start().millis() + seconds * 1000).unwrap()
}

fn issued() -> (String, Claims) {
    let claims = Claims {
        user: Id::new(),
        session: Id::new(),
    };
    let token = tokens().issue(claims.user, claims.session, start(), HOUR);
    (token.unwrap(), claims)
}

fn segments(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signed with our own key, without the library: what only a leaked key or a fault of ours could bring about.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64(header), base64(claims));
    let signature = mac::<Hmac<Sha256>>(&message);
    format!("{message}.{}", base64(signature))
}

fn mac<M: Mac + KeyInit>(message: &str) -> Vec<u8> {
    let key = Secret::parse(SECRET).unwrap().key(Purpose::AccessToken);
    let mut mac = <M as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

const OUR_HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256"}"#;

/// The claims of a good token.
fn good() -> Map<String, Value> {
    let now = start().millis() / 1000;
    let claims = json!({
        "iss": ISSUER, "aud": "masthead:access", "sub": Id::new(), "sid": Id::new(),
        "iat": now, "nbf": now, "exp": now + 600, "jti": Id::new(),
    });
    claims.as_object().unwrap().clone()
}

fn with(name: &str, value: Value) -> String {
    let mut claims = good();
    claims.insert(name.to_owned(), value);
    signed(OUR_HEADER, &json!(claims).to_string())
}

#[track_caller]
fn refused(token: &str) {
    assert_eq!(tokens().verify(token, start()), None, "{token:.200}");
}

#[test]
fn what_is_issued_is_known_again() {
    let (token, claims) = issued();
    assert_eq!(tokens().verify(&token, start()), Some(claims));
    let [header, body, _] = segments(&token);
    assert_eq!(
        URL_SAFE_NO_PAD.decode(header).unwrap(),
        OUR_HEADER.as_bytes()
    );
    assert_eq!(header, HEADER);

    let mut body: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
    let jti = body.as_object_mut().unwrap().remove("jti").unwrap();
    assert!(jti.as_str().unwrap().parse::<Id>().is_ok());
    let now = start().millis() / 1000;
    assert_eq!(
        body,
        json!({
            "iss": ISSUER, "aud": "masthead:access", "sub": claims.user, "sid": claims.session,
            "iat": now, "nbf": now, "exp": now + 3600,
        })
    );
    // What the attacks below are made of is good before it is spoilt.
    assert!(
        tokens()
            .verify(&signed(OUR_HEADER, &json!(good()).to_string()), start())
            .is_some()
    );
}

#[test]
fn what_would_be_refused_is_not_issued() {
    let day = Duration::from_secs(24 * 3600);
    let (user, session) = (Id::new(), Id::new());
    let issue = |life| tokens().issue(user, session, start(), life);
    assert!(tokens().verify(&issue(day).unwrap(), start()).is_some());
    assert!(issue(day + Duration::from_secs(1)).is_err());
    assert!(issue(Duration::MAX).is_err());
    let wordy = AccessTokens::new(&Secret::parse(SECRET).unwrap(), "x".repeat(1000));
    assert!(wordy.issue(user, session, start(), HOUR).is_err());
}

#[test]
fn another_secret_or_another_purpose_is_not_ours() {
    let (token, claims) = issued();
    let other = AccessTokens::new(
        &Secret::parse(&"other secret ".repeat(3)).unwrap(),
        ISSUER.to_owned(),
    );
    assert_eq!(other.verify(&token, start()), None);
    refused(
        &other
            .issue(claims.user, claims.session, start(), HOUR)
            .unwrap(),
    );

    let secret = Secret::parse(SECRET).unwrap();
    for key in [
        secret.key(Purpose::Digest).as_slice(),
        SECRET.as_bytes(),
        &[],
    ] {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        refused(&encode(&header, &good(), &EncodingKey::from_secret(key)).unwrap());
    }
}

#[test]
fn no_header_but_ours_counts() {
    let claims = json!(good()).to_string();
    for header in [
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"typ":"application/at+jwt","alg":"HS256"}"#,
        r#"{"typ":"AT+JWT","alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"typ": "at+jwt", "alg": "HS256"}"#,
        "{\"typ\":\"at+jwt\",\"alg\":\"HS256\"}\n",
        r#" {"typ":"at+jwt","alg":"HS256"}"#,
        r#"{"typ":"at+jwt","alg":"none"}"#,
        r#"{"typ":"at+jwt","alg":"None"}"#,
        r#"{"typ":"at+jwt","alg":""}"#,
        r#"{"typ":"at+jwt","alg":"hs256"}"#,
        r#"{"typ":"at+jwt","alg":"HS384"}"#,
        r#"{"typ":"at+jwt","alg":"HS512"}"#,
        r#"{"typ":"at+jwt","alg":"RS256"}"#,
        r#"{"typ":"at+jwt","alg":"ES256"}"#,
        r#"{"typ":"at+jwt","alg":["HS256"]}"#,
        r#"{"typ":"at+jwt","alg":"none","alg":"HS256"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","alg":"HS256"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","kid":"1"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","kid":"../../../../dev/null"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#,
        r#"{"typ":"at+jwt","alg":"HS256","jku":"https://example.org/keys"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","x5u":"https://example.org/key"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","crit":["exp"]}"#,
        r#"{"typ":"at+jwt","alg":"HS256","b64":false,"crit":["b64"]}"#,
        r#"{"typ":"at+jwt","alg":"HS256","zip":"DEF"}"#,
        r#"{"typ":"at+jwt","alg":"HS256","cty":"JWT"}"#,
        "[]",
        "null",
        "",
    ] {
        refused(&signed(header, &claims));
    }
}

#[test]
fn other_algorithms_do_not_count_even_where_their_signature_is_right() {
    let claims = base64(json!(good()).to_string());
    let hs384 = format!("{}.{claims}", base64(r#"{"typ":"at+jwt","alg":"HS384"}"#));
    refused(&format!("{hs384}.{}", base64(mac::<Hmac<Sha384>>(&hs384))));
    let hs512 = format!("{}.{claims}", base64(r#"{"typ":"at+jwt","alg":"HS512"}"#));
    refused(&format!("{hs512}.{}", base64(mac::<Hmac<Sha512>>(&hs512))));
    let none = format!("{}.{claims}", base64(r#"{"typ":"at+jwt","alg":"none"}"#));
    refused(&format!("{none}."));
    refused(&none);
    // Under our own header, too.
    let ours = format!("{HEADER}.{claims}");
    refused(&format!("{ours}."));
    refused(&format!("{ours}.{}", base64(mac::<Hmac<Sha512>>(&ours))));
    refused(&format!(
        "{ours}.{}",
        base64(&mac::<Hmac<Sha256>>(&ours)[..16])
    ));
}

#[test]
fn every_claim_has_to_be_there() {
    for name in good().keys() {
        let mut claims = good();
        claims.remove(name);
        refused(&signed(OUR_HEADER, &json!(claims).to_string()));
    }
}

#[test]
fn every_claim_has_to_be_of_its_type() {
    for (name, value) in good() {
        let others = match &value {
            Value::Number(number) => vec![
                json!(number.to_string()),
                json!(number.as_f64()),
                json!([number]),
                json!({}),
                json!(true),
                json!(-1),
                json!(u64::MAX),
                json!(1e300),
                Value::Null,
            ],
            text => vec![
                json!([text]),
                json!([text, text]),
                json!({"0": text}),
                json!(1),
                json!(false),
                Value::Null,
            ],
        };
        for other in others {
            refused(&with(&name, other));
        }
    }
}

#[test]
fn what_is_for_others_or_of_others_does_not_count() {
    for audience in [
        "",
        "masthead",
        "masthead:preview",
        "masthead:access ",
        "Masthead:Access",
    ] {
        refused(&with("aud", json!(audience)));
    }
    for issuer in ["", "https://api.example.com", "https://api.example.org/"] {
        refused(&with("iss", json!(issuer)));
    }
    for name in ["sub", "sid"] {
        for id in ["", "admin", "01890a5dac96774bbcceb302099a8057"] {
            refused(&with(name, json!(id)));
        }
    }
    refused(&with("role", json!("admin")));
    refused(&with("", json!(null)));
}

#[test]
fn claims_are_one_plain_object() {
    let text = json!(good()).to_string();
    let inside = text.trim_start_matches('{').trim_end_matches('}');
    let values: Vec<Value> = good().into_iter().map(|(_, value)| value).collect();
    for claims in [
        format!(r#"{{{inside},"exp":99999999999}}"#),
        format!(r#"{{{inside},"aud":"masthead:access"}}"#),
        format!("{text}{text}"),
        format!("{text} x"),
        format!(" {text}"),
        format!("[{text}]"),
        json!(values).to_string(),
        text.replace("masthead", "masthe\u{0}ad"),
        "{}".to_owned(),
        "null".to_owned(),
        String::new(),
    ] {
        refused(&signed(OUR_HEADER, &claims));
    }
}

#[test]
fn it_holds_from_its_beginning_to_its_end_give_or_take_five_seconds() {
    let (token, claims) = issued();
    let holds = |at: Time| tokens().verify(&token, at) == Some(claims);
    assert!(holds(later(-5)) && !holds(later(-6)));
    assert!(holds(later(3600)) && holds(later(3605)) && !holds(later(3606)));
    let just =
        |seconds: i64, millis: i64| Time::from_millis(later(seconds).millis() + millis).unwrap();
    assert!(!holds(just(-5, -1)) && !holds(just(3605, 1)));
    assert!(!holds(later(-86_400)) && !holds(later(86_400)));
    // A token that is good for some of a second is good from its beginning.
    let odd = Time::from_millis(start().millis() + 999).unwrap();
    let token = tokens()
        .issue(claims.user, claims.session, odd, HOUR)
        .unwrap();
    assert_eq!(tokens().verify(&token, odd), Some(claims));
}

#[test]
fn times_that_make_no_sense_are_refused() {
    let now = start().millis() / 1000;
    refused(&with("nbf", json!(now + 6)));
    refused(&with("exp", json!(now - 6)));
    refused(&with("exp", json!(now + 86_401)));
    refused(&with("exp", json!(i64::MAX)));
    refused(&with("iat", json!(now - 86_400)));
    refused(&with("iat", json!(i64::MIN)));
    refused(&with("iat", json!(now + 1)));
    refused(&with("nbf", json!(0)));
    refused(&with("nbf", json!(i64::MIN)));
}

#[test]
fn other_shapes_are_refused() {
    let (token, _) = issued();
    let [header, body, signature] = segments(&token);
    for wrong in [
        "",
        ".",
        "..",
        "...",
        header,
        &format!("{header}.{body}"),
        &format!("{header}.{body}."),
        &format!("{header}..{signature}"),
        &format!(".{body}.{signature}"),
        &format!("{header}.{signature}.{body}"),
        &format!("{token}.{signature}"),
        &format!("{token}."),
        &format!(".{token}"),
        &format!("{token}.{signature}.{signature}"),
        &format!("{token} "),
        &format!(" {token}"),
        &format!("{token}\n"),
        &format!("{token}\0"),
        &format!("{token}A"),
        &format!("{token}AAAA"),
        &format!("{token}="),
        &format!("{header}=.{body}.{signature}"),
        &format!("{header}.{body}=.{signature}"),
        &format!("{header}.{body}==.{signature}"),
        &format!("Bearer {token}"),
        &token[..token.len() - 1],
        &token.replace('.', "。"),
        &format!("{header}.{body}é.{signature}"),
        "🦀.🦀.🦀",
        &"x".repeat(1 << 20),
        &".".repeat(1 << 20),
        &format!("{header}.{body}.{}", "A".repeat(1 << 20)),
    ] {
        refused(wrong);
    }
    // Nothing but its length is wrong with this one.
    let mut long = good();
    long.insert("jti".to_owned(), json!("x".repeat(700)));
    let long = signed(OUR_HEADER, &json!(long).to_string());
    assert!(long.len() > MAX_LEN);
    refused(&long);
}

#[test]
fn no_bit_may_differ() {
    let (token, _) = issued();
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            refused(std::str::from_utf8(&bytes).unwrap());
        }
    }
}
