//! The bare library on the files of the index: plain queries for the first ten hits, without a database, marks or HTTP.

use std::path::Path;

use masthead::search::files::Files;
use masthead::search::language::Language;
use masthead::search::schema::Fields;
use tantivy::collector::{DocSetCollector, TopDocs};
use tantivy::query::{BooleanQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Index, Searcher, Term};

/// The index, open for reading.
pub(crate) struct Bare {
    searcher: Searcher,
    fields: Fields,
    language: Language,
}

/// A query, and what is wanted of it.
pub(crate) enum Ask {
    /// The ten best hits.
    Best(Box<dyn Query>),
    /// How many hits there are with each tag.
    Tags(Box<dyn Query>),
}

impl Bare {
    pub(crate) fn open(index: &Path) -> Self {
        let current = std::fs::read_to_string(index.join("current")).unwrap();
        let index = Index::open(Files::open(index.join(current)).unwrap()).unwrap();
        Self {
            searcher: index.reader().unwrap().searcher(),
            fields: Fields::new(&["en".to_owned()]),
            language: Language::of("en"),
        }
    }

    fn text(&self) -> Field {
        self.fields.locales[0].text
    }

    fn term(&self, word: &str) -> Box<dyn Query> {
        let mut stem = String::new();
        self.language.stem_into(word, &mut stem);
        let term = Term::from_field_text(self.text(), &stem);
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    }

    fn joined(&self, words: &[&str], occur: Occur) -> Box<dyn Query> {
        match words {
            [word] => self.term(word),
            words => {
                let terms = words.iter().map(|word| (occur, self.term(word)));
                Box::new(BooleanQuery::new(terms.collect()))
            }
        }
    }

    pub(crate) fn any(&self, words: &[&str]) -> Ask {
        Ask::Best(self.joined(words, Occur::Should))
    }

    pub(crate) fn all(&self, words: &[&str]) -> Ask {
        Ask::Best(self.joined(words, Occur::Must))
    }

    pub(crate) fn facets(&self, word: &str) -> Ask {
        Ask::Tags(self.term(word))
    }

    pub(crate) fn near(&self, word: &str) -> Ask {
        let term = Term::from_field_text(self.fields.locales[0].vocabulary, word);
        Ask::Best(Box::new(FuzzyTermQuery::new(term, 1, true)))
    }

    /// The 64 commonest words that begin so, as the server takes them; here they are known beforehand.
    pub(crate) fn beginning(&self, start: &str) -> Ask {
        let mut words: Vec<(u32, String)> = Vec::new();
        for segment in self.searcher.segment_readers() {
            let index = segment
                .inverted_index(self.fields.locales[0].vocabulary)
                .unwrap();
            let end = format!("{start}{}", char::MAX);
            let range = index
                .terms()
                .range()
                .ge(start.as_bytes())
                .lt(end.as_bytes());
            let mut range = range.into_stream().unwrap();
            while range.advance() {
                let word = String::from_utf8(range.key().to_vec()).unwrap();
                words.push((range.value().doc_freq, word));
            }
        }
        words.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        words.dedup_by(|a, b| a.1 == b.1);
        words.truncate(64);
        let words: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
        self.any(&words)
    }

    pub(crate) fn ask(&self, ask: &Ask) {
        match ask {
            Ask::Best(query) => {
                let best = TopDocs::with_limit(10).order_by_score();
                std::hint::black_box(self.searcher.search(query.as_ref(), &best).unwrap());
            }
            Ask::Tags(query) => {
                let all = self
                    .searcher
                    .search(query.as_ref(), &DocSetCollector)
                    .unwrap();
                let mut places: Vec<_> = all.into_iter().collect();
                places.sort_unstable();
                let columns: Vec<_> = self
                    .searcher
                    .segment_readers()
                    .iter()
                    .map(|segment| segment.fast_fields().bytes("tags").unwrap().unwrap())
                    .collect();
                let mut counts: Vec<Vec<u32>> = columns
                    .iter()
                    .map(|column| vec![0; column.num_terms()])
                    .collect();
                for place in places {
                    let segment = place.segment_ord as usize;
                    for tag in columns[segment].term_ords(place.doc_id) {
                        counts[segment][usize::try_from(tag).unwrap()] += 1;
                    }
                }
                std::hint::black_box(counts);
            }
        }
    }
}
