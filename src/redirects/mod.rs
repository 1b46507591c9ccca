//! Redirects: addresses that lead elsewhere now, set by hand or kept by an import.

pub mod store;
