//! The API over HTTP, and the domain code beneath it, against a real server. Everything here runs on SQLite and, with
//! `MASTHEAD_TEST_DATABASE=postgres`, on PostgreSQL.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics says what is wrong, and where"
)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod articles;
mod authors;
mod backup;
mod cli;
mod conditional;
mod crawlers;
mod delivery;
mod docs_page;
mod drift;
mod editing;
mod exports;
mod feeds;
mod health;
mod imports;
mod jobs;
mod leaks;
mod lists;
mod mail;
mod media;
mod messages;
mod previews;
mod problems;
mod races;
mod refusals;
mod resolve;
mod review;
mod revisions;
mod rights;
mod schedule;
mod schema;
mod search;
mod shutdown;
mod sign_in;
mod site;
mod sync;
mod tags;
mod tls;
mod tutorial;
mod webhooks;
mod wire;
mod writes;
