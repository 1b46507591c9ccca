//! The articles that are searched: 300 words by Zipf's law out of 100,000 invented ones, made from a fixed seed.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use masthead::articles::model::{ArticleInput, Format, Source, State};
use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::store;
use masthead::changes::model::Actor;
use masthead::db::{Db, Settings, migrate};
use masthead::time::{Clock, Time};

use crate::chance::{Random, Zipf};

/// How many words there are.
const WORDS: usize = 100_000;
/// Articles of one write.
const BATCH: usize = 500;

/// What determines the content, for the name of the folder that keeps it.
pub(crate) fn fingerprint() -> u64 {
    xxhash_rust::xxh3::xxh3_64(include_bytes!("search_data.rs"))
}

/// The words, the commonest first.
pub(crate) struct Words {
    words: Vec<String>,
    zipf: Zipf,
}

impl Words {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(1);
        let (mut words, mut known) = (Vec::with_capacity(WORDS), HashSet::new());
        while words.len() < WORDS {
            let mut word = String::new();
            for _ in 0..2 + random.below(4) {
                word.push(char::from(b"bcdfghjklmnprstvwz"[random.below(18)]));
                word.push(char::from(b"aeiou"[random.below(5)]));
            }
            word.truncate(3 + random.below(10));
            if word.len() >= 3 && known.insert(word.clone()) {
                words.push(word);
            }
        }
        Self {
            words,
            zipf: Zipf::new(WORDS),
        }
    }

    fn text(&self, count: usize, random: &mut Random) -> String {
        let picked = (0..count).map(|_| self.words[self.zipf.pick(random)].as_str());
        picked.collect::<Vec<_>>().join(" ")
    }

    /// So many words of these ranks, of that many letters at least.
    pub(crate) fn some(&self, count: usize, ranks: Range<usize>, letters: usize) -> Vec<&str> {
        let fit: Vec<&str> = self.words[ranks]
            .iter()
            .map(String::as_str)
            .filter(|word| word.len() >= letters)
            .collect();
        let step = (fit.len() / count).max(1);
        fit.into_iter().step_by(step).take(count).collect()
    }

    /// Several together, of these ranks.
    pub(crate) fn tuples(&self, count: usize, ranks: Range<usize>, size: usize) -> Vec<Vec<&str>> {
        let mut random = Random::new(2);
        let words = &self.words[ranks];
        (0..count)
            .map(|_| {
                let mut tuple: Vec<&str> = Vec::new();
                while tuple.len() < size {
                    let word = words[random.below(words.len())].as_str();
                    if !tuple.contains(&word) {
                        tuple.push(word);
                    }
                }
                tuple
            })
            .collect()
    }

    /// The word with another letter near its end, which makes none that there is.
    pub(crate) fn typo(&self, word: &str) -> String {
        let mut typo = word.as_bytes().to_vec();
        let place = typo.len() - 2;
        for letter in b'b'..=b'z' {
            typo[place] = letter;
            let typed = String::from_utf8(typo.clone()).unwrap();
            if !self.words.contains(&typed) {
                return typed;
            }
        }
        panic!("every letter makes a word of {word}");
    }
}

/// Fills a data folder with that many articles, through the code of every door.
pub(crate) fn fill(folder: &Path, words: &Words, count: usize) {
    let settings = Settings::sqlite_in(folder);
    migrate::run(&settings).unwrap();
    let db = Db::open(settings, Clock::system()).unwrap();
    let rules = Rules {
        locales: vec!["en".into()],
    };
    let tags = Zipf::new(200);
    for first in (0..count).step_by(BATCH) {
        let new: Vec<NewArticle> = (first..count.min(first + BATCH))
            .map(|n| article(words, &tags, n, &rules))
            .collect();
        db.write_blocking(Actor::System, move |tx| {
            for new in &new {
                store::create(tx, new)?;
            }
            Ok(())
        })
        .unwrap();
    }
}

fn article(words: &Words, tags: &Zipf, n: usize, rules: &Rules) -> NewArticle {
    let mut random = Random::new(0x0400_0000_0000 + n as u64);
    let title = words.text(4 + random.below(6), &mut random);
    let picked = tags.pick_some(1 + random.below(4), &mut random);
    let ten_years = 10 * 365 * 24 * 60 * 60;
    let seconds = i64::try_from(random.below(ten_years)).unwrap();
    let input = ArticleInput {
        status: Some(State::Published),
        slug: Some(format!("article-{n}")),
        tags: picked.iter().map(|tag| format!("tag {tag}")).collect(),
        authors: vec![format!("author {}", random.below(50))],
        published_at: Time::from_millis(1_400_000_000_000 + 1_000 * seconds),
        body: Some(Source {
            format: Format::Text,
            text: words.text(300, &mut random),
        }),
        ..ArticleInput::new(&title)
    };
    NewArticle::parse(input, rules).unwrap()
}
