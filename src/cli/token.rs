//! `masthead token`

use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::Args;

use super::{Outcome, open, user};
use crate::app::{App, Setup};
use crate::auth::store::{self, Beginning};
use crate::auth::token::{Opaque, OpaqueKind};
use crate::config::{Signing, Store, Tokens};
use crate::db::Reason;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The address of the account
    email: String,

    #[command(flatten)]
    tokens: Tokens,

    #[command(flatten)]
    signing: Signing,

    #[command(flatten)]
    store: Store,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Arguments {
        email,
        tokens,
        signing,
        store,
    } = arguments;
    let secret = signing.secret(store)?;
    let db = open(store)?;
    let user = user::find(&db, email)?;
    if user.is_suspended() {
        return Err(format!("the account of {} is suspended", user.email).into());
    }
    // Issued by the code that the server knows it again with.
    let app = App::new(db, &secret, Setup::new(store.rules()));
    let now = app.db.now();
    let beginning = Beginning {
        password: None,
        peer: Ipv4Addr::LOCALHOST.into(),
        user_agent: Some("masthead token".into()),
        // Nobody is told of it: the session lasts as long as the access token and cannot be renewed.
        token: Opaque::new(OpaqueKind::Refresh)?.hash(),
        now,
        idle: tokens.life(),
    };
    let begun = app.db.write_quiet(Reason::Session, move |conn| {
        store::begin(conn, user.id, &beginning)
    });
    let session = actix_web::rt::System::new().block_on(begun)?;
    let token = app.tokens.issue(user.id, session, now, tokens.life())?;
    writeln!(io::stdout(), "{token}")?;
    Ok(ExitCode::SUCCESS)
}
