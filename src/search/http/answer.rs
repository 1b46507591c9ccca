//! What search and suggestions answer with.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::app::App;
use crate::articles::fields::Selection;
use crate::articles::http as articles;
use crate::articles::model::{Article, Kind};
use crate::authors::store as authors;
use crate::db::Conn;
use crate::error::Result;
use crate::http::list::PageInfo;
use crate::id::Id;
use crate::search::facets::{Counts, Facet};
use crate::search::run::{FoundHit, Request};
use crate::tags::model::TagRef;
use crate::tags::store as tags;

/// Tags and authors that are counted by: so many of the commonest.
const VALUES: usize = 50;

/// A text that was found: as lists show it, with its rank.
#[derive(Debug, Serialize)]
pub struct SearchHit {
    #[serde(flatten)]
    pub(super) article: Article,
    pub(super) score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) highlights: Option<Highlights>,
}

impl PartialSchema for SearchHit {
    /// That of an article, and two fields more.
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut hit)) = Article::schema() else {
            return Article::schema();
        };
        let score = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Number))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Float)))
            .minimum(Some(0))
            .description(Some(
                "How well it fits, to be compared within this answer alone; 0 where the order is another",
            ))
            .build();
        hit.description = Some("A text that was found: as lists show it, with its rank".into());
        hit.properties.insert("score".into(), score.into());
        hit.properties.insert(
            "highlights".into(),
            Ref::from_schema_name("Highlights").into(),
        );
        hit.required.push("score".into());
        RefOr::T(Schema::Object(hit))
    }
}

impl ToSchema for SearchHit {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("Highlights".into(), Highlights::schema()));
        Article::schemas(schemas);
    }
}

/// The words of the query, marked in the text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Highlights {
    /// The title, as HTML: escaped text with `<mark>`.
    #[schema(example = "A small <mark>toolkit</mark> for hard moments")]
    pub(super) title: String,
    /// Pieces of the body that hold the words, or its beginning where it holds none, as HTML: escaped text with `<mark>`.
    pub(super) body: String,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchResults {
    /// The hits of this page, in order.
    pub(super) items: Vec<SearchHit>,
    /// Where the page stands.
    pub(super) page: PageInfo,
    /// The query with other words in place of those that no text holds; null where there are none. With `typos=true` these
    /// were searched for, else they are named where nothing was found.
    pub(super) did_you_mean: Option<String>,
    /// How many hits of the whole result there are of each kind that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Facets, required = false)]
    pub(super) facets: Option<Facets>,
}

/// How many hits of the whole result there are of each kind that was asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Facets {
    /// With each tag: the 50 commonest, those with most hits first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<NamedCount>, required = false)]
    pub(super) tags: Option<Vec<NamedCount>>,
    /// By each author: the 50 commonest, those with most hits first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<NamedCount>, required = false)]
    pub(super) authors: Option<Vec<NamedCount>>,
    /// Published in each year (UTC), the last first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<YearCount>, required = false)]
    pub(super) years: Option<Vec<YearCount>>,
    /// In each locale, those with most hits first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<LocaleCount>, required = false)]
    pub(super) locales: Option<Vec<LocaleCount>>,
}

/// Hits with a tag or by an author.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedCount {
    /// The tag or author.
    #[schema(value_type = uuid::Uuid)]
    pub(super) id: Id,
    /// The name in addresses, which filters take.
    pub(super) slug: String,
    /// The name for people.
    pub(super) name: String,
    /// Hits.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) count: u64,
}

/// Hits of a year.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YearCount {
    /// The year.
    #[schema(example = 2026)]
    pub(super) year: i64,
    /// Hits.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) count: u64,
}

/// Hits in a locale.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocaleCount {
    /// The locale.
    #[schema(example = "en")]
    pub(super) locale: String,
    /// Hits.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) count: u64,
}

/// What somebody may be about to type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suggestions {
    /// Texts whose titles begin so or hold these words.
    pub(super) items: Vec<Suggestion>,
    /// Tags whose names or other names begin so, the commonest first.
    pub(super) tags: Vec<TagRef>,
}

/// A text that may be meant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub(super) id: Id,
    /// Article or page.
    pub(super) kind: Kind,
    /// Its title.
    pub(super) title: String,
    /// Its name in addresses.
    pub(super) slug: String,
    /// Its language.
    #[schema(example = "en")]
    pub(super) locale: String,
    /// Where the website shows it.
    pub(super) url: String,
}

pub(super) fn present(hit: FoundHit, app: &App, show: Selection) -> SearchHit {
    let FoundHit {
        mut article,
        score,
        highlights,
    } = hit;
    articles::present(&mut article, app, show);
    SearchHit {
        article,
        score,
        highlights: highlights.map(|(title, body)| Highlights { title, body }),
    }
}

/// The counts, with the names that the database has.
pub(super) fn named(conn: &mut Conn, counts: &Counts, asked: &Request) -> Result<Facets> {
    let has = |facet| asked.facets.contains(&facet);
    let commonest = |counts: &HashMap<Id, u64>| {
        let mut counts: Vec<(Id, u64)> = counts.iter().map(|(id, count)| (*id, *count)).collect();
        counts.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        counts.truncate(VALUES);
        counts
    };
    let mut facets = Facets::default();
    if has(Facet::Tags) {
        let counts = commonest(&counts.tags);
        let ids: Vec<Id> = counts.iter().map(|(id, _)| *id).collect();
        let known = tags::public_refs(conn, &ids)?;
        let named = counts.iter().filter_map(|(id, count)| {
            let tag = known.iter().find(|tag| tag.id == *id)?;
            Some(NamedCount {
                id: *id,
                slug: tag.slug.clone(),
                name: tag.name.clone(),
                count: *count,
            })
        });
        facets.tags = Some(named.collect());
    }
    if has(Facet::Authors) {
        let counts = commonest(&counts.authors);
        let ids: Vec<Id> = counts.iter().map(|(id, _)| *id).collect();
        let known = authors::public_refs(conn, &ids)?;
        let named = counts.iter().filter_map(|(id, count)| {
            let author = known.iter().find(|author| author.id == *id)?;
            Some(NamedCount {
                id: *id,
                slug: author.slug.clone(),
                name: author.name.clone(),
                count: *count,
            })
        });
        facets.authors = Some(named.collect());
    }
    if has(Facet::Years) {
        let years = counts.years.iter();
        let mut years: Vec<YearCount> = years
            .map(|(year, count)| YearCount {
                year: *year,
                count: *count,
            })
            .collect();
        years.sort_unstable_by_key(|of| Reverse(of.year));
        facets.years = Some(years);
    }
    if has(Facet::Locales) {
        let locales = counts.locales.iter();
        let mut locales: Vec<LocaleCount> = locales
            .map(|(locale, count)| LocaleCount {
                locale: locale.clone(),
                count: *count,
            })
            .collect();
        locales
            .sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.locale.cmp(&b.locale)));
        facets.locales = Some(locales);
    }
    Ok(facets)
}
