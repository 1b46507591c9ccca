//! What readers write by the contact form, and the inbox in which editors find it. Names and e-mail addresses stand in the
//! one table and are shown on the routes of the inbox alone: no log, no list of anything else and no error has them.

pub mod export;
pub mod http;
pub mod inbox;
pub mod input;
pub mod model;
pub mod store;
