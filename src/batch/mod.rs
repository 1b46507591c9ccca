//! Several writes as one: all of them under one change number, or none.

pub mod http;
pub mod model;
