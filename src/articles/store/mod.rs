//! Articles in the database. Every read takes the state of who looks into the query itself: delivery's queries name
//! `published`, and nothing else can come out of them.

mod addresses;
pub mod clock;
pub mod edit;
mod export;
mod filter;
mod id_lists;
mod import;
mod joins;
mod list;
mod load;
mod lookup;
mod moves;
mod neighbours;
mod numbers;
mod owners;
mod rerender;
mod retag;
pub mod review;
pub mod revisions;
pub mod schedule;
mod slugs;
mod texts;
mod touch;
mod uses;
mod walk;
pub mod working_copies;
mod write;

pub use self::addresses::{
    Address, AddressPlace, RUN, address_place, addresses, said_to_search_engines, translations_of,
};
pub use self::export::{PublishedNames, count_all, exported_after, published_names_after};
pub use self::filter::{Filter, Sort, is_indexed, named_by};
pub use self::id_lists::{let_go_of_author, let_go_of_tag, unlike_joins};
pub use self::import::{Imported, Said, Standing, import, standing};
pub use self::list::{count, ids, list, matching};
pub use self::load::{AnyText, by_ids, covers, in_any_state};
pub use self::lookup::{At, Lookup, at, by_id, by_slug, state};
pub use self::moves::transition;
pub use self::neighbours::neighbours;
pub use self::numbers::misnumbered;
pub use self::owners::disown;
pub use self::rerender::rerender_outdated;
pub use self::retag::{Merged, Published, merge_tag, retag};
pub use self::texts::{
    PublishedText, TagWords, count_published, ids_by_author, ids_with_tag, published_count,
    published_ids, published_texts,
};
pub use self::touch::{showing, showing_author, showing_tag, touch};
pub use self::walk::{by_author_after, candidates, with_tag_after};
pub use self::write::{Stored, create, purge, replace};
