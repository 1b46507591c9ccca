//! Feeds of the newest articles: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, from one model.

mod absolute;
mod atom;
pub mod http;
mod json;
pub mod model;
mod rss;
