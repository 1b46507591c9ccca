//! Articles and pages as editors see and send them: every state, the text as it was written, and whose it is.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::cover::{ArticleCover, ShownCover};
use super::input;
use super::model::{ArticleInput, Audience, Citation, Format, Kind, Seo, State};
use super::render::{self, Removed};
use super::schedule::Schedule;
use super::working_copy::WorkingCopy;
use crate::authors::model::AuthorRef;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;
use crate::names::names;
use crate::tags::model::TagRef;
use crate::time::Time;

/// An article or a page as editors see it. In a list the bodies, `seo` and `metadata` are absent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminArticle {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Its key in the system it was imported from.
    pub external_id: Option<String>,
    /// Article or page.
    pub kind: Kind,
    /// Where it stands between an idea and the bin.
    pub status: State,
    /// Its language, a BCP 47 tag.
    #[schema(example = "en")]
    pub locale: String,
    /// Its name in addresses, unique in its locale.
    pub slug: String,
    /// Its former slugs, and others that lead to it.
    pub aliases: Vec<String>,
    /// Where the website shows it once it is out.
    pub url: String,
    /// The first line of the heading.
    pub title: String,
    /// The second line of the heading.
    pub subtitle: Option<String>,
    /// The lead, plain text.
    pub standfirst: Option<String>,
    /// A few words of it, plain text, for lists.
    pub excerpt: String,
    /// Its text where it was written in Markdown, byte for byte. Two of `markdown`, `html` and `text` are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub markdown: Option<Option<String>>,
    /// Its text where it was written in HTML, byte for byte, not sanitised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub html: Option<Option<String>>,
    /// Its text where it was written as plain text, byte for byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub text: Option<Option<String>>,
    /// Its body as readers get it: sanitised HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub body: Option<String>,
    /// The picture that stands for it.
    #[schema(value_type = Option<ArticleCover>)]
    pub cover: Option<ShownCover>,
    /// Its tags, in order.
    pub tags: Vec<TagRef>,
    /// Its authors, in order.
    pub authors: Vec<AuthorRef>,
    /// Shown first.
    pub featured: bool,
    /// A word of advice before a sensitive subject.
    pub content_notice: Option<String>,
    /// Who it is for.
    pub audience: Audience,
    /// The sources it names.
    #[schema(value_type = Vec<Citation>)]
    pub citations: Box<RawValue>,
    /// Words of its text.
    #[schema(minimum = 0)]
    pub word_count: i32,
    /// Minutes to read it, rounded up.
    #[schema(minimum = 0)]
    pub reading_minutes: i32,
    /// What search engines are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Seo, required = false)]
    pub seo: Option<Box<RawValue>>,
    /// Custom fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, additional_properties, required = false)]
    pub metadata: Option<Box<RawValue>>,
    /// Texts with the same key are translations of each other.
    pub translation_key: Option<String>,
    /// The account it belongs to.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub owner: Option<Id>,
    /// How often its own fields were changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The name under which caches know the answers that show it.
    #[schema(example = "a-9f3c01d2")]
    pub cache_tag: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// When it was or is to be published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Time>,
    /// What happens to it by itself, and when; null where nothing does.
    pub schedule: Option<Schedule>,
    /// What is to take its place once it is published; null where there is no such copy.
    pub working_copy: Option<WorkingCopy>,
    /// What the sanitiser took out of the body, in the answer to the write that sent it; and what of a revision could not
    /// be put back as it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<Removed>,
}

/// The orders of a list for editors; ties by id. By time of publication, what has none is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditSort {
    /// The last changed first.
    LastUpdated,
    /// The longest untouched first.
    FirstUpdated,
    /// The last published first.
    LastPublished,
    /// The first published first.
    FirstPublished,
    /// By title, as ASCII: it sorts alike on every database.
    Title,
}

names!(EditSort {
    LastUpdated => "-updated_at",
    FirstUpdated => "updated_at",
    LastPublished => "-published_at",
    FirstPublished => "published_at",
    Title => "title",
});

/// A text as a door hands it in, with whom it is to belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The text.
    pub article: ArticleInput,
    /// The account it is to belong to.
    pub owner: Option<Id>,
}

/// What `id`, `url` and the like are to a writer.
const READ_ONLY: [&str; 13] = [
    "url",
    "body",
    "word_count",
    "reading_minutes",
    "version",
    "cache_tag",
    "created_at",
    "updated_at",
    "schedule",
    "working_copy",
    "warnings",
    "kind",
    "id",
];

/// Reads a text that is to be made, or to be put in another's place, and tells all its faults at once. What is returned
/// beside some is what could be read, good for finding further faults and nothing else.
#[must_use]
pub fn draft(value: &Value, kind: Kind) -> (Option<Draft>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut owner = None;
    let article = input::article_with(value, &mut faults, |fields| {
        owner = fields.id("owner");
        refuse_read_only(fields);
        if let Some(Some(given)) = fields.field("status")
            && given == State::Trashed.as_str()
        {
            let detail = "DELETE moves a text to the trash";
            fields.fault("status", FaultCode::NotAllowed, detail);
        }
    });
    let draft = article.map(|article| Draft {
        article: ArticleInput { kind, ..article },
        owner,
    });
    (draft, faults)
}

fn refuse_read_only(fields: &mut Fields<'_>) {
    for name in READ_ONLY {
        if fields.field(name).is_some() {
            let detail = format!("{name} is set by the server; leave it out");
            fields.fault(name, FaultCode::NotAllowed, detail);
        }
    }
}

impl AdminArticle {
    /// Its own fields in the form in which they are sent, as a merge patch is applied to them. An excerpt that was made
    /// from the text is left out, so that it follows the text.
    #[must_use]
    pub fn writable(&self, text: &str) -> Map<String, Value> {
        let made = render::excerpt(self.standfirst.as_deref().unwrap_or(text));
        let read = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or_default();
        let ids = |ids: Vec<Id>| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let fields = json!({
            "external_id": self.external_id,
            // Out of the trash there is one way, and it is no field.
            "status": (self.status != State::Trashed).then_some(self.status),
            "locale": self.locale,
            "slug": self.slug,
            "aliases": self.aliases,
            "title": self.title,
            "subtitle": self.subtitle,
            "standfirst": self.standfirst,
            "excerpt": (self.excerpt != made).then_some(&self.excerpt),
            "markdown": self.markdown.clone().flatten(),
            "html": self.html.clone().flatten(),
            "text": self.text.clone().flatten(),
            "cover": self.cover.as_ref().map(ShownCover::writable),
            "tags": ids(self.tags.iter().map(|tag| tag.id).collect()),
            "authors": ids(self.authors.iter().map(|author| author.id).collect()),
            "featured": self.featured,
            "content_notice": self.content_notice,
            "audience": self.audience,
            "citations": read(&self.citations),
            "seo": self.seo.as_deref().map(read),
            "metadata": self.metadata.as_deref().map(read),
            "translation_key": self.translation_key,
            "owner": self.owner,
            "published_at": self.published_at,
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// The fields that stay as they are where a whole text is put in another's place and they are left out: those by which
/// readers know it, and whose it is.
const KEPT: [&str; 6] = [
    "slug",
    "aliases",
    "locale",
    "status",
    "published_at",
    "owner",
];

/// The whole that a PUT stands for.
#[must_use]
pub fn replaced(mut present: Map<String, Value>, sent: Value) -> Value {
    let Value::Object(sent) = sent else {
        return sent;
    };
    present.retain(|name, _| KEPT.contains(&name.as_str()));
    present.extend(sent);
    Value::Object(present)
}

/// The whole that a PATCH stands for (RFC 7396). The text is one field in three forms: sent in one, it is no more in
/// another.
#[must_use]
pub fn patched(mut present: Map<String, Value>, sent: &Value) -> Value {
    const FORMS: [&str; 3] = ["markdown", "html", "text"];
    let Value::Object(fields) = sent else {
        // Merged, it would take the place of the whole; it is refused for what it is.
        return sent.clone();
    };
    if FORMS
        .iter()
        .any(|form| fields.get(*form).is_some_and(|text| !text.is_null()))
    {
        present.retain(|name, _| !FORMS.contains(&name.as_str()));
    }
    // Another kind of cover takes the place of the whole.
    let names = |cover: Option<&Value>, name| cover.is_some_and(|cover| !cover[name].is_null());
    let (was, is) = (present.get("cover"), fields.get("cover"));
    let is_other = [("media_id", "url"), ("url", "media_id")]
        .iter()
        .any(|(one, other)| names(was, *one) && names(is, *other));
    if is_other {
        present.remove("cover");
    }
    let mut whole = Value::Object(present);
    crate::json::merge_named(&mut whole, sent, &["metadata"]);
    whole
}

/// In which language a text was written, and its text, as the three fields show it.
#[must_use]
pub fn written(format: Format, source: String) -> [Option<String>; 3] {
    match format {
        Format::Markdown => [Some(source), None, None],
        Format::Html => [None, Some(source), None],
        Format::Text => [None, None, Some(source)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(value: &Value) -> Vec<String> {
        let (_, faults) = draft(value, Kind::Article);
        faults
            .into_iter()
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect()
    }

    #[test]
    fn what_the_server_sets_and_what_another_route_does_is_refused() {
        assert_eq!(
            faults(
                &json!({"title": "x", "version": 3, "kind": "page", "status": "trashed", "ownr": null})
            ),
            [
                "/version NotAllowed",
                "/kind NotAllowed",
                "/status NotAllowed",
                "/ownr Unknown"
            ]
        );
        let (draft, faults) = draft(&json!({"title": "x", "owner": null}), Kind::Page);
        assert!(faults.is_empty() && draft.unwrap().article.kind == Kind::Page);
    }

    #[test]
    fn a_patch_with_a_text_takes_the_place_of_the_text() {
        let present = || match json!({"title": "a", "markdown": "*x*", "seo": {"title": "s", "noindex": true}})
        {
            Value::Object(fields) => fields,
            _ => unreachable!(),
        };
        let whole = patched(present(), &json!({"html": "<p>y", "seo": {"title": null}}));
        assert_eq!(
            whole,
            json!({"title": "a", "html": "<p>y", "seo": {"noindex": true, "title": null}})
        );
        let whole = patched(present(), &json!({"html": null}));
        assert_eq!(whole["markdown"], "*x*");
        assert_eq!(patched(present(), &json!(3)), json!(3));
    }

    #[test]
    fn another_kind_of_cover_takes_the_place_of_the_whole() {
        let with = |cover: Value| match json!({"title": "a", "cover": cover}) {
            Value::Object(fields) => fields,
            _ => unreachable!(),
        };
        let link = json!({"url": "/a.jpg", "alt": "A", "width": 3});
        let whole = patched(with(link.clone()), &json!({"cover": {"media_id": "x"}}));
        assert_eq!(whole["cover"], json!({"media_id": "x"}));
        let whole = patched(
            with(json!({"media_id": "x", "alt": "A"})),
            &json!({"cover": link}),
        );
        assert_eq!(whole["cover"], link);
        let whole = patched(
            with(json!({"media_id": "x"})),
            &json!({"cover": {"alt": "B"}}),
        );
        assert_eq!(whole["cover"], json!({"media_id": "x", "alt": "B"}));
        let whole = patched(with(link), &json!({"cover": null}));
        assert_eq!(whole["cover"], Value::Null);
    }

    #[test]
    fn a_put_keeps_what_readers_know_a_text_by() {
        let Value::Object(present) = json!({"slug": "a", "subtitle": "b", "status": "published"})
        else {
            unreachable!()
        };
        let whole = replaced(present, json!({"title": "c", "status": "draft"}));
        assert_eq!(whole, json!({"slug": "a", "status": "draft", "title": "c"}));
    }
}
