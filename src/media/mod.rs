//! Media: pictures that editors put in. What was sent is kept as it came and shown to nobody; readers get what was made of
//! it, free of whatever else stood in the file: see [`picture`]. The bytes are in [`files`], and what is known of them in
//! the database.

pub mod files;
pub mod http;
pub mod input;
pub mod library;
pub mod model;
pub mod picture;
pub mod store;
