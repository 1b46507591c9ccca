//! The keys of front matter, asked for by name. A key that is asked for and fits is used up; what does not fit stays, with a
//! warning, and what stays becomes `metadata`, so that nothing is lost.

use serde_json::{Map, Value};
use url::Url;

use super::super::front_matter::Node;
use super::super::{
    add_names, dates, image_address, site_path, split_tags, without_address, without_html,
};
use crate::articles::cover::Cover;
use crate::articles::model::{ArticleInput, Audience, Citation, Image, Kind, Seo, State};
use crate::time::Time;

/// The keys that nobody has used up yet, and what there is to say about them.
pub(super) struct Keys {
    entries: Vec<(String, Option<Node>)>,
    warnings: Vec<String>,
}

impl Keys {
    pub(super) fn new(entries: Vec<(String, Node)>) -> Self {
        Self {
            entries: entries
                .into_iter()
                .map(|(key, node)| (key, Some(node)))
                .collect(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// What is left, as JSON: what stood in `metadata` first, then the keys beside it.
    pub(super) fn finish(mut self) -> (Map<String, Value>, Vec<String>) {
        let mut metadata = Map::new();
        match self.take("metadata") {
            Some(Node::Map(entries)) => metadata.extend(
                entries
                    .into_iter()
                    .map(|(key, node)| (key, node.into_json())),
            ),
            Some(other) => self.put_back("metadata", other),
            None => {}
        }
        for (key, node) in self.entries {
            let Some(node) = node else { continue };
            if metadata.contains_key(&key) {
                self.warnings.push(format!(
                    "{key} stands in metadata and beside it; the one in metadata was kept"
                ));
            } else {
                metadata.insert(key, node.into_json());
            }
        }
        (metadata, self.warnings)
    }

    /// Uses a key up. A key with nothing behind it is no key.
    fn take(&mut self, name: &str) -> Option<Node> {
        let (_, node) = self.entries.iter_mut().find(|(key, _)| key == name)?;
        node.take().filter(|node| !node.is_null())
    }

    fn put_back(&mut self, name: &str, node: Node) {
        if let Some(entry) = self.entries.iter_mut().find(|(key, _)| key == name) {
            entry.1 = Some(node);
        }
    }

    /// For what is there and cannot be used: it goes to `metadata`, and the author learns of it.
    fn refuse(&mut self, name: &str, node: Node, why: &str) {
        self.put_back(name, node);
        self.warn(format!("{name} {why}; it was kept in metadata"));
    }

    /// Takes what `read` can make something of; the rest stays, with a warning.
    fn read<T>(
        &mut self,
        name: &str,
        why: &str,
        read: impl FnOnce(&Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.take(name)?;
        let value = read(&node);
        if value.is_none() {
            self.refuse(name, node, why);
        }
        value
    }

    /// Text, as it was written; blank text is none.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let is_blank =
            |node: &Node| matches!(node, Node::Scalar { text, .. } if text.trim().is_empty());
        self.read(name, "is no text", |node| match node.text() {
            Some(text) => Some(Some(text.to_owned())),
            None => is_blank(node).then_some(None),
        })
        .flatten()
    }

    /// The first of these keys that has a date. The others stay.
    pub(super) fn date(&mut self, names: &[&str]) -> Option<Time> {
        names.iter().find_map(|name| {
            // `published: false` is another generator's `draft: true`.
            let is_switch = self
                .entries
                .iter()
                .any(|(key, node)| key == name && node.as_ref().and_then(Node::truth).is_some());
            if is_switch {
                None
            } else {
                self.read(name, "is no date", |node| dates::parse(node.text()?))
            }
        })
    }

    /// The paths in a string or a list of them.
    pub(super) fn paths(&mut self, name: &str) -> Vec<String> {
        let Some(node) = self.take(name) else {
            return Vec::new();
        };
        let (texts, whole) = texts(&node);
        let paths: Vec<String> = texts.iter().filter_map(|text| site_path(text)).collect();
        if paths.len() < texts.len() || !whole {
            self.refuse(name, node, "holds what is no path on a site");
        }
        paths
    }

    /// Everything but the title, the text and what hangs on the path.
    pub(super) fn fill(&mut self, article: &mut ArticleInput) {
        // Before the leads, one of which is second choice as the description for search engines.
        self.seo(&mut article.seo);
        self.leads(article);
        self.state(article);
        self.names(article);
        self.cover(article);
        article.subtitle = self.text("subtitle");
        article.content_notice = self.text("content_notice");
        article.translation_key = self.text("translation_key");
        article.locale = ["locale", "lang", "language"]
            .into_iter()
            .find_map(|name| self.text(name));
        article.featured = self
            .read("featured", "is neither true nor false", Node::truth)
            .unwrap_or(false);
        article.audience = self
            .read("audience", "is no audience that is known here", |node| {
                Audience::from_name(node.text()?)
            })
            .unwrap_or(Audience::General);
        article.citations = self
            .read("citations", "holds what is no source", citations)
            .unwrap_or_default();
    }

    /// The first of the four keys in which generators keep a lead becomes the standfirst.
    fn leads(&mut self, article: &mut ArticleInput) {
        for name in ["standfirst", "excerpt", "description", "summary"] {
            let Some(written) = self.text(name) else {
                continue;
            };
            let (text, had_html) = without_html(&written);
            if had_html {
                self.warn(format!("{name} was reduced to plain text"));
            }
            match (name, &article.standfirst) {
                _ if text.is_empty() => {}
                (_, None) => article.standfirst = Some(text),
                (_, Some(standfirst)) if *standfirst == text => {}
                ("excerpt", Some(_)) => article.excerpt = Some(text),
                ("description", Some(_)) if article.seo.description.is_none() => {
                    article.seo.description = Some(text);
                }
                _ => self.put_back(
                    name,
                    Node::Scalar {
                        text: written.clone(),
                        value: Value::String(written),
                    },
                ),
            }
        }
    }

    /// Kind and status. What says it is no article for the public is believed, however it says so.
    fn state(&mut self, article: &mut ArticleInput) {
        let layout_is_page = self.entries.iter().any(|(key, node)| {
            key == "layout"
                && node
                    .as_ref()
                    .and_then(Node::text)
                    .is_some_and(|layout| layout == "page")
        });
        let kind = self.read("kind", "is no kind that is known here", |node| {
            Kind::from_name(node.text()?)
        });
        let by_type = self.take("type").and_then(|node| match node.text() {
            Some("page") => Some(Kind::Page),
            Some("post" | "article") => Some(Kind::Article),
            _ => {
                self.put_back("type", node);
                None
            }
        });
        article.kind = kind.or(by_type).unwrap_or(if layout_is_page {
            Kind::Page
        } else {
            Kind::Article
        });

        let mut says = Vec::new();
        if let Some(node) = self.take("status") {
            let known = node.text().and_then(status);
            if known.is_none() {
                self.refuse(
                    "status",
                    node,
                    "is no status that is known here, so this is a draft",
                );
            }
            says.push(known.unwrap_or(State::Draft));
        }
        for (name, when_true) in [("draft", State::Draft), ("published", State::Published)] {
            let Some(node) = self.take(name) else {
                continue;
            };
            match (node.truth(), when_true) {
                (Some(true), state) => says.push(state),
                (Some(false), State::Draft) => says.push(State::Published),
                (Some(false), _) => says.push(State::Draft),
                // A second date is no statement about the state.
                (None, State::Published) => self.put_back(name, node),
                (None, _) => {
                    self.refuse(name, node, "is neither true nor false, so this is a draft");
                    says.push(State::Draft);
                }
            }
        }
        let is_draft = says.contains(&State::Draft);
        article.status = if is_draft {
            Some(State::Draft)
        } else {
            says.first().copied()
        };
    }

    fn names(&mut self, article: &mut ArticleInput) {
        for name in ["authors", "author"] {
            let Some(node) = self.take(name) else {
                continue;
            };
            let (node, had_address) = without_addresses(node);
            if had_address {
                self.warn(format!(
                    "{name} holds an e-mail address; it was left out, since authors are public"
                ));
            }
            let (names, whole) = texts(&node);
            add_names(&mut article.authors, &names);
            if !whole {
                self.refuse(name, node, "holds more than names");
            }
        }
        for name in ["tags", "tag", "categories", "category"] {
            let Some(node) = self.take(name) else {
                continue;
            };
            if let Some(rest) = tags(&mut article.tags, node) {
                self.refuse(name, rest, "holds more than names");
            }
        }
        // Zola keeps its tags one level down.
        if let Some(node) = self.take("taxonomies") {
            let Node::Map(entries) = node else {
                return self.put_back("taxonomies", node);
            };
            let mut rest = Vec::new();
            for (key, node) in entries {
                let left = if matches!(key.as_str(), "tags" | "categories") {
                    tags(&mut article.tags, node)
                } else {
                    Some(node)
                };
                rest.extend(left.map(|node| (key, node)));
            }
            if !rest.is_empty() {
                self.put_back("taxonomies", Node::Map(rest));
            }
        }
    }

    fn cover(&mut self, article: &mut ArticleInput) {
        for name in ["cover", "image", "hero"] {
            if article.cover.is_some() {
                break;
            }
            let Some(node) = self.take(name) else {
                continue;
            };
            match node {
                Node::Map(entries) => {
                    let (cover, rest) = cover_of(entries);
                    article.cover = cover.map(Cover::Link);
                    if article.cover.is_none() {
                        self.refuse(name, Node::Map(rest), "names no picture");
                    } else if !rest.is_empty() {
                        self.put_back(name, Node::Map(rest));
                    }
                }
                // `hero: false` says that there is none, and so does blank text.
                node if node.truth() == Some(false) => self.put_back(name, node),
                Node::Scalar { text, .. } if text.trim().is_empty() => {}
                node => match node.text().and_then(image_address) {
                    Some(url) => {
                        article.cover = Some(Cover::Link(Image {
                            url,
                            alt: String::new(),
                            width: None,
                            height: None,
                        }));
                    }
                    None => self.refuse(name, node, "is no address of a picture"),
                },
            }
        }
        if let Some(Cover::Link(cover)) = &mut article.cover
            && cover.alt.is_empty()
            && let Some(alt) = self.text("image_alt")
        {
            cover.alt = alt;
        }
    }

    fn seo(&mut self, seo: &mut Seo) {
        let mut rest = Vec::new();
        if let Some(node) = self.take("seo") {
            let Node::Map(entries) = node else {
                return self.refuse("seo", node, "is no map");
            };
            for (key, node) in entries {
                let text = node.text().map(str::to_owned);
                match (key.as_str(), text, node.truth()) {
                    ("title", Some(text), _) => seo.title = Some(text),
                    ("description", Some(text), _) => seo.description = Some(text),
                    ("canonical_url", Some(text), _) if is_web_address(&text) => {
                        seo.canonical_url = Some(text);
                    }
                    ("image", Some(text), _) if image_address(&text).is_some() => {
                        seo.image = image_address(&text);
                    }
                    ("noindex", _, Some(truth)) => seo.noindex = truth,
                    _ if node.is_null() => {}
                    _ => rest.push((key, node)),
                }
            }
        }
        if !rest.is_empty() {
            self.refuse("seo", Node::Map(rest), "holds what is not known here");
        }
        for name in ["canonical_url", "canonical"] {
            if seo.canonical_url.is_none() {
                let address = |node: &Node| {
                    node.text()
                        .filter(|text| is_web_address(text))
                        .map(str::to_owned)
                };
                seo.canonical_url = self.read(name, "is no http or https address", address);
            }
        }
    }
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The names of states, ours and those of other systems.
fn status(text: &str) -> Option<State> {
    let text = text.to_ascii_lowercase().replace([' ', '-'], "_");
    match text.as_str() {
        "publish" | "public" | "live" => Some(State::Published),
        "pending" | "review" => Some(State::InReview),
        "future" => Some(State::Scheduled),
        "private" => Some(State::Draft),
        own => State::from_name(own),
    }
}

/// The texts of a scalar, of a list of scalars, or of a list of maps with a `name`; and whether that was all of it.
fn texts(node: &Node) -> (Vec<String>, bool) {
    match node {
        Node::List(items) => {
            let mut all = Vec::new();
            let mut whole = true;
            for item in items {
                let (texts, all_of_it) = if matches!(item, Node::List(_)) {
                    (Vec::new(), false)
                } else {
                    texts(item)
                };
                all.extend(texts);
                whole &= all_of_it;
            }
            (all, whole)
        }
        Node::Map(entries) => {
            let name = entries
                .iter()
                .find(|(key, _)| key == "name")
                .and_then(|(_, name)| name.text());
            (
                name.map(str::to_owned).into_iter().collect(),
                entries.len() == 1 && name.is_some(),
            )
        }
        // In a list even `null` is a word, if it was written out.
        Node::Scalar { text, .. } if matches!(text.trim(), "" | "~") => (Vec::new(), true),
        Node::Scalar { text, .. } => (vec![text.trim().to_owned()], true),
    }
}

/// The same without e-mail addresses, and whether there were any. Of an address that stands alone, what is before its sign
/// remains as a name.
fn without_addresses(node: Node) -> (Node, bool) {
    match node {
        Node::List(items) => {
            let (items, had): (Vec<Node>, Vec<bool>) =
                items.into_iter().map(without_addresses).unzip();
            (Node::List(items), had.contains(&true))
        }
        Node::Map(entries) => {
            let mut had_any = false;
            let mut kept = Vec::new();
            for (key, node) in entries {
                let is_address = matches!(key.as_str(), "email" | "mail" | "e-mail");
                let (node, had) = without_addresses(node);
                had_any |= had || is_address;
                if !is_address {
                    kept.push((key, node));
                }
            }
            (Node::Map(kept), had_any)
        }
        Node::Scalar { text, value } => match without_address(&text) {
            None => (Node::Scalar { text, value }, false),
            Some(name) => (
                Node::Scalar {
                    value: Value::String(name.clone()),
                    text: name,
                },
                true,
            ),
        },
    }
}

/// Adds the tags of a string or a list. What holds more than names comes back.
fn tags(known: &mut Vec<String>, node: Node) -> Option<Node> {
    let is_list = matches!(node, Node::List(_));
    let (texts, whole) = texts(&node);
    // Within a list a comma is part of the name.
    let split = |text: String| {
        if is_list && !text.starts_with('#') {
            vec![text]
        } else {
            split_tags(&text)
        }
    };
    add_names(
        known,
        &texts.into_iter().flat_map(split).collect::<Vec<_>>(),
    );
    (!whole).then_some(node)
}

fn citations(node: &Node) -> Option<Vec<Citation>> {
    let Node::List(items) = node else { return None };
    let citation = |item: &Node| match item {
        Node::Map(entries) => {
            let field = |name: &str| {
                entries
                    .iter()
                    .find(|(key, _)| key == name)
                    .and_then(|(_, node)| node.text())
            };
            let known = entries
                .iter()
                .all(|(key, _)| matches!(key.as_str(), "title" | "url"));
            let url = field("url").map(str::to_owned);
            let title = field("title")
                .map(str::to_owned)
                .or_else(|| url.clone())
                .filter(|_| known)?;
            Some(Citation { title, url })
        }
        scalar => {
            let title = scalar.text()?.to_owned();
            Some(Citation {
                url: is_web_address(&title).then(|| title.clone()),
                title,
            })
        }
    };
    items.iter().map(citation).collect()
}

/// The picture a map describes, and the keys of the map that say more.
fn cover_of(entries: Vec<(String, Node)>) -> (Option<Image>, Vec<(String, Node)>) {
    let is_address = |key: &str| matches!(key, "url" | "src" | "image" | "path");
    let found = entries.iter().enumerate().find_map(|(index, (key, node))| {
        Some((index, image_address(node.text()?)?)).filter(|_| is_address(key))
    });
    let Some((at, url)) = found else {
        return (None, entries);
    };
    let mut cover = Image {
        url,
        alt: String::new(),
        width: None,
        height: None,
    };
    let mut rest = Vec::new();
    for (index, (key, node)) in entries.into_iter().enumerate() {
        let pixels = node
            .text()
            .and_then(|text| text.parse().ok())
            .filter(|pixels| *pixels > 0);
        match (key.as_str(), node.text()) {
            _ if index == at => {}
            ("alt", Some(text)) => text.clone_into(&mut cover.alt),
            ("width", _) if pixels.is_some() => cover.width = pixels,
            ("height", _) if pixels.is_some() => cover.height = pixels,
            _ if node.is_null() => {}
            _ => rest.push((key, node)),
        }
    }
    (Some(cover), rest)
}
