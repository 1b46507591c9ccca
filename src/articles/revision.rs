//! Revisions of a text: what is kept of its states, and the rule that says when two saves are one.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::cover::Cover;
use super::edit;
use super::model::{Audience, Citation, Seo, State};
use super::words::{Named, Standing, Words};
use crate::changes::audit::{ActorKind, LoggedUser};
use crate::id::Id;
use crate::time::Time;

/// Saves of one editor that lie no further apart from the first are one revision.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);

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
    pub cover: Option<Cover>,
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
