//! Categories and tags of WordPress as tags: a name is one tag here, whichever of both it was there, or both.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::read::RawTerm;
use crate::articles::new::{MAX_ITEMS, MAX_PARAGRAPH};
use crate::slug;
use crate::transfer::{Parsed, Piece, PieceItem, TagInput, without_html};

/// The most terms that are kept, and the most bytes of what is said of them. A file of any size is read in bounded memory.
const MAX_TERMS: usize = 100_000;
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The longest name of a tag, in characters.
const MAX_NAME: usize = 200;

#[derive(Debug)]
struct Known {
    tag: TagInput,
    key: String,
    taxonomy: &'static str,
    /// The slug of its parent there.
    parent: String,
    warnings: Vec<String>,
}

/// The terms of a site.
#[derive(Debug, Default)]
pub(super) struct Terms {
    tags: Vec<Known>,
    by_name: HashMap<String, usize>,
    /// By taxonomy and slug, as they stand in the file.
    by_slug: HashMap<(&'static str, String), usize>,
    /// Slugs that tags have here.
    slugs: HashMap<String, usize>,
    bytes: usize,
    /// Terms of other taxonomies, menus excepted.
    pub(super) others: u64,
    /// Menus.
    pub(super) menus: u64,
    /// Terms past the most.
    pub(super) past: u64,
}

fn taxonomy(name: &str) -> Option<&'static str> {
    match name {
        "category" => Some("category"),
        "post_tag" | "tag" => Some("post_tag"),
        _ => None,
    }
}

/// The slug that a WordPress slug is here, and whether it is another.
pub(super) fn own_slug(written: &str) -> Option<String> {
    slug::slugify(&decoded(written))
}

/// A slug without its percent signs.
pub(super) fn decoded(written: &str) -> String {
    percent_decode_str(written.trim())
        .decode_utf8_lossy()
        .into_owned()
}

/// The name of a term: plain text, and as long as names are here.
pub(super) fn plain_name(written: &str) -> String {
    let (name, _) = without_html(written);
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    name.chars().take(MAX_NAME).collect()
}

impl Terms {
    /// Takes a term of the file.
    pub(super) fn add(&mut self, term: RawTerm) {
        let Some(taxonomy) = taxonomy(&term.taxonomy) else {
            if term.taxonomy == "nav_menu" {
                self.menus += 1;
            } else {
                self.others += 1;
            }
            return;
        };
        let said = [&term.name, &term.slug, &term.parent, &term.description];
        let size: usize = said.into_iter().map(String::len).sum();
        if self.by_slug.len() >= MAX_TERMS || self.bytes + size > MAX_BYTES {
            self.past += 1;
            return;
        }
        self.bytes += size;
        let mut name = plain_name(&term.name);
        let mut warnings = Vec::new();
        if name.is_empty() {
            name = decoded(&term.slug).replace('-', " ");
            if name.trim().is_empty() {
                self.others += 1;
                return;
            }
            warnings.push("it has no name there: its slug is its name".to_owned());
        }
        let slug = own_slug(&term.slug);
        let key = (taxonomy, term.slug);
        if let Some(index) = self.by_name.get(&slug::name_key(&name)).copied() {
            self.merge(index, &key, &name, slug, &term.description);
            self.by_slug.insert(key, index);
            return;
        }
        let index = self.tags.len();
        // The slug of another tag is none of this one.
        let free = slug.filter(|slug| !self.slugs.contains_key(slug));
        if let Some(slug) = &free {
            self.slugs.insert(slug.clone(), index);
        }
        self.by_name.insert(slug::name_key(&name), index);
        self.tags.push(Known {
            tag: TagInput {
                name,
                slug: free,
                description: description(&term.description),
                aliases: Vec::new(),
                parent: None,
            },
            key: format!("{taxonomy}:{}", key.1),
            taxonomy,
            parent: term.parent,
            warnings,
        });
        self.by_slug.insert(key, index);
    }

    /// A second term of the same name becomes part of the first.
    fn merge(
        &mut self,
        index: usize,
        key: &(&'static str, String),
        name: &str,
        slug: Option<String>,
        text: &str,
    ) {
        let Some(known) = self.tags.get_mut(index) else {
            return;
        };
        let is_same = known.taxonomy == key.0 && known.key == format!("{}:{}", key.0, key.1);
        if is_same {
            return;
        }
        known.tag.description = known.tag.description.take().or_else(|| description(text));
        if let Some(slug) = slug.filter(|slug| !self.slugs.contains_key(slug))
            && known.tag.aliases.len() < MAX_ITEMS
        {
            self.slugs.insert(slug.clone(), index);
            known.tag.aliases.push(slug);
        }
        if known.warnings.len() >= MAX_ITEMS {
            return;
        }
        known.warnings.push(if known.taxonomy == key.0 {
            format!("`{name}` is two of its terms there, and one tag here")
        } else {
            format!("`{name}` is both a category and a tag there, and one tag here")
        });
    }

    /// The name of the tag that a term under a post is.
    pub(super) fn name_of(&self, domain: &str, written: &str, name: &str) -> Option<String> {
        let taxonomy = taxonomy(domain)?;
        let known = self.by_slug.get(&(taxonomy, written.to_owned()));
        let known = known.and_then(|index| self.tags.get(*index));
        let named = known.map_or_else(|| plain_name(name), |known| known.tag.name.clone());
        let named = if named.is_empty() {
            decoded(written).replace('-', " ")
        } else {
            named
        };
        (!named.trim().is_empty()).then_some(named)
    }

    /// The tags, parents before their children where they can be.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Parsed> + '_ {
        // Those without a parent first: most others then find theirs.
        let roots = self.tags.iter().filter(|known| known.parent.is_empty());
        let others = self.tags.iter().filter(|known| !known.parent.is_empty());
        roots.chain(others).map(|known| {
            let mut tag = known.tag.clone();
            let mut warnings = known.warnings.clone();
            if !known.parent.is_empty() {
                let place = self.by_slug.get(&(known.taxonomy, known.parent.clone()));
                match place.and_then(|index| self.tags.get(*index)) {
                    Some(parent) if parent.key == known.key || parent.tag.name == tag.name => {}
                    Some(parent) => {
                        let key = parent.tag.slug.as_ref().unwrap_or(&parent.tag.name);
                        tag.parent = Some(key.clone());
                    }
                    None => warnings.push(format!(
                        "its parent `{}` is not in the file",
                        decoded(&known.parent)
                    )),
                }
            }
            let word = if known.taxonomy == "category" {
                "category"
            } else {
                "tag"
            };
            Parsed::Piece(Box::new(PieceItem {
                origin: format!("{word} {}", tag.name),
                key: known.key.clone(),
                piece: Piece::Tag(tag),
                exported: None,
                warnings,
            }))
        })
    }
}

fn description(text: &str) -> Option<String> {
    let (text, _) = without_html(text);
    let text: String = text.chars().take(MAX_PARAGRAPH).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(taxonomy: &str, slug: &str, name: &str, parent: &str) -> RawTerm {
        RawTerm {
            taxonomy: taxonomy.into(),
            slug: slug.into(),
            name: name.into(),
            parent: parent.into(),
            description: String::new(),
        }
    }

    fn pieces(terms: &[RawTerm]) -> Vec<(TagInput, Vec<String>)> {
        let mut all = Terms::default();
        for raw in terms {
            all.add(RawTerm {
                taxonomy: raw.taxonomy.clone(),
                slug: raw.slug.clone(),
                name: raw.name.clone(),
                parent: raw.parent.clone(),
                description: raw.description.clone(),
            });
        }
        let told = |parsed| match parsed {
            Parsed::Piece(item) => match item.piece {
                Piece::Tag(tag) => (tag, item.warnings),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        all.pieces().map(told).collect()
    }

    #[test]
    fn one_name_is_one_tag_whatever_it_was() {
        let all = pieces(&[
            term("category", "news", "News", ""),
            term("post_tag", "news-2", " news ", ""),
            term("category", "%e6%97%a5", "日", "news"),
            term("post_tag", "c", "C &amp; D", ""),
            term("nav_menu", "m", "Menu", ""),
        ]);
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].0.aliases, ["news-2"]);
        assert_eq!(
            all[0].1,
            ["` news ` is both".replace("` news `", "`news`")
                + " a category and a tag there, and one tag here"]
        );
        assert_eq!(all[1].0.name, "C & D");
        assert_eq!(all[2].0.parent.as_deref(), Some("news"));
        assert_eq!(all[2].0.slug.as_deref(), Some("ri"));
    }

    #[test]
    fn parents_may_come_later_be_missing_or_go_in_circles() {
        let all = pieces(&[
            term("category", "a", "A", "b"),
            term("category", "b", "B", "a"),
            term("category", "c", "C", "nowhere"),
            term("category", "d", "D", "d"),
        ]);
        let parents: Vec<Option<&str>> = all.iter().map(|(tag, _)| tag.parent.as_deref()).collect();
        assert_eq!(parents, [Some("b"), Some("a"), None, None]);
        assert_eq!(all[2].1, ["its parent `nowhere` is not in the file"]);
    }

    #[test]
    fn a_slug_has_one_tag() {
        let all = pieces(&[
            term("category", "x", "One", ""),
            term("post_tag", "x", "Two", ""),
        ]);
        assert_eq!(
            (all[0].0.slug.as_deref(), all[1].0.slug.as_deref()),
            (Some("x"), None)
        );
    }
}
