//! A small site on which everything happens that may: texts come, change, move and go, tags and authors are renamed into
//! each other's names, and much of it is nobody's business.

use diesel::prelude::*;
use masthead::articles::model::{Audience, Kind, State, Transition};
use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::store;
use masthead::authors::model::NewAuthor;
use masthead::changes::model::Actor;
use masthead::db::schema::{articles, authors, tags};
use masthead::db::{Db, Tx};
use masthead::error::Error;
use masthead::id::Id;
use masthead::redirects::model::Target;
use masthead::tags::model::NewTag;
use masthead::{authors as people, redirects, tags as topics};

use crate::support::{Make, Random, article, id, page, time};

/// What copies follow: all, and parts of it by every filter.
pub(crate) const QUERIES: &[&str] = &[
    "include=tags,authors,translations,body",
    "kind=page&include=translations",
    "tag=love&include=tags",
    "tag=Love&tag=grief&fields=title,tags",
    "any_tag=love&any_tag=Hope&any_tag=nothing&include=tags",
    "author=ada&include=authors",
    "author=Grace+Hopper&fields=title,authors",
    "locale=de&kind=article&include=translations",
    "featured=true",
    "audience=mature&tag=hope",
    "published_after=2026-03-01T00:00:00Z&published_before=2026-07-01T00:00:00Z",
    "exclude=01890a5d-ac96-774b-8000-000000000003&locale=en",
    "id=01890a5d-ac96-774b-8000-000000000001&id=01890a5d-ac96-774b-8000-000000000002&include=tags,translations",
];

const TAGS: &[&str] = &["Love", "Grief", "Hope", "Sleep", "Old love", "love-letters"];
const SLUGS: &[&str] = &["love", "grief", "hope", "sleep", "old-love", "letters"];
const AUTHORS: &[&str] = &["Ada", "Grace Hopper", "Alan", "ADA"];
const AUTHOR_SLUGS: &[&str] = &["ada", "grace-hopper", "alan", "a-d-a"];
const MONTHS: &[&str] = &["01", "03", "05", "07", "09"];

/// Texts of this world, by number.
const TEXTS: usize = 40;

pub(crate) struct World<'d> {
    db: &'d Db,
    rules: Rules,
    pub(crate) random: Random,
}

impl<'d> World<'d> {
    pub(crate) fn new(db: &'d Db, seed: u64) -> Self {
        Self {
            db,
            rules: Rules {
                locales: vec!["en".into(), "de".into()],
            },
            random: Random::new(seed),
        }
    }

    /// Does one thing, if it can be done.
    pub(crate) fn turn(&mut self) {
        match self.random.below(16) {
            0..=4 => self.write_texts(),
            5..=7 => self.move_text(),
            8 => self.purge(),
            9 | 10 => self.rename_tag(),
            11 if self.random.once_in(2) => self.merge_tags(),
            11 => self.delete_tag(),
            12 | 13 => self.rename_author(),
            14 => self.delete_author(),
            _ => self.redirect(),
        }
    }

    fn write(&self, f: impl Fn(&mut Tx<'_>) -> Result<(), Error> + Send + 'static) {
        match self.db.write_blocking(Actor::System, f) {
            Ok(_) | Err(Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_)) => {}
            Err(error) => panic!("a write failed: {error}"),
        }
    }

    fn some(&mut self, of: &[&str], most: usize) -> Vec<String> {
        let count = self.random.below(most + 1);
        (0..count)
            .map(|_| (*self.random.pick(of)).to_owned())
            .collect()
    }

    fn id(&mut self) -> Id {
        let number = self.random.below(TEXTS);
        id(u64::try_from(number).unwrap())
    }

    fn text(&mut self, kind: Kind, id: Id) -> NewArticle {
        let title = format!("Text {}", self.random.below(9));
        let make = match kind {
            Kind::Article => article(&title),
            Kind::Page => page(&title),
        };
        let Make(mut input) = make
            .id(id)
            .locale(["en", "de"][self.random.below(2)])
            .markdown(&format!("Version {}", self.random.below(1_000)));
        input.status = Some(*self.random.pick(&[
            State::Published,
            State::Published,
            State::Draft,
            State::Archived,
        ]));
        input.tags = self.some(TAGS, 3);
        input.authors = self.some(AUTHORS, 2);
        input.featured = self.random.once_in(3);
        if self.random.once_in(3) {
            input.audience = Audience::Mature;
        }
        if self.random.once_in(2) {
            input.translation_key = Some(format!("key-{}", self.random.below(4)));
        }
        if self.random.once_in(2) {
            let month = self.random.pick(MONTHS);
            input.published_at = Some(time(&format!("2026-{month}-01T00:00:00Z")));
        }
        NewArticle::parse(input, &self.rules).expect("an article")
    }

    /// One, or several in one write.
    fn write_texts(&mut self) {
        let count = if self.random.once_in(4) { 4 } else { 1 };
        let news: Vec<(Id, NewArticle, NewArticle)> = (0..count)
            .map(|_| {
                let id = self.id();
                (id, self.text(Kind::Article, id), self.text(Kind::Page, id))
            })
            .collect();
        self.write(move |tx| {
            for (id, as_article, as_page) in &news {
                let kind: Option<String> = articles::table
                    .find(id)
                    .select(articles::kind)
                    .first(tx.conn())
                    .optional()?;
                match kind.as_deref() {
                    // Every fifth is a page, for good.
                    None if id.as_bytes()[15] % 5 == 0 => store::create(tx, as_page)?,
                    None => store::create(tx, as_article)?,
                    Some("page") => store::replace(tx, *id, as_page)?,
                    Some(_) => store::replace(tx, *id, as_article)?,
                };
            }
            Ok(())
        });
    }

    fn move_text(&mut self) {
        let (id, way) = (self.id(), *self.random.pick(Transition::ALL));
        self.write(move |tx| store::transition(tx, id, way).map(|_| ()));
    }

    fn purge(&mut self) {
        let id = self.id();
        self.write(move |tx| store::purge(tx, id));
    }

    fn any_tag(&mut self) -> Option<Id> {
        let ids: Vec<Id> = self
            .db
            .read_blocking(|conn| Ok(tags::table.select(tags::id).order(tags::id).load(conn)?))
            .unwrap();
        (!ids.is_empty()).then(|| *self.random.pick(&ids))
    }

    fn any_author(&mut self) -> Option<Id> {
        let query = authors::table.select(authors::id).order(authors::id);
        let ids: Vec<Id> = self.db.read_blocking(|conn| Ok(query.load(conn)?)).unwrap();
        (!ids.is_empty()).then(|| *self.random.pick(&ids))
    }

    /// Under any name and slug, also such as leads elsewhere so far; its former ones may lead here or not.
    fn rename_tag(&mut self) {
        let name = *self.random.pick(TAGS);
        let slug = self
            .random
            .once_in(2)
            .then(|| (*self.random.pick(SLUGS)).to_owned());
        let aliases = self.some(SLUGS, 1);
        let new = NewTag::parse(name, slug, None, aliases, None).expect("a tag");
        match self.any_tag().filter(|_| !self.random.once_in(5)) {
            Some(tag) => self.write(move |tx| topics::store::update(tx, tag, &new).map(|_| ())),
            None => self.write(move |tx| topics::store::create(tx, &new).map(|_| ())),
        }
    }

    fn delete_tag(&mut self) {
        if let Some(tag) = self.any_tag() {
            self.write(move |tx| topics::store::delete(tx, tag));
        }
    }

    fn merge_tags(&mut self) {
        if let (Some(tag), Some(other)) = (self.any_tag(), self.any_tag()) {
            self.write(move |tx| topics::store::merge(tx, tag, other).map(|_| ()));
        }
    }

    fn rename_author(&mut self) {
        let name = *self.random.pick(AUTHORS);
        let slug = self
            .random
            .once_in(2)
            .then(|| (*self.random.pick(AUTHOR_SLUGS)).to_owned());
        let new = NewAuthor::parse(name, slug, None, None, Vec::new()).expect("an author");
        match self.any_author().filter(|_| !self.random.once_in(5)) {
            Some(author) => {
                self.write(move |tx| people::store::update(tx, author, &new).map(|_| ()));
            }
            None => self.write(move |tx| people::store::create(tx, &new).map(|_| ())),
        }
    }

    fn delete_author(&mut self) {
        if let Some(author) = self.any_author() {
            self.write(move |tx| people::store::delete(tx, author));
        }
    }

    fn redirect(&mut self) {
        let path = format!("/old-{}", self.random.below(1_000));
        self.write(move |tx| {
            let target = Target::Address("/new".into());
            if !redirects::store::ensure(tx, &path, &target, 301)? {
                tx.leave_unchanged();
            }
            Ok(())
        });
    }
}
