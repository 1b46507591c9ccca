//! Webhooks: others are told of changes, each by a signed request, again until it arrives. A follower of the log writes
//! down what is to be told to whom; what is written down is sent by whichever node takes it.

pub mod deliver;
pub mod follow;
pub mod http;
pub mod input;
pub mod model;
pub mod sign;
pub mod store;
