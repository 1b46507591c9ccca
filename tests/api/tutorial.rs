//! The tutorial, run as it stands: the very lines of `docs/FIRST-ARTICLE.md`, by bash and curl against the program, and
//! what they print compared with what the page shows.

use std::path::Path;
use std::process::Command;

use super::cli::program::{Serving, masthead};
use crate::support::Database;

const PAGE: &str = include_str!("../../docs/FIRST-ARTICLE.md");
/// Where the part begins that is about a server of one's own.
const OWN: &str = "\n## On your own server\n";
/// What a reader puts their own in place of.
const SERVER: &str = "http://127.0.0.1:8080";
const EMAIL: &str = "admin@example.org";
const PASSWORD: &str = "7WGkN0cE4mPZr1xSg3oJtYQb";
/// Stands between what two blocks print.
const PART: &str = "-- the end of a block --";

/// Lines to be run, and what the page says that they print.
struct Block {
    lines: String,
    shown: String,
}

/// The blocks for the shell, each with the block that follows it if that is no other one for the shell.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let fenced = page.split("```").skip(1).step_by(2);
    for (kind, text) in fenced.map(|block| block.split_once('\n').unwrap()) {
        match (kind, blocks.last_mut()) {
            ("sh", _) => blocks.push(Block {
                lines: text.to_owned(),
                shown: String::new(),
            }),
            ("text" | "json", Some(last)) => last.shown = text.to_owned(),
            ("console", None) => {}
            _ => panic!("a block of {kind} after no block for the shell: {text}"),
        }
    }
    blocks
}

/// Runs blocks in one shell and compares what each prints.
fn run(blocks: &[Block], settings: &[(&str, &str)]) {
    need_curl();
    let home = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_masthead")).parent().unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "it says where curl is, and is no setting of the program"
    )]
    let path = std::env::var("PATH").unwrap();
    let script: String = blocks
        .iter()
        .map(|block| format!("{}printf '\\n{PART}\\n'\n", block.lines))
        .collect();
    let mut command = Command::new("bash");
    command
        .args(["-euo", "pipefail", "-c", &script])
        .env_clear()
        .env("PATH", format!("{}:{path}", program.display()))
        // No settings of the developer's: neither a proxy nor a `.curlrc`, nor a `.env`.
        .env("HOME", home.path())
        .current_dir(home.path())
        .envs(settings.iter().copied());
    let output = command
        .output()
        .expect("bash; get it with: apt-get install bash | dnf install bash");
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}\n{printed}");
    assert_eq!(errors, "");
    let end = format!("\n{PART}\n");
    let printed: Vec<&str> = printed.split_terminator(&end).collect();
    assert_eq!(printed.len(), blocks.len());
    for (block, printed) in blocks.iter().zip(printed) {
        assert!(
            is_like(printed.trim_end(), block.shown.trim_end()),
            "{}prints\n{printed}\nand the page says\n{}",
            block.lines,
            block.shown
        );
    }
}

/// Whether a text is as shown, where `…` stands for anything.
fn is_like(text: &str, shown: &str) -> bool {
    let mut pieces = shown.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn need_curl() {
    const HOW: &str = "curl 7.84 or later; get it with: apt-get install curl | dnf install curl";
    let output = Command::new("curl").arg("--version").output().expect(HOW);
    let text = String::from_utf8(output.stdout).unwrap();
    let version = text.split(' ').nth(1).expect(HOW);
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap());
    let version = (numbers.next().unwrap(), numbers.next().unwrap());
    assert!(
        version >= (7, 84),
        "this is curl {version:?}; wanted: {HOW}"
    );
}

/// The blocks about the demo, with the reader's own server, address and password in them.
fn first_article(server: &Serving, email: &str, password: &str) -> Vec<Block> {
    let (page, _) = PAGE.split_once(OWN).unwrap();
    let mut blocks = blocks(page);
    let curls: Vec<&str> = blocks
        .iter()
        .flat_map(|block| block.lines.lines())
        .filter(|line| line.contains("curl "))
        .collect();
    // The last one stands there twice.
    assert_eq!((curls.len(), curls[4]), (6, curls[5]));
    for (place, own) in [
        (SERVER, format!("http://{}", server.address())),
        (EMAIL, email.to_owned()),
        (PASSWORD, password.to_owned()),
    ] {
        assert!(blocks[0].lines.contains(place), "{place} has its place");
        blocks[0].lines = blocks[0].lines.replace(place, &own);
    }
    blocks
}

#[test]
fn the_first_article_of_the_demo() {
    let database = Database::unmigrated();
    let mut command = masthead(["demo", "--listen", "127.0.0.1:0"]);
    // Of the embedded database it makes its own.
    let given = database.arguments();
    if given[0] != "--data" {
        command.args(given);
    }
    let demo = Serving::start(command);
    let said = demo.said();
    let admin = said.lines().find(|line| line.starts_with("  admin "));
    let words: Vec<&str> = admin.unwrap().split_whitespace().collect();
    assert_eq!(words[1], EMAIL);

    run(&first_article(&demo, EMAIL, words[2]), &[]);
}

#[test]
fn the_first_article_on_a_server_of_ones_own() {
    let database = Database::unmigrated();
    let server = Serving::over(&database, &[]);
    let [flag, place] = database.arguments();
    let variable = match flag.as_str() {
        "--data" => "MASTHEAD_DATA",
        _ => "MASTHEAD_DATABASE_URL",
    };
    let (_, own) = PAGE.split_once(OWN).unwrap();
    let own = blocks(own);
    assert_eq!(own.len(), 1);
    let password = own[0].lines.rsplit('\'').nth(1).unwrap();

    run(&own, &[(variable, &place)]);
    run(&first_article(&server, "you@example.org", password), &[]);
}
