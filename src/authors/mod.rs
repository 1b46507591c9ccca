//! Authors: whose name stands under an article. A byline gives no rights; those go by an article's owner.

pub mod http;
pub mod input;
pub mod model;
pub mod store;
