//! The fields of the index. Nothing is stored in them: what is shown comes from the database, always.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use xxhash_rust::xxh3::Xxh3;

use super::terms;
use super::words::Words;

/// Changes whenever an index of an older program would answer otherwise: another field, other words, a fault in its writing.
const VERSION: u32 = 3;

/// The fields of the texts of one locale.
#[derive(Debug, Clone)]
pub struct LocaleFields {
    /// The locale; none is the field of texts in a locale that the site does not name any more.
    pub locale: Option<String>,
    /// What cuts its texts into words.
    pub words: Words,
    /// Stems of all that can be searched, the title twice.
    pub text: Field,
    /// Stems of what stands at the head of a text: its title, and the names of its tags and authors.
    pub heading: Field,
    /// Folded words, for prefixes and for what was typed wrong.
    pub vocabulary: Field,
}

/// The fields.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The schema that holds them.
    pub schema: Schema,
    /// Of each locale of the site in its order, and last of all others.
    pub locales: Vec<LocaleFields>,
    /// The id, to find a text by.
    pub id: Field,
    /// Its two halves, to read.
    pub id_high: Field,
    /// The other half.
    pub id_low: Field,
    /// Folded words of the title in every language, the first one also marked as such.
    pub names: Field,
    /// Ids of the tags.
    pub tags: Field,
    /// Ids of the authors.
    pub authors: Field,
    /// The locale.
    pub locale: Field,
    /// Article or page.
    pub kind: Field,
    /// Whether it is shown first.
    pub featured: Field,
    /// Who it is for.
    pub audience: Field,
    /// When it was published, milliseconds.
    pub published_at: Field,
    /// When it was last changed, milliseconds.
    pub updated_at: Field,
    /// The year that it was published in, of UTC.
    pub year: Field,
}

/// Stands before the first word of a title in [`Fields::names`].
pub const FIRST: char = '\u{2}';

impl Fields {
    /// For a site of these locales.
    #[must_use]
    pub fn new(locales: &[String]) -> Self {
        let mut schema = Schema::builder();
        let words = |record| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(terms::NAME)
                    .set_index_option(record)
                    .set_fieldnorms(record != IndexRecordOption::Basic),
            )
        };
        let numbers = || NumericOptions::default().set_fast();
        let named = locales.iter().map(|locale| Some(locale.as_str()));
        let locales = named
            .chain([None])
            .enumerate()
            .map(|(index, locale)| LocaleFields {
                locale: locale.map(str::to_owned),
                words: Words::of(locale.unwrap_or_default()),
                text: schema.add_text_field(
                    &format!("text_{index}"),
                    words(IndexRecordOption::WithFreqsAndPositions),
                ),
                heading: schema.add_text_field(
                    &format!("heading_{index}"),
                    words(IndexRecordOption::WithFreqsAndPositions),
                ),
                vocabulary: schema.add_text_field(
                    &format!("vocabulary_{index}"),
                    words(IndexRecordOption::Basic),
                ),
            })
            .collect();
        let id = schema.add_bytes_field("id", INDEXED);
        let id_high = schema.add_u64_field("id_high", numbers());
        let id_low = schema.add_u64_field("id_low", numbers());
        let names = schema.add_text_field("names", words(IndexRecordOption::Basic));
        let tags = schema.add_bytes_field("tags", INDEXED | FAST);
        let authors = schema.add_bytes_field("authors", INDEXED | FAST);
        let locale = schema.add_bytes_field("locale", INDEXED | FAST);
        let kind = schema.add_bytes_field("kind", INDEXED);
        let featured = schema.add_bool_field("featured", INDEXED);
        let audience = schema.add_bytes_field("audience", INDEXED);
        let published_at = schema.add_i64_field("published_at", numbers());
        let updated_at = schema.add_i64_field("updated_at", numbers());
        let year = schema.add_i64_field("year", numbers());
        Self {
            schema: schema.build(),
            locales,
            id,
            id_high,
            id_low,
            names,
            tags,
            authors,
            locale,
            kind,
            featured,
            audience,
            published_at,
            updated_at,
            year,
        }
    }

    /// The fields of a locale.
    #[must_use]
    pub fn of(&self, locale: &str) -> &LocaleFields {
        let named = self
            .locales
            .iter()
            .find(|fields| fields.locale.as_deref() == Some(locale));
        named.unwrap_or_else(|| &self.locales[self.locales.len() - 1])
    }

    /// Those that a search in this locale, or in all, looks at.
    pub fn searched<'f>(
        &'f self,
        locale: Option<&'f str>,
    ) -> impl Iterator<Item = &'f LocaleFields> + Clone {
        self.locales
            .iter()
            .filter(move |fields| match (locale, fields.locale.as_deref()) {
                (Some(asked), of) => of == Some(asked),
                (None, _) => true,
            })
    }

    /// Tells this set of fields, and how words are cut for them, from every other.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Xxh3::new();
        hash.update(&VERSION.to_be_bytes());
        for fields in &self.locales {
            hash.update(fields.locale.as_deref().unwrap_or_default().as_bytes());
            hash.update(&[0]);
        }
        format!("{:016x}", hash.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_locales_make_another_index() {
        let of = |locales: &[&str]| {
            let locales: Vec<String> = locales.iter().map(ToString::to_string).collect();
            Fields::new(&locales).fingerprint()
        };
        assert_eq!(of(&["en", "de"]), of(&["en", "de"]));
        assert_ne!(of(&["en", "de"]), of(&["de", "en"]));
        assert_ne!(of(&["en", "de"]), of(&["ende"]));
    }
}
