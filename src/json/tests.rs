use serde_json::json;

use super::*;
use crate::articles::model::Kind;

fn faults(text: &str) -> Vec<(String, FaultCode)> {
    let faults = parse(text.as_bytes(), MAX_DEPTH).unwrap_err();
    faults
        .into_iter()
        .map(|fault| (fault.pointer.unwrap(), fault.code))
        .collect()
}

fn at(pointer: &str, code: FaultCode) -> (String, FaultCode) {
    (pointer.to_owned(), code)
}

#[test]
fn reads_what_serde_json_reads() {
    let text = r#" {"b": [1, -2, 3.5, 1e3, true, false, null, {}], "a": {"ü~/": "\u00fc \ud83d\ude00"}, "n": 18446744073709551615} "#;
    let value = parse(text.as_bytes(), MAX_DEPTH).unwrap();
    assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(
        value.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["b", "a", "n"]
    );
}

#[test]
fn tells_every_repeated_key_and_nul_with_its_place() {
    let text = r#"{"a": 1, "a": 2, "b": [{"c/d": 1, "c/d": 2}, "x\u0000"], "~": {"\u0000": 1}}"#;
    assert_eq!(
        faults(text),
        [
            at("/a", FaultCode::Repeated),
            at("/b/0/c~1d", FaultCode::Repeated),
            at("/b/1", FaultCode::Malformed),
            at("/~0/\0", FaultCode::Malformed),
        ]
    );
}

#[test]
fn keeps_what_it_found_before_the_grammar_broke() {
    assert_eq!(
        faults(r#"{"a": 1, "a": 2, "#),
        [at("/a", FaultCode::Repeated), at("", FaultCode::Malformed)]
    );
}

#[test]
fn says_line_and_column_of_broken_grammar() {
    let detail = |bytes: &[u8]| parse(bytes, MAX_DEPTH).unwrap_err().remove(0).detail;
    assert_eq!(
        detail(b"{\n  \"a\": yes\n}"),
        "not JSON: expected value at line 2 column 8"
    );
    assert_eq!(
        detail(b"{} {}"),
        "not JSON: trailing characters at line 1 column 4"
    );
    assert_eq!(
        detail(b"{\"a\":\n \"\xff\"}"),
        "not UTF-8 at line 2 column 3"
    );
    for broken in [
        &b""[..],
        b"\"\\ud800\"",
        b"\"\\udc00x\"",
        b"NaN",
        b"1e999",
        b"[1,]",
        b"'a'",
        b"\"\n\"",
        b"\xef\xbb\xbf{}",
    ] {
        assert!(
            detail(broken).contains("line 1") || detail(broken).contains("line 2"),
            "{broken:?}: {}",
            detail(broken)
        );
    }
}

#[test]
fn refuses_deep_nesting_without_using_the_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes(), MAX_DEPTH).is_ok());
    let deep = parse(nested(MAX_DEPTH + 1).as_bytes(), MAX_DEPTH).unwrap_err();
    assert_eq!((deep.len(), deep[0].code), (1, FaultCode::TooLarge));
    assert_eq!(
        deep[0].pointer.as_deref(),
        Some("/0".repeat(MAX_DEPTH).as_str())
    );
    assert!(parse(nested(400_000).as_bytes(), MAX_DEPTH).is_err());
    assert!(parse("{\"a\":".repeat(100_000).as_bytes(), MAX_DEPTH).is_err());
    assert_eq!(
        parse(b"{\"a\":{}}", 1).unwrap_err()[0].pointer.as_deref(),
        Some("/a")
    );
}

#[test]
fn stops_counting_faults_at_some_point() {
    let text = format!("{{{}\"b\": 1}}", "\"a\": 1,".repeat(10_000));
    assert_eq!(
        parse(text.as_bytes(), MAX_DEPTH).unwrap_err().len(),
        MAX_FAULTS
    );
}

#[test]
fn fields_read_what_is_there_and_tell_absent_from_null() {
    let value = json!({"s": "x", "b": true, "i": 7, "n": null, "l": ["a", "b"], "m": {"k": [1]},
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "t": "2026-11-22T10:00:00Z", "o": {"x": "y"}, "os": [{"x": "1"}, {"x": "2"}]});
    let mut found = Vec::new();
    let mut fields = Fields::new(&value, "", &mut found);
    assert_eq!(fields.string("s").as_deref(), Some("x"));
    assert_eq!(fields.required_string("s").as_deref(), Some("x"));
    assert_eq!(fields.bool("b"), Some(true));
    assert_eq!(fields.integer("i", 0..=9), Some(7));
    assert_eq!(fields.string("n"), None);
    assert_eq!(
        (fields.field("n"), fields.field("absent")),
        (Some(None), None)
    );
    assert_eq!(fields.strings("l").unwrap(), ["a", "b"]);
    assert_eq!(fields.map("m").unwrap()["k"], json!([1]));
    assert!(fields.id("id").is_some() && fields.time("t").is_some());
    assert_eq!(
        fields.object("o", |inner| inner.string("x")),
        Some(Some("y".to_owned()))
    );
    assert_eq!(
        fields.objects("os", |inner| inner.string("x")).unwrap(),
        ["1", "2"]
    );
    fields.finish();
    assert_eq!(found, []);
}

#[test]
fn fields_tell_everything_that_is_wrong() {
    let value = json!({"s": 1, "b": "yes", "i": 1.5, "big": 99, "huge": u64::MAX, "small": -1, "l": ["a", null], "m": [], "id": "x",
        "t": "2026", "kind": "pgae", "o": {"tilte": 1}, "os": [{}, 3], "a/b": 1, "publishd_at": null});
    let mut found = Vec::new();
    let mut fields = Fields::new(&value, "/body", &mut found);
    fields.string("s");
    fields.required_string("title");
    fields.bool("b");
    for name in ["i", "big", "huge", "small"] {
        fields.integer(name, 0..=9);
    }
    fields.strings("l");
    fields.map("m");
    fields.id("id");
    fields.time("t");
    fields.one_of("kind", Kind::ALL, Kind::as_str);
    fields.object("o", |inner| inner.string("title"));
    fields.objects("os", |inner| inner.required_string("x"));
    fields.string("published_at");
    fields.finish();
    let told: Vec<String> = found
        .iter()
        .map(|fault| {
            format!(
                "{} {:?} {}",
                fault.pointer.as_deref().unwrap(),
                fault.code,
                fault.detail
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "/body/s WrongType must be a string, not a number",
            "/body/title Missing title must be given",
            "/body/b WrongType must be true or false, not a string",
            "/body/i WrongType must be a whole number, not a number",
            "/body/big TooLarge must be at most 9",
            "/body/huge TooLarge must be at most 9",
            "/body/small TooSmall must be at least 0",
            "/body/l/1 WrongType must be a string, not null",
            "/body/m WrongType must be an object, not an array",
            "/body/id Malformed not an id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057",
            "/body/t Malformed not a time: expected RFC 3339 with a zone, such as 2026-11-22T10:00:00Z",
            "/body/kind NotAllowed must be one of article, page; did you mean page?",
            "/body/o/tilte Unknown there is no field tilte; did you mean title?",
            "/body/os/0/x Missing x must be given",
            "/body/os/1 WrongType must be an object, not a number",
            "/body/a~1b Unknown there is no field a/b",
            "/body/publishd_at Unknown there is no field publishd_at; did you mean published_at?",
        ]
    );
}

#[test]
fn what_is_no_object_has_one_fault() {
    let value = json!([1]);
    let mut found = Vec::new();
    let mut fields = Fields::new(&value, "", &mut found);
    assert_eq!(fields.required_string("title"), None);
    fields.finish();
    assert_eq!(found.len(), 1);
}

#[test]
fn long_unknown_names_cost_nothing() {
    let value = json!({ "ä".repeat(500_000): 1 });
    let mut found = Vec::new();
    let mut fields = Fields::new(&value, "", &mut found);
    fields.string("title");
    fields.finish();
    assert!(found[0].detail.len() < 200);
    let text = format!(
        "{{\"{}\": {{{}\"b\": 1}}}}",
        "k".repeat(500_000),
        "\"a\": 1,".repeat(50_000)
    );
    let length: usize = parse(text.as_bytes(), MAX_DEPTH)
        .unwrap_err()
        .iter()
        .map(|fault| fault.to_string().len())
        .sum();
    assert!(length < 50_000, "{length}");
    let object: Map<String, Value> = (0..50_000)
        .map(|n| (format!("titl{n}"), Value::Null))
        .collect();
    let value = Value::Object(object);
    let mut found = Vec::new();
    let mut fields = Fields::new(&value, "", &mut found);
    fields.string("title");
    fields.finish();
    assert_eq!(found.len(), MAX_FAULTS);
}

#[test]
fn the_examples_of_merge_patch() {
    // RFC 7396 appendix A.
    for (target, patch, result) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        ),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        ),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        ),
        (
            json!({"a": [{"b": "c"}]}),
            json!({"a": [1]}),
            json!({"a": [1]}),
        ),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a": "b"}), json!(["c"]), json!(["c"])),
        (json!({"a": "foo"}), json!(null), json!(null)),
        (json!({"a": "foo"}), json!("bar"), json!("bar")),
        (
            json!({"e": null}),
            json!({"a": 1}),
            json!({"e": null, "a": 1}),
        ),
        (
            json!([1, 2]),
            json!({"a": "b", "c": null}),
            json!({"a": "b"}),
        ),
        (
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        ),
    ] {
        let mut merged = target.clone();
        merge(&mut merged, &patch);
        assert_eq!(merged, result, "{target} {patch}");
    }
}

#[test]
fn what_is_taken_away_by_name_leaves_a_trace() {
    let mut whole = json!({"title": "a", "seo": {"title": "b"}, "metadata": {"x": 1}});
    let patch =
        json!({"titel": null, "seo": {"title": null, "titel": null}, "metadata": {"x": null}});
    merge_named(&mut whole, &patch, &["metadata"]);
    assert_eq!(
        whole,
        json!({"title": "a", "seo": {"title": null, "titel": null}, "metadata": {}, "titel": null})
    );
}
