//! The JSON form of an article, as JSON Lines and the admin API send it: types here, the rules in [`new`](super::new).

use serde_json::Value;

use crate::articles::cover::{Cover, CoverMedia};
use crate::articles::model::{
    ArticleInput, Audience, Citation, Format, Image, Kind, Seo, Source, State,
};
use crate::articles::new::MAX_ITEMS;
use crate::articles::restored::Restored;
use crate::error::{Fault, FaultCode};
use crate::json::Fields;

/// Stands in for a missing title, so that the other fields can be checked too and all faults told at once. It is never
/// stored, for the missing title is itself a fault.
const PLACEHOLDER: &str = "untitled";

/// Reads an article. The faults found are added to `faults`; what is returned beside some is what could be read, good for
/// finding further faults and nothing else. `None` is something that is no object at all.
pub fn article(value: &Value, faults: &mut Vec<Fault>) -> Option<ArticleInput> {
    article_with(value, faults, |_fields| {})
}

/// Reads an article as an export writes it, or anybody who leaves out what only an export says. Faults as
/// [`article`] tells them.
pub fn exported(value: &Value, faults: &mut Vec<Fault>) -> Option<(ArticleInput, Restored)> {
    let mut restored = Restored::default();
    let mut copied = Vec::new();
    let article = article_with(value, faults, |fields| {
        restored = Restored::read(fields, &mut copied);
    });
    faults.extend(copied.into_iter().map(|fault| fault.below("/working_copy")));
    let mut article = article?;
    // More than a writer may send, where it has had more slugs than that.
    if restored.is_export() && article.aliases.len() > MAX_ITEMS {
        let locale = article.locale.clone().unwrap_or_default();
        let more = article.aliases.split_off(MAX_ITEMS);
        let more = more.into_iter().map(|slug| (locale.clone(), slug));
        restored.aliases_in.extend(more);
    }
    Some((article, restored))
}

/// Reads an article, and by `more` what else a door takes beside it.
pub(super) fn article_with(
    value: &Value,
    faults: &mut Vec<Fault>,
    more: impl FnOnce(&mut Fields<'_>),
) -> Option<ArticleInput> {
    let is_object = value.is_object();
    let mut fields = Fields::new(value, "", faults);
    more(&mut fields);
    let title = fields.required_string("title");
    let article = ArticleInput {
        id: fields.id("id"),
        external_id: fields.string("external_id"),
        kind: fields
            .one_of("kind", Kind::ALL, Kind::as_str)
            .unwrap_or(Kind::Article),
        status: fields.one_of("status", State::ALL, State::as_str),
        locale: fields.string("locale"),
        slug: fields.string("slug"),
        aliases: fields.strings("aliases").unwrap_or_default(),
        title: title.unwrap_or_else(|| PLACEHOLDER.to_owned()),
        subtitle: fields.string("subtitle"),
        standfirst: fields.string("standfirst"),
        excerpt: fields.string("excerpt"),
        body: body(&mut fields),
        cover: fields.object("cover", cover).flatten(),
        tags: fields.strings("tags").unwrap_or_default(),
        authors: fields.strings("authors").unwrap_or_default(),
        featured: fields.bool("featured").unwrap_or(false),
        content_notice: fields.string("content_notice"),
        audience: fields
            .one_of("audience", Audience::ALL, Audience::as_str)
            .unwrap_or(Audience::General),
        citations: fields.objects("citations", citation).unwrap_or_default(),
        published_at: fields.time("published_at"),
        updated_at: fields.time("updated_at"),
        seo: fields.object("seo", seo).unwrap_or_default(),
        metadata: fields.map("metadata").unwrap_or_default(),
        translation_key: fields.string("translation_key"),
    };
    fields.finish();
    is_object.then_some(article)
}

/// The text, which comes in one language alone.
fn body(fields: &mut Fields<'_>) -> Option<Source> {
    let mut body: Option<(&str, Source)> = None;
    for (name, format) in [
        ("markdown", Format::Markdown),
        ("html", Format::Html),
        ("text", Format::Text),
    ] {
        let Some(Some(_)) = fields.field(name) else {
            continue;
        };
        let text = fields.string(name);
        if let Some((first, _)) = &body {
            let detail = format!(
                "the text is in {first} already; only one of markdown, html and text can be given"
            );
            fields.fault(name, FaultCode::Conflicting, detail);
        } else {
            body = Some((
                name,
                Source {
                    format,
                    text: text.unwrap_or_default(),
                },
            ));
        }
    }
    body.map(|(_, source)| source)
}

/// Reads the picture that stands for a text: a medium, or an address elsewhere, and not both.
fn cover(fields: &mut Fields<'_>) -> Option<Cover> {
    if !matches!(fields.field("media_id"), Some(Some(_))) {
        return image(fields).map(Cover::Link);
    }
    for name in ["url", "width", "height"] {
        if let Some(Some(_)) = fields.field(name) {
            let detail = format!("the cover is a medium, which says it itself; leave {name} out");
            fields.fault(name, FaultCode::Conflicting, detail);
        }
    }
    let (media_id, alt) = (fields.id("media_id"), fields.string("alt"));
    media_id.map(|media_id| Cover::Media(CoverMedia { media_id, alt }))
}

/// Reads a picture.
pub(crate) fn image(fields: &mut Fields<'_>) -> Option<Image> {
    let url = fields.required_string("url");
    let alt = fields.string("alt").unwrap_or_default();
    let width = pixels(fields, "width");
    let height = pixels(fields, "height");
    Some(Image {
        url: url?,
        alt,
        width,
        height,
    })
}

fn pixels(fields: &mut Fields<'_>, name: &'static str) -> Option<u32> {
    fields
        .integer(name, 1..=i64::from(u32::MAX))
        .and_then(|pixels| u32::try_from(pixels).ok())
}

fn citation(fields: &mut Fields<'_>) -> Option<Citation> {
    let title = fields.required_string("title");
    let url = fields.string("url");
    Some(Citation { title: title?, url })
}

fn seo(fields: &mut Fields<'_>) -> Seo {
    Seo {
        title: fields.string("title"),
        description: fields.string("description"),
        canonical_url: fields.string("canonical_url"),
        image: fields.string("image"),
        noindex: fields.bool("noindex").unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> (Option<ArticleInput>, Vec<String>) {
        let mut faults = Vec::new();
        let article = article(value, &mut faults);
        let told = faults
            .into_iter()
            .map(|f| format!("{} {:?}", f.pointer.unwrap(), f.code))
            .collect();
        (article, told)
    }

    #[test]
    fn only_the_title_is_required() {
        let (article, faults) = read(&json!({"title": "Tea"}));
        assert_eq!((article, faults), (Some(ArticleInput::new("Tea")), vec![]));
        let (_, faults) = read(&json!({"title": null, "slug": null}));
        assert_eq!(faults, ["/title Missing"]);
        assert_eq!(read(&json!("Tea")), (None, vec![" WrongType".to_owned()]));
    }

    #[test]
    fn reads_every_field() {
        let (article, faults) = read(&json!({
            "id": "01890a5d-ac96-774b-bcce-b302099a8057", "external_id": "wp-7", "kind": "page", "status": "in_review",
            "locale": "de", "slug": "tee", "aliases": ["té"], "title": "Tee", "subtitle": "heiß", "standfirst": "Ein Getränk",
            "excerpt": "kurz", "markdown": "# Tee\r\n", "cover": {"url": "/a.jpg", "alt": "Tasse", "width": 4, "height": null},
            "tags": ["a", "b"], "authors": ["Ada"], "featured": true, "content_notice": "Koffein", "audience": "mature",
            "citations": [{"title": "Buch", "url": "https://example.org"}, {"title": "Heft"}],
            "published_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-23T10:00:00+01:00",
            "seo": {"title": "t", "description": "d", "canonical_url": "https://example.org/tee", "image": "/b.jpg", "noindex": true},
            "metadata": {"x": {"y": [1, null]}}, "translation_key": "tea"
        }));
        assert_eq!(faults, Vec::<String>::new());
        let article = article.unwrap();
        assert_eq!(
            article.body,
            Some(Source {
                format: Format::Markdown,
                text: "# Tee\r\n".to_owned()
            })
        );
        assert_eq!(
            (article.kind, article.status, article.audience),
            (Kind::Page, Some(State::InReview), Audience::Mature)
        );
        let Some(Cover::Link(cover)) = article.cover else {
            panic!("a picture elsewhere");
        };
        assert_eq!(cover.width, Some(4));
        assert_eq!(article.citations.len(), 2);
        assert_eq!(
            article.updated_at.unwrap().to_string(),
            "2026-11-23T09:00:00.000Z"
        );
        assert!(article.seo.noindex && article.featured);
        assert_eq!(article.metadata["x"]["y"], json!([1, null]));
    }

    #[test]
    fn tells_all_faults_at_once_and_still_returns_the_rest() {
        let (article, faults) = read(&json!({
            "titel": "x", "slug": 3, "markdown": "a", "html": "b", "text": "c", "cover": {"alt": 1, "width": 0, "src": "x"},
            "tags": "a", "citations": [{"url": "u"}], "seo": {"titel": 1}, "published_at": "2026-11-22", "status": "publishd"
        }));
        let expected = [
            "/title Missing",
            "/status NotAllowed",
            "/slug WrongType",
            "/html Conflicting",
            "/text Conflicting",
            "/cover/url Missing",
            "/cover/alt WrongType",
            "/cover/width TooSmall",
            "/cover/src Unknown",
            "/tags WrongType",
            "/citations/0/title Missing",
            "/published_at Malformed",
            "/seo/titel Unknown",
            "/titel Unknown",
        ];
        assert_eq!(faults, expected);
        assert_eq!(article.unwrap().body.unwrap().text, "a");
    }

    #[test]
    fn reads_what_an_export_says_beside() {
        let many: Vec<String> = (0..102).map(|n| format!("a{n}")).collect();
        let mut faults = Vec::new();
        let line = json!({
            "title": "Tee", "locale": "de", "source": "markdown:blog", "aliases": many, "aliases_in": {"en": ["tea"]},
            "created_at": "2026-11-22T10:00:00Z", "unpublish_at": "2027-11-22T10:00:00Z", "working_copy": {"title": "Chai"},
        });
        let (article, restored) = exported(&line, &mut faults).unwrap();
        assert_eq!((faults.len(), article.aliases.len()), (0, MAX_ITEMS));
        assert_eq!(restored.source, Some(Some("markdown:blog".to_owned())));
        let aliases: Vec<(&str, &str)> = restored
            .aliases_in
            .iter()
            .map(|(locale, slug)| (locale.as_str(), slug.as_str()))
            .collect();
        assert_eq!(aliases, [("en", "tea"), ("de", "a100"), ("de", "a101")]);
        let copy = restored.working_copy.as_deref();
        assert_eq!(copy, Some(&ArticleInput::new("Chai")));
        assert!(restored.created_at.is_some() && restored.unpublish_at.is_some());

        let (_, nothing) = exported(&json!({"title": "Tea"}), &mut faults).unwrap();
        assert_eq!((faults.len(), nothing), (0, Restored::default()));
    }

    #[test]
    fn tells_what_is_wrong_with_what_an_export_says() {
        let mut faults = Vec::new();
        let line = json!({
            "title": "Tea", "source": 1, "aliases_in": {"en": "tea"}, "created_at": "then", "working_copy": {"titel": 1, "slug": 2},
        });
        assert!(exported(&line, &mut faults).is_some());
        let told = faults
            .into_iter()
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code));
        let expected = [
            "/source WrongType",
            "/aliases_in Malformed",
            "/created_at Malformed",
            "/working_copy/title Missing",
            "/working_copy/slug WrongType",
            "/working_copy/titel Unknown",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_cover_is_a_medium_or_an_address() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let (article, faults) =
            read(&json!({"title": "x", "cover": {"media_id": id, "alt": null, "url": null}}));
        let media_id = article.unwrap().cover.unwrap().media_id();
        assert_eq!((faults, media_id), (vec![], id.parse().ok()));
        let (_, faults) = read(
            &json!({"title": "x", "cover": {"media_id": id, "url": "/a", "width": 3, "blurhash": "x"}}),
        );
        let expected = [
            "/cover/url Conflicting",
            "/cover/width Conflicting",
            "/cover/blurhash Unknown",
        ];
        assert_eq!(faults, expected);
        let (_, faults) = read(&json!({"title": "x", "cover": {"media_id": "y"}}));
        assert_eq!(faults, ["/cover/media_id Malformed"]);
    }

    #[test]
    fn an_absent_text_beside_another_is_no_conflict() {
        let (article, faults) = read(&json!({"title": "x", "markdown": null, "html": "<p>x"}));
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(article.unwrap().body.unwrap().format, Format::Html);
    }
}
