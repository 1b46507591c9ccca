//! Tags: what articles are about. They have aliases, so that an old name keeps working, and parents.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
pub mod words;
