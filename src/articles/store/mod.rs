//! Articles in the database. Every read takes the state of who looks into the query itself: delivery's queries name
//! `published`, and nothing else can come out of them.

mod import;
mod list;
mod load;
mod rerender;
mod write;

pub use self::import::{Imported, Standing, import, standing};
pub use self::list::{Filter, Sort, count, is_indexed, list};
pub use self::load::{Lookup, by_id, by_slug};
pub use self::rerender::rerender_outdated;
pub use self::write::{Stored, create, purge, replace, transition};
