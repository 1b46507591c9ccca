//! The tables of an export beside its posts: tags, authors, settings, and what joins them to posts, kept short.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::own_path;
use super::rows::{Fields, Row};
use crate::articles::model::Image;
use crate::articles::new::{MAX_PARAGRAPH, MAX_TITLE, is_link};
use crate::authors::model::Link;
use crate::site::model::Settings;
use crate::slug;
use crate::transfer::{
    AuthorInput, Parsed, Piece, PieceItem, TagInput, image_address, site_path, without_address,
    without_html,
};

/// The most rows of a table that joins that are kept. A file of any size is read in bounded memory.
const MAX_ROWS: usize = 800_000;
/// The most tags and authors, and the most bytes of what all tables beside the posts say.
const MAX_NAMED: usize = 50_000;
const MAX_BYTES: usize = 40 * 1024 * 1024;
/// The longest name of a tag or an author, in characters.
const MAX_NAME: usize = 200;

/// Tables whose rows are told of by number, and what they hold.
const LEFT_OUT: &[(&str, &str)] = &[
    ("comments", "comments"),
    ("members", "members"),
    ("newsletters", "newsletters"),
    ("offers", "offers"),
    ("snippets", "snippets"),
    ("subscribers", "subscribers"),
    ("webhooks", "webhooks"),
];

/// Whether a table says that the file is an export.
pub(super) fn is_of_ghost(table: &str) -> bool {
    matches!(table, "posts" | "tags" | "users" | "settings")
}

/// A row that joins: a post, what it is joined to, its place and its own place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Join {
    post: u64,
    place: i32,
    row: u32,
    other: u64,
}

#[derive(Debug)]
struct Tag {
    name: String,
    slug: Option<String>,
    description: Option<String>,
    parent: Option<u64>,
    id: String,
    internal: bool,
}

#[derive(Debug)]
struct Author {
    input: AuthorInput,
    id: String,
    warnings: Vec<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tables {
    tags: Vec<Tag>,
    tag_places: HashMap<u64, usize>,
    authors: Vec<Author>,
    author_places: HashMap<u64, usize>,
    author_names: HashMap<String, usize>,
    tagged: Vec<Join>,
    written: Vec<Join>,
    /// What `posts_meta` says of a post.
    meta: HashMap<u64, Vec<(&'static str, String)>>,
    /// Former paths of posts.
    former: HashMap<u64, Vec<String>>,
    bytes: usize,
    settings: Settings,
    social: Vec<(usize, Link)>,
    /// How posts were addressed, where it was by more than their slug.
    pub(super) permalinks: Option<String>,
    left_out: BTreeMap<&'static str, u64>,
    /// Rows that cannot be read.
    broken: Vec<Parsed>,
}

/// The fields of `posts_meta` that are read.
pub(super) const META: &[&str] = &[
    "feature_image_alt",
    "meta_description",
    "meta_title",
    "og_description",
    "og_image",
    "og_title",
];

pub(super) fn id_of(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// One line of plain text of so many characters at most.
pub(super) fn line(text: &str, most: usize) -> String {
    let (text, _) = without_html(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(most).collect()
}

impl Tables {
    /// Takes a row of any table but `posts`.
    pub(super) fn add(&mut self, row: &Row) {
        let table = row.table.as_str();
        if let Some((_, what)) = LEFT_OUT.iter().find(|(name, _)| *name == table) {
            self.leave_out(what);
            return;
        }
        let wanted = [
            "tags",
            "users",
            "posts_tags",
            "posts_authors",
            "posts_meta",
            "settings",
            "redirects",
        ];
        if !wanted.contains(&table) {
            return;
        }
        let fields = match Fields::read(row) {
            Ok(fields) => fields,
            Err(reason) => {
                if self.broken.len() < 1_000 {
                    self.broken.push(Parsed::Broken {
                        origin: format!("a row of {table}"),
                        line: Some(row.line),
                        reason,
                    });
                }
                return;
            }
        };
        match table {
            "tags" => self.tag(&fields),
            "users" => self.user(&fields),
            "posts_tags" => join(&mut self.tagged, &fields, "tag_id"),
            "posts_authors" => join(&mut self.written, &fields, "author_id"),
            "posts_meta" => self.meta(&fields),
            "redirects" => self.redirect(&fields),
            _ => self.setting(&fields),
        }
    }

    /// Counts what a row says, if there is room for it.
    fn has_room(&mut self, fields: &Fields) -> bool {
        let size = fields.size();
        let room = self.bytes + size <= MAX_BYTES;
        if room {
            self.bytes += size;
        }
        room
    }

    fn leave_out(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_insert(0) += 1;
    }

    fn tag(&mut self, fields: &Fields) {
        let (Some(id), name) = (fields.text("id"), fields.text("name").unwrap_or_default()) else {
            return;
        };
        if self.tags.len() >= MAX_NAMED || !self.has_room(fields) {
            self.leave_out("tags past those that are read");
            return;
        }
        let internal =
            name.starts_with('#') || fields.text("visibility").as_deref() == Some("internal");
        let name = line(&name, MAX_NAME);
        let slug = fields.text("slug").and_then(|slug| slug::slugify(&slug));
        let name = if name.is_empty() {
            slug.clone().unwrap_or_default()
        } else {
            name
        };
        if name.is_empty() {
            return;
        }
        let description = fields.text("description").map(|text| without_html(&text).0);
        self.tag_places.insert(id_of(&id), self.tags.len());
        self.tags.push(Tag {
            name,
            slug,
            description: description.map(|text| text.chars().take(MAX_PARAGRAPH).collect()),
            parent: fields
                .text("parent_id")
                .or_else(|| fields.text("parent"))
                .map(|id| id_of(&id)),
            id,
            internal,
        });
    }

    fn user(&mut self, fields: &Fields) {
        let Some(id) = fields.text("id") else { return };
        if self.authors.len() >= MAX_NAMED || !self.has_room(fields) {
            self.leave_out("authors past those that are read");
            return;
        }
        let mut warnings = Vec::new();
        let written = line(&fields.text("name").unwrap_or_default(), MAX_NAME);
        let name = match without_address(&written) {
            None => written,
            Some(name) => {
                warnings.push("the name holds an e-mail address there, which was left out, since authors are public".to_owned());
                name
            }
        };
        let slug = fields.text("slug").filter(|slug| !slug.contains('@'));
        let slug = slug.and_then(|slug| slug::slugify(&slug));
        let name = [name, slug.clone().unwrap_or_default(), "Unknown".to_owned()];
        let name = name
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default();
        let picture = fields
            .text("profile_image")
            .or_else(|| fields.text("image"));
        let picture = picture.and_then(|address| image_address(&own_path(&address)));
        // Its name is a hash of an e-mail address.
        let telling = picture
            .as_ref()
            .is_some_and(|address| address.contains("gravatar.com"));
        if telling {
            warnings.push("the picture is one of gravatar.com, whose address gives an e-mail address away; it was left out".to_owned());
        }
        let bio = fields.text("bio").map(|text| without_html(&text).0);
        let input = AuthorInput {
            bio: bio.map(|text| text.chars().take(MAX_PARAGRAPH).collect()),
            avatar: picture.filter(|_| !telling).map(|url| Image {
                url,
                alt: String::new(),
                width: None,
                height: None,
            }),
            links: links(fields),
            name,
            slug,
        };
        *self
            .author_names
            .entry(slug::name_key(&input.name))
            .or_insert(0) += 1;
        self.author_places.insert(id_of(&id), self.authors.len());
        self.authors.push(Author {
            input,
            id,
            warnings,
        });
    }

    fn meta(&mut self, fields: &Fields) {
        let Some(post) = fields.text("post_id") else {
            return;
        };
        let kept: Vec<(&'static str, String)> = META
            .iter()
            .filter_map(|name| Some((*name, fields.text(name)?)))
            .map(|(name, text)| (name, text.chars().take(MAX_PARAGRAPH).collect()))
            .collect();
        let size: usize = kept.iter().map(|(_, text)| text.len() + 64).sum();
        if kept.is_empty() {
            return;
        }
        if self.bytes + size > MAX_BYTES {
            self.leave_out("descriptions for search engines past those that are read");
            return;
        }
        self.bytes += size;
        self.meta.insert(id_of(&post), kept);
    }

    fn redirect(&mut self, fields: &Fields) {
        let (Some(from), Some(post)) = (fields.text("from"), fields.text("post_id")) else {
            return;
        };
        let Some(path) = site_path(&own_path(&from)) else {
            return;
        };
        if self.bytes + path.len() + 64 > MAX_BYTES {
            self.leave_out("redirects past those that are read");
            return;
        }
        self.bytes += path.len() + 64;
        self.former.entry(id_of(&post)).or_default().push(path);
    }

    /// Settings are read by a list: what is on none of it is nobody's business.
    fn setting(&mut self, fields: &Fields) {
        let (Some(key), Some(value)) = (fields.text("key"), fields.text("value")) else {
            return;
        };
        match key.as_str() {
            "title" => self.settings.name = line(&value, MAX_TITLE),
            "description" => {
                self.settings.description =
                    Some(line(&value, MAX_PARAGRAPH)).filter(|text| !text.is_empty());
            }
            "logo" => {
                self.settings.logo = image_address(&own_path(&value))
                    .filter(|url| is_link(url))
                    .map(|url| Image {
                        url,
                        alt: String::new(),
                        width: None,
                        height: None,
                    });
            }
            "navigation" => self.settings.menus.main = menu(&value),
            "secondary_navigation" => self.settings.menus.footer = menu(&value),
            "facebook" => self.social.extend(
                profile("Facebook", "https://www.facebook.com/", &value).map(|link| (0, link)),
            ),
            "twitter" => self
                .social
                .extend(profile("X", "https://x.com/", &value).map(|link| (1, link))),
            "permalinks" => {
                self.permalinks = Some(value).filter(|pattern| pattern.contains("/:year"));
            }
            _ => {}
        }
    }

    /// Puts in order what joins, when all of it was read.
    pub(super) fn settle(&mut self) {
        self.tagged.sort_unstable();
        self.written.sort_unstable();
        self.social.sort_by_key(|(place, _)| *place);
        self.settings.social = self.social.drain(..).map(|(_, link)| link).collect();
        for (table, what) in [
            (&self.tagged, "uses of tags past those that are read"),
            (&self.written, "names of authors past those that are read"),
        ] {
            if table.len() >= MAX_ROWS {
                self.left_out.insert(what, 1);
            }
        }
    }

    /// The names of the tags of a post, in order, and those of them that are not public.
    pub(super) fn tags_of(&self, post: u64) -> (Vec<String>, Vec<String>) {
        let tags =
            joined(&self.tagged, post).filter_map(|id| self.tags.get(*self.tag_places.get(&id)?));
        let (internal, public): (Vec<&Tag>, Vec<&Tag>) = tags.partition(|tag| tag.internal);
        let names = |tags: Vec<&Tag>| tags.into_iter().map(|tag| tag.name.clone()).collect();
        (names(public), names(internal))
    }

    /// The authors of a post, in order, by what a text names them.
    pub(super) fn authors_of(&self, post: u64, fallback: Option<&str>) -> Vec<String> {
        let mut ids: Vec<u64> = joined(&self.written, post).collect();
        if ids.is_empty() {
            ids.extend(fallback.map(id_of));
        }
        let authors = ids
            .iter()
            .filter_map(|id| self.authors.get(*self.author_places.get(id)?));
        authors
            .map(|author| {
                let alone = self.author_names.get(&slug::name_key(&author.input.name)) == Some(&1);
                match &author.input.slug {
                    Some(slug) if !alone => slug.clone(),
                    _ => author.input.name.clone(),
                }
            })
            .collect()
    }

    /// What `posts_meta` says of a post under this name.
    pub(super) fn meta_of(&self, post: u64, name: &str) -> Option<&str> {
        let said = self.meta.get(&post)?;
        let found = said.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }

    /// Paths that led to a post.
    pub(super) fn former_of(&self, post: u64) -> &[String] {
        self.former.get(&post).map_or(&[], Vec::as_slice)
    }

    /// The site, its authors and its public tags.
    pub(super) fn pieces(&self) -> Vec<Parsed> {
        let piece = |origin: String, key: &str, piece, warnings: &[String]| {
            Parsed::Piece(Box::new(PieceItem {
                origin,
                key: key.to_owned(),
                piece,
                exported: None,
                warnings: warnings.to_vec(),
            }))
        };
        let mut pieces = Vec::new();
        if !self.settings.name.is_empty() {
            let settings = Piece::Site(Box::new(self.settings.clone()));
            pieces.push(piece("the site".into(), "site", settings, &[]));
        }
        for Author {
            input,
            id,
            warnings,
        } in &self.authors
        {
            let origin = format!("author {}", input.name);
            pieces.push(piece(origin, id, Piece::Author(input.clone()), warnings));
        }
        for tag in &self.tags {
            let origin = format!("tag {}", tag.name);
            if tag.internal {
                pieces.push(Parsed::Skipped {
                    origin,
                    reason: "an internal tag, which is not public".into(),
                });
                continue;
            }
            let parent = tag
                .parent
                .and_then(|parent| self.tags.get(*self.tag_places.get(&parent)?));
            let input = TagInput {
                name: tag.name.clone(),
                slug: tag.slug.clone(),
                description: tag.description.clone(),
                aliases: Vec::new(),
                parent: parent
                    .filter(|parent| !parent.internal && parent.id != tag.id)
                    .map(|parent| parent.slug.clone().unwrap_or_else(|| parent.name.clone())),
            };
            pieces.push(piece(origin, &tag.id, Piece::Tag(input), &[]));
        }
        pieces
    }

    /// What has no place here, and rows that cannot be read.
    pub(super) fn left_out(&self) -> Vec<Parsed> {
        let told = self.left_out.iter().map(|(what, count)| Parsed::LeftOut {
            origin: "the file".into(),
            what,
            count: *count,
        });
        self.broken.iter().cloned().chain(told).collect()
    }
}

fn join(table: &mut Vec<Join>, fields: &Fields, other: &str) {
    if let (Some(post), Some(other)) = (fields.text("post_id"), fields.text(other))
        && table.len() < MAX_ROWS
    {
        table.push(Join {
            post: id_of(&post),
            place: fields
                .number("sort_order")
                .and_then(|place| i32::try_from(place).ok())
                .unwrap_or(0),
            row: u32::try_from(table.len()).unwrap_or(u32::MAX),
            other: id_of(&other),
        });
    }
}

/// What a post is joined to, in order.
fn joined(table: &[Join], post: u64) -> impl Iterator<Item = u64> + '_ {
    let start = table.partition_point(|join| join.post < post);
    let rows = table.get(start..).unwrap_or(&[]);
    rows.iter()
        .take_while(move |join| join.post == post)
        .map(|join| join.other)
}

/// Where else an author is, as far as that is an address.
fn links(fields: &Fields) -> Vec<Link> {
    let website = fields
        .text("website")
        .filter(|url| is_link(url.trim()) && url.contains("://"));
    let website = website.map(|url| Link {
        label: "Website".into(),
        url: url.trim().to_owned(),
    });
    let of = |name: &str, label, base| {
        fields
            .text(name)
            .and_then(|value| profile(label, base, &value))
    };
    website
        .into_iter()
        .chain(of("facebook", "Facebook", "https://www.facebook.com/"))
        .chain(of("twitter", "X", "https://x.com/"))
        .collect()
}

/// A name on a network as an address.
fn profile(label: &str, base: &str, value: &str) -> Option<Link> {
    let value = value.trim();
    let url = if value.contains("://") {
        value.to_owned()
    } else {
        let name = value.trim_start_matches(['@', '/']);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        if name.is_empty() || !name.chars().all(plain) {
            return None;
        }
        format!("{base}{name}")
    };
    is_link(&url).then(|| Link {
        label: label.to_owned(),
        url,
    })
}

/// The entries of a menu, which is JSON within a text; those that lead nowhere on a site or the web are left out.
fn menu(json: &str) -> Vec<Link> {
    let Ok(Value::Array(entries)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    let links = entries.iter().filter_map(|entry| {
        let label = line(entry.get("label")?.as_str()?, MAX_TITLE);
        let url = own_path(entry.get("url")?.as_str()?.trim());
        let url = if url == "/" || !url.starts_with('/') || url.starts_with("//") {
            url
        } else {
            url.trim_end_matches('/').to_owned()
        };
        (!label.is_empty() && is_link(&url)).then_some(Link { label, url })
    });
    links.take(100).collect()
}
