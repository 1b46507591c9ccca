//! The rules of writing tags, on a database of their own.

use diesel::prelude::*;
use tempfile::TempDir;

use super::{create, delete, edit, find, list, update};
use crate::articles;
use crate::articles::model::{ArticleInput, State};
use crate::articles::new::{NewArticle, Rules};
use crate::auth::model::{Credential, Grants, Principal, Role};
use crate::changes::model::Actor;
use crate::db::page::{Page, Place};
use crate::db::schema::{changes, tags};
use crate::db::{Conn, Db, Settings, Tx, each, migrate};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::tags::model::{AdminTag, NewTag, TagSort};
use crate::tags::words::Words;
use crate::time::Clock;

/// A database of its own.
struct Site {
    db: Db,
    _folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::sqlite_in(folder.path());
        migrate::run(&settings).unwrap();
        let db = Db::open(settings, Clock::system()).unwrap();
        Self {
            db,
            _folder: folder,
        }
    }

    fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(self.db.write_blocking(Actor::System, f)?.value)
    }

    /// A tag, and what stands above it.
    fn tag(&self, name: &str, parent: Option<&str>) -> Id {
        let new = new(name).below(parent).made();
        self.write(move |tx| create(tx, &new)).unwrap()
    }

    /// A published article with these tags.
    fn article(&self, title: &str, tags: &[&str]) -> Id {
        let input = ArticleInput {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            status: Some(State::Published),
            ..ArticleInput::new(title)
        };
        let rules = Rules {
            locales: vec!["en".into()],
        };
        let new = NewArticle::parse(input, &rules).unwrap();
        self.write(move |tx| articles::store::create(tx, &new))
            .unwrap()
            .id
    }

    fn update(&self, id: Id, new: Draft) -> Result<AdminTag> {
        let new = new.made();
        self.write(move |tx| update(tx, id, &new))
    }

    fn get(&self, id: Id) -> AdminTag {
        self.db.read_blocking(|conn| edit::get(conn, id)).unwrap()
    }

    fn uses(&self, id: Id) -> i64 {
        let uses = tags::table.find(id).select(tags::subtree_count);
        let read = |conn: &mut Conn| Ok(each!(conn, c => uses.first(c))?);
        self.db.read_blocking(read).unwrap()
    }

    /// What readers see, by name.
    fn public(&self) -> Vec<String> {
        let all = |conn: &mut _| list(conn, TagSort::Name, &page(), false);
        let slice = self.db.read_blocking(all).unwrap();
        slice.items.into_iter().map(|tag| tag.slug).collect()
    }

    /// The last change: what was done to which tag, and whether readers saw it before and see it now.
    fn logged(&self) -> Vec<(String, Id, bool, bool)> {
        let last = changes::table
            .filter(changes::number.eq(self.db.change()))
            .order(changes::position)
            .select((
                changes::action,
                changes::resource_id,
                changes::was_public,
                changes::is_public,
            ));
        let read = |conn: &mut Conn| Ok(each!(conn, c => last.load(c))?);
        self.db.read_blocking(read).unwrap()
    }
}

struct Draft {
    name: String,
    slug: Option<String>,
    aliases: Vec<String>,
    parent: Option<String>,
}

fn new(name: &str) -> Draft {
    Draft {
        name: name.to_owned(),
        slug: None,
        aliases: Vec::new(),
        parent: None,
    }
}

impl Draft {
    fn slug(self, slug: &str) -> Self {
        Self {
            slug: Some(slug.to_owned()),
            ..self
        }
    }

    fn aliases(self, aliases: &[&str]) -> Self {
        Self {
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            ..self
        }
    }

    fn below(self, parent: Option<&str>) -> Self {
        Self {
            parent: parent.map(str::to_owned),
            ..self
        }
    }

    fn made(self) -> NewTag {
        NewTag::parse(&self.name, self.slug, None, self.aliases, self.parent).unwrap()
    }
}

fn page() -> Page {
    Page {
        limit: 100,
        place: Place::Start,
    }
}

fn faults(result: Result<AdminTag>) -> Vec<String> {
    match result {
        Err(Error::Invalid(faults)) => faults
            .into_iter()
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_former_slug_stays_as_an_alias_and_can_be_taken_back() {
    let site = Site::new();
    let id = site.tag("Trauma", None);
    let tag = site
        .update(id, new("Trauma").slug("wounds").aliases(&["ptsd"]))
        .unwrap();
    assert_eq!((tag.slug.as_str(), tag.version), ("wounds", 2));
    assert_eq!(tag.aliases, ["ptsd", "trauma"]);
    let found = site.db.read_blocking(|conn| find(conn, "trauma")).unwrap();
    assert_eq!(found.unwrap().id, id);

    let tag = site
        .update(
            id,
            new("Trauma").slug("trauma").aliases(&["ptsd", "trauma"]),
        )
        .unwrap();
    assert_eq!((tag.slug.as_str(), tag.version), ("trauma", 3));
    assert_eq!(tag.aliases, ["ptsd", "wounds"]);
    let tag = site.update(id, new("Trauma").slug("trauma")).unwrap();
    assert_eq!(tag.aliases, [""; 0]);
}

#[test]
fn the_same_again_changes_nothing() {
    let site = Site::new();
    let above = site.tag("Health", None);
    let id = site.tag("Sleep", Some("health"));
    let same = || {
        new("Sleep")
            .slug("sleep")
            .aliases(&["rest", "naps"])
            .below(Some("Health"))
    };
    let tag = site.update(id, same()).unwrap();
    let change = site.db.change();
    assert_eq!(site.update(id, same()).unwrap(), tag);
    assert_eq!(
        site.update(id, same().below(Some(&above.to_string())))
            .unwrap(),
        tag
    );
    assert_eq!(site.db.change(), change);
}

#[test]
fn a_slug_left_out_is_made_of_the_name() {
    let site = Site::new();
    site.tag("Old", None);
    let id = site.tag("Sleep", None);
    // Its own slug and aliases are free for it.
    assert_eq!(site.update(id, new("SLEEP")).unwrap().slug, "sleep");
    let tag = site.update(id, new("Old!")).unwrap();
    assert_eq!(
        (tag.slug.as_str(), tag.aliases.as_slice()),
        ("old-2", &["sleep".to_owned()][..])
    );
}

#[test]
fn what_another_tag_has_is_taken() {
    let site = Site::new();
    let other = new("Mental health").aliases(&["psyche"]).made();
    site.write(move |tx| create(tx, &other)).unwrap();
    let id = site.tag("Sleep", None);
    let told = faults(
        site.update(
            id,
            new("MENTAL  health")
                .slug("psyche")
                .aliases(&["mental-health", "free"]),
        ),
    );
    assert_eq!(told, ["/name Taken", "/slug Taken", "/aliases/0 Taken"]);
    assert_eq!(
        faults(site.update(id, new("Psyche"))),
        ["/name Taken"],
        "an alias reads so"
    );
    site.update(id, new("Deep sleep").slug("sleep")).unwrap();
    let third = new("Third").aliases(&["deep-sleep"]).made();
    let refused = site.write(move |tx| create(tx, &third));
    assert!(matches!(refused, Err(Error::Invalid(_))), "a name reads so");
    assert_eq!(site.get(id).version, 2);
}

#[test]
fn a_tag_cannot_stand_below_itself() {
    let site = Site::new();
    let health = site.tag("Health", None);
    site.tag("Mind", Some("health"));
    site.tag("Sleep", Some("mind"));
    for below in ["health", "Mind", "sleep"] {
        let told = faults(site.update(health, new("Health").below(Some(below))));
        assert_eq!(told, ["/parent Conflicting"], "{below}");
    }
    assert_eq!(
        faults(site.update(health, new("Health").below(Some("nonesuch")))),
        ["/parent NotFound"]
    );
    assert_eq!(site.get(health).version, 1);
}

#[test]
fn uses_move_with_a_tag() {
    let site = Site::new();
    let [top, health, mind, love] = [
        ("Top", None),
        ("Health", Some("top")),
        ("Mind", Some("health")),
        ("Love", Some("top")),
    ]
    .map(|(name, parent)| site.tag(name, parent));
    let sleep = site.tag("Sleep", Some("mind"));
    site.article("One", &["Sleep"]);
    site.article("Two", &["Sleep", "Mind"]);
    assert_eq!(
        [top, health, mind, love, sleep].map(|id| site.uses(id)),
        [3, 3, 3, 0, 2]
    );
    assert_eq!(site.public(), ["health", "mind", "sleep", "top"]);

    site.update(mind, new("Mind").below(Some("love"))).unwrap();
    assert_eq!(
        [top, health, mind, love, sleep].map(|id| site.uses(id)),
        [3, 0, 3, 3, 2]
    );
    assert_eq!(site.public(), ["love", "mind", "sleep", "top"]);
    assert_eq!(
        site.logged(),
        [
            ("updated".to_owned(), mind, true, true),
            ("hidden".to_owned(), health, true, false),
            ("shown".to_owned(), love, false, true),
        ]
    );
    site.update(sleep, new("Sleep")).unwrap();
    assert_eq!(
        [top, mind, love, sleep].map(|id| site.uses(id)),
        [1, 1, 1, 2]
    );
    assert_eq!(site.logged(), [("updated".to_owned(), sleep, true, true)]);
}

#[test]
fn a_tag_that_goes_takes_its_uses_along_and_leaves_its_children() {
    let site = Site::new();
    let [health, mind, sleep, naps] = [
        ("Health", None),
        ("Mind", Some("health")),
        ("Sleep", Some("mind")),
        ("Naps", Some("mind")),
    ]
    .map(|(name, parent)| site.tag(name, parent));
    let one = site.article("One", &["Sleep", "Mind"]);
    site.write(move |tx| delete(tx, mind)).unwrap();
    assert_eq!([health, sleep, naps].map(|id| site.uses(id)), [0, 1, 0]);
    assert_eq!(site.public(), ["sleep"]);
    assert_eq!((site.get(sleep).parent, site.get(sleep).version), (None, 2));
    assert_eq!(
        site.logged(),
        [
            ("deleted".to_owned(), mind, true, false),
            ("updated".to_owned(), sleep, true, true),
            ("updated".to_owned(), naps, false, false),
            ("hidden".to_owned(), health, true, false),
            ("touched".to_owned(), one, true, true),
        ]
    );
    // The article is counted out of what it still carries, and of nothing else.
    site.write(move |tx| articles::store::purge(tx, one))
        .unwrap();
    assert_eq!([health, sleep, naps].map(|id| site.uses(id)), [0, 0, 0]);
    let gone = site.write(move |tx| delete(tx, mind));
    assert!(matches!(gone, Err(Error::NotFound("tag"))));
}

#[test]
fn the_list_of_editors_holds_all_and_is_searched_by_words() {
    let site = Site::new();
    for name in ["Café culture", "Mental health", "100%", "C++", "Über uns"] {
        site.tag(name, None);
    }
    let listed = |words: Option<&str>| -> Vec<String> {
        let words = words.map(|text| Words::parse(text).unwrap());
        let read = |conn: &mut _| edit::list(conn, words.as_ref(), TagSort::Name, &page(), true);
        let slice = site.db.read_blocking(read).unwrap();
        assert_eq!(slice.total, Some(slice.items.len() as i64));
        slice.items.into_iter().map(|tag| tag.name).collect()
    };
    assert_eq!(site.public(), [""; 0]);
    assert_eq!(listed(None).len(), 5);
    for (words, names) in [
        ("cafe", &["Café culture"][..]),
        ("CAFÉ", &["Café culture"]),
        ("health ment", &["Mental health"]),
        ("health culture", &[]),
        ("%", &["100%"]),
        ("c++", &["C++"]),
        ("ueber", &["Über uns"]),
        ("über", &["Über uns"]),
        ("_", &[]),
    ] {
        assert_eq!(listed(Some(words)), names, "{words}");
    }
}

#[test]
fn whoever_may_not_write_tags_is_refused() {
    let site = Site::new();
    let id = site.tag("Sleep", None);
    let author = || {
        Actor::Principal(Principal {
            user: Id::new(),
            credential: Credential::Session(Id::new()),
            grants: Grants::Role(Role::Author),
            peer: [127, 0, 0, 1].into(),
            request_id: "r".into(),
        })
    };
    let other = new("Rest").made();
    let made = site
        .db
        .write_blocking(author(), move |tx| create(tx, &other));
    assert!(matches!(made, Err(Error::Forbidden)));
    let other = new("Rest").made();
    let changed = site
        .db
        .write_blocking(author(), move |tx| update(tx, id, &other));
    assert!(matches!(changed, Err(Error::Forbidden)));
    let gone = site.db.write_blocking(author(), move |tx| delete(tx, id));
    assert!(matches!(gone, Err(Error::Forbidden)));
}
