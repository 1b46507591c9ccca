//! Whatever is typed is a query or a clear refusal, and none of the library's operators.

use crate::support::{Random, Server, article};

/// What makes trouble elsewhere: operators of libraries, quotes, marks, directions, signs that are no letters.
const PIECES: &[&str] = &[
    "AND",
    "OR",
    "NOT",
    "+",
    "-",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "^",
    "~",
    "*",
    "?",
    ":",
    "\\",
    "/",
    "\"",
    "'",
    "`",
    "title:",
    "text_0:",
    "id:*",
    "[a TO z]",
    "{a TO z}",
    "IN [a b]",
    "a^5",
    "a~2",
    "\"a b\"~3",
    "/a.*/",
    "*a",
    "a*",
    "<script>",
    "' OR 1=1 --",
    "%",
    "_",
    "%00",
    "NULL",
    "..",
    "../../etc/passwd",
    "$where",
    "{{7*7}}",
    "\u{1f980}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "e\u{301}\u{301}\u{301}",
    "\u{301}",
    "\u{202e}abc",
    "\u{200f}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ad}",
    "العربية",
    "עברית",
    "日本語",
    "한국어",
    "ไทย",
    "ﬁ",
    "ß",
    "İ",
    "ı",
    "ǆ",
    "\u{1d400}",
    "\u{10ffff}",
    "\t",
    "\n",
    "a",
    "garden",
    "the",
    "x y",
    "0",
    "-1",
    "1e309",
    "\u{1}",
    "\u{7f}",
    "“",
    "”",
    "«",
    "»",
    "−x",
    "--",
    "-\"",
    "\"-",
    "''",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_thousand_hostile_queries_are_answered_or_refused() {
    let server = Server::start();
    article("Garden")
        .markdown("A garden, the x y of it: 日本語.")
        .create(&server);
    server.search_follows();
    let mut random = Random::new(7);
    let mut queries: Vec<String> = PIECES.iter().map(ToString::to_string).collect();
    for piece in PIECES {
        // As long as may be, and longer.
        for length in [512, 513] {
            let long: String = piece.chars().cycle().take(length).collect();
            queries.push(long);
        }
    }
    while queries.len() < 1_000 {
        let mut query = String::new();
        for _ in 0..random.below(12) + 1 {
            let piece: &&str = random.pick(PIECES);
            query.push_str(piece);
            if random.below(3) > 0 {
                query.push(' ');
            }
        }
        queries.push(query);
    }
    let (mut answered, mut refused) = (0, 0);
    for (number, query) in queries.iter().enumerate() {
        let route = [
            "/v1/search?highlight=true&facets=tags&count=true",
            "/v1/search/suggest?limit=5",
        ][usize::from(number % 5 == 4)];
        let answer = server.get(&format!("{route}&q={}", encoded(query)));
        match answer.status {
            200 => answered += 1,
            400 => {
                refused += 1;
                assert!(
                    answer.faults().iter().all(|fault| fault.starts_with("q ")),
                    "{query:?}: {answer:?}"
                );
            }
            status => panic!("{status} for {query:?}: {answer:?}"),
        }
    }
    assert!(answered > 800 && refused > 50, "{answered} {refused}");
    // A NUL is in no text.
    assert_eq!(
        server.get("/v1/search?q=a%00b").faults(),
        ["q malformed", "q missing"]
    );
}

#[test]
fn names_of_fields_are_words() {
    let server = Server::start();
    article("Plain")
        .markdown("text_0 title garden")
        .create(&server);
    article("Other").markdown("garden").create(&server);
    // To the library `title:garden` would ask one field; here both are words.
    let answer = server.search("/v1/search?q=title:garden").ok();
    assert_eq!(answer["items"].as_array().unwrap().len(), 1);
    assert_eq!(answer["items"][0]["title"], "Plain");
}

#[test]
fn a_letter_that_folds_to_several_words_is_found() {
    let server = Server::start();
    // U+FDFA is four words of Arabic in one letter.
    article("Ligature")
        .markdown("One letter, \u{fdfa}, and what follows it.")
        .create(&server);
    article("Others")
        .markdown("And what follows it.")
        .create(&server);
    server.search_follows();
    let found = |query: &str| {
        let path = format!("/v1/search?fields=title&typos=false&q={}", encoded(query));
        server.get(&path).ok()["items"].as_array().unwrap().len()
    };
    assert_eq!(found("\u{fdfa}"), 1);
    assert_eq!(found("\"and what follows\""), 2);
}
