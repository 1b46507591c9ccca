//! The settings as they come in: a flag beats the environment and that the `.env` file, and what is wrong is said in a
//! line that helps.

use std::process::Command;

use super::program::{Serving, masthead, on, run};
use crate::support::Database;

#[test]
fn a_wrong_value_gets_a_line_that_helps() {
    for (arguments, words) in [
        (
            &["serve", "--readers", "0"] as &[&str],
            &["--readers", "1..=1000"] as &[&str],
        ),
        (
            &["serve", "--listen", "nonsense"],
            &[
                "--listen",
                "nonsense",
                "an IP address and a port are wanted, such as 127.0.0.1:8080 or [::]:80",
            ],
        ),
        (
            &["serve", "--listen", "localhost:8080"],
            &["--listen", "an IP address and a port are wanted"],
        ),
        (
            &["serve", "--locales", "en,xx yy"],
            &["--locales", "xx yy", "not a BCP 47 tag"],
        ),
        (
            &["serve", "--locales", ""],
            &["--locales", "not a BCP 47 tag"],
        ),
        (
            &["serve", "--locales", "en,"],
            &["--locales", "not a BCP 47 tag"],
        ),
        (
            &["serve", "--locales", "de_AT"],
            &["--locales", "de_AT", "not a BCP 47 tag"],
        ),
        (
            &["serve", "--locales", "../en"],
            &["--locales", "../en", "not a BCP 47 tag"],
        ),
        (
            &["import", "markdown", "x", "--locales", "e"],
            &["--locales", "not a BCP 47 tag"],
        ),
        (
            &["serve", "--head-timeout-ms", "999"],
            &["--head-timeout-ms", "999 is not in 1000.."],
        ),
        (
            &["serve", "--keep-alive-ms", "0"],
            &["--keep-alive-ms", "0 is not in 1000.."],
        ),
        (
            &["serve", "--public-url", "ftp://example.org"],
            &["--public-url", "http or https"],
        ),
        (
            &["serve", "--site-url", "https://example.org/?a=b"],
            &["--site-url", "without query"],
        ),
        (
            &["serve", "--lisen", "127.0.0.1:0"],
            &["--lisen", "--listen"],
        ),
        (&["serv"], &["serv", "serve"]),
        (
            &["serve", "--log-format", "xml"],
            &["--log-format", "text, json"],
        ),
        (&["import", "markdown"], &["<PATH>"]),
        (
            &["import", "jsonl", "x", "--status", "gone"],
            &["as-is, draft, published"],
        ),
    ] {
        let said = run(masthead(arguments));
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        let refused = said.refused();
        for word in words {
            assert!(
                refused.contains(word),
                "{arguments:?} without `{word}`: {refused}"
            );
        }
    }
}

#[test]
fn a_wrong_variable_gets_a_line_that_names_it() {
    let mut command = masthead(["serve"]);
    command.env("MASTHEAD_READERS", "many");
    let refused = run(command).refused();
    assert!(
        refused.contains("many") && refused.contains("--readers"),
        "{refused}"
    );
}

#[test]
fn locales_are_tags_as_they_are_written() {
    let database = Database::new();
    let server = Serving::over(&database, &["--locales", "pt-BR,zh-Hant-TW,de-1996,gsw"]);
    assert_eq!(
        server.get("/v1/site").ok()["locales"],
        serde_json::json!(["pt-BR", "zh-Hant-TW", "de-1996", "gsw"])
    );
}

#[test]
fn locales_stand_in_for_others_where_that_is_set() {
    let database = Database::new();
    let chains = "de-CH=de,en;de-AT=de";
    let flags = [
        "--locales",
        "en,de,de-CH,de-AT",
        "--locale-fallbacks",
        chains,
    ];
    let server = Serving::over(&database, &flags);
    let path = "/v1/articles/none?locale=de-CH";
    assert_eq!(server.get(path).status, 404);

    let mut command = on(&database, &["serve", "--locales", "en,de"]);
    command.env("MASTHEAD_LOCALE_FALLBACKS", "de-CH=de,en;en");
    let refused = run(command).refused();
    for words in [
        "--locale-fallbacks",
        "`de-CH` in `de-CH=de,en` is none of the locales en, de",
        "`en` is no chain such as de-CH=de,en",
    ] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
}

#[test]
fn a_second_is_long_enough_for_a_head_and_between_two_requests() {
    let database = Database::new();
    let bounds = ["--head-timeout-ms", "1000", "--keep-alive-ms", "1000"];
    assert_eq!(
        Serving::over(&database, &bounds).get("/health/live").status,
        200
    );
}

/// How many bytes of a URL a server takes that was started so: 414 says it.
fn url_limit(command: Command) -> String {
    let server = Serving::start(command);
    let refused = server.get(&format!("/v1/articles?author={}", "a".repeat(900)));
    assert_eq!(refused.status, 414);
    let detail = refused.problem()["detail"].as_str().unwrap().to_owned();
    let (_, limit) = detail.split_once("at most ").unwrap();
    limit.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_flag_beats_the_environment_and_that_the_env_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "# Settings\nMASTHEAD_URL_LIMIT=100\n",
    )
    .unwrap();
    let database = Database::new();
    let serve = || {
        let mut command = on(&database, &["serve", "--listen", "127.0.0.1:0"]);
        command.current_dir(folder.path());
        command
    };
    assert_eq!(url_limit(serve()), "100");
    let mut environment = serve();
    environment.env("MASTHEAD_URL_LIMIT", "200");
    assert_eq!(url_limit(environment), "200");
    let mut flag = serve();
    flag.env("MASTHEAD_URL_LIMIT", "200")
        .args(["--url-limit", "300"]);
    assert_eq!(url_limit(flag), "300");
}

#[test]
fn a_broken_env_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "MASTHEAD_LOG='info\n").unwrap();
    let mut command = masthead(["openapi"]);
    command.current_dir(folder.path());
    let refused = run(command).refused();
    assert!(refused.contains(".env"), "{refused}");
}

#[test]
fn the_example_of_an_env_file_is_one() {
    let folder = tempfile::tempdir().unwrap();
    // Every line as it stands and with the # taken away: the defaults that there are.
    let example: String = masthead::config::env_example()
        .lines()
        .map(|line| match line.strip_prefix("#MASTHEAD_") {
            Some(rest) if !rest.ends_with('=') => format!("MASTHEAD_{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(folder.path().join(".env"), example).unwrap();
    let database = Database::new();
    let mut command = on(&database, &["serve", "--listen", "127.0.0.1:0"]);
    command.current_dir(folder.path());
    assert_eq!(Serving::start(command).get("/health/ready").status, 200);
}
