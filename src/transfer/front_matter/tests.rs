use serde_json::json;

use super::*;

fn entries(text: &str) -> Map<String, Value> {
    let entries = split(text).unwrap().entries.unwrap();
    entries
        .into_iter()
        .map(|(key, node)| (key, node.into_json()))
        .collect()
}

fn unreadable(text: &str) -> String {
    let error = split(text).unwrap_err();
    format!("{}: {}", error.line, error.reason)
}

fn written(text: &str) -> Vec<String> {
    let entries = split(text).unwrap().entries.unwrap();
    entries
        .iter()
        .map(|(_, node)| node.text().unwrap_or("(nothing)").to_owned())
        .collect()
}

#[test]
fn takes_yaml_apart_and_keeps_the_body_byte_for_byte() {
    for text in [
        "---\na: b\n---\n\r\n x\r\n",
        "\u{feff}\n \n---  \na: b\n...\n\r\n x\r\n",
        "---\r\na: b\r\n---\r\n\r\n x\r\n",
    ] {
        let document = split(text).unwrap();
        assert_eq!(document.body, "\r\n x\r\n", "{text:?}");
        assert_eq!(entries(text)["a"], "b", "{text:?}");
    }
    assert_eq!(split("---\na: b\n---").unwrap().body, "");
    assert_eq!(
        split("---\n---\nx").unwrap(),
        Document {
            entries: Some(vec![]),
            body: "x"
        }
    );
    assert_eq!(
        split("---\n# a comment\n---\nx").unwrap().entries,
        Some(vec![])
    );
}

#[test]
fn text_without_front_matter_is_all_body() {
    for text in ["", "\n", "# x\n", "text\n---\nmore\n", "----\na: b\n----\n"] {
        assert_eq!(
            split(text).unwrap(),
            Document {
                entries: None,
                body: text
            }
        );
    }
}

#[test]
fn scalars_stay_as_they_were_written() {
    let text = "---\na: 404\nb: 1.0\nc: 1.10\nd: yes\ne: 2016-05-19\nf: 007\ng: 18f\nh: \"null\"\ni: ~\nj: 1e3\nk: true\nl: '5'\nm: 18446744073709551616\nn: !!str 5\n---\n";
    assert_eq!(
        written(text),
        [
            "404",
            "1.0",
            "1.10",
            "yes",
            "2016-05-19",
            "007",
            "18f",
            "null",
            "(nothing)",
            "1e3",
            "true",
            "5",
            "18446744073709551616",
            "5"
        ]
    );
    assert_eq!(
        Value::Object(entries(text)),
        json!({"a": 404, "b": 1.0, "c": "1.10", "d": "yes", "e": "2016-05-19", "f": "007", "g": "18f", "h": "null", "i": null,
            "j": "1e3", "k": true, "l": "5", "m": "18446744073709551616", "n": "5"})
    );
}

#[test]
fn reads_the_shapes_of_yaml() {
    let text = "---\nfold: >\n  one\n  two\nblock: |\n  one\n  two\nlist:\n- a\n- {b: [c, 1]}\nbase: &base {x: 1}\nsame: *base\n? long\n: y\n---\n";
    assert_eq!(
        Value::Object(entries(text)),
        json!({"fold": "one two\n", "block": "one\ntwo\n", "list": ["a", {"b": ["c", 1]}], "base": {"x": 1}, "same": {"x": 1}, "long": "y"})
    );
}

#[test]
fn tells_the_line_of_what_is_wrong() {
    assert_eq!(
        unreadable("\n\n---\na: b\n"),
        "3: the front matter that begins here has no end"
    );
    assert_eq!(
        unreadable("---\na: 1\na: 2\n---\n"),
        "3: the key a stands more than once"
    );
    assert_eq!(
        unreadable("---\na: 1\nb: {{ x }}\n---\n"),
        "3: a key must be text; quote a value that begins with { or ["
    );
    assert_eq!(
        unreadable("---\njust text\n---\n"),
        "2: the front matter is not keys and values"
    );
    assert_eq!(
        unreadable("---\na: \"\\0\"\n---\n"),
        "2: the front matter holds the character U+0000"
    );
    assert_eq!(
        unreadable("---\na: b\n\tc: d\n---\n"),
        "2: while scanning a plain scalar, found a tab"
    );
    assert!(unreadable("---\na: b\nc: d: e\n---\n").starts_with("3: "));
    assert!(unreadable("---\na: *nobody\n---\n").starts_with("2: "));
    assert!(unreadable("+++\na = 1\nb = \n+++\n").starts_with("3: "));
    assert!(unreadable("+++\na = 1\na = 2\n+++\n").starts_with("3: "));
}

#[test]
fn aliases_cannot_explode() {
    let mut bomb = "---\na0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let uses = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{uses}*a{}]\n", level - 1));
    }
    bomb.push_str("---\n");
    assert!(unreadable(&bomb).ends_with("aliases make the front matter too large"));

    let mut chain = "---\na0: &a0 [x]\n".to_owned();
    for level in 1..100 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    chain.push_str("---\n");
    assert!(unreadable(&chain).ends_with("aliases make the front matter too large"));
    assert!(unreadable("---\na: &a [*a]\n---\n").starts_with("2: "));
}

#[test]
fn depth_and_length_have_bounds() {
    assert!(
        unreadable(&format!(
            "---\na: {}{}\n---\n",
            "[".repeat(40),
            "]".repeat(40)
        ))
        .ends_with("nested too deep")
    );
    assert!(unreadable(&format!("---\na: {}\n---\n", "[".repeat(100_000))).starts_with("2: "));
    assert!(
        unreadable(&format!(
            "+++\na = {}{}\n+++\n",
            "[".repeat(40),
            "]".repeat(40)
        ))
        .ends_with("nested too deep")
    );
    assert!(unreadable(&format!("+++\n{}x = 1\n+++\n", "a.".repeat(60_000))).starts_with("2: "));
    assert!(unreadable(&format!("---\na: {}\n---\n", "x".repeat(MAX_BYTES))).contains("longer"));
}

#[test]
fn reads_toml_in_its_order() {
    let text = "+++\nz = \"x\"\na = [1, 1.5, 2014-05-14]\nt = 2014-05-14T11:02:00-04:00\nbig = 0xFF\n[extra]\nteam = 'T'\ndeep.er = true\n[[extra.see]]\np = 1\n+++\nbody";
    let found = entries(text);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        ["z", "a", "t", "big", "extra"]
    );
    assert_eq!(
        Value::Object(found),
        json!({"z": "x", "a": [1, 1.5, "2014-05-14"], "t": "2014-05-14T11:02:00-04:00", "big": 255,
            "extra": {"team": "T", "deep": {"er": true}, "see": [{"p": 1}]}})
    );
    assert_eq!(written("+++\na = 1.10\nb = 404\n+++\n"), ["1.10", "404"]);
    assert_eq!(split("+++\r\na = 1\r\n+++\r\nx").unwrap().body, "x");
}
