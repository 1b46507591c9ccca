//! What the tests of the API stand on: a real server over a fresh database of either kind, a client that holds every
//! answer against the contract, and builders that make content through the code every door calls.
#![expect(
    clippy::expect_used,
    reason = "a test that panics says what is wrong, and where"
)]

mod client;
mod content;
mod contract;
mod corpus;
mod database;
mod editors;
pub(crate) mod pictures;
mod random;
mod server;
mod totp;

pub(crate) use client::{Answer, Client, form_of};
pub(crate) use content::{Make, article, create_all, id, page};
pub(crate) use contract::contract;
pub(crate) use corpus::corpus;
pub(crate) use database::Database;
pub(crate) use random::Random;
pub(crate) use server::{SECRET, Server};
pub(crate) use totp::Authenticator;

/// A time, as tests write it.
pub(crate) fn time(text: &str) -> masthead::time::Time {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Runs one expression on whichever connection this is, where plain Diesel cannot type it for both.
macro_rules! each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            masthead::db::Conn::Sqlite($c) => $body,
            masthead::db::Conn::Pg($c) => $body,
        }
    };
}
pub(crate) use each;
