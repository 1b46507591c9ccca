use std::net::Ipv4Addr;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::auth::model::{Credential, Grants, Principal};
use crate::auth::store::{Beginning, begin, sessions_of};
use crate::changes::model::{Actor, Resource};
use crate::db::page::{Page, Place};
use crate::db::schema::changes;
use crate::db::{self, Db, Tx};
use crate::time::Clock;
use crate::users::model::{NewUser, UserChange};

/// Accounts in a database of their own.
struct Team {
    db: Db,
    _folder: TempDir,
}

impl Team {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = db::Settings::sqlite_in(folder.path());
        db::migrate::run(&settings).unwrap();
        Self {
            db: Db::open(settings, Clock::system()).unwrap(),
            _folder: folder,
        }
    }

    fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(self.db.write_blocking(Actor::System, f)?.value)
    }

    fn invite(&self, name: &str, role: Role) -> User {
        let email = format!("{name}@example.org");
        let new = NewUser::parse(&email, name, role, false).unwrap();
        self.write(move |tx| create(tx, &new)).unwrap()
    }

    fn admit(&self, name: &str, role: Role) -> User {
        let id = self.invite(name, role).id;
        self.write(move |tx| set_password(tx, id, "hash", None))
            .unwrap()
    }

    fn change(&self, id: Id, change: UserChange) -> Result<User> {
        self.write(move |tx| {
            let new = change
                .of(&get(tx.conn(), id)?)
                .map_err(crate::error::Error::Invalid)?;
            update(tx, id, &new)
        })
    }

    fn link(&self, id: Id, hash: [u8; 32], life: i64) -> Result<User> {
        self.write(move |tx| {
            let expires_at = Time::from_millis(tx.now().millis() + life).unwrap();
            make_link(tx, id, &hash, expires_at)
        })
    }

    fn linked(&self, hash: [u8; 32]) -> Option<Id> {
        let now = self.db.now();
        let found = self.db.read_blocking(|conn| by_link(conn, &hash, now));
        found.unwrap().map(|user| user.id)
    }

    fn sign_in(&self, user: Id, token: u8) {
        let at = Beginning {
            password: None,
            peer: Ipv4Addr::LOCALHOST.into(),
            user_agent: None,
            token: [token; 32],
            now: self.db.now(),
            idle: Duration::from_secs(60),
        };
        let begun = self
            .db
            .write_quiet(crate::db::Reason::Session, move |conn| {
                begin(conn, user, &at)
            });
        actix_web::rt::System::new().block_on(begun).unwrap();
    }

    fn sessions(&self, user: Id) -> usize {
        let now = self.db.now();
        let sessions = self
            .db
            .read_blocking(|conn| sessions_of(conn, user, now))
            .unwrap();
        sessions.len()
    }

    /// What the log says of accounts.
    fn told(&self) -> Vec<(String, Option<String>)> {
        let entries = changes::table
            .filter(changes::resource.eq(Resource::User.as_str()))
            .order((changes::number, changes::position))
            .select((changes::action, changes::detail));
        self.db
            .read_blocking(|conn| Ok(each!(conn, c => entries.load(c))?))
            .unwrap()
    }

    fn names(&self, filter: &UserFilter, limit: u32, place: Place) -> Vec<String> {
        let page = Page { limit, place };
        let slice = self
            .db
            .read_blocking(|conn| list(conn, filter, &page, false))
            .unwrap();
        slice.items.into_iter().map(|user| user.name).collect()
    }
}

fn role(role: Role) -> UserChange {
    UserChange {
        role: Some(role),
        ..UserChange::default()
    }
}

fn suspended(suspended: bool) -> UserChange {
    UserChange {
        suspended: Some(suspended),
        ..UserChange::default()
    }
}

#[test]
fn the_last_admin_who_can_sign_in_stays_one() {
    let team = Team::new();
    let ada = team.admit("ada", Role::Admin).id;
    // Neither of these could undo it.
    team.invite("bob", Role::Admin);
    let cleo = team.admit("cleo", Role::Admin).id;
    team.change(cleo, suspended(true)).unwrap();
    let conflicts = [
        team.change(ada, role(Role::Editor)).map(drop),
        team.change(ada, suspended(true)).map(drop),
        team.write(move |tx| delete(tx, ada)),
    ];
    for conflict in conflicts {
        assert!(matches!(conflict, Err(Error::Conflict(_))), "{conflict:?}");
    }
    team.change(cleo, suspended(false)).unwrap();
    team.change(ada, role(Role::Editor)).unwrap();
    let conflict = team.write(move |tx| delete(tx, cleo));
    assert!(matches!(conflict, Err(Error::Conflict(_))), "{conflict:?}");
}

#[test]
fn a_link_works_once_and_the_last_one_alone() {
    let team = Team::new();
    let ada = team.invite("ada", Role::Editor);
    assert_eq!(ada.status, Status::Invited);
    team.link(ada.id, [1; 32], 60_000).unwrap();
    team.link(ada.id, [2; 32], 60_000).unwrap();
    assert_eq!(
        (team.linked([1; 32]), team.linked([2; 32])),
        (None, Some(ada.id))
    );
    team.sign_in(ada.id, 1);

    team.write(|tx| accept(tx, &[2; 32], "hash", "here"))
        .unwrap();
    let accepted = team.db.read_blocking(|conn| get(conn, ada.id)).unwrap();
    assert_eq!((accepted.status, accepted.version), (Status::Active, 2));
    assert_eq!(team.sessions(ada.id), 0);
    for gone in [[1; 32], [2; 32]] {
        let refused = team.write(move |tx| accept(tx, &gone, "other", "here"));
        let Err(Error::Invalid(faults)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(faults[0].pointer.as_deref(), Some("/token"));
    }
    team.link(ada.id, [3; 32], 0).unwrap();
    assert_eq!(team.linked([3; 32]), None);
}

#[test]
fn what_was_granted_ends_with_what_it_was_granted_under() {
    let team = Team::new();
    let ada = team.admit("ada", Role::Author).id;
    team.link(ada, [1; 32], 60_000).unwrap();
    team.sign_in(ada, 1);
    team.change(ada, role(Role::Editor)).unwrap();
    assert_eq!((team.linked([1; 32]), team.sessions(ada)), (Some(ada), 1));

    let address = UserChange {
        email: Some("countess@example.org".into()),
        ..UserChange::default()
    };
    team.change(ada, address).unwrap();
    assert_eq!((team.linked([1; 32]), team.sessions(ada)), (None, 1));

    team.link(ada, [2; 32], 60_000).unwrap();
    team.change(ada, suspended(true)).unwrap();
    assert_eq!((team.linked([2; 32]), team.sessions(ada)), (None, 0));
    let refused = team.link(ada, [3; 32], 60_000);
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");

    team.change(ada, suspended(false)).unwrap();
    team.sign_in(ada, 2);
    team.link(ada, [4; 32], 60_000).unwrap();
    team.write(move |tx| set_password(tx, ada, "another", None))
        .unwrap();
    assert_eq!((team.linked([4; 32]), team.sessions(ada)), (None, 0));

    let told = team.told();
    let details: Vec<_> = told.iter().filter_map(|(_, it)| it.as_deref()).collect();
    assert_eq!(
        details,
        [
            "author",
            "author to editor",
            "another address",
            "suspended",
            "reinstated"
        ]
    );
}

#[test]
fn an_address_is_one_accounts_in_whatever_spelling() {
    let team = Team::new();
    let ada = team.invite("ada", Role::Reader).id;
    let bob = team.invite("bob", Role::Reader).id;
    let address = |email: &str| UserChange {
        email: Some(email.into()),
        ..UserChange::default()
    };
    for taken in ["ADA@example.org", " ada@EXAMPLE.org"] {
        let refused = team.change(bob, address(taken));
        let Err(Error::Invalid(faults)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            faults[0].to_string(),
            "/email: another account has this address"
        );
    }
    let ada = team.change(ada, address("Ada@example.org")).unwrap();
    assert_eq!((ada.email.as_str(), ada.version), ("Ada@example.org", 2));
    let same = team.change(ada.id, UserChange::default()).unwrap();
    assert_eq!(same, ada);
}

#[test]
fn nobody_names_somebody_else_or_runs_accounts_without_the_right() {
    let team = Team::new();
    let ada = team.admit("ada", Role::Admin).id;
    let bob = team.admit("bob", Role::Editor).id;
    let as_bob = |f: fn(&mut Tx<'_>, Id) -> Result<User>, id: Id| {
        let bob = Actor::Principal(Principal {
            user: bob,
            credential: Credential::Session(Id::new()),
            grants: Grants::Role(Role::Editor),
            peer: Ipv4Addr::LOCALHOST.into(),
            request_id: "0".into(),
        });
        team.db.write_blocking(bob, move |tx| f(tx, id))
    };
    let named = as_bob(|tx, id| rename(tx, id, Some(" Robert ")), bob).unwrap();
    assert_eq!(named.value.name, "Robert");
    let forbidden: [fn(&mut Tx<'_>, Id) -> Result<User>; 5] = [
        |tx, id| rename(tx, id, Some("x")),
        |tx, id| set_password(tx, id, "x", None),
        |tx, id| make_link(tx, id, &[1; 32], tx.now().plus(Duration::from_secs(1))),
        |tx, id| end_sessions(tx, id).and_then(|()| get(tx.conn(), id)),
        |tx, id| delete(tx, id).and_then(|()| get(tx.conn(), id)),
    ];
    for write in forbidden {
        let refused = as_bob(write, ada);
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    }
}

#[test]
fn lists_are_narrowed_and_paged_alike_with_and_without_words() {
    let team = Team::new();
    for name in ["Ärzte", "Bo", "Cé", "Dora"] {
        team.admit(name, Role::Author);
    }
    team.invite("Bobo", Role::Reader);
    let everyone = UserFilter::default();
    let with_words = UserFilter {
        part: Some("@EXAMPLE.org".into()),
        ..UserFilter::default()
    };
    for filter in [&everyone, &with_words] {
        let page = |place| Page { limit: 2, place };
        let read = |place| {
            team.db
                .read_blocking(|conn| list(conn, filter, &page(place), true))
                .unwrap()
        };
        let names = |slice: &db::page::Slice<User>| {
            let names = slice.items.iter().map(|user| user.name.clone());
            names.collect::<Vec<_>>()
        };
        let first = read(Place::Start);
        assert_eq!(
            (names(&first), first.total),
            (vec!["Ärzte".into(), "Bo".into()], Some(5))
        );
        let second = read(Place::Cursor(first.next.clone().unwrap()));
        assert_eq!(names(&second), ["Cé", "Dora"]);
        let back = read(Place::Cursor(second.previous.unwrap()));
        assert_eq!(
            (names(&back), back.previous.is_none()),
            (names(&first), true)
        );
        assert_eq!(names(&read(Place::Page(3))), ["Bobo"]);
    }
    let all = |filter: UserFilter| team.names(&filter, 100, Place::Start);
    let part = |part: &str| UserFilter {
        part: Some(part.into()),
        ..UserFilter::default()
    };
    assert_eq!(all(part("äRZ")), ["Ärzte"]);
    assert_eq!(all(part("BO")), ["Bo", "Bobo"]);
    assert_eq!(all(part("%")), [""; 0]);
    let invited = UserFilter {
        status: Some(Status::Invited),
        ..part("bo")
    };
    assert_eq!(all(invited), ["Bobo"]);
    let authors = UserFilter {
        role: Some(Role::Author),
        status: Some(Status::Active),
        part: None,
    };
    assert_eq!(all(authors).len(), 4);
}
