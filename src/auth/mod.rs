//! Who someone is, and what they may do: passwords, tokens and sessions, the roles, and the way of every authenticated
//! write from its request to its answer.

pub mod extract;
pub mod flights;
pub mod http;
pub mod limits;
pub mod model;
pub mod password;
pub mod replays;
pub mod secret;
pub mod store;
pub mod token;
pub mod totp;
pub mod write;
