//! The server as it runs, in this process, and clients that write to it as an editor's program does.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use actix_web::web;
use masthead::app::{App, Setup};
use masthead::articles::model::ArticleInput;
use masthead::articles::new::Rules;
use masthead::auth::model::Role;
use masthead::auth::secret::Secret;
use masthead::auth::store::{self, Beginning};
use masthead::auth::token::{AccessTokens, Opaque, OpaqueKind};
use masthead::changes::model::Actor;
use masthead::db::{Db, Reason};
use masthead::http::limits::Limits;
use masthead::http::server;
use masthead::users;
use masthead::users::model::NewUser;
use serde_json::json;

use super::Articles;
use super::connection::{Connection, runtime};
use super::data::LOCALES;

/// A server, which runs until the process ends.
pub(crate) struct Server {
    address: SocketAddr,
    token: String,
}

impl Server {
    pub(crate) fn start(db: Db) -> Self {
        let secret = Secret::parse("nobody else knows this secret of a benchmark").unwrap();
        let token = token(&db, &secret);
        let setup = Setup::new(Rules {
            locales: LOCALES.map(str::to_owned).into(),
        });
        let app = App::new(db, &secret, setup);
        app.search.start().unwrap();
        let (started, running) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let listener = server::listen("127.0.0.1:0".parse().unwrap()).unwrap();
                let settings = server::Settings {
                    workers: 2,
                    connections: 128,
                    head_timeout: Duration::from_secs(60),
                    write_timeout: Duration::from_secs(60),
                    keep_alive: Duration::from_secs(600),
                    shutdown: Duration::from_secs(1),
                    limits: Limits::default(),
                };
                let running = server::start(web::Data::new(app), listener, &settings).unwrap();
                started.send(running.address).unwrap();
                running.server.await.unwrap();
            });
        });
        Self {
            address: running.recv().unwrap(),
            token,
        }
    }

    /// One client, which creates one article after the other until the time is over.
    pub(crate) fn client(
        &self,
        articles: Arc<Articles>,
        start: Instant,
        length: Duration,
    ) -> impl Future<Output = Vec<u128>> + use<> {
        let (address, token) = (self.address, self.token.clone());
        async move {
            let mut connection = Connection::open(address).await;
            let mut latencies = Vec::new();
            while start.elapsed() < length {
                let (_, input) = articles.next();
                let request = request(&token, &input);
                let begun = Instant::now();
                let (status, ..) = connection.ask(&request).await;
                let answer = String::from_utf8_lossy(&connection.buffer);
                assert_eq!(status, 201, "{answer}");
                latencies.push(begun.elapsed().as_micros());
            }
            latencies
        }
    }
}

fn request(token: &str, input: &ArticleInput) -> Vec<u8> {
    let body = json!({
        "title": input.title,
        "status": "published",
        "locale": input.locale,
        "standfirst": input.standfirst,
        "markdown": input.body.as_ref().map(|body| &body.text),
        "tags": input.tags,
        "authors": input.authors,
    })
    .to_string();
    format!(
        "POST /v1/admin/articles HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The access token of an editor, for a day.
fn token(db: &Db, secret: &Secret) -> String {
    let editor = NewUser::parse("editor@example.org", "Editor", Role::Editor, false).unwrap();
    let editor = db.write_blocking(Actor::System, move |tx| users::store::create(tx, &editor));
    let (editor, now) = (editor.unwrap().value.id, db.now());
    let day = Duration::from_secs(24 * 60 * 60);
    let beginning = Beginning {
        password: None,
        peer: Ipv4Addr::LOCALHOST.into(),
        user_agent: None,
        token: Opaque::new(OpaqueKind::Refresh).unwrap().hash(),
        now,
        idle: day,
    };
    let begun = db.write_quiet(Reason::Session, move |conn| {
        store::begin(conn, editor, &beginning)
    });
    let session = runtime().block_on(begun).unwrap();
    let tokens = AccessTokens::new(secret, format!("masthead:{}", db.epoch()));
    tokens.issue(editor, session, now, day).unwrap()
}
