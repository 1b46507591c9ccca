//! The neutral form of a whole site, which every reader gives piece by piece: texts, and what stands beside them. A reader
//! gives tags and authors before the texts that name them, and redirects to texts behind these; where it cannot, the
//! import finds them all the same, by name.

use crate::articles::model::{ArticleInput, Image};
use crate::articles::restored::Restored;
use crate::authors::model::Link;
use crate::id::Id;
use crate::media::model::About;
use crate::redirects::model::NewRedirect;
use crate::site::model::Settings;
use crate::time::Time;

/// One article as a reader found it.
///
/// `article.external_id` is the key by which the next import finds it again. Readers give every article one that is
/// unique in what they read and stays the same as long as its source does, unless the article brings its own `id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where it was found, for people: a path relative to the root of the import, or `path:line`.
    pub origin: String,
    /// The article. A `status` of `None` says nothing, and the import decides.
    pub article: ArticleInput,
    /// What an export says of it beside that.
    pub restored: Restored,
    /// Former paths of this article on its old site, in the form [`site_path`](super::site_path) gives them, each once.
    pub redirects: Vec<String>,
    /// Not everybody was to read it where it comes from. The state it brings is the one it gets, whatever state is asked for
    /// what is imported.
    pub held: bool,
    /// What was read otherwise than the author may expect, one sentence each.
    pub warnings: Vec<String>,
}

/// A tag as a reader found it. It is known here by its slug or its name: one that is there already is filled up where it
/// says nothing, and not doubled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagInput {
    /// Its name for people.
    pub name: String,
    /// Its name in addresses; made of the name where absent.
    pub slug: Option<String>,
    /// What it is about, plain text.
    pub description: Option<String>,
    /// Other slugs that lead to it.
    pub aliases: Vec<String>,
    /// The broader tag it belongs to, by slug or name. It may come later.
    pub parent: Option<String>,
}

/// An author as a reader found them: what is public of them, and never an e-mail address. Known here by slug or name, as
/// tags are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorInput {
    /// Their name for people.
    pub name: String,
    /// Their name in addresses; made of the name where absent.
    pub slug: Option<String>,
    /// A few words about them, plain text.
    pub bio: Option<String>,
    /// Their picture.
    pub avatar: Option<Image>,
    /// Where else they are.
    pub links: Vec<Link>,
}

/// A picture as a reader found it. Its bytes are in a file beside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaInput {
    /// Where its file is, below the folder of files.
    pub file: String,
    /// SHA-256 of the file, where that is known.
    pub hash: Option<[u8; 32]>,
    /// What its addresses begin with; a new one where absent.
    pub name: Option<String>,
    /// What is said of it.
    pub about: About,
    /// The widths that readers find it in, in pixels; as the site is set where there are none.
    pub widths: Vec<u32>,
}

/// What a site has beside its texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// A tag.
    Tag(TagInput),
    /// An author.
    Author(AuthorInput),
    /// A way from one path to somewhere else. To a text by its id alone: readers that do not know it have
    /// [`Item::redirects`].
    Redirect(NewRedirect),
    /// What the site says of itself.
    Site(Box<Settings>),
    /// A picture.
    Media(Box<MediaInput>),
}

impl Piece {
    /// The name of the kind, as the change log has it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tag(_) => "tag",
            Self::Author(_) => "author",
            Self::Redirect(_) => "redirect",
            Self::Site(_) => "site",
            Self::Media(_) => "media",
        }
    }
}

/// What an export says of something beside what a writer sends. With it, it comes back as it was where nothing is here yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Its id; the site has none.
    pub id: Option<Id>,
    /// When it was made.
    pub created_at: Option<Time>,
    /// When it was last changed.
    pub updated_at: Option<Time>,
}

impl Exported {
    /// When it was made and last changed, where that is known.
    #[must_use]
    pub fn times(&self) -> Option<(Time, Time)> {
        let updated_at = self.updated_at.or(self.created_at)?;
        Some((self.created_at.unwrap_or(updated_at), updated_at))
    }
}

/// One piece beside the texts as a reader found it.
#[derive(Debug, Clone, PartialEq)]
pub struct PieceItem {
    /// Where it was found, for people.
    pub origin: String,
    /// The key by which the next import knows it again, unique among those of its kind.
    pub key: String,
    /// What it is.
    pub piece: Piece,
    /// What an export says of it beside that.
    pub exported: Option<Exported>,
    /// What was read otherwise than one may expect, one sentence each.
    pub warnings: Vec<String>,
}

/// What became of one piece of the source.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// It is an article or a page.
    Article(Box<Item>),
    /// It is something beside these.
    Piece(Box<PieceItem>),
    /// It is no article, and need not be one.
    Skipped {
        /// Where it is.
        origin: String,
        /// Why it is none.
        reason: String,
    },
    /// Many of a kind that have no place here, such as comments. They are counted, and told in one line.
    LeftOut {
        /// Where they are.
        origin: String,
        /// What they are, in the plural.
        what: &'static str,
        /// How many.
        count: u64,
    },
    /// It should be an article and cannot be read.
    Broken {
        /// Where it is.
        origin: String,
        /// The line, counted from one, where that is known.
        line: Option<u64>,
        /// What is wrong.
        reason: String,
    },
}

impl Parsed {
    /// Where it was found.
    #[must_use]
    pub fn origin(&self) -> &str {
        match self {
            Self::Article(item) => &item.origin,
            Self::Piece(item) => &item.origin,
            Self::Skipped { origin, .. }
            | Self::LeftOut { origin, .. }
            | Self::Broken { origin, .. } => origin,
        }
    }
}
