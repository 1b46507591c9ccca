//! Masthead: a headless content API from one binary.
//!
//! The folder says what, the file says which layer. `model` holds types and rules, `store` queries, `http` handlers.
//! Everything that changes content goes through [`db::Db::write`] and the stores, from whichever door it comes.
//!
//! - [`articles`], [`tags`], [`authors`], [`site`], [`redirects`]: the content, a folder per resource
//! - [`media`]: pictures, what is made of them, where their bytes are, and what uses them
//! - [`messages`]: the contact form, and the inbox of what it brings
//! - [`mail`]: what is told by e-mail, from a queue that follows the log
//! - [`users`], [`keys`], [`auth`]: who may write, how they prove it, and the way of every authenticated write
//! - [`db`]: SQLite and PostgreSQL behind one type; one writer, many readers
//! - [`changes`]: the log that every write appends to
//! - [`cache`]: finished answers, served while they are as they would be read now
//! - [`http`]: the list of routes, and what is common to them
//! - [`resolve`]: a page of the website in one answer, by its path
//! - [`previews`]: links that show one text before readers see it
//! - [`search`]: the index that follows that log, and what is found by it
//! - [`feeds`]: RSS, Atom and JSON Feed; [`crawlers`]: sitemap, robots.txt and llms.txt
//! - [`imports`]: what those become in the database, and the report of it
//! - [`backup`]: all of a site in one file, and the way back; [`data_folder`]: what is where
//! - [`exports`]: the content as files: JSON Lines, Markdown, and what readers may ask for
//! - [`transfer`]: other systems' files to articles, without a database
//! - [`tasks`]: what is asked for over HTTP and takes longer than a request; [`work`]: who does it
//! - [`webhooks`]: others are told of changes; [`outbound`]: the client that tells them
//! - [`cli`]: the verbs of the command line

pub mod app;
pub mod articles;
pub mod auth;
pub mod authors;
pub mod backup;
pub mod batch;
pub mod cache;
pub mod changes;
pub mod cli;
pub mod config;
#[cfg(test)]
mod corpus;
pub mod crawlers;
pub mod data_folder;
pub mod db;
pub mod error;
pub mod exports;
pub mod feeds;
pub mod http;
pub mod id;
pub mod imports;
pub mod json;
pub mod keys;
pub mod locales;
pub mod mail;
pub mod media;
pub mod messages;
mod names;
pub mod outbound;
mod paths;
pub mod previews;
mod priority;
pub mod redirects;
pub mod resolve;
pub mod search;
pub mod site;
pub mod slug;
pub mod tags;
pub mod tasks;
pub mod time;
pub mod transfer;
pub mod users;
pub mod webhooks;
pub mod work;
mod xml;
