//! Builders of content. What they make goes through the gate and the stores that every door uses; a test names only what
//! it is about.

use masthead::articles::model::{
    ArticleInput, Audience, Citation, Format, Image, Kind, Seo, Source, State,
};
use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::store::{self, Stored};
use masthead::error::Error;
use masthead::id::Id;
use serde_json::Value;

use super::server::Server;
use super::time;

/// An article to be made: published, unless said otherwise.
pub(crate) fn article(title: &str) -> Make {
    Make(ArticleInput {
        status: Some(State::Published),
        ..ArticleInput::new(title)
    })
}

/// A page to be made: published, unless said otherwise.
pub(crate) fn page(title: &str) -> Make {
    let Make(mut input) = article(title);
    input.kind = Kind::Page;
    Make(input)
}

/// Content to be made.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Make(pub(crate) ArticleInput);

macro_rules! texts {
    ($($field:ident),+) => {
        $(pub(crate) fn $field(mut self, text: &str) -> Self {
            self.0.$field = Some(text.to_owned());
            self
        })+
    };
}

impl Make {
    texts!(
        slug,
        subtitle,
        standfirst,
        excerpt,
        locale,
        content_notice,
        translation_key,
        external_id
    );

    pub(crate) fn id(mut self, id: Id) -> Self {
        self.0.id = Some(id);
        self
    }

    pub(crate) fn state(mut self, state: State) -> Self {
        self.0.status = Some(state);
        self
    }

    pub(crate) fn draft(self) -> Self {
        self.state(State::Draft)
    }

    pub(crate) fn tags<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.0.tags = names.map(str::to_owned).into();
        self
    }

    pub(crate) fn authors<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.0.authors = names.map(str::to_owned).into();
        self
    }

    pub(crate) fn aliases<const N: usize>(mut self, slugs: [&str; N]) -> Self {
        self.0.aliases = slugs.map(str::to_owned).into();
        self
    }

    pub(crate) fn published_at(mut self, at: &str) -> Self {
        self.0.published_at = Some(time(at));
        self
    }

    pub(crate) fn updated_at(mut self, at: &str) -> Self {
        self.0.updated_at = Some(time(at));
        self
    }

    pub(crate) fn markdown(self, text: &str) -> Self {
        self.written_in(Format::Markdown, text)
    }

    pub(crate) fn html(self, text: &str) -> Self {
        self.written_in(Format::Html, text)
    }

    fn written_in(mut self, format: Format, text: &str) -> Self {
        let text = text.to_owned();
        self.0.body = Some(Source { format, text });
        self
    }

    pub(crate) fn featured(mut self) -> Self {
        self.0.featured = true;
        self
    }

    pub(crate) fn mature(mut self) -> Self {
        self.0.audience = Audience::Mature;
        self
    }

    pub(crate) fn cover(mut self, cover: Image) -> Self {
        self.0.cover = Some(cover.into());
        self
    }

    pub(crate) fn cites(mut self, title: &str, url: Option<&str>) -> Self {
        self.0.citations.push(Citation {
            title: title.to_owned(),
            url: url.map(str::to_owned),
        });
        self
    }

    pub(crate) fn seo(mut self, seo: Seo) -> Self {
        self.0.seo = seo;
        self
    }

    pub(crate) fn metadata(mut self, name: &str, value: Value) -> Self {
        self.0.metadata.insert(name.to_owned(), value);
        self
    }

    /// What the gate lets through.
    #[track_caller]
    pub(crate) fn parse(self, rules: &Rules) -> NewArticle {
        NewArticle::parse(self.0, rules).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    /// Stores it.
    #[track_caller]
    pub(crate) fn create(self, server: &Server) -> Stored {
        self.try_create(server)
            .unwrap_or_else(|error| panic!("could not be stored: {error}"))
    }

    /// Stores what may be refused.
    pub(crate) fn try_create(self, server: &Server) -> Result<Stored, Error> {
        let new = NewArticle::parse(self.0, &server.rules).map_err(Error::Invalid)?;
        Ok(server.try_write(move |tx| store::create(tx, &new))?.value)
    }

    /// Puts it in another's place.
    #[track_caller]
    pub(crate) fn replace(self, server: &Server, id: Id) -> Stored {
        let new = self.parse(&server.rules);
        server.write(move |tx| store::replace(tx, id, &new)).value
    }
}

/// Stores many in one write.
#[track_caller]
pub(crate) fn create_all(server: &Server, all: Vec<Make>) -> Vec<Stored> {
    let all: Vec<NewArticle> = all
        .into_iter()
        .map(|one| one.parse(&server.rules))
        .collect();
    server
        .write(move |tx| all.iter().map(|new| store::create(tx, new)).collect())
        .value
}

/// An id that is the same in every run, and sorts by its number.
pub(crate) fn id(number: u64) -> Id {
    let text = format!("01890a5d-ac96-774b-8000-{number:012x}");
    text.parse().expect("an id")
}
