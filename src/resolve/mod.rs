//! A page of the website in one answer: what stands at a path, with all that is shown around it; or where else to go.

pub mod http;
pub mod json_ld;
pub mod model;
pub mod path;
pub mod seo;
pub mod store;
