//! Files that the program writes and the repository keeps, so that a review sees what changes in them. With
//! `MASTHEAD_BLESS=1` in the environment these tests write them anew instead of comparing.

use std::collections::BTreeSet;

use clap::CommandFactory;

use super::root;

fn same(path: &str, generated: &str, remedy: &str) {
    let file = root().join(path);
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of this test, no setting of the program"
    )]
    let bless = std::env::var_os("MASTHEAD_BLESS").is_some();
    if bless {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, generated).unwrap();
    }
    let kept = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{path}: {error}; make it with: {remedy}"));
    if kept == generated {
        return;
    }
    let differing = kept
        .lines()
        .zip(generated.lines())
        .position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| kept.lines().count().min(generated.lines().count()));
    panic!(
        "{path} is not what the program says, from line {} on:\n  file:    {}\n  program: {}\nif the change is meant: {remedy}",
        line + 1,
        kept.lines().nth(line).unwrap_or("(ends)"),
        generated.lines().nth(line).unwrap_or("(ends)"),
    );
}

#[test]
fn the_openapi_file_is_the_programs() {
    same(
        "openapi/v1.json",
        &masthead::http::openapi::text(),
        "cargo run -- openapi > openapi/v1.json",
    );
}

#[test]
fn the_example_of_an_env_file_is_the_programs() {
    same(
        ".env.example",
        &masthead::config::env_example(),
        "MASTHEAD_BLESS=1 cargo test --test api drift::generated",
    );
}

/// The program that `clap` knows, as flags and their variables.
fn settings(verb: &str) -> Vec<(String, Option<String>)> {
    let command = masthead::cli::Cli::command();
    let verb = command.find_subcommand(verb).unwrap();
    verb.get_arguments()
        .chain(command.get_arguments())
        .filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version"))
        .map(|argument| {
            let flag = argument.get_long().unwrap_or_else(|| {
                panic!("`{}` of serve is not a flag", argument.get_id());
            });
            let variable = argument
                .get_env()
                .map(|name| name.to_str().unwrap().to_owned());
            (flag.to_owned(), variable)
        })
        .collect()
}

#[test]
fn every_flag_of_the_server_has_its_variable() {
    let settings = settings("serve");
    assert!(settings.len() > 15, "only {settings:?}");
    for (flag, variable) in &settings {
        let expected = format!("MASTHEAD_{}", flag.to_uppercase().replace('-', "_"));
        assert_eq!(variable.as_ref(), Some(&expected), "of --{flag}");
    }
}

#[test]
fn every_variable_of_the_example_is_a_flag_of_the_server() {
    let example = masthead::config::env_example();
    let written: BTreeSet<&str> = example
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("MASTHEAD_"))
        .collect();
    let settings = settings("serve");
    let flags: BTreeSet<&str> = settings
        .iter()
        .filter_map(|(_, name)| name.as_deref())
        .collect();
    assert_eq!(written, flags);
}

#[test]
fn the_package_says_what_it_is() {
    let manifest: toml::Table =
        toml::from_str(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let package = manifest["package"].as_table().unwrap();
    assert_eq!(package["license"].as_str(), Some("MIT OR Apache-2.0"));
    assert_eq!(package["edition"].as_str(), Some("2024"));
    for key in ["description", "readme", "rust-version"] {
        let value = package.get(key).and_then(toml::Value::as_str);
        assert!(
            value.is_some_and(|value| !value.is_empty()),
            "{key} in Cargo.toml"
        );
    }
    for file in [
        package["readme"].as_str().unwrap(),
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "CHANGELOG.md",
    ] {
        assert!(root().join(file).is_file(), "{file} is missing");
    }
}
