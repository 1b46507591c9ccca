//! Redirects: addresses that lead elsewhere now, set by hand or kept by an import.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
