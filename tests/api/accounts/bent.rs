//! Tokens that somebody bent, and ways by which none comes. Each is answered exactly as no token at all.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::forged::{Forge, encoded};
use super::{ME, alike};
use crate::support::Server;
use crate::wire::peer::Peer;

#[test]
fn bent_tokens_open_nothing() {
    let forge = Forge::new();
    let genuine = &forge.genuine;
    let parts: Vec<&str> = genuine.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{genuine}")
    };
    let mut tokens = BTreeMap::new();
    for bent in [
        format!("{genuine}.{signature}"),
        format!("{genuine}.{claims}.{signature}"),
        format!("{genuine}."),
        format!(".{genuine}"),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        header.to_owned(),
        "..".into(),
        format!("{genuine}="),
        format!("{header}={claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        genuine.replacen('.', ":", 1),
        format!("{header}.{claims}.{}", signature.to_uppercase()),
        format!("{header} .{claims}.{signature}"),
        format!("{genuine}, {genuine}"),
        format!("{genuine} {genuine}"),
        genuine[1..].to_owned(),
        genuine[..genuine.len() - 1].to_owned(),
        format!("{genuine}{}", "A".repeat(1024)),
        format!("{genuine}{}", "A".repeat(100 * 1024)),
        "A".repeat(100 * 1024),
    ] {
        tokens.insert(format!("{bent:.200} {}", bent.len()), bent);
    }
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let token = format!("{header}.{claims}.{}", encoded(flipped));
        tokens.insert(format!("bit {bit} of the signature"), token);
    }
    for (name, part) in [("header", header), ("claims", claims)] {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            let token = genuine.replacen(part, &encoded(flipped), 1);
            tokens.insert(format!("byte {at} of the {name}"), token);
        }
    }
    let standard = STANDARD.encode(&bytes);
    if standard != signature {
        let token = format!("{header}.{claims}.{standard}");
        tokens.insert("the other alphabet".into(), token);
    }
    assert!(tokens.len() > 400, "{}", tokens.len());
    forge.assert_nobody(&tokens);
}

#[test]
fn a_token_comes_in_one_way() {
    let forge = Forge::new();
    let (server, genuine) = (&forge.server, &forge.genuine);
    let nobody = alike(&server.client.get(ME));
    let with = |headers: &[(&str, &str)]| {
        let request = headers.iter().fold(
            server.client.request("GET", ME),
            |request, (name, value)| request.header(name, value),
        );
        request.send()
    };
    let bearer = format!("Bearer {genuine}");
    let twice = format!("Bearer {genuine}, Bearer {genuine}");
    for headers in [
        &[("authorization", genuine.as_str())][..],
        &[("authorization", &format!("Basic {genuine}"))],
        &[("authorization", &format!("Token {genuine}"))],
        &[("authorization", &format!("Bearer={genuine}"))],
        &[("authorization", &format!("BearerX {genuine}"))],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", "")],
        &[("authorization", &twice)],
        &[("authorization", &bearer), ("authorization", &bearer)],
        &[("authorization", &bearer), ("authorization", "Bearer x")],
        &[("cookie", &format!("access_token={genuine}"))],
        &[("x-access-token", genuine)],
        &[("x-api-key", genuine)],
        &[("proxy-authorization", &bearer)],
        &[("x-original-authorization", &bearer)],
    ] {
        assert_eq!(alike(&with(headers)), nobody, "{headers:?}");
    }
    for query in ["access_token", "token", "authorization"] {
        let answer = server.client.get(&format!("{ME}?{query}={genuine}"));
        assert_eq!(alike(&answer), nobody);
    }
    // The name of the scheme is in no case of its own (RFC 9110 section 11.1).
    assert_eq!(
        with(&[("authorization", &format!("bEARER {genuine}"))]).status,
        200
    );
}

/// It is refused before its end, so that nobody need keep it.
#[test]
fn a_token_of_a_megabyte_is_no_head_of_a_request() {
    let server = Server::start();
    let token = "A".repeat(1024 * 1024);
    let request = format!("GET {ME} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}");
    let mut peer = Peer::connect(server.client.address());
    peer.send(&request[..129 * 1024]);
    peer.refusal(431, "headers-too-large");
    peer.assert_closed();
}
