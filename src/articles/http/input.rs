//! What writers send, as the document describes it; [`edit::draft`](crate::articles::edit::draft) reads it.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::articles::cover::Cover;
use crate::articles::model::{Audience, Citation, Seo};

/// The states that a writer can name.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "documents what `edit::draft` reads")]
enum WritableState {
    Draft,
    InReview,
    Scheduled,
    Published,
    Archived,
}

/// The fields of a text, with the title as it is wanted.
macro_rules! text {
    ($(#[$about:meta])* $name:ident, $(#[$title:meta])* $title_type:ty) => {
        #[derive(ToSchema)]
        $(#[$about])*
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "documents what `edit::draft` reads")]
        pub(crate) struct $name {
            /// The first line of the heading.
            $(#[$title])*
            title: $title_type,
            /// The state it is to be in; a draft where nothing is said. What is published at a time to come is scheduled.
            #[schema(inline)]
            status: Option<WritableState>,
            /// A locale of the site; the default where nothing is said.
            locale: Option<String>,
            /// Its name in addresses, unique in its locale; made from the title where nothing is said.
            #[schema(min_length = 1, max_length = 96, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "a-walk-in-the-rain")]
            slug: Option<String>,
            /// All that leads to it besides the slug. A slug that is changed is kept among them.
            #[schema(max_items = 100)]
            aliases: Option<Vec<String>>,
            /// The second line of the heading.
            #[schema(max_length = 500)]
            subtitle: Option<String>,
            /// The lead, plain text.
            #[schema(max_length = 5000)]
            standfirst: Option<String>,
            /// A few words of it for lists; made from the standfirst or the text where nothing is said.
            #[schema(max_length = 5000)]
            excerpt: Option<String>,
            /// Its text in CommonMark with GitHub's extensions. One of `markdown`, `html` and `text` at most.
            #[schema(max_length = 1_048_576, example = "It rained, and we *walked*.")]
            markdown: Option<String>,
            /// Its text in HTML, which is sanitised for readers.
            #[schema(max_length = 1_048_576, example = json!(null))]
            html: Option<String>,
            /// Its text as plain text; an empty line parts paragraphs.
            #[schema(max_length = 1_048_576, example = json!(null))]
            text: Option<String>,
            /// The picture that stands for it.
            #[schema(example = json!(null))]
            cover: Option<Cover>,
            /// Its tags in order, each by id, slug or name; what has no such slug or name is made.
            #[schema(max_items = 100, example = json!(["Walking"]))]
            tags: Option<Vec<String>>,
            /// Its authors in order, each by id, slug or name; what has no such slug or name is made.
            #[schema(max_items = 100, example = json!([]))]
            authors: Option<Vec<String>>,
            /// Shown first.
            featured: Option<bool>,
            /// A word of advice before a sensitive subject.
            #[schema(max_length = 5000)]
            content_notice: Option<String>,
            /// Who it is for.
            audience: Option<Audience>,
            /// The sources it names.
            #[schema(max_items = 100, example = json!([]))]
            citations: Option<Vec<Citation>>,
            /// When it was or is to be published.
            #[schema(value_type = Option<String>, format = DateTime)]
            published_at: Option<String>,
            /// For search engines.
            #[schema(example = json!(null))]
            seo: Option<Seo>,
            /// Custom fields, 64 KiB of JSON at most.
            #[schema(value_type = Option<Object>, additional_properties, example = json!({"season": "autumn"}))]
            metadata: Option<Map<String, Value>>,
            /// Texts with the same key are translations of each other.
            #[schema(max_length = 500)]
            translation_key: Option<String>,
            /// Its key in the system it came from.
            #[schema(max_length = 500)]
            external_id: Option<String>,
            /// The account it belongs to; whoever makes it, where nothing is said. An editor's to change.
            #[schema(example = json!(null))]
            owner: Option<uuid::Uuid>,
        }
    };
}

text!(
    /// A text to be made, or to be put in another's place. Only the title is required.
    #[schema(example = json!({
        "title": "A walk in the rain",
        "markdown": "It rained, and we *walked*.",
        "tags": ["Walking"],
        "metadata": {"season": "autumn"}
    }))]
    NewArticleInput,
    #[schema(min_length = 1, max_length = 500, pattern = r"\S", example = "A walk in the rain")]
    String
);

text!(
    /// What is to be changed of a text: what is left out stays, null clears.
    #[schema(example = json!({"title": "A walk in the sun", "subtitle": null, "featured": true}))]
    ArticleChange,
    #[schema(min_length = 1, max_length = 500, pattern = r"\S", nullable = false, example = "A walk in the sun")]
    Option<String>
);
