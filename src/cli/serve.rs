//! `masthead serve`

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use actix_web::web;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use crate::app::App;
use crate::articles::new::Rules;
use crate::auth::secret::Secret;
use crate::cache::hot::HotSet;
use crate::changes::model::Actor;
use crate::config::{Serve, Signing, Store};
use crate::db::{self, Db, Reason};
use crate::error::Result;
use crate::http::server;
use crate::time::Clock;
use crate::{articles, auth, data_folder, media, messages, previews, tasks, webhooks};

/// How often the server removes what has expired.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// Of so many times once also the files that no medium has: to list an object store costs something.
const SWEEPS_OF_FILES: u64 = 24;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) store: Store,
    #[command(flatten)]
    pub(super) signing: Signing,
    #[command(flatten)]
    pub(super) serve: Serve,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Arguments {
        store,
        signing,
        serve,
    } = arguments;
    // Before anything is made or migrated.
    serve.website.fallbacks(&store.locales)?;
    let _lock = match store.database_url {
        Some(_) => None,
        None => Some(data_folder::lock(&store.data)?),
    };
    data_folder::refuse_half_restored(&store.data)?;
    let secret = signing.secret(store)?;
    if serve.no_migrate {
        if let db::Backend::Sqlite(path) = &store.database().backend
            && !path.exists()
        {
            return Err(format!(
                "there is no database {}: run `masthead migrate`",
                path.display()
            )
            .into());
        }
    } else {
        for name in db::migrate::run(&store.database())? {
            tracing::info!(name, "migrated the database");
        }
    }
    let db = Db::open(store.database(), Clock::system())?;
    self::serve(db, &secret, store.rules(), &store.data, serve)
}

/// Serves a database until SIGTERM or SIGINT.
pub(super) fn serve(db: Db, secret: &Secret, rules: Rules, data: &Path, serve: &Serve) -> Outcome {
    rerender_beside(&db)?;
    let mut setup = serve.setup(rules)?;
    setup.work.data = Some(data.to_owned());
    setup.search.folder = Some(data.join(data_folder::SEARCH));
    setup.library = serve.media.library(data)?;
    setup.work.media = setup.library.files.folder().map(Path::to_owned);
    let app = App::new(db, secret, setup);
    app.search.start()?;
    let hot = HotSet::in_folder(data);
    actix_web::rt::System::new().block_on(serve_until_stopped(web::Data::new(app), serve, hot))
}

/// Renders anew, while serving, what an older sanitiser rendered.
fn rerender_beside(db: &Db) -> std::io::Result<()> {
    let db = db.clone();
    let work = move || match articles::store::rerender_outdated(&db) {
        Ok(0) => {}
        Ok(bodies) => tracing::info!(bodies, "rendered the bodies of an older sanitiser again"),
        Err(error) => {
            tracing::error!(%error, "could not render the bodies of an older sanitiser again");
        }
    };
    std::thread::Builder::new()
        .name("rerender".into())
        .spawn(work)?;
    Ok(())
}

async fn serve_until_stopped(app: web::Data<App>, serve: &Serve, hot: HotSet) -> Outcome {
    let listener = server::listen(serve.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", serve.listen))?;
    let running = server::start(app.clone(), listener, &serve.server())?;
    let stopper = running.stopper();
    writeln!(std::io::stdout(), "listening on http://{}", running.address)?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: finishing what is in flight");
        stopper.stop().await;
    });
    let sweeping = app.clone();
    actix_web::rt::spawn(async move {
        for hour in 0_u64.. {
            if let Err(error) = sweep(&sweeping).await {
                tracing::warn!(%error, "could not remove what has expired; trying again in an hour");
            }
            if hour % SWEEPS_OF_FILES == 0 {
                sweep_files(&sweeping).await;
            }
            tokio::time::sleep(SWEEP).await;
        }
    });
    let timing = app.clone();
    actix_web::rt::spawn(async move { articles::store::clock::run(&timing.db).await });
    let purging = app.clone();
    actix_web::rt::spawn(async move { purging.purge.follow(&purging.db).await });
    let mailing = app.clone();
    actix_web::rt::spawn(async move { mailing.mail.follow(&mailing.db).await });
    let sending = app.clone();
    actix_web::rt::spawn(async move { sending.webhooks.run(&sending).await });
    let working = app.clone();
    actix_web::rt::spawn(async move { working.work.run(&working).await });
    let (address, following, noting) = (running.address, app.clone(), hot.clone());
    actix_web::rt::spawn(async move {
        let answers = noting.warm(address).await;
        if answers > 0 {
            tracing::info!(answers, "asked for what readers asked for most before");
        }
        noting.follow(&following.cache).await;
    });
    let stopped = app.clone();
    actix_web::rt::spawn(async move { app.watch().await });
    running.server.await?;
    hot.save(&stopped.cache);
    Ok(ExitCode::SUCCESS)
}

/// Removes the files that no medium has.
async fn sweep_files(app: &App) {
    match media::store::sweep_files(&app.db, &app.library.files).await {
        Ok(0) => {}
        Ok(media) => tracing::info!(media, "removed files that no medium has"),
        Err(error) => tracing::warn!(%error, "could not look for files that no medium has"),
    }
}

/// Removes what has expired: sessions, old suspicions, answers kept for whoever did not hear them, old messages and old deliveries.
async fn sweep(app: &App) -> Result<()> {
    let (db, now) = (&app.db, app.db.now());
    db.write_quiet(Reason::Sweep, move |conn| {
        auth::store::sweep(conn, now)?;
        auth::replays::sweep(conn, now)?;
        previews::store::sweep(conn, now)?;
        tasks::store::sweep(conn, now)?;
        Ok(())
    })
    .await?;
    let keep = app.inbox.settings().keep;
    while db
        .write(Actor::System, move |tx| messages::store::sweep(tx, keep))
        .await?
        .value
    {}
    let old = move |conn: &mut _| webhooks::store::deliveries::sweep(conn, now);
    while db.write_quiet(Reason::Sweep, old).await? {}
    Ok(())
}
