//! The rules of writing redirects, on a database of their own.

use diesel::prelude::*;
use tempfile::TempDir;

use super::{create, delete, ensure, get, list, update};
use crate::articles;
use crate::articles::model::{ArticleInput, State, Transition};
use crate::articles::new::{NewArticle, Rules};
use crate::auth::model::{Credential, Grants, Principal, Role};
use crate::changes::model::Actor;
use crate::db::page::{Page, Place};
use crate::db::schema::changes;
use crate::db::{Conn, Db, Settings, Tx, each, migrate};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::redirects::model::{NewRedirect, Redirect, Target};
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

    fn create(&self, path: &str, target: Target) -> Result<Redirect> {
        let new = NewRedirect::parse(path, target, 308).unwrap();
        self.write(move |tx| {
            let id = create(tx, &new)?;
            get(tx.conn(), id)
        })
    }

    fn update(&self, id: Id, path: &str, target: Target) -> Result<Redirect> {
        let new = NewRedirect::parse(path, target, 308).unwrap();
        self.write(move |tx| update(tx, id, &new))
    }

    fn article(&self, title: &str, locale: &str) -> Id {
        let input = ArticleInput {
            locale: Some(locale.to_owned()),
            status: Some(State::Draft),
            ..ArticleInput::new(title)
        };
        let rules = Rules {
            locales: vec!["en".into(), "de".into()],
        };
        let new = NewArticle::parse(input, &rules).unwrap();
        self.write(move |tx| articles::store::create(tx, &new))
            .unwrap()
            .id
    }

    fn listed(&self, prefix: Option<&str>, page: &Page) -> Vec<String> {
        let read = |conn: &mut _| list(conn, prefix, page, false);
        let slice = self.db.read_blocking(read).unwrap();
        slice
            .items
            .into_iter()
            .map(|redirect| redirect.path)
            .collect()
    }
}

fn to(address: &str) -> Target {
    Target::Address(address.to_owned())
}

fn page(place: Place) -> Page {
    Page { limit: 2, place }
}

fn faults(result: Result<Redirect>) -> Vec<String> {
    match result {
        Err(Error::Invalid(faults)) => faults
            .into_iter()
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_counts_and_the_same_again_does_not() {
    let site = Site::new();
    let made = site.create("/a", to("/b")).unwrap();
    assert_eq!(
        (
            made.to.as_deref(),
            made.article,
            made.status.code(),
            made.version
        ),
        (Some("/b"), None, 308, 1)
    );
    let article = site.article("One", "en");
    let changed = site
        .update(made.id, "/c", Target::Article(article))
        .unwrap();
    assert_eq!((changed.path.as_str(), changed.to.as_deref()), ("/c", None));
    assert_eq!((changed.article, changed.version), (Some(article), 2));
    let change = site.db.change();
    assert_eq!(
        site.update(made.id, "/c", Target::Article(article))
            .unwrap(),
        changed
    );
    assert_eq!(site.db.change(), change);

    let id = made.id;
    site.write(move |tx| delete(tx, id)).unwrap();
    let last = changes::table
        .filter(changes::number.eq(site.db.change()))
        .select((
            changes::action,
            changes::tags_before,
            changes::was_public,
            changes::is_public,
        ));
    let read = |conn: &mut Conn| Ok(each!(conn, c => last.first(c))?);
    let last: (String, String, bool, bool) = site.db.read_blocking(read).unwrap();
    let tags = format!("{} list-redirects", made.cache_tag);
    assert_eq!(last, ("deleted".to_owned(), tags, true, false));
    assert!(matches!(
        site.write(move |tx| delete(tx, id)),
        Err(Error::NotFound("redirect"))
    ));
}

#[test]
fn where_something_stands_no_redirect_does() {
    let site = Site::new();
    let first = site.create("/a", to("/b")).unwrap();
    let second = site.create("/b", to("/c")).unwrap();
    site.article("Tea", "en");
    let tee = site.article("Tee", "de");
    for path in ["/a", "/tea", "/en/tea", "/de/tee", "/tee"] {
        assert_eq!(
            faults(site.create(path, to("/x"))),
            ["/path Taken"],
            "{path}"
        );
    }
    for path in ["/de/tea", "/x/tee", "/tea/", "/a/b", "/A", "/"] {
        site.create(path, to("/x")).unwrap();
    }
    assert_eq!(
        faults(site.update(second.id, "/a", to("/x"))),
        ["/path Taken"]
    );
    site.update(first.id, "/a", to("/x")).unwrap();
    let nowhere = Target::Article(Id::new());
    assert_eq!(
        faults(site.update(first.id, "/tea", nowhere)),
        ["/path Taken", "/article NotFound"]
    );

    // What is in the trash stands nowhere.
    site.write(move |tx| articles::store::transition(tx, tee, Transition::Trash))
        .unwrap();
    site.create("/de/tee", to("/x")).unwrap();
}

#[test]
fn an_import_leaves_what_stands_there() {
    let site = Site::new();
    site.article("Tea", "en");
    let put = |path: &'static str, status| {
        site.write(move |tx| {
            let put = ensure(tx, path, &to("/x"), status)?;
            tx.leave_unchanged();
            Ok(put)
        })
    };
    assert!(put("/a", 301).unwrap());
    assert!(!put("/a", 301).unwrap());
    assert!(!put("/tea", 301).unwrap());
    for (path, status) in [("/b?c", 301), ("b", 301), ("/b", 303), ("/x", 301)] {
        assert!(
            matches!(put(path, status), Err(Error::Invalid(_))),
            "{path} {status}"
        );
    }
}

#[test]
fn lists_by_path_and_by_its_beginning() {
    let site = Site::new();
    for path in ["/b", "/Old", "/old/2", "/old", "/old/1", "/olé"] {
        site.create(path, to("/x")).unwrap();
    }
    assert_eq!(
        site.listed(Some("/old/"), &page(Place::Start)),
        ["/old/1", "/old/2"]
    );
    assert_eq!(site.listed(Some("/O"), &page(Place::Start)), ["/Old"]);
    assert_eq!(site.listed(Some("/%"), &page(Place::Start)), [""; 0]);

    let mut place = Place::Start;
    let (mut paths, mut backwards) = (Vec::new(), None);
    for _ in 0..3 {
        let asked = page(place.clone());
        let slice = site
            .db
            .read_blocking(|conn| list(conn, None, &asked, true))
            .unwrap();
        assert_eq!(slice.total, Some(6));
        paths.extend(slice.items.into_iter().map(|redirect| redirect.path));
        backwards = slice.previous;
        place = slice.next.map_or(Place::Start, Place::Cursor);
    }
    assert_eq!(paths, ["/Old", "/b", "/old", "/old/1", "/old/2", "/olé"]);
    assert_eq!(place, Place::Start, "there is no fourth page");
    assert_eq!(
        site.listed(None, &page(Place::Cursor(backwards.unwrap()))),
        ["/old", "/old/1"]
    );
}

#[test]
fn whoever_may_not_write_redirects_is_refused() {
    let site = Site::new();
    let id = site.create("/a", to("/b")).unwrap().id;
    let author = || {
        Actor::Principal(Principal {
            user: Id::new(),
            credential: Credential::Session(Id::new()),
            grants: Grants::Role(Role::Author),
            peer: [127, 0, 0, 1].into(),
            request_id: "r".into(),
        })
    };
    let new = NewRedirect::parse("/c", to("/d"), 301).unwrap();
    let other = new.clone();
    let made = site
        .db
        .write_blocking(author(), move |tx| create(tx, &other));
    assert!(matches!(made, Err(Error::Forbidden)));
    let changed = site
        .db
        .write_blocking(author(), move |tx| update(tx, id, &new));
    assert!(matches!(changed, Err(Error::Forbidden)));
    let gone = site.db.write_blocking(author(), move |tx| delete(tx, id));
    assert!(matches!(gone, Err(Error::Forbidden)));
    let put = site
        .db
        .write_blocking(author(), |tx| ensure(tx, "/c", &to("/d"), 301));
    assert!(matches!(put, Err(Error::Forbidden)));
}
