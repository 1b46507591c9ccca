//! API keys: what programs write with.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
