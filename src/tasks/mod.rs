//! Jobs: what is asked for over HTTP and takes longer than a request. A row says what was asked for, how far it is and what
//! came of it; [`crate::work`] does it, one after the other.

pub mod http;
pub mod model;
pub mod store;
