//! `masthead demo`: a small magazine, written for this program, served from a folder that goes with the process.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use clap::Args;
use serde::Deserialize;

use self::samples::{AUTHORS, COPIED, FORMER, MESSAGES, PREVIEW, REDIRECTS, SITE, TAGS, TEXTS};
use super::{Outcome, serve};
use crate::articles::edit::EditSort;
use crate::articles::model::{Image, Kind, State};
use crate::articles::new::Rules;
use crate::articles::store::edit::EditFilter;
use crate::articles::store::{Said, Standing, standing, working_copies};
use crate::auth::model::{Credential, Grants, Principal, Role};
use crate::auth::password::{NewPassword, hash_blocking};
use crate::auth::secret::Secret;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::authors::model::{Link, NewAuthor};
use crate::changes::model::Actor;
use crate::config::Serve;
use crate::db::page::Page;
use crate::db::{self, Db, Tx};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::previews::model::LASTS_BY_DEFAULT;
use crate::redirects::store::Target;
use crate::tags::model::NewTag;
use crate::time::Clock;
use crate::transfer::{Parsed, markdown};
use crate::users::model::NewUser;
use crate::{articles, authors, imports, messages, previews, redirects, site, tags, users};

mod samples;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    serve: Serve,

    /// An empty PostgreSQL database for the sample content, instead of the throw-away folder
    #[arg(
        long,
        env = "MASTHEAD_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
}

/// Who can sign in, one of each role.
const PEOPLE: &[(Role, &str)] = &[
    (Role::Admin, "Mira Okafor"),
    (Role::Editor, "Jonas Weber"),
    (Role::Author, "Leila Haddad"),
    (Role::Contributor, "Tom Castell"),
    (Role::Reader, "Ines Duarte"),
];

/// The characters of their passwords.
const PASSWORD: usize = 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleTag {
    name: String,
    slug: String,
    description: Option<String>,
    parent: Option<String>,
    aliases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleAuthor {
    name: String,
    slug: String,
    bio: Option<String>,
    avatar: Option<Image>,
    links: Vec<Link>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleRedirect {
    path: String,
    to: String,
    status: i32,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let folder = tempfile::Builder::new()
        .prefix("masthead-demo-")
        .tempdir()?;
    let settings = match &arguments.database_url {
        Some(url) => db::Settings::new(db::Backend::Postgres(url.clone())),
        None => db::Settings::sqlite_in(folder.path()),
    };
    db::migrate::run(&settings)?;
    let db = Db::open(settings, Clock::system())?;
    if db.change() > 0 {
        return Err("the database is not empty; `masthead serve` serves what is in it".into());
    }
    let rules = Rules {
        locales: vec!["en".into(), "de".into()],
    };
    fill(&db, &rules)?;
    let people = admit(&db)?;
    let editor = people.iter().find(|person| person.role == Role::Editor);
    if let Some(editor) = editor {
        preview(&db, editor.id)?;
    }
    let mut out = io::stdout();
    writeln!(out, "accounts, until this process ends:")?;
    for Person {
        role,
        email,
        password,
        ..
    } in people
    {
        writeln!(out, "  {:<13}{email:<25}{password}", role.as_str())?;
    }
    // What it signed is worth as little as the folder, once this process has ended.
    let secret = Secret::parse(Opaque::new(OpaqueKind::Key)?.as_str())?;
    serve::serve(db, &secret, rules, folder.path(), &arguments.serve)
}

/// An account of the demo.
struct Person {
    id: Id,
    role: Role,
    email: String,
    password: String,
}

/// Makes an account of each role.
fn admit(db: &Db) -> Result<Vec<Person>> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    for (role, name) in PEOPLE {
        let email = format!("{}@example.org", role.as_str());
        let new = NewUser::parse(&email, name, *role, false).map_err(Error::Invalid)?;
        let random = Opaque::new(OpaqueKind::Key)?;
        let random = random.as_str();
        let password = random.get(random.len() - PASSWORD..).unwrap_or(random);
        let checked = NewPassword::parse(password, &[&email, name])
            .map_err(|faults| Error::internal(format!("a random password: {faults:?}")))?;
        let hashed = hash_blocking(&checked)?;
        let made = db.write_blocking(Actor::System, move |tx| {
            let user = users::store::create(tx, &new)?;
            users::store::set_password(tx, user.id, &hashed, None)
        })?;
        people.push(Person {
            id: made.value.id,
            role: *role,
            email,
            password: password.to_owned(),
        });
    }
    Ok(people)
}

/// Makes a preview link to the draft among the samples, as an editor does.
fn preview(db: &Db, editor: Id) -> Result<()> {
    let token = Opaque::parse(OpaqueKind::Preview, PREVIEW)
        .ok_or_else(|| Error::internal("the sample of a preview link is none"))?;
    let drafts = EditFilter {
        states: vec![State::Draft],
        ..EditFilter::default()
    };
    let first = Page::first(1);
    let drafts = db.read_blocking(|conn| {
        let (kind, sort) = (Kind::Article, EditSort::LastUpdated);
        articles::store::edit::list(conn, kind, &drafts, sort, &first, false)
    })?;
    let draft = drafts.items.first();
    let draft = draft.ok_or_else(|| Error::internal("there is no draft among the samples"))?;
    let (draft, hash) = (draft.id, token.hash());
    let editor = Principal {
        user: editor,
        credential: Credential::Session(Id::new()),
        grants: Grants::Role(Role::Editor),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        request_id: "demo".into(),
    };
    db.write_blocking(Actor::Principal(editor), move |tx| {
        let expires_at = tx.now().plus(LASTS_BY_DEFAULT);
        previews::store::create(tx, Kind::Article, draft, &hash, expires_at)
    })?;
    Ok(())
}

/// Fills an empty database with the sample content.
fn fill(db: &Db, rules: &Rules) -> Result<()> {
    db.write_blocking(Actor::System, fill_names)?;
    let options = imports::Options {
        source: "demo".into(),
        status: None,
        dry_run: false,
        actor: Actor::System,
    };
    let texts = TEXTS
        .iter()
        .map(|(name, text)| markdown::parse(name, text.as_bytes()))
        .collect();
    let mut broken = Vec::new();
    for items in [vec![reworded(FORMER)?], texts] {
        let report = imports::run(db, rules, &options, items, |_| {})
            .map_err(|interrupted| interrupted.error)?;
        broken.extend(report.broken);
    }
    if broken.is_empty() {
        db.write_blocking(Actor::System, copy)?;
        Ok(())
    } else {
        Err(Error::internal(format!(
            "the sample content is broken: {broken:?}"
        )))
    }
}

/// A sample with other words in place of some of its own.
fn reworded((name, words): (&str, &[(&str, &str)])) -> Result<Parsed> {
    let sample = TEXTS.iter().find(|(known, _)| *known == name);
    let mut text = sample.map_or_else(String::new, |(_, text)| (*text).to_owned());
    for (own, other) in words {
        if !text.contains(own) {
            let missing = format!("the sample {name} has no words `{own}`");
            return Err(Error::internal(missing));
        }
        text = text.replace(own, other);
    }
    Ok(markdown::parse(name, text.as_bytes()))
}

/// Begins the working copy of a sample.
fn copy(tx: &mut Tx<'_>) -> Result<()> {
    let (name, _) = COPIED;
    let Parsed::Article(item) = reworded(COPIED)? else {
        return Err(Error::internal(format!("the sample {name} is no article")));
    };
    let (input, now) = (item.article, tx.now());
    let key = input.external_id.as_deref().unwrap_or(name);
    let said = Said {
        input: &input,
        restored: &item.restored,
    };
    match standing(tx.conn(), "demo", key, said, now)? {
        Standing::Changed(id) => working_copies::save(tx, input.kind, id, &input),
        other => Err(Error::internal(format!("the sample {name} is {other:?}"))),
    }
}

fn fill_names(tx: &mut Tx<'_>) -> Result<()> {
    site::store::put(tx, &sample(SITE)?)?;
    for SampleTag {
        name,
        slug,
        description,
        parent,
        aliases,
    } in sample::<Vec<_>>(TAGS)?
    {
        let tag = NewTag::parse(&name, Some(slug), description, aliases, parent)
            .map_err(Error::Invalid)?;
        tags::store::create(tx, &tag)?;
    }
    for SampleAuthor {
        name,
        slug,
        bio,
        avatar,
        links,
    } in sample::<Vec<_>>(AUTHORS)?
    {
        let author =
            NewAuthor::parse(&name, Some(slug), bio, avatar, links).map_err(Error::Invalid)?;
        authors::store::create(tx, &author)?;
    }
    for SampleRedirect { path, to, status } in sample::<Vec<_>>(REDIRECTS)? {
        redirects::store::ensure(tx, &path, &Target::Address(to), status)?;
    }
    for message in sample::<Vec<serde_json::Value>>(MESSAGES)? {
        let sent = messages::input::sent(&message).map_err(Error::Invalid)?;
        messages::store::receive(tx, &sent, u32::MAX)?;
    }
    Ok(())
}

fn sample<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::internal(format!("the sample content: {error}")))
}
