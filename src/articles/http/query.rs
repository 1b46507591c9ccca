//! The parameters of the routes of articles and pages: as the document describes them, and how they are read.

use utoipa::IntoParams;

use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::model::Audience;
use crate::articles::store::Filter;
use crate::error::FaultCode;
use crate::http::query::{Query, Refused, boolean, one_of, parsed};
use crate::id::Id;

/// The parameters of a list of articles.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "documents the query; `filter` and `selection` read it"
)]
pub(super) struct ArticleListQuery {
    /// A tag by slug, name or id. Repeat it for articles that carry all of them.
    #[param(max_items = 20, min_length = 1)]
    tag: Option<Vec<String>>,
    /// A tag by slug, name or id. Repeat it for articles that carry at least one of them.
    #[param(max_items = 20, min_length = 1)]
    any_tag: Option<Vec<String>>,
    /// An author by slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only what is featured, or only what is not.
    featured: Option<bool>,
    /// Only what is for this audience.
    #[param(inline)]
    audience: Option<Audience>,
    /// Published at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_after: Option<String>,
    /// Published before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<String>,
    /// Only these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    id: Option<Vec<uuid::Uuid>>,
    /// All but these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    exclude: Option<Vec<uuid::Uuid>>,
    /// The order; ties by id. Default `-published_at`.
    #[param(inline)]
    sort: Option<SortName>,
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page in the same order. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole list, into `page.total`.
    count: Option<bool>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// The parameters of a single article.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "documents the query; `locale` and `selection` read it"
)]
pub(super) struct ArticleQuery {
    /// The locale, or where the text is not in that, the first of those that stand in for it. Without it, the site's
    /// first that has the slug is meant.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas: markdown and text are left out otherwise.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// The parameters of a text form.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "documents the query; `locale` and `selection` read it"
)]
pub(super) struct TextFormQuery {
    /// The locale, or where the text is not in that, the first of those that stand in for it. Without it, the site's
    /// first that has the slug is meant.
    #[param(min_length = 1)]
    locale: Option<String>,
}

/// The orders, as the document names them.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents `Sort`; a test compares the two")]
enum SortName {
    #[schema(rename = "-published_at")]
    Newest,
    #[schema(rename = "published_at")]
    Oldest,
    #[schema(rename = "-updated_at")]
    LastUpdated,
    #[schema(rename = "title")]
    Title,
}

/// What `include` may name, as the document lists it.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "documents `Field::INCLUDES`; a test compares the two"
)]
pub(crate) enum Include {
    Body,
    Markdown,
    Text,
    Toc,
    Tags,
    Authors,
    Seo,
    Metadata,
    Translations,
}

/// The forms of a text besides JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum TextForm {
    /// Markdown with front matter.
    Md,
    /// Plain text.
    Txt,
    /// The sanitised body.
    Html,
}

crate::names::names!(TextForm { Md => "md", Txt => "txt", Html => "html" });

/// Reads what narrows a list.
pub(crate) fn filter(query: &mut Query, app: &App) -> Filter {
    Filter {
        tags: query.many("tag", 20),
        any_tags: query.many("any_tag", 20),
        author: query.one("author", |text| Ok(text.to_owned())),
        locale: locale(query, app),
        featured: query.one("featured", boolean),
        audience: query.one("audience", |text| {
            one_of(text, Audience::ALL, Audience::as_str)
        }),
        published_after: query.one("published_after", parsed),
        published_before: query.one("published_before", parsed),
        ids: query.many_of("id", 100, parsed::<Id>),
        exclude: query.many_of("exclude", 100, parsed::<Id>),
    }
}

/// Reads `locale`.
pub(crate) fn locale(query: &mut Query, app: &App) -> Option<String> {
    query.one("locale", |text| {
        let known = app
            .rules
            .locales
            .iter()
            .find(|locale| locale.as_str() == text);
        known.cloned().ok_or_else(|| {
            (
                FaultCode::NotAllowed,
                format!(
                    "`{text}` is none of the site's locales: {}",
                    app.rules.locales.join(", ")
                ),
            )
        })
    })
}

/// Reads `fields` and `include`.
pub(crate) fn selection(query: &mut Query, default: Selection) -> Selection {
    let fields = query.one("fields", |text| several(text, Field::ALL, Field::as_str));
    included(query, fields.map_or(default, Selection::of))
}

/// Reads `include`, which adds to these.
pub(crate) fn included(query: &mut Query, to: Selection) -> Selection {
    let include = query.one("include", |text| {
        several(text, Field::INCLUDES, Field::as_str)
    });
    to.with(&include.unwrap_or_default())
}

/// Reads names of a closed list that are separated by commas.
pub(crate) fn several<T: Copy>(
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Vec<T>, Refused> {
    let names = text.split(',');
    names.map(|it| one_of(it.trim(), all, &name)).collect()
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::articles::store::Sort;

    /// The names that the document allows.
    fn documented<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        let names = schema["enum"].as_array().unwrap().iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_document_names_what_is_read_and_nothing_else() {
        assert_eq!(
            documented::<SortName>(),
            Sort::ALL
                .iter()
                .map(|sort| sort.as_str())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            documented::<Field>(),
            Field::ALL
                .iter()
                .map(|field| field.as_str())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            documented::<Include>(),
            Field::INCLUDES
                .iter()
                .map(|field| field.as_str())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            documented::<TextForm>(),
            TextForm::ALL
                .iter()
                .map(|form| form.as_str())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            documented::<Audience>(),
            Audience::ALL
                .iter()
                .map(|of| of.as_str())
                .collect::<Vec<_>>()
        );
    }
}
