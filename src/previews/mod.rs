//! Links that show one text to whoever has them, before readers see it: to a source, to a lawyer, to somebody without an
//! account.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
