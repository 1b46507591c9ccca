//! The articles that the benchmarks write and read. Each is made from its number alone, so that every run and every
//! database has the same ones: words, tags and authors by Zipf's law, a body of about 5 KB, one in ten in another locale.

use crate::chance::{Random, Zipf};

/// How many tags there are.
pub(crate) const TAGS: usize = 500;
/// How many authors there are.
pub(crate) const AUTHORS: usize = 200;
/// The locales, the default first.
pub(crate) const LOCALES: [&str; 2] = ["en", "de"];

/// What articles are made of.
pub(crate) struct Press {
    words: Vec<String>,
    word: Zipf,
    tag: Zipf,
    author: Zipf,
}

/// What is known of an article but its body.
pub(crate) struct Head {
    pub(crate) title: String,
    pub(crate) standfirst: Option<String>,
    pub(crate) locale: &'static str,
    /// By number.
    pub(crate) tags: Vec<usize>,
    /// By number.
    pub(crate) authors: Vec<usize>,
}

impl Press {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(1);
        // Frequent words are short, as they are in every language.
        let words = (0..20_000).map(|rank| {
            spell(
                [1, 3, 4][usize::from(rank > 50) + usize::from(rank > 2_000)],
                &mut random,
            )
        });
        Self {
            words: words.collect(),
            word: Zipf::new(20_000),
            tag: Zipf::new(TAGS),
            author: Zipf::new(AUTHORS),
        }
    }

    fn word(&self, random: &mut Random) -> &str {
        &self.words[self.word.pick(random)]
    }

    fn line(&self, words: usize, random: &mut Random) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.word(random)).collect();
        capital(&words.join(" "))
    }

    /// The head of the nth article.
    pub(crate) fn head(&self, n: usize) -> Head {
        let random = &mut Random::new(0x0100_0000_0000 + n as u64);
        let words = 4 + random.below(6);
        let title = self.line(words, random);
        let standfirst = (random.below(2) == 0).then(|| format!("{}.", self.line(24, random)));
        let writers = if random.below(10) < 7 { 1 } else { 2 };
        Head {
            title,
            standfirst,
            locale: LOCALES[usize::from(random.below(10) == 0)],
            tags: self.tag.pick_some(3, random),
            authors: self.author.pick_some(writers, random),
        }
    }

    /// A body of 300 to 700 words in Markdown, with headings, links and lists.
    pub(crate) fn body(&self, n: usize) -> String {
        let random = &mut Random::new(0x0200_0000_0000 + n as u64);
        let length = 300 + random.below(401);
        let (mut text, mut written) = (String::new(), 0);
        while written < length {
            match random.below(8) {
                0 => text.push_str(&format!("## {}\n\n", self.line(4, random))),
                1 => {
                    for _ in 0..4 {
                        text.push_str(&format!("- {}\n", self.line(6, random)));
                    }
                    text.push('\n');
                    written += 24;
                }
                _ => {
                    for _ in 0..4 {
                        let words = 8 + random.below(14);
                        let start = self.line(words, random);
                        let word = self.word(random).to_owned();
                        let link = self.word(random);
                        text.push_str(&match random.below(4) {
                            0 => {
                                format!("{start} [{word}](https://example.org/{link}/{written}). ")
                            }
                            1 => format!("{start}, **{word}**. "),
                            _ => format!("{start} {word}. "),
                        });
                        written += words + 1;
                    }
                    text.push_str("\n\n");
                }
            }
        }
        text
    }

    /// Two words, as most tags have.
    pub(crate) fn tag_name(&self, n: usize) -> String {
        capital(&format!(
            "{} {}",
            self.words[300 + n],
            self.words[1_000 + 7 * n]
        ))
    }

    pub(crate) fn author_name(&self, n: usize) -> String {
        let (first, last) = (&self.words[100 + n], &self.words[5_000 + 11 * n]);
        format!("{} {}", capital(first), capital(last))
    }
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// A word that can be spoken, of that many syllables.
fn spell(syllables: usize, random: &mut Random) -> String {
    const ONSETS: [&str; 16] = [
        "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "tr",
    ];
    const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "ou", "ie"];
    const CODAS: [&str; 6] = ["", "n", "r", "s", "l", ""];
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(ONSETS[random.below(ONSETS.len())]);
        word.push_str(VOWELS[random.below(VOWELS.len())]);
        word.push_str(CODAS[random.below(CODAS.len())]);
    }
    word
}
