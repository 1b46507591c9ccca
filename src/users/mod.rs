//! Accounts: who may sign in to edit.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
