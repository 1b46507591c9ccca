//! Copies of what is published: followed page by page and live, by clients that are interrupted, from servers that are
//! killed and databases that are put back. Whatever happens, a copy ends as a fresh list is.

pub(crate) mod copies;
mod killed;
mod live;
mod pages;
pub(crate) mod random;
mod world;
