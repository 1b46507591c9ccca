//! The real blogs of the corpus, and the same files damaged.

use crate::corpus::part as corpus;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

#[derive(Default)]
struct Read {
    items: Vec<Item>,
    skipped: Vec<String>,
    broken: Vec<String>,
}

fn read_all(part: &str) -> Read {
    let mut all = Read::default();
    let listed = files(&corpus(part)).unwrap();
    let parsed = listed
        .found
        .iter()
        .map(|(name, path)| parse(name, &std::fs::read(path).unwrap()));
    for parsed in parsed.chain(listed.left_out) {
        match parsed {
            Parsed::Article(item) => all.items.push(*item),
            Parsed::Skipped { origin, reason } => all.skipped.push(format!("{origin}: {reason}")),
            Parsed::Broken {
                origin,
                line,
                reason,
            } => all.broken.push(format!("{origin}:{line:?}: {reason}")),
            other => panic!("no file of Markdown: {other:?}"),
        }
    }
    let keys: BTreeSet<_> = all
        .items
        .iter()
        .map(|item| item.article.external_id.clone().unwrap())
        .collect();
    assert_eq!(keys.len(), all.items.len(), "keys are unique");
    all
}

fn distinct(items: &[Item], names: impl Fn(&Item) -> &Vec<String>) -> usize {
    items
        .iter()
        .flat_map(|item| names(item).iter().map(|name| slug::name_key(name)))
        .collect::<BTreeSet<_>>()
        .len()
}

/// Slugs that more than one article wants, with how many do.
fn clashes(items: &[Item]) -> BTreeMap<String, usize> {
    let mut wishes = BTreeMap::new();
    for item in items {
        *wishes
            .entry(item.article.slug.clone().unwrap())
            .or_insert(0) += 1;
    }
    wishes.retain(|_, count| *count > 1);
    wishes
}

fn report(name: &str, all: &Read) {
    let mut warnings: BTreeMap<&str, usize> = BTreeMap::new();
    for warning in all.items.iter().flat_map(|item| &item.warnings) {
        *warnings.entry(warning).or_insert(0) += 1;
    }
    let mut metadata: BTreeMap<&str, usize> = BTreeMap::new();
    for key in all
        .items
        .iter()
        .flat_map(|item| item.article.metadata.keys())
    {
        *metadata
            .entry(key.get(..key.floor_char_boundary(40)).unwrap())
            .or_insert(0) += 1;
    }
    eprintln!(
        "{name}: {} articles, skipped {:#?}, broken {:#?}",
        all.items.len(),
        all.skipped,
        all.broken
    );
    eprintln!(
        "slug clashes {:?}\nwarnings {warnings:#?}\nmetadata {metadata:#?}",
        clashes(&all.items)
    );
}

#[test]
fn the_yaml_blog_comes_in_whole() {
    let all = read_all("markdown-blog/18f-yaml");
    report("18f", &all);
    assert_eq!(all.items.len() + all.broken.len(), 509);
    assert_eq!(all.broken, Vec::<String>::new());
    assert_eq!(
        all.skipped,
        ["LICENSE.md: no front matter", "SOURCE.md: no front matter"]
    );
    assert_eq!(distinct(&all.items, |item| &item.article.tags), 142);
    assert_eq!(distinct(&all.items, |item| &item.article.authors), 273);
    assert!(
        all.items
            .iter()
            .all(|item| item.article.published_at.is_some() && item.article.slug.is_some())
    );
    assert!(all.items.iter().all(|item| item.article.status.is_none()));
    let find = |name: &str| {
        all.items
            .iter()
            .find(|item| item.origin.contains(name))
            .unwrap()
    };

    let paragraph = find("2014-05-14-hacking-bureaucracy");
    assert_eq!(paragraph.article.authors, ["greg", "noah"]);
    assert_eq!(paragraph.article.tags.len(), 4);
    assert!(
        paragraph
            .article
            .metadata
            .iter()
            .any(|(key, value)| key.starts_with("<p>In the movies") && value.is_string())
    );
    assert_eq!(
        find("2016-05-19-content-debt").article.authors,
        ["melody"],
        "tabs behind a plain scalar are white space"
    );
    assert_eq!(
        find("2024-12-5-").article.published_at.unwrap().to_string(),
        "2024-12-05T00:00:00.000Z"
    );
    assert_eq!(find("2021-09-16-").article.locale.as_deref(), Some("es-PR"));
    assert_eq!(
        find("2017-09-08-").redirects,
        ["/2017/09/08/forrest-service-six-month-check"]
    );
    assert_eq!(
        all.items
            .iter()
            .filter(|item| item.article.cover.is_some())
            .count(),
        281
    );
}

#[test]
fn the_toml_blog_comes_in_whole() {
    let all = read_all("markdown-blog/rust-toml");
    report("rust", &all);
    assert_eq!(all.items.len(), 497);
    assert_eq!(all.broken, ["content/releases/latest.md:None: no title"]);
    let sections = [
        "content/_index.md",
        "content/inside-rust/_index.md",
        "content/releases/_index.md",
    ];
    assert_eq!(all.skipped[0], "SOURCE.md: no front matter");
    assert_eq!(
        all.skipped[1..],
        sections.map(|path| format!("{path}: a section index, not a post"))
    );
    let spellings: BTreeSet<_> = all
        .items
        .iter()
        .flat_map(|item| &item.article.authors)
        .collect();
    assert_eq!(spellings.len(), 134);
    // "The Rustup Working Group" and "the Leadership Council" stand there in two spellings each.
    assert_eq!(distinct(&all.items, |item| &item.article.authors), 132);
    assert!(
        all.items
            .iter()
            .all(|item| item.article.published_at.is_some() && item.article.tags.is_empty())
    );
    // 430 have `aliases`, two of them empty.
    assert_eq!(
        all.items
            .iter()
            .filter(|item| item.redirects.len() >= 2)
            .count(),
        428
    );
    assert_eq!(
        all.items
            .iter()
            .filter(|item| item.article.metadata.contains_key("extra"))
            .count(),
        377
    );
    assert_eq!(
        all.items
            .iter()
            .filter(|item| item.article.standfirst.is_some())
            .count(),
        122
    );
    let redirects: Vec<_> = all.items.iter().flat_map(|item| &item.redirects).collect();
    assert_eq!(
        redirects.iter().collect::<BTreeSet<_>>().len(),
        redirects.len(),
        "no two articles had the same path"
    );
}

#[test]
fn the_seed_comes_in_whole() {
    let all = read_all("seed");
    assert_eq!(
        (all.items.len(), all.skipped.len(), all.broken.len()),
        (1, 1, 0)
    );
    let article = &all.items[0].article;
    assert_eq!(
        article.title,
        "HOW DOES SEXUAL INTIMACY PROVIDE PROTECTION AGAINST PTSD?"
    );
    assert_eq!(
        article.subtitle.as_deref(),
        Some("EXPLORING THE BENEFITS OF INTIMACY FOR THOSE WITH TRAUMA")
    );
    let tags = [
        "ptsd",
        "sexualintimacy",
        "protection",
        "healing",
        "trauma",
        "mentalhealth",
        "wellbeing",
    ];
    assert_eq!(article.tags, tags);
    let question =
        "Can sexual intimacy serve as a protective factor against post-traumatic stress symptoms?";
    assert_eq!(article.standfirst.as_deref(), Some(question));
    assert_eq!(article.metadata["site"], Value::from("ZeroOpposite"));
    let body = &article.body.as_ref().unwrap().text;
    assert_eq!(
        body.split("\n\n")
            .filter(|paragraph| !paragraph.trim().is_empty())
            .count(),
        12
    );
    assert!(
        all.items[0].warnings.is_empty()
            && article.published_at.is_none()
            && article.status.is_none()
    );
}

/// Marsaglia's xorshift, so that a failure can be had again.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    for part in ["markdown-blog/18f-yaml", "markdown-blog/rust-toml", "seed"] {
        for (name, path) in files(&corpus(part)).unwrap().found {
            let whole = std::fs::read(path).unwrap();
            // Damage deep in the body teaches nothing; most of it goes where the front matter is.
            let front = whole.len().min(1500);
            for round in 0..50 {
                let end = if round % 5 == 0 { whole.len() } else { front };
                let cut = whole.get(..random.below(end)).unwrap();
                drop(parse(&name, cut));
                let mut flipped = whole[..whole.len().min(6000)].to_vec();
                for _ in 0..=random.below(8) {
                    let at = random.below(front);
                    if let Some(byte) = flipped.get_mut(at) {
                        // Signs that mean something to a parser do more harm than noise.
                        *byte = match random.below(3) {
                            0 => u8::try_from(random.below(256)).unwrap(),
                            _ => b"-+:[]{}&*!|>'\"#%@`,?\t\n\r =.\\~<0"[random.below(30)],
                        };
                    }
                }
                drop(parse(&name, &flipped));
            }
        }
    }
}
