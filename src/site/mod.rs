//! The site itself: its name, logo, menus and contact options.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
