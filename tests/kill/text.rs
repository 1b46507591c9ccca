//! What a write writes. Its number decides all of it, so that the pipe to the ledger carries numbers and no texts, and the
//! ledger knows to the letter what must stand in the database.

use std::rc::Rc;

use masthead::articles::model::{ArticleInput, Format, Kind, Source, State};
use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::render::{self, Rendered};
use masthead::id::Id;
use masthead::time::Time;
use serde_json::Value;

use crate::random::Random;

/// 2100-01-01: no run waits for it.
const FAR_AWAY: i64 = 4_102_444_800_000;

/// The tags that every writer uses, each below the one named beside it.
pub(crate) const TAGS: &[(&str, Option<&str>)] = &[
    ("Health", None),
    ("Sleep", Some("Health")),
    ("Dreams", Some("Sleep")),
    ("Walking", Some("Health")),
    ("Science", None),
    ("Method", Some("Science")),
    ("Grief", None),
    ("Friendship", None),
    ("Work", None),
    ("Shifts", Some("Work")),
    ("Family", None),
    ("Letters", Some("Family")),
];
const AUTHORS: &[&str] = &[
    "Ada Ash",
    "Ben Birch",
    "Cleo Cedar",
    "Dan Dogwood",
    "Eve Elm",
];
/// Few, so that slugs collide and take suffixes.
const TITLES: &[&str] = &[
    "Why we wake at four",
    "What a good walk does",
    "Über das Trauern",
    "The art of the apology",
    "Lonely in a full office",
];
const LINES: &[&str] = &[
    "A plain paragraph of *some* words, with a [link](https://example.org/) in it.",
    "## A heading",
    "- one\n- two\n- three",
    "> Said by somebody, naïve café, 日本語.",
    "<script>alert(1)</script> is taken out, **this** stays.",
];

/// The number of a write: it tells the writer, and a writer's later writes have higher ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Nonce(u64);

impl Nonce {
    pub(crate) const fn new(round: u32, writer: u16, count: u16) -> Self {
        Self(((round as u64) << 32) | ((writer as u64) << 16) | count as u64)
    }

    pub(crate) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    pub(crate) const fn writer(self) -> u64 {
        (self.0 >> 16) & 0xffff
    }
}

/// A text, before it is anybody's.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) nonce: Nonce,
    pub(crate) title: String,
    pub(crate) markdown: String,
    pub(crate) tags: Vec<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) status: State,
    pub(crate) published_at: Option<Time>,
    pub(crate) locale: &'static str,
    pub(crate) slug: Option<String>,
}

impl Text {
    /// The text of this number.
    pub(crate) fn of(seed: u64, nonce: Nonce) -> Self {
        let mut random = Random::of(&[seed, nonce.0]);
        // One in eight is long, so that a commit is of many pages.
        let lines = if random.once_in(8) {
            40 + random.below(200)
        } else {
            random.below(8)
        };
        let lines: Vec<&str> = (0..lines).map(|_| random.one_of(LINES)).collect();
        let mut tags: Vec<String> = Vec::new();
        for _ in 0..random.below(5) {
            let tag = random.one_of(TAGS).0.to_owned();
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if random.once_in(20) {
            tags.push(format!("Tag of {}", nonce.0));
        }
        let mut authors: Vec<String> = Vec::new();
        for _ in 0..random.below(3) {
            let author = random.one_of(AUTHORS).to_owned();
            if !authors.contains(&author) {
                authors.push(author);
            }
        }
        if random.once_in(30) {
            authors.push(format!("Author of {}", nonce.0));
        }
        let status = random.one_of(&[State::Draft, State::Published, State::Published]);
        // A draft without a time to come could never be scheduled.
        let far_away = random.once_in(if status == State::Draft { 2 } else { 6 });
        Self {
            nonce,
            title: random.one_of(TITLES).to_owned(),
            markdown: lines.join("\n\n"),
            tags,
            authors,
            status,
            published_at: far_away.then(|| Time::from_millis(FAR_AWAY).unwrap()),
            locale: random.one_of(&["en", "de"]),
            slug: random.once_in(4).then(|| format!("text-{}", nonce.0)),
        }
    }

    /// The text as the article of this id.
    pub(crate) fn article(&self, id: Id, kind: Kind) -> NewArticle {
        let mut input = ArticleInput {
            id: Some(id),
            external_id: Some(owner(self.nonce.writer())),
            kind,
            status: Some(self.status),
            locale: Some(self.locale.to_owned()),
            slug: self.slug.clone(),
            body: Some(Source {
                format: Format::Markdown,
                text: self.markdown.clone(),
            }),
            tags: self.tags.clone(),
            authors: self.authors.clone(),
            published_at: self.published_at,
            ..ArticleInput::new(&self.title)
        };
        input
            .metadata
            .insert("nonce".into(), Value::from(self.nonce.0));
        let rules = Rules {
            locales: vec!["en".into(), "de".into()],
        };
        NewArticle::parse(input, &rules).unwrap()
    }

    /// The custom fields, as they are stored.
    pub(crate) fn metadata(&self) -> String {
        format!(r#"{{"nonce":{}}}"#, self.nonce.0)
    }
}

/// What marks an article as this writer's: no two writers touch the same one, so that the ledger can tell what each write
/// must have left behind.
pub(crate) fn owner(writer: u64) -> String {
    format!("writer-{writer}")
}

/// A text and what must have been made of it.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) text: Text,
    pub(crate) rendered: Rendered,
    pub(crate) toc: String,
    pub(crate) excerpt: String,
}

impl Expected {
    pub(crate) fn of(seed: u64, nonce: Nonce) -> Rc<Self> {
        let text = Text::of(seed, nonce);
        let rendered = render::render(Format::Markdown, &text.markdown);
        Rc::new(Self {
            toc: serde_json::to_string(&rendered.toc).unwrap(),
            excerpt: render::excerpt(&rendered.text),
            rendered,
            text,
        })
    }
}
