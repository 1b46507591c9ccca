//! Cache tags: short names for what an answer depends on. A letter for the kind and the last 8 hex digits of the id; the
//! same after `list-` for the articles that carry a tag or bear an author's name, so that another article there does not
//! touch whatever shows that name.

use xxhash_rust::xxh3::xxh3_64;

use super::model::Resource;
use crate::id::Id;

/// The tag of every list of articles.
pub const LIST_ARTICLES: &str = "list-articles";
/// The tag of every list of pages.
pub const LIST_PAGES: &str = "list-pages";
/// The tag of every list of tags.
pub const LIST_TAGS: &str = "list-tags";
/// The tag of every list of authors.
pub const LIST_AUTHORS: &str = "list-authors";
/// The tag of every list of redirects.
pub const LIST_REDIRECTS: &str = "list-redirects";
/// The tag of the site's settings.
pub const SITE: &str = "site";

/// The tag of one resource.
#[must_use]
pub fn of(resource: Resource, id: Id) -> String {
    let mut tag = String::with_capacity(10);
    write_of(&mut tag, resource, id);
    tag
}

/// Appends [`of`].
fn write_of(text: &mut String, resource: Resource, id: Id) {
    let letter = match resource {
        Resource::Article => 'a',
        Resource::Tag => 't',
        Resource::Author => 'u',
        Resource::Site => return text.push_str(SITE),
        Resource::Redirect => 'r',
        Resource::User => 'm',
        Resource::ApiKey => 'k',
        Resource::Message => 'i',
        Resource::Webhook => 'w',
        Resource::Job => 'j',
        Resource::Media => 'f',
    };
    text.push(letter);
    text.push('-');
    id.write_short(text);
}

/// The tag of the articles that carry this tag, or bear this author's name.
#[must_use]
pub fn list_of(resource: Resource, id: Id) -> String {
    format!("list-{}", of(resource, id))
}

/// The tag of the texts that stand, or stood, at this slug in any locale.
#[must_use]
pub fn of_slug(slug: &str) -> String {
    format!("s-{:08x}", xxh3_64(slug.as_bytes()) >> 32)
}

/// Tags of an answer at most; with more, groups stand for their members.
const MOST: usize = 64;

/// What an answer depends on: tags, each with a space behind it. A page of a list adds a hundred.
#[derive(Debug, Clone, Default)]
pub struct Dependencies(String);

impl Dependencies {
    /// On these.
    #[must_use]
    pub fn on(tags: &[&str]) -> Self {
        let mut on = Self::default();
        tags.iter().for_each(|tag| on.add(tag));
        on
    }

    /// On this tag too.
    pub fn add(&mut self, tag: impl AsRef<str>) {
        self.0.push_str(tag.as_ref());
        self.0.push(' ');
    }

    /// On this resource too.
    pub fn add_of(&mut self, resource: Resource, id: Id) {
        write_of(&mut self.0, resource, id);
        self.0.push(' ');
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator(' ')
    }

    /// The tags, each once, separated by spaces. Of too many, all of one kind give way to the group that is touched with
    /// each of them.
    #[must_use]
    pub fn list(&self) -> String {
        /// What stands for the members of a kind: the beginning of their tags, the group.
        const GROUPS: [(&str, &[&str]); 4] = [
            ("t-", &[LIST_TAGS]),
            ("u-", &[LIST_AUTHORS]),
            ("s-", &[LIST_ARTICLES, LIST_PAGES]),
            ("a-", &[LIST_ARTICLES, LIST_PAGES]),
        ];
        let mut tags: Vec<&str> = self.tags().collect();
        tags.sort_unstable();
        tags.dedup();
        while tags.len() > MOST {
            let members = |(beginning, _): &&(&str, &[&str])| {
                let members = tags.iter().filter(|tag| tag.starts_with(beginning));
                members.count()
            };
            let Some((beginning, group)) = GROUPS
                .iter()
                .max_by_key(members)
                .filter(|of| members(of) > 0)
            else {
                break;
            };
            tags.retain(|tag| !tag.starts_with(beginning));
            tags.extend(*group);
            tags.sort_unstable();
            tags.dedup();
        }
        tags.join(" ")
    }
}

impl From<Dependencies> for Vec<String> {
    /// All of them, as they were added.
    fn from(on: Dependencies) -> Self {
        on.tags().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_a_group_stands_for_its_members() {
        let mut few = Dependencies::on(&[SITE, LIST_ARTICLES]);
        few.add("t-2");
        few.add("t-1");
        few.add("t-2");
        assert_eq!(few.list(), "list-articles site t-1 t-2");
        let mut many = Dependencies::on(&[LIST_ARTICLES]);
        for number in 0..63 {
            many.add(format!("t-{number:08x}"));
        }
        many.add("u-1");
        assert_eq!(many.list(), "list-articles list-tags u-1");
    }
}
