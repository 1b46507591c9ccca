//! Stores articles and pages, and what leads to them from their former addresses.

use super::{Import, Report};
use crate::articles::model::{ArticleInput, State};
use crate::articles::new::{NewArticle, Rules};
use crate::articles::restored::Restored;
use crate::articles::store::{self, Imported, Said, Standing};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::redirects::model::NewRedirect;
use crate::redirects::store::{self as redirects, Target};
use crate::transfer::Item;

/// A text that may be stored.
pub(super) struct Text {
    pub(super) origin: String,
    /// By which the next import knows it.
    key: String,
    pub(super) input: ArticleInput,
    restored: Restored,
    new: NewArticle,
    redirects: Vec<String>,
}

/// What may be stored of an item, or nothing where it is told already what becomes of it.
pub(super) fn prepare(import: &mut Import<'_>, item: Item) -> Result<Option<Text>> {
    let Import {
        db,
        rules,
        options,
        shelf,
        ref mut report,
        ..
    } = *import;
    let Item {
        origin,
        article: mut input,
        mut restored,
        redirects,
        held,
        warnings,
    } = item;
    let warn = |report: &mut Report, text: String| report.warnings.push((origin.clone(), text));
    let (external_id, id) = (input.external_id.clone(), input.id.map(|id| id.to_string()));
    // Texts of an export may have come from several sources, in which others have the same key.
    let key = if restored.is_export() {
        id.or(external_id)
    } else {
        external_id.or(id)
    };
    let Some(key) = key else {
        report.broken.push((
            origin,
            "has no key by which the next import could know it".into(),
        ));
        return Ok(None);
    };
    let asked = options.status.filter(|_| !held);
    input.status = asked.or(input.status).or(Some(State::Published));
    // A text that does not say when it was changed was not changed by being moved here.
    input.updated_at = input.updated_at.or(input.published_at);
    let moved = fit_locale(&mut input, rules);
    if let Some(copy) = &mut restored.working_copy {
        // It was told of the text.
        let _told = fit_locale(copy, rules);
    }
    let now = db.now();
    let later = input
        .published_at
        .filter(|at| matches!(input.status, Some(State::Published | State::Scheduled)) && *at > now)
        // An export says so itself.
        .filter(|_| !(restored.is_export() && input.status == Some(State::Scheduled)))
        .map(|at| format!("its time is yet to come: stored as scheduled, and published at {at}"));

    let said = Said {
        input: &input,
        restored: &restored,
    };
    let standing =
        db.read_blocking(|conn| store::standing(conn, &options.source, &key, said, now))?;
    match standing {
        Standing::Unchanged => {
            report.unchanged += 1;
            return Ok(None);
        }
        Standing::EditedHere => {
            report.kept.push(origin);
            return Ok(None);
        }
        Standing::New | Standing::Changed(_) => {}
    }
    for warning in warnings.into_iter().chain(moved).chain(later) {
        warn(report, warning);
    }
    let copied = restored.working_copy.as_deref();
    let copied = copied.map_or_else(Vec::new, |copy| NewArticle::faults(copy, rules));
    // What the source says is what the next import compares: not where its pictures are by then.
    let mut shown = input.clone();
    if let Some(shelf) = shelf.filter(|_| !options.dry_run && copied.is_empty()) {
        for why in shelf.bring(db, options, &mut shown)? {
            warn(report, why);
        }
    }
    let parsed = match copied.as_slice() {
        [] => NewArticle::parse(shown, rules),
        _ => Err(copied
            .into_iter()
            .map(|fault| fault.below("/working_copy"))
            .collect()),
    };
    let new = match parsed {
        Ok(new) => new.with_any_slug(),
        Err(faults) => {
            report
                .broken
                .push((origin, Error::Invalid(faults).to_string()));
            return Ok(None);
        }
    };
    if !new.removed().is_empty() {
        let removed: Vec<_> = new
            .removed()
            .iter()
            .map(|removed| format!("{} ({})", removed.what, removed.count))
            .collect();
        warn(
            report,
            format!("the sanitiser removed {}", removed.join(", ")),
        );
    }
    let (redirects, unusable): (Vec<_>, Vec<_>) = redirects
        .into_iter()
        .partition(|path| NewRedirect::is_path(path));
    for path in unusable {
        warn(
            report,
            format!("nothing can lead here from `{path}`: it is no path on the site"),
        );
    }
    if options.dry_run {
        match standing {
            Standing::New => report.created += 1,
            _ => report.updated += 1,
        }
        return Ok(None);
    }
    Ok(Some(Text {
        origin,
        key,
        input,
        restored,
        new,
        redirects,
    }))
}

/// A text in a language that the site does not have is kept, under the nearest that it has; nothing is lost for a
/// missing setting. Answers a warning for the report.
fn fit_locale(input: &mut ArticleInput, rules: &Rules) -> Option<String> {
    let locale = input
        .locale
        .clone()
        .filter(|locale| !rules.locales.contains(locale))?;
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    let nearest = rules
        .locales
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&locale) || known.as_str() == language);
    let taken = nearest
        .map_or_else(|| rules.default_locale(), String::as_str)
        .to_owned();
    let warning = format!(
        "its locale `{locale}` is none of the site's ({}): stored under `{taken}`, with its own in metadata.locale",
        rules.locales.join(", ")
    );
    input.metadata.insert("locale".into(), locale.into());
    input.locale = Some(taken);
    Some(warning)
}

/// Stores a text under its key in the source.
pub(super) fn store(tx: &mut Tx<'_>, source: &str, text: &Text) -> Result<(Imported, Vec<String>)> {
    let mut notes = Vec::new();
    let said = Said {
        input: &text.input,
        restored: &text.restored,
    };
    let imported = store::import(tx, source, &text.key, said, &text.new)?;
    if let Imported::Created(stored) | Imported::Updated(stored) = &imported {
        let own = format!("/{}", stored.slug);
        for path in text.redirects.iter().filter(|path| **path != own) {
            match redirects::ensure(tx, path, &Target::Article(stored.id), 301) {
                Ok(_) => {}
                // Who may write texts need not be one who may say what stands at a path.
                Err(Error::Forbidden) => notes.push(format!(
                    "nothing leads here from `{path}`: {}",
                    Error::Forbidden
                )),
                Err(error) => return Err(error),
            }
        }
    }
    Ok((imported, notes))
}
