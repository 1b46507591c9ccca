//! What an export says of a text beside what a writer sends: with it an import brings the text back as it was.

use super::input;
use super::model::ArticleInput;
use super::new::MAX_TITLE;
use crate::error::{Fault, FaultCode};
use crate::json::Fields;
use crate::time::Time;

/// What an export says of a text beside what a writer sends. All of it may be absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Restored {
    /// That it comes from an export, and the source that it was imported from then; `Some(None)` where it was made there.
    /// Such a text is known by its id, whatever its key in that source.
    pub source: Option<Option<String>>,
    /// When it was made.
    pub created_at: Option<Time>,
    /// When it is to be taken back.
    pub unpublish_at: Option<Time>,
    /// What leads to it in locales that it had before: locale and slug.
    pub aliases_in: Vec<(String, String)>,
    /// What is to take its place.
    pub working_copy: Option<Box<ArticleInput>>,
}

impl Restored {
    /// Whether the text comes from an export.
    #[must_use]
    pub const fn is_export(&self) -> bool {
        self.source.is_some()
    }

    /// Reads what there is of it beside a text. The faults of its working copy stand in `copied`, with pointers from the
    /// copy.
    pub(super) fn read(fields: &mut Fields<'_>, copied: &mut Vec<Fault>) -> Self {
        let source = fields.field("source");
        let source = source.map(|given| given.and_then(|_| fields.string("source")));
        let aliases_in = aliases_in(fields);
        let working_copy = fields
            .field("working_copy")
            .flatten()
            .and_then(|copy| input::article(copy, copied))
            .map(Box::new);
        Self {
            source,
            created_at: fields.time("created_at"),
            unpublish_at: fields.time("unpublish_at"),
            aliases_in,
            working_copy,
        }
    }
}

fn aliases_in(fields: &mut Fields<'_>) -> Vec<(String, String)> {
    let mut aliases = Vec::new();
    for (locale, slugs) in fields.map("aliases_in").unwrap_or_default() {
        let texts = slugs.as_array().and_then(|slugs| {
            let texts = slugs.iter().map(|slug| slug.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>()
        });
        match texts {
            Some(texts) if locale.len() <= MAX_TITLE && texts.iter().all(|text| is_alias(text)) => {
                aliases.extend(texts.into_iter().map(|slug| (locale.clone(), slug)));
            }
            _ => {
                let detail = "must be lists of former slugs, by locale";
                fields.fault("aliases_in", FaultCode::Malformed, detail);
            }
        }
    }
    aliases
}

fn is_alias(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_TITLE
}
