//! What must stand in the database: the rules of the writes once more, applied to what the ledger and the log say.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use masthead::articles::model::{Kind, State, Transition};
use masthead::id::Id;
use masthead::time::Time;

use crate::ledger::{Entry, Operation};
use crate::text::Expected;

/// The content that all rounds so far have left behind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) seed: u64,
    /// The last change number, and the last that touched anything public.
    pub(crate) change: i64,
    pub(crate) public_change: i64,
    /// Rows in the log.
    pub(crate) logged: i64,
    pub(crate) articles: BTreeMap<Id, Article>,
    pub(crate) tags: BTreeSet<Id>,
    pub(crate) authors: BTreeSet<Id>,
}

/// An article.
#[derive(Debug, Clone)]
pub(crate) struct Article {
    pub(crate) kind: Kind,
    pub(crate) expected: Rc<Expected>,
    pub(crate) state: State,
    pub(crate) version: i64,
    /// `None` until somebody has said it: an unacknowledged write may have chosen one with a suffix.
    pub(crate) slug: Option<String>,
    pub(crate) locale: &'static str,
    /// Slugs and locales that lead here and are no more its own.
    pub(crate) former: BTreeSet<(String, String)>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) published_at: Option<Time>,
    /// The same, as of the last time that it was public.
    out: Option<Time>,
}

impl Article {
    /// When it was published, where readers see it.
    pub(crate) fn listed(&self) -> Option<Time> {
        self.published_at.filter(|_| self.state.is_public())
    }

    /// Whether tags and authors count it.
    pub(crate) fn counts(&self) -> bool {
        self.kind == Kind::Article && self.state.is_public()
    }
}

impl Model {
    /// Does what a write does, at this time. Answers whether readers saw the article before and see it now, or why this
    /// cannot have been.
    pub(crate) fn apply(&mut self, entry: &Entry, at: Time) -> Result<(bool, bool), String> {
        let absent = || {
            format!(
                "{} of {}, which is not there",
                entry.operation.action(),
                entry.id
            )
        };
        let known = self.articles.get_mut(&entry.id);
        match (entry.operation, known) {
            (Operation::Refused(_), _) => Err(format!("{} was refused and is there", entry.id)),
            (Operation::Create(_), Some(_)) => Err(format!("{} was created twice", entry.id)),
            (Operation::Create(kind), None) => {
                let expected = Expected::of(self.seed, entry.nonce);
                let text = &expected.text;
                let (state, published_at) = settle(text.status, text.published_at, at);
                let article = Article {
                    kind,
                    state,
                    version: 1,
                    slug: None,
                    locale: text.locale,
                    former: BTreeSet::new(),
                    created_at: at,
                    updated_at: at,
                    published_at,
                    out: published_at.filter(|_| state.is_public()),
                    expected,
                };
                self.articles.insert(entry.id, article);
                Ok((false, state.is_public()))
            }
            (_, None) => Err(absent()),
            (Operation::Replace, Some(article)) => {
                let before = article.state.is_public();
                let expected = Expected::of(self.seed, entry.nonce);
                let text = &expected.text;
                let published_at = text.published_at.or(article.published_at);
                (article.state, article.published_at) = settle(text.status, published_at, at);
                if let Some(slug) = article.slug.take() {
                    article.former.insert((slug, article.locale.to_owned()));
                }
                article.locale = text.locale;
                article.version += 1;
                article.updated_at = at;
                article.expected = expected;
                article.out = article.listed().or(article.out);
                Ok((before, article.state.is_public()))
            }
            (Operation::Transition(way), Some(article)) => {
                let before = article.state.is_public();
                let was_scheduled = article.state == State::Scheduled;
                article.state = article.state.after(way).ok_or_else(|| {
                    let (state, way) = (article.state.as_str(), way.as_str());
                    format!("{} was {state} and went the way of {way}", entry.id)
                })?;
                if way == Transition::Schedule && article.published_at.is_none_or(|it| it <= at) {
                    let time = article.published_at;
                    return Err(format!(
                        "{} was scheduled for {time:?}, no time to come",
                        entry.id
                    ));
                }
                if article.state.is_public() {
                    article.published_at = Some(article.published_at.map_or(at, |it| it.min(at)));
                } else if was_scheduled {
                    article.published_at = article.out;
                }
                article.out = article.listed().or(article.out);
                article.version += 1;
                article.updated_at = at;
                Ok((before, article.state.is_public()))
            }
            (Operation::Purge, Some(article)) => {
                let before = article.state.is_public();
                self.articles.remove(&entry.id);
                Ok((before, false))
            }
        }
    }

    /// Takes note of an article's slug. It may be the one it had before.
    pub(crate) fn name(&mut self, id: Id, slug: &str) {
        if let Some(article) = self.articles.get_mut(&id) {
            let locale = article.locale.to_owned();
            article.former.remove(&(slug.to_owned(), locale));
            article.slug = Some(slug.to_owned());
        }
    }
}

/// A published text without a time is published now, one with a time to come is scheduled.
fn settle(state: State, at: Option<Time>, now: Time) -> (State, Option<Time>) {
    match (state, at) {
        (State::Published, Some(at)) if at > now => (State::Scheduled, Some(at)),
        (State::Published, None) => (State::Published, Some(now)),
        other => other,
    }
}
