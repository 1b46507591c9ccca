//! `masthead user`

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::{Outcome, open};
use crate::auth::model::Role;
use crate::auth::password::{NewPassword, hash_blocking};
use crate::auth::store::second_factor;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::changes::model::Actor;
use crate::config::{Links, Store};
use crate::db::page::{Page, Place};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::time::Time;
use crate::users::model::{NewUser, User, UserChange, link_url};
use crate::users::store::{self, UserFilter};

/// The most that is read of standard input for a password, in bytes.
const MAX_INPUT: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make an account, and an invitation unless a password is given
    Create(Create),
    /// List the accounts
    List(Listing),
    /// Give an account another role
    Role(NewRole),
    /// Keep an account from being used, and end its sessions
    Suspend(Named),
    /// Let an account be used again
    Reinstate(Named),
    /// Set the password of an account, or make a link to do so
    Password(Password),
    /// Switch the second factor of an account off for whoever lost it, and end its sessions
    ResetTotp(Named),
    /// Remove an account with its API keys; its articles stay
    Delete(Named),
}

#[derive(Debug, Args)]
struct Create {
    /// The address to sign in with
    #[arg(long)]
    email: String,

    /// The name for people
    #[arg(long)]
    name: String,

    /// What they are in the team
    #[arg(long, value_parser = roles())]
    role: Role,

    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    links: Links,

    #[command(flatten)]
    store: Store,
}

#[derive(Debug, Args)]
struct Listing {
    #[command(flatten)]
    store: Store,
}

#[derive(Debug, Args)]
struct NewRole {
    /// The address of the account
    email: String,

    /// What they are to be in the team
    #[arg(value_parser = roles())]
    role: Role,

    #[command(flatten)]
    store: Store,
}

#[derive(Debug, Args)]
struct Named {
    /// The address of the account
    email: String,

    #[command(flatten)]
    store: Store,
}

#[derive(Debug, Args)]
struct Password {
    /// The address of the account
    email: String,

    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    links: Links,

    #[command(flatten)]
    store: Store,
}

fn roles() -> impl TypedValueParser<Value = Role> {
    let names = Role::ALL.iter().rev().map(|role| role.as_str());
    PossibleValuesParser::new(names)
        .try_map(|name| Role::from_name(&name).ok_or("there is no such role"))
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    match &arguments.verb {
        Verb::Create(arguments) => create(arguments)?,
        Verb::List(arguments) => list(arguments)?,
        Verb::Role(NewRole { email, role, store }) => {
            let role = UserChange {
                role: Some(*role),
                ..UserChange::default()
            };
            change(store, email, role)?;
        }
        Verb::Suspend(Named { email, store }) => change(store, email, suspended(true))?,
        Verb::Reinstate(Named { email, store }) => change(store, email, suspended(false))?,
        Verb::Password(arguments) => password(arguments)?,
        Verb::ResetTotp(arguments) => reset_totp(arguments)?,
        Verb::Delete(arguments) => delete(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn suspended(suspended: bool) -> UserChange {
    UserChange {
        suspended: Some(suspended),
        ..UserChange::default()
    }
}

type Done = std::result::Result<(), Box<dyn std::error::Error>>;

fn create(arguments: &Create) -> Done {
    let Create {
        email,
        name,
        role,
        password_stdin,
        links,
        store,
    } = arguments;
    let new =
        NewUser::parse(email, name, *role, false).map_err(|faults| told(Error::Invalid(faults)))?;
    let way = Way::new(*password_stdin, email, name, links)?;
    let db = open(store)?;
    let made = write(&db, {
        let way = way.clone();
        move |tx| {
            let user = store::create(tx, &new)?;
            way.go(tx, &user)
        }
    })?;
    say(&format!("made the account of {}", made.0.email))?;
    way.say(made.1, links)
}

fn password(arguments: &Password) -> Done {
    let Password {
        email,
        password_stdin,
        links,
        store,
    } = arguments;
    let db = open(store)?;
    let user = find(&db, email)?;
    let way = Way::new(*password_stdin, &user.email, &user.name, links)?;
    let made = write(&db, {
        let way = way.clone();
        move |tx| way.go(tx, &user)
    })?;
    if matches!(way, Way::Password(_)) {
        say(&format!(
            "set the password of {}; its sessions have ended",
            made.0.email
        ))?;
    }
    way.say(made.1, links)
}

/// How an account comes by a password.
#[derive(Clone)]
enum Way {
    /// It is set now, to what has this hash.
    Password(String),
    /// Its owner sets it, with this link.
    Link(Opaque, std::time::Duration),
}

impl Way {
    fn new(
        from_stdin: bool,
        email: &str,
        name: &str,
        links: &Links,
    ) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        if !from_stdin {
            return Ok(Self::Link(Opaque::new(OpaqueKind::Link)?, links.life()));
        }
        let mut text = String::new();
        io::stdin()
            .take(MAX_INPUT)
            .read_to_string(&mut text)
            .map_err(|error| format!("standard input: {error}"))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let password = NewPassword::parse(line, &[email, name]).map_err(|faults| {
            let details: Vec<String> = faults.into_iter().map(|(_, detail)| detail).collect();
            format!("password: {}", details.join("; "))
        })?;
        Ok(Self::Password(hash_blocking(&password)?))
    }

    fn go(&self, tx: &mut Tx<'_>, user: &User) -> Result<(User, Option<Time>)> {
        match self {
            Self::Password(hashed) => Ok((store::set_password(tx, user.id, hashed, None)?, None)),
            Self::Link(token, life) => {
                let expires_at = tx.now().plus(*life);
                let user = store::make_link(tx, user.id, &token.hash(), expires_at)?;
                Ok((user, Some(expires_at)))
            }
        }
    }

    fn say(&self, expires_at: Option<Time>, links: &Links) -> Done {
        let (Self::Link(token, _), Some(expires_at)) = (self, expires_at) else {
            return Ok(());
        };
        let token = token.as_str();
        match &links.editor_url {
            Some(editor) => say(&format!("to set a password: {}", link_url(editor, token)))?,
            None => say(&format!(
                "to set a password, send this token to POST /v1/admin/auth/password: {token}"
            ))?,
        }
        say(&format!("works once, until {expires_at}"))
    }
}

fn list(Listing { store }: &Listing) -> Done {
    let db = open(store)?;
    let users = all(&db)?;
    if users.is_empty() {
        return say("there are no accounts yet; `masthead user create` makes one");
    }
    let rows: Vec<[String; 5]> = users.into_iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows
            .iter()
            .filter_map(|row| Some(row.get(column)?.chars().count()));
        widths.max().unwrap_or(0)
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    for [email, role, status, signed_in, name] in &rows {
        let [a, b, c, d] = widths;
        say(&format!(
            "{email:a$}  {role:b$}  {status:c$}  {signed_in:d$}  {name}"
        ))?;
    }
    Ok(())
}

fn row(user: User) -> [String; 5] {
    let signed_in = match user.signed_in_at {
        Some(at) => format!("signed in {at}"),
        None => "never signed in".into(),
    };
    let (role, status) = (user.role.as_str(), user.status.as_str());
    [user.email, role.into(), status.into(), signed_in, user.name]
}

fn all(db: &Db) -> Result<Vec<User>> {
    let mut users = Vec::new();
    let mut page = Page {
        limit: 100,
        place: Place::Start,
    };
    loop {
        let slice =
            db.read_blocking(|conn| store::list(conn, &UserFilter::default(), &page, false))?;
        users.extend(slice.items);
        match slice.next {
            Some(cursor) => page.place = Place::Cursor(cursor),
            None => return Ok(users),
        }
    }
}

fn change(store: &Store, email: &str, change: UserChange) -> Done {
    let db = open(store)?;
    let id = find(&db, email)?.id;
    let user = write(&db, move |tx| {
        let user = store::get(tx.conn(), id)?;
        let new = change.of(&user).map_err(Error::Invalid)?;
        store::update(tx, id, &new)
    })?;
    say(&format!(
        "{}: {}, {}",
        user.email,
        user.role.as_str(),
        user.status.as_str()
    ))
}

fn reset_totp(Named { email, store }: &Named) -> Done {
    let db = open(store)?;
    let user = find(&db, email)?;
    write(&db, move |tx| second_factor::reset(tx, user.id))?;
    say(&format!(
        "{}: signs in with the password alone; its sessions have ended",
        user.email
    ))
}

fn delete(Named { email, store }: &Named) -> Done {
    let db = open(store)?;
    let user = find(&db, email)?;
    write(&db, move |tx| store::delete(tx, user.id))?;
    say(&format!("deleted the account of {}", user.email))
}

/// The account of an address.
pub(super) fn find(db: &Db, email: &str) -> std::result::Result<User, Box<dyn std::error::Error>> {
    let user = db.read_blocking(|conn| store::by_email(conn, email))?;
    user.ok_or_else(|| format!("there is no account with the address {email}").into())
}

fn write<T, F>(db: &Db, f: F) -> std::result::Result<T, String>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    match db.write_blocking(Actor::System, f) {
        Ok(written) => Ok(written.value),
        Err(error) => Err(told(error)),
    }
}

/// An error as whoever typed wants to read it: what is a JSON Pointer to a program is the name of a flag here.
fn told(error: Error) -> String {
    match error {
        Error::Invalid(faults) => {
            let faults = faults.into_iter().map(|fault| {
                let place = fault.pointer.unwrap_or_default();
                format!("{}: {}", place.trim_start_matches('/'), fault.detail)
            });
            faults.collect::<Vec<_>>().join("; ")
        }
        error => error.to_string(),
    }
}

fn say(line: &str) -> Done {
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_by_the_names_of_flags() {
        let faults = NewUser::parse("ada", "", Role::Admin, false).unwrap_err();
        let words = told(Error::Invalid(faults));
        assert!(
            words.starts_with("email: an e-mail address") && words.contains("; name: a name has"),
            "{words}"
        );
    }
}
