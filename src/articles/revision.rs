//! What a text said at one time, whole: its revisions, and the working copy of one that is out. The types, and the rule
//! that says when two saves are one revision.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::edit::{self, AdminArticle};
use super::model::{ArticleInput, Audience, Citation, Format, Image, Kind, Seo, Source, State};
use super::render::{self, Rendered};
use crate::authors::model::AuthorRef;
use crate::changes::audit::{ActorKind, LoggedUser};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::tags::model::TagRef;
use crate::time::Time;

/// Saves of one editor that lie no further apart from the first are one revision.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);

/// A tag or an author, by the id and the name of that time. Either may be no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Its name.
    pub name: String,
}

/// All that a writer says of a text, but for where it stands: state, time of publication and owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The key in the system it came from.
    pub external_id: Option<String>,
    /// A BCP 47 tag.
    pub locale: String,
    /// Its name in addresses.
    pub slug: String,
    /// What else led to it.
    pub aliases: Vec<String>,
    /// The first line of the heading.
    pub title: String,
    /// The second.
    pub subtitle: Option<String>,
    /// The lead.
    pub standfirst: Option<String>,
    /// None where it was made from the text.
    pub excerpt: Option<String>,
    /// The language of the body.
    pub format: Format,
    /// The body, byte for byte. It is stored apart.
    #[serde(skip)]
    pub source: String,
    /// The picture that stands for it.
    pub cover: Option<Image>,
    /// In order.
    pub tags: Vec<Named>,
    /// In order.
    pub authors: Vec<Named>,
    /// Shown first.
    pub featured: bool,
    /// A word of advice.
    pub content_notice: Option<String>,
    /// Who it is for.
    pub audience: Audience,
    /// Its sources.
    pub citations: Vec<Citation>,
    /// For search engines.
    pub seo: Seo,
    /// Custom fields.
    pub metadata: Map<String, Value>,
    /// Texts with the same key are translations of each other.
    pub translation_key: Option<String>,
}

impl Words {
    /// What an input says, which has been found free of faults. Tags and authors are for the store to look up.
    #[must_use]
    pub fn of(input: ArticleInput, slug: String, locale: String) -> Self {
        let body = input.body.unwrap_or(Source {
            format: Format::Markdown,
            text: String::new(),
        });
        Self {
            external_id: input.external_id,
            locale,
            slug,
            aliases: input.aliases,
            title: input.title.trim().to_owned(),
            subtitle: input.subtitle,
            standfirst: input.standfirst,
            excerpt: input.excerpt.filter(|excerpt| !excerpt.trim().is_empty()),
            format: body.format,
            source: body.text,
            cover: input.cover,
            tags: Vec::new(),
            authors: Vec::new(),
            featured: input.featured,
            content_notice: input.content_notice,
            audience: input.audience,
            citations: input.citations,
            seo: input.seo,
            metadata: input.metadata,
            translation_key: input.translation_key,
        }
    }

    /// The same as an input, with these tags and authors.
    #[must_use]
    pub fn into_input(
        self,
        kind: Kind,
        tags: Vec<String>,
        authors: Vec<String>,
        standing: Standing,
    ) -> ArticleInput {
        ArticleInput {
            id: None,
            external_id: self.external_id,
            kind,
            status: Some(standing.status),
            locale: Some(self.locale),
            slug: Some(self.slug),
            aliases: self.aliases,
            title: self.title,
            subtitle: self.subtitle,
            standfirst: self.standfirst,
            excerpt: self.excerpt,
            body: Some(Source {
                format: self.format,
                text: self.source,
            }),
            cover: self.cover,
            tags,
            authors,
            featured: self.featured,
            content_notice: self.content_notice,
            audience: self.audience,
            citations: self.citations,
            published_at: standing.published_at,
            updated_at: None,
            seo: self.seo,
            metadata: self.metadata,
            translation_key: self.translation_key,
        }
    }

    /// The same in the form in which it is sent, as a merge patch is applied to it.
    #[must_use]
    pub fn writable(
        self,
        tags: &[String],
        authors: &[String],
        standing: Standing,
    ) -> Map<String, Value> {
        let [markdown, html, text] = edit::written(self.format, self.source);
        let fields = json!({
            "external_id": self.external_id,
            "status": (standing.status != State::Trashed).then_some(standing.status),
            "locale": self.locale,
            "slug": self.slug,
            "aliases": self.aliases,
            "title": self.title,
            "subtitle": self.subtitle,
            "standfirst": self.standfirst,
            "excerpt": self.excerpt,
            "markdown": markdown,
            "html": html,
            "text": text,
            "cover": self.cover,
            "tags": tags,
            "authors": authors,
            "featured": self.featured,
            "content_notice": self.content_notice,
            "audience": self.audience,
            "citations": self.citations,
            "seo": self.seo,
            "metadata": self.metadata,
            "translation_key": self.translation_key,
            "owner": standing.owner,
            "published_at": standing.published_at,
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// Where a text stands, which no words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub status: State,
    /// When it was or is to be published.
    pub published_at: Option<Time>,
    /// The account it belongs to.
    pub owner: Option<Id>,
}

/// One state of a text's own fields that was kept. In a list `content` is absent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// Its number within the text, from 1.
    #[schema(minimum = 1)]
    pub n: i64,
    /// When it was saved, for the last time where several saves are one revision.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// What kind of actor saved it.
    pub actor: ActorKind,
    /// The account behind it.
    pub user: Option<LoggedUser>,
    /// The API key that it was done with.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub key_id: Option<Id>,
    /// The number of the write that saved it; 0 where that is not known any more.
    #[schema(minimum = 0)]
    pub change: i64,
    /// What was done: `created`, `updated`, `published`, ….
    #[schema(example = "updated")]
    pub action: String,
    /// The state that the text was in.
    pub status: State,
    /// The title that it had.
    pub title: String,
    /// Readers got it.
    pub published: bool,
    /// What else there is to know: which revision it came from, and what could not come back with it.
    pub note: Option<String>,
    /// All that it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = RevisionContent, required = false)]
    pub content: Option<Box<RevisionContent>>,
}

/// All that a writer said of a text at one time, in the fields in which it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisionContent {
    /// Its key in the system it was imported from.
    pub external_id: Option<String>,
    /// Its language, a BCP 47 tag.
    #[schema(example = "en")]
    pub locale: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its former slugs, and others that led to it.
    pub aliases: Vec<String>,
    /// The first line of the heading.
    pub title: String,
    /// The second line of the heading.
    pub subtitle: Option<String>,
    /// The lead, plain text.
    pub standfirst: Option<String>,
    /// A few words of it for lists; null where they were made from the standfirst or the text.
    pub excerpt: Option<String>,
    /// Its text where it was written in Markdown, byte for byte. Two of `markdown`, `html` and `text` are null.
    pub markdown: Option<String>,
    /// Its text where it was written in HTML, byte for byte, not sanitised.
    pub html: Option<String>,
    /// Its text where it was written as plain text, byte for byte.
    pub text: Option<String>,
    /// The picture that stood for it.
    pub cover: Option<Image>,
    /// Its tags, in order.
    pub tags: Vec<Named>,
    /// Its authors, in order.
    pub authors: Vec<Named>,
    /// Shown first.
    pub featured: bool,
    /// A word of advice before a sensitive subject.
    pub content_notice: Option<String>,
    /// Who it was for.
    pub audience: Audience,
    /// The sources it named.
    pub citations: Vec<Citation>,
    /// What search engines were told.
    pub seo: Seo,
    /// Custom fields.
    #[schema(value_type = Object, additional_properties)]
    pub metadata: Map<String, Value>,
    /// Texts with the same key are translations of each other.
    pub translation_key: Option<String>,
    /// The account it belonged to.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub owner: Option<Id>,
    /// When it was or was to be published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Time>,
}

impl RevisionContent {
    /// These words, of a text that stood so.
    #[must_use]
    pub fn new(words: Words, standing: Standing) -> Self {
        let [markdown, html, text] = edit::written(words.format, words.source);
        Self {
            external_id: words.external_id,
            locale: words.locale,
            slug: words.slug,
            aliases: words.aliases,
            title: words.title,
            subtitle: words.subtitle,
            standfirst: words.standfirst,
            excerpt: words.excerpt,
            markdown,
            html,
            text,
            cover: words.cover,
            tags: words.tags,
            authors: words.authors,
            featured: words.featured,
            content_notice: words.content_notice,
            audience: words.audience,
            citations: words.citations,
            seo: words.seo,
            metadata: words.metadata,
            translation_key: words.translation_key,
            owner: standing.owner,
            published_at: standing.published_at,
        }
    }
}

/// Who saved something, as revisions are told apart by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Editor {
    /// The account.
    pub user: Option<Id>,
    /// The API key, where it was one.
    pub key: Option<Id>,
}

/// The newest revision, as far as it decides what becomes of the next save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its number.
    pub n: i64,
    /// The version of the text that it shows.
    pub version: i64,
    /// Its first save.
    pub started_at: Time,
    /// Who saved it.
    pub editor: Editor,
    /// What was done.
    pub action: String,
    /// The state of the text in it.
    pub status: State,
    /// It says something of itself.
    pub noted: bool,
}

/// A save of a text's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Save {
    /// By whom; none who is nobody's editor, such as an import.
    pub editor: Option<Editor>,
    /// When.
    pub at: Time,
    /// The version of the text that it replaces.
    pub version: i64,
    /// The states of the text before and after it.
    pub status: (State, State),
    /// It says something of itself.
    pub noted: bool,
}

impl Newest {
    /// Whether a save only goes on with this revision: the same editor, within ten minutes of its first save. What readers
    /// got, a move to another state and what says something of itself stand as they are.
    #[must_use]
    pub fn goes_on_with(&self, save: &Save) -> bool {
        let (before, after) = save.status;
        let same_editor = save.editor == Some(self.editor) && self.editor.user.is_some();
        let in_time = (self.started_at..self.started_at.plus(WINDOW)).contains(&save.at);
        let plain = matches!(self.action.as_str(), "created" | "updated");
        let still = self.status == before && before == after && !after.is_public();
        let known = self.version == save.version;
        same_editor && in_time && plain && still && known && !self.noted && !save.noted
    }
}

/// The working copy of a text, without what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkingCopy {
    /// How often it was saved. It goes on counting when there was another before it.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The version of the text that it would take the place of.
    #[schema(minimum = 1)]
    pub based_on: i64,
    /// The text was changed since it was begun. To publish it over that, name the text's version in `over`.
    pub outdated: bool,
    /// When it was last saved.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// The account that last saved it.
    pub by: Option<LoggedUser>,
}

impl AdminArticle {
    /// The same text, if it said these words: as its working copy is shown.
    ///
    /// # Errors
    /// When they cannot be written as JSON, which is a fault of ours.
    pub fn saying(
        self,
        words: Words,
        (tags, authors): (Vec<TagRef>, Vec<AuthorRef>),
        rendered: Rendered,
    ) -> Result<Self> {
        let lead = words.standfirst.as_deref().unwrap_or(&rendered.text);
        let excerpt = words.excerpt.unwrap_or_else(|| render::excerpt(lead));
        let [markdown, html, text] = edit::written(words.format, words.source);
        let updated_at = self.working_copy.as_ref().map(|copy| copy.updated_at);
        Ok(Self {
            external_id: words.external_id,
            locale: words.locale,
            slug: words.slug,
            aliases: words.aliases,
            title: words.title,
            subtitle: words.subtitle,
            standfirst: words.standfirst,
            excerpt,
            markdown: Some(markdown),
            html: Some(html),
            text: Some(text),
            body: Some(rendered.html),
            cover: words.cover.as_ref().map(raw).transpose()?,
            tags,
            authors,
            featured: words.featured,
            content_notice: words.content_notice,
            audience: words.audience,
            citations: raw(&words.citations)?,
            word_count: rendered.word_count.cast_signed(),
            reading_minutes: rendered.reading_minutes.cast_signed(),
            seo: Some(raw(&words.seo)?),
            metadata: Some(raw(&words.metadata)?),
            translation_key: words.translation_key,
            updated_at: updated_at.unwrap_or(self.updated_at),
            warnings: rendered.removed,
            ..self
        })
    }
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>> {
    to_raw_value(value).map_err(|error| Error::internal(format!("a working copy: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Time {
        Time::from_millis(minutes * 60_000).unwrap()
    }

    fn newest(editor: Editor) -> Newest {
        Newest {
            n: 3,
            version: 7,
            started_at: at(0),
            editor,
            action: "updated".into(),
            status: State::Draft,
            noted: false,
        }
    }

    fn save(editor: Editor) -> Save {
        Save {
            editor: Some(editor),
            at: at(5),
            version: 7,
            status: (State::Draft, State::Draft),
            noted: false,
        }
    }

    #[test]
    fn one_editor_goes_on_for_ten_minutes_from_the_first_save() {
        let ada = Editor {
            user: Some(Id::new()),
            key: None,
        };
        let goes_on = |save: Save| newest(ada).goes_on_with(&save);
        assert!(goes_on(save(ada)));
        assert!(goes_on(Save {
            at: at(0),
            ..save(ada)
        }));
        for minutes in [10, 11, -1] {
            assert!(
                !goes_on(Save {
                    at: at(minutes),
                    ..save(ada)
                }),
                "{minutes}"
            );
        }
    }

    #[test]
    fn another_editor_key_state_or_note_makes_another_revision() {
        let ada = Editor {
            user: Some(Id::new()),
            key: None,
        };
        let others = [
            Editor {
                user: Some(Id::new()),
                ..ada
            },
            Editor {
                key: Some(Id::new()),
                ..ada
            },
        ];
        for other in others {
            assert!(!newest(ada).goes_on_with(&save(other)));
        }
        let nobody = Editor {
            user: None,
            key: None,
        };
        assert!(!newest(nobody).goes_on_with(&save(nobody)));
        let mine = save(ada);
        for apart in [
            Save {
                editor: None,
                ..mine
            },
            Save { version: 8, ..mine },
            Save {
                noted: true,
                ..mine
            },
            Save {
                status: (State::Draft, State::InReview),
                ..mine
            },
            Save {
                status: (State::InReview, State::InReview),
                ..mine
            },
        ] {
            assert!(!newest(ada).goes_on_with(&apart), "{apart:?}");
        }
        for apart in [
            Newest {
                action: "unpublished".into(),
                ..newest(ada)
            },
            Newest {
                noted: true,
                ..newest(ada)
            },
        ] {
            assert!(!apart.goes_on_with(&mine), "{apart:?}");
        }
        let out = Newest {
            status: State::Published,
            ..newest(ada)
        };
        assert!(!out.goes_on_with(&Save {
            status: (State::Published, State::Published),
            ..mine
        }));
    }
}
