//! Articles and standing pages: one model, told apart by [`Kind`](model::Kind).

pub mod cover;
pub mod diff;
pub mod edit;
pub mod export;
pub mod fields;
pub mod http;
pub mod input;
pub mod model;
pub mod new;
pub mod render;
pub mod restored;
pub mod retag;
pub mod review;
pub mod revision;
pub mod schedule;
mod state;
pub mod store;
pub mod text_forms;
pub mod words;
pub mod working_copy;
