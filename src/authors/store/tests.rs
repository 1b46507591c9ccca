//! The rules of writing authors, on a database of their own.

use diesel::prelude::*;
use tempfile::TempDir;

use super::edit::EditFilter;
use super::{create, delete, edit, list, unlink_user, update};
use crate::articles;
use crate::articles::model::{ArticleInput, State};
use crate::articles::new::{NewArticle, Rules};
use crate::auth::model::{Credential, Grants, Principal, Role};
use crate::authors::model::{AdminAuthor, AuthorSort, NewAuthor};
use crate::changes::model::Actor;
use crate::db::page::{Page, Place};
use crate::db::schema::{changes, users};
use crate::db::{Conn, Db, Settings, Tx, each, migrate};
use crate::error::{Error, Result};
use crate::id::Id;
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

    fn author(&self, name: &str) -> Id {
        let new = named(name);
        self.write(move |tx| create(tx, &new)).unwrap()
    }

    fn update(&self, actor: Actor, id: Id, new: NewAuthor) -> Result<AdminAuthor> {
        let written = self
            .db
            .write_blocking(actor, move |tx| update(tx, id, &new))?;
        Ok(written.value)
    }

    fn account(&self) -> Id {
        let id = Id::new();
        self.write(move |tx| {
            let row = (
                users::id.eq(id),
                users::email.eq(id.to_string()),
                users::email_key.eq(id.to_string()),
                users::name.eq("Ada"),
                users::role.eq("contributor"),
                users::suspended.eq(false),
                users::version.eq(1),
                users::created_at.eq(tx.now()),
                users::updated_at.eq(tx.now()),
            );
            each!(tx.conn(), c => diesel::insert_into(users::table).values(row).execute(c))?;
            // Something has to be logged, or nothing is kept.
            create(tx, &named("Someone"))
        })
        .unwrap();
        id
    }

    fn article(&self, title: &str, author: &str) -> Id {
        let input = ArticleInput {
            authors: vec![author.to_owned()],
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

    /// The last change: what was done, and whether readers saw it before and see it now.
    fn logged(&self) -> (String, bool, bool) {
        let last = changes::table
            .filter(changes::number.eq(self.db.change()))
            .select((changes::action, changes::was_public, changes::is_public));
        let read = |conn: &mut Conn| Ok(each!(conn, c => last.first(c))?);
        self.db.read_blocking(read).unwrap()
    }

    fn listed(&self, filter: &EditFilter) -> Vec<String> {
        let read = |conn: &mut _| edit::list(conn, filter, AuthorSort::Name, &page(), true);
        let slice = self.db.read_blocking(read).unwrap();
        assert_eq!(slice.total, i64::try_from(slice.items.len()).ok());
        slice.items.into_iter().map(|author| author.slug).collect()
    }
}

fn named(name: &str) -> NewAuthor {
    NewAuthor::parse(name, None, None, None, Vec::new()).unwrap()
}

fn page() -> Page {
    Page {
        limit: 100,
        place: Place::Start,
    }
}

/// Someone of this role, whose account this is.
fn someone(user: Id, role: Role) -> Actor {
    Actor::Principal(Principal {
        user,
        credential: Credential::Session(Id::new()),
        grants: Grants::Role(role),
        peer: [127, 0, 0, 1].into(),
        request_id: "r".into(),
    })
}

fn faults(result: Result<AdminAuthor>) -> Vec<String> {
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
    let id = site.author("Ada");
    let renamed = site
        .update(Actor::System, id, named("Ada Lovelace"))
        .unwrap();
    assert_eq!(
        (renamed.slug.as_str(), renamed.version),
        ("ada-lovelace", 2)
    );
    assert_eq!(site.logged(), ("updated".to_owned(), false, false));
    let change = site.db.change();
    assert_eq!(
        site.update(Actor::System, id, named("Ada Lovelace"))
            .unwrap(),
        renamed
    );
    assert_eq!(site.db.change(), change);
    let nobody = site.update(Actor::System, Id::new(), named("Ada"));
    assert!(matches!(nobody, Err(Error::NotFound("author"))));
}

#[test]
fn a_profile_is_of_one_account_that_exists() {
    let site = Site::new();
    let (ada, grace, account) = (site.author("Ada"), site.author("Grace"), site.account());
    let of_account = |name| named(name).of_user(Some(account));
    site.update(Actor::System, ada, of_account("Ada")).unwrap();
    assert_eq!(
        site.update(Actor::System, ada, of_account("Ada"))
            .unwrap()
            .version,
        2
    );
    let taken = NewAuthor::parse("Grace", Some("ada".into()), None, None, Vec::new()).unwrap();
    let taken = taken.of_user(Some(account));
    assert_eq!(
        faults(site.update(Actor::System, grace, taken)),
        ["/slug Taken", "/user Taken"]
    );
    let unknown = named("Grace").of_user(Some(Id::new()));
    assert_eq!(
        faults(site.update(Actor::System, grace, unknown)),
        ["/user NotFound"]
    );

    let of_user = EditFilter {
        user: Some(account),
        ..EditFilter::default()
    };
    assert_eq!(site.listed(&of_user), ["ada"]);
    site.write(move |tx| unlink_user(tx, account)).unwrap();
    assert_eq!(site.listed(&of_user), [""; 0]);
    site.update(Actor::System, grace, of_account("Grace"))
        .unwrap();
}

#[test]
fn a_contributor_writes_their_own_profile_and_no_more() {
    let site = Site::new();
    let (ada, grace, account) = (site.author("Ada"), site.author("Grace"), site.account());
    site.update(Actor::System, ada, named("Ada").of_user(Some(account)))
        .unwrap();
    let contributor = || someone(account, Role::Contributor);
    let own = named("Countess").of_user(Some(account));
    assert_eq!(
        site.update(contributor(), ada, own.clone()).unwrap().name,
        "Countess"
    );

    let refused = [
        site.update(contributor(), ada, named("Countess")),
        site.update(contributor(), grace, own),
        site.update(
            someone(account, Role::Reader),
            ada,
            named("x").of_user(Some(account)),
        ),
        site.update(
            someone(Id::new(), Role::Author),
            ada,
            named("x").of_user(Some(account)),
        ),
    ];
    for (number, result) in refused.into_iter().enumerate() {
        assert!(
            matches!(result, Err(Error::Forbidden)),
            "{number}: {result:?}"
        );
    }
    let new = named("New").of_user(Some(account));
    let made = site
        .db
        .write_blocking(contributor(), move |tx| create(tx, &new));
    assert!(matches!(made, Err(Error::Forbidden)));
    let gone = site
        .db
        .write_blocking(contributor(), move |tx| delete(tx, ada));
    assert!(matches!(gone, Err(Error::Forbidden)));
    site.update(someone(Id::new(), Role::Editor), ada, named("Ada"))
        .unwrap();
}

#[test]
fn an_author_who_goes_stands_under_nothing() {
    let site = Site::new();
    let ada = site.author("Ada");
    let one = site.article("One", "Ada");
    let public = |conn: &mut _| Ok(list(conn, AuthorSort::Name, &page(), false)?.items.len());
    assert_eq!(site.db.read_blocking(public).unwrap(), 1);
    site.write(move |tx| delete(tx, ada)).unwrap();
    assert_eq!(site.logged(), ("deleted".to_owned(), true, false));
    assert_eq!(site.db.read_blocking(public).unwrap(), 0);
    let gone = site.write(move |tx| delete(tx, ada));
    assert!(matches!(gone, Err(Error::NotFound("author"))));
    site.write(move |tx| articles::store::purge(tx, one))
        .unwrap();
}

#[test]
fn the_list_of_editors_is_searched_by_words() {
    let site = Site::new();
    for name in ["Ada Lovelace", "Zoë Müller", "Ada Yonath"] {
        site.author(name);
    }
    let found = |words: &str| {
        site.listed(&EditFilter {
            words: Words::parse(words),
            user: None,
        })
    };
    assert_eq!(found("ada"), ["ada-lovelace", "ada-yonath"]);
    assert_eq!(found("Love ADA"), ["ada-lovelace"]);
    for words in ["zoe", "ZOË", "mueller", "müll"] {
        assert_eq!(found(words), ["zoe-mueller"], "{words}");
    }
    assert_eq!(found("grace"), [""; 0]);
}
