//! The change log: every write appends to it, in its own transaction, under the next change number. Whatever else must
//! happen follows it from a stored position.

pub mod audit;
pub mod http;
pub mod model;
pub mod store;
pub mod streams;
pub mod sync;
pub mod tags;
