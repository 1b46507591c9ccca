//! Compares the database with the ledger: nothing acknowledged is lost, nothing is half there, and all that is counted
//! counts right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use masthead::articles::model::State;
use masthead::articles::store::misnumbered;
use masthead::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, authors, changes, meta,
    published_counts, tags,
};
use masthead::db::{Conn, IdList};
use masthead::id::Id;
use masthead::slug;
use masthead::time::Time;

use crate::database::each;
use crate::ledger::{Entry, Fate, Ledger};
use crate::model::Model;
use crate::text::owner;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What was acknowledged and is not there.
    pub(crate) lost: Vec<String>,
    /// Everything else that is not as it must be.
    pub(crate) wrong: Vec<String>,
    /// Writes that were committed and not acknowledged: the kill fell between the two.
    pub(crate) kept: usize,
    /// What must stand in the database at the next examination, if nobody writes.
    pub(crate) model: Model,
}

impl Findings {
    pub(crate) fn all(&self) -> Vec<String> {
        let lost = self.lost.iter().map(|fault| format!("lost: {fault}"));
        let wrong = self.wrong.iter().map(|fault| format!("wrong: {fault}"));
        lost.chain(wrong).collect()
    }

    fn same<T: PartialEq + Debug>(&mut self, what: impl Display, there: &T, expected: &T) {
        if there != expected {
            let fault = format!("{what} is {there:?} and must be {expected:?}");
            // A whole body would bury the rest.
            self.wrong.push(fault.chars().take(400).collect());
        }
    }
}

/// Looks at all of it. `before` is what stood there before the writes of `ledger`.
pub(crate) fn examine(conn: &mut Conn, before: &Model, ledger: &Ledger) -> Findings {
    let mut findings = Findings {
        model: before.clone(),
        ..Findings::default()
    };
    follow_log(conn, ledger, &mut findings);
    check_articles(conn, &mut findings);
    check_tags(conn, &mut findings);
    check_authors(conn, &mut findings);
    check_published_counts(conn, &mut findings);
    check_file(conn, &mut findings);
    findings
}

#[derive(Queryable)]
struct Logged {
    number: i64,
    position: i32,
    at: Time,
    action: String,
    resource: String,
    id: Id,
    was_public: bool,
    is_public: bool,
}

/// Goes through the log since the last examination, change by change, and finds the write that each belongs to.
fn follow_log(conn: &mut Conn, ledger: &Ledger, findings: &mut Findings) {
    let since = changes::table
        .filter(changes::number.gt(findings.model.change))
        .order((changes::number, changes::position))
        .select((
            changes::number,
            changes::position,
            changes::at,
            changes::action,
            changes::resource,
            changes::resource_id,
            changes::was_public,
            changes::is_public,
        ));
    let logged: Vec<Logged> = each!(conn, c => since.load(c)).unwrap();
    let counters = meta::table.select((meta::change, meta::public_change));
    let (counter, public_counter): (i64, i64) = each!(conn, c => counters.first(c)).unwrap();
    let rows: i64 = each!(conn, c => changes::table.count().get_result(c)).unwrap();
    let expected_rows = findings.model.logged + i64::try_from(logged.len()).unwrap();
    findings.same("the number of rows in the log", &rows, &expected_rows);
    findings.model.logged = rows;

    let mut acknowledged = BTreeMap::new();
    let mut open = BTreeMap::new();
    for entry in &ledger.entries {
        match entry.fate {
            Fate::Acknowledged { change, .. } => {
                if let Some(other) = acknowledged.insert(change, entry) {
                    let fault = format!("{other:?} and {entry:?} have the same change number");
                    findings.wrong.push(fault);
                }
            }
            Fate::UnderWay => {
                open.insert((entry.id, entry.operation.action()), entry);
            }
            Fate::Refused => {}
        }
    }

    let mut last_of_writer = BTreeMap::new();
    for change in logged.chunk_by(|one, next| one.number == next.number) {
        let number = change[0].number;
        findings.same(
            "the change number after the last",
            &number,
            &(findings.model.change + 1),
        );
        findings.model.change = number;
        if change.iter().any(|row| row.was_public || row.is_public) {
            findings.model.public_change = number;
        }
        let positions: Vec<i32> = change.iter().map(|row| row.position).collect();
        let expected: Vec<i32> = (0..).take(change.len()).collect();
        findings.same(
            format_args!("the positions of change {number}"),
            &positions,
            &expected,
        );

        let mut subject = None;
        for row in change {
            match (row.resource.as_str(), row.action.as_str()) {
                ("tag", "created") => {
                    findings.model.tags.insert(row.id);
                }
                ("author", "created") => {
                    findings.model.authors.insert(row.id);
                }
                ("article", _) if subject.is_none() => subject = Some(row),
                (resource, action) => {
                    let fault =
                        format!("change {number} has an entry too many: {resource} {action}");
                    findings.wrong.push(fault);
                }
            }
        }
        let Some(subject) = subject else {
            // The tags that the test begins with.
            if !ledger.entries.is_empty() {
                findings
                    .wrong
                    .push(format!("change {number} is of no article"));
            }
            continue;
        };
        let asked = acknowledged
            .remove(&number)
            .or_else(|| open.remove(&(subject.id, subject.action.as_str())));
        let Some(entry) = asked else {
            let fault = format!(
                "change {number}, {} {}, was asked for by nobody",
                subject.action, subject.id
            );
            findings.wrong.push(fault);
            continue;
        };
        if (subject.id, subject.action.as_str()) != (entry.id, entry.operation.action()) {
            let (action, id) = (&subject.action, subject.id);
            findings
                .lost
                .push(format!("{entry:?}; its number is that of {action} {id}"));
            continue;
        }
        if number <= entry.after {
            let fault = format!("{entry:?} has the number {number}, of before it began");
            findings.wrong.push(fault);
        }
        let last = last_of_writer.insert(entry.nonce.writer(), entry.nonce);
        if last >= Some(entry.nonce) {
            findings
                .wrong
                .push(format!("{entry:?} came before an earlier write"));
        }
        carry_out(entry, subject, findings);
    }
    for entry in acknowledged.values() {
        findings
            .lost
            .push(format!("{entry:?}; its number is not in the log"));
    }
    let (change, public_change) = (findings.model.change, findings.model.public_change);
    findings.same("the change counter", &counter, &change);
    findings.same("the public change counter", &public_counter, &public_change);
}

/// Carries a write out in the model, and compares with what was logged and acknowledged of it.
fn carry_out(entry: &Entry, logged: &Logged, findings: &mut Findings) {
    match findings.model.apply(entry, logged.at) {
        Ok(public) => findings.same(
            format_args!("what the log says who sees {} before and after", entry.id),
            &(logged.was_public, logged.is_public),
            &public,
        ),
        Err(fault) => findings.wrong.push(fault),
    }
    let Fate::Acknowledged { stored, .. } = &entry.fate else {
        findings.kept += 1;
        return;
    };
    let there = findings.model.articles.get(&entry.id);
    let there = there.map(|article| (article.version, article.state));
    let told = stored
        .as_ref()
        .map(|(version, state, _)| (*version, *state));
    findings.same(
        format_args!("what was acknowledged of {}", entry.id),
        &told,
        &there,
    );
    if let Some((.., slug)) = stored {
        findings.model.name(entry.id, slug);
    }
}

#[derive(Queryable)]
struct ArticleRow {
    id: Id,
    kind: String,
    state: String,
    locale: String,
    slug: String,
    title: String,
    title_key: String,
    excerpt: String,
    external_id: Option<String>,
    word_count: i32,
    version: i64,
    created_at: Time,
    updated_at: Time,
    published_at: Option<Time>,
}

#[derive(Queryable)]
struct BodyRow {
    id: Id,
    format: String,
    toc: String,
    metadata: String,
    html: String,
    source: String,
    text: String,
}

/// An article's place in a list, and the name of what lists it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
struct Join {
    article: Id,
    position: i32,
    name: String,
    kind: String,
    published_at: Option<Time>,
}

fn check_articles(conn: &mut Conn, findings: &mut Findings) {
    let rows = articles::table.select((
        articles::id,
        articles::kind,
        articles::state,
        articles::locale,
        articles::slug,
        articles::title,
        articles::title_key,
        articles::excerpt,
        articles::external_id,
        articles::word_count,
        articles::version,
        articles::created_at,
        articles::updated_at,
        articles::published_at,
    ));
    let rows: Vec<ArticleRow> = each!(conn, c => rows.load(c)).unwrap();
    let there: BTreeSet<Id> = rows.iter().map(|row| row.id).collect();
    for row in rows {
        check_article(&row, findings);
    }
    let absent = findings
        .model
        .articles
        .keys()
        .filter(|id| !there.contains(id));
    let absent: Vec<Id> = absent.copied().collect();
    let absent = absent
        .iter()
        .map(|id| format!("the article {id} is not there"));
    findings.wrong.extend(absent);

    check_slugs(conn, findings);
    let misnumbered = misnumbered(conn, 100).unwrap();
    findings.same("texts of other numbers", &misnumbered, &Vec::new());
    check_bodies(conn, findings);
    let in_tags = article_tags::table.inner_join(tags::table).select((
        article_tags::article_id,
        article_tags::position,
        tags::name,
        article_tags::kind,
        article_tags::published_at,
    ));
    let in_tags: Vec<Join> = each!(conn, c => in_tags.load(c)).unwrap();
    check_joins("tags", in_tags, findings, |text| &text.tags);
    let by_authors = article_authors::table.inner_join(authors::table).select((
        article_authors::article_id,
        article_authors::position,
        authors::name,
        article_authors::kind,
        article_authors::published_at,
    ));
    let by_authors: Vec<Join> = each!(conn, c => by_authors.load(c)).unwrap();
    check_joins("authors", by_authors, findings, |text| &text.authors);
    let lists = articles::table.select((articles::id, articles::tag_ids));
    let lists = each!(conn, c => lists.load(c)).unwrap();
    let known = each!(conn, c => tags::table.select((tags::id, tags::name)).load(c)).unwrap();
    check_lists("tags", lists, known, findings, |text| &text.tags);
    let lists = articles::table.select((articles::id, articles::author_ids));
    let lists = each!(conn, c => lists.load(c)).unwrap();
    let known = authors::table.select((authors::id, authors::name));
    let known = each!(conn, c => known.load(c)).unwrap();
    check_lists("authors", lists, known, findings, |text| &text.authors);
}

fn check_article(row: &ArticleRow, findings: &mut Findings) {
    let id = row.id;
    let Some(article) = findings.model.articles.get(&id).cloned() else {
        let fault = format!("the article {id} is there and should not be");
        findings.wrong.push(fault);
        return;
    };
    let text = &article.expected.text;
    // The unacknowledged have only this to say of their slug; whether the other table agrees is seen there.
    if article.slug.is_none() {
        findings.model.name(id, &row.slug);
    }
    let slug = article.slug.as_ref().unwrap_or(&row.slug);
    let words = i32::try_from(article.expected.rendered.word_count).unwrap();
    findings.same(
        format_args!("the row of {id}"),
        &(
            (&*row.kind, &*row.state, &*row.locale, &row.slug),
            (&row.title, &row.title_key, &row.excerpt),
            (&row.external_id, row.word_count, row.version),
            (row.created_at, row.updated_at, row.published_at),
        ),
        &(
            (
                article.kind.as_str(),
                article.state.as_str(),
                article.locale,
                slug,
            ),
            (
                &text.title,
                &slug::sort_key(&text.title),
                &article.expected.excerpt,
            ),
            (&Some(owner(text.nonce.writer())), words, article.version),
            (article.created_at, article.updated_at, article.published_at),
        ),
    );
}

fn check_slugs(conn: &mut Conn, findings: &mut Findings) {
    type Row = (Id, String, String, bool);
    let rows = article_slugs::table.select((
        article_slugs::article_id,
        article_slugs::slug,
        article_slugs::locale,
        article_slugs::current,
    ));
    let rows: Vec<Row> = each!(conn, c => rows.load(c)).unwrap();
    let there: BTreeSet<Row> = rows.into_iter().collect();
    let mut expected = BTreeSet::new();
    for (id, article) in &findings.model.articles {
        let slug = article.slug.clone().unwrap_or_default();
        expected.insert((*id, slug, article.locale.to_owned(), true));
        for (slug, locale) in &article.former {
            expected.insert((*id, slug.clone(), locale.clone(), false));
        }
    }
    let missing: Vec<_> = expected.difference(&there).collect();
    let extra: Vec<_> = there.difference(&expected).collect();
    let nothing = (Vec::new(), Vec::new());
    findings.same("slugs missing and too many", &(missing, extra), &nothing);
}

fn check_bodies(conn: &mut Conn, findings: &mut Findings) {
    let rows = article_bodies::table.select((
        article_bodies::article_id,
        article_bodies::format,
        article_bodies::toc,
        article_bodies::metadata,
        article_bodies::html,
        article_bodies::source,
        article_bodies::text,
    ));
    let rows: Vec<BodyRow> = each!(conn, c => rows.load(c)).unwrap();
    let mut there = BTreeSet::new();
    for row in rows {
        let id = row.id;
        there.insert(id);
        let Some(article) = findings.model.articles.get(&id) else {
            findings
                .wrong
                .push(format!("a body without an article: {id}"));
            continue;
        };
        let expected = std::rc::Rc::clone(&article.expected);
        findings.same(
            format_args!("the body of {id}"),
            &(
                (&*row.format, &row.toc, &row.metadata),
                (&row.html, &row.source, &row.text),
            ),
            &(
                ("markdown", &expected.toc, &expected.text.metadata()),
                (
                    &expected.rendered.html,
                    &expected.text.markdown,
                    &expected.rendered.text,
                ),
            ),
        );
    }
    let without: Vec<Id> = findings.model.articles.keys().copied().collect();
    for id in without.iter().filter(|id| !there.contains(id)) {
        findings.wrong.push(format!("{id} has no body"));
    }
}

/// Lists of ids in the rows of texts, against the names that must stand there.
fn check_lists(
    of: &str,
    there: Vec<(Id, IdList)>,
    known: Vec<(Id, String)>,
    findings: &mut Findings,
    names: impl Fn(&crate::text::Text) -> &Vec<String>,
) {
    let known: BTreeMap<Id, String> = known.into_iter().collect();
    for (id, list) in there {
        let Some(article) = findings.model.articles.get(&id) else {
            continue;
        };
        let expected = names(&article.expected.text).clone();
        let there = list.ids().map(|id| known.get(&id).cloned());
        let there: Vec<String> = there.map(Option::unwrap_or_default).collect();
        findings.same(
            format_args!("the {of} in the row of {id}"),
            &there,
            &expected,
        );
    }
}

fn check_joins(
    of: &str,
    mut there: Vec<Join>,
    findings: &mut Findings,
    names: impl Fn(&crate::text::Text) -> &Vec<String>,
) {
    let mut expected = Vec::new();
    for (id, article) in &findings.model.articles {
        for (position, name) in (0..).zip(names(&article.expected.text)) {
            expected.push(Join {
                article: *id,
                position,
                name: name.clone(),
                kind: article.kind.as_str().to_owned(),
                published_at: article.listed(),
            });
        }
    }
    let order = |join: &Join| (join.article, join.position);
    there.sort_by_key(order);
    expected.sort_by_key(order);
    let missing: Vec<_> = expected
        .iter()
        .filter(|join| !there.contains(join))
        .collect();
    let extra: Vec<_> = there
        .iter()
        .filter(|join| !expected.contains(join))
        .collect();
    let nothing = (Vec::new(), Vec::new());
    findings.same(
        format_args!("joins of {of} missing and too many"),
        &(missing, extra),
        &nothing,
    );
}

/// How many published articles there must be under each name, and with `pages` how many published texts.
fn recount(
    findings: &Findings,
    pages: bool,
    names: impl Fn(&crate::text::Text) -> &Vec<String>,
) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    let counted = findings
        .model
        .articles
        .values()
        .filter(|article| article.counts() || pages && article.state.is_public());
    for name in counted.flat_map(|article| names(&article.expected.text)) {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}

fn check_tags(conn: &mut Conn, findings: &mut Findings) {
    type Row = (Id, String, Option<Id>, i64, i64);
    let rows = tags::table.select((
        tags::id,
        tags::name,
        tags::parent_id,
        tags::article_count,
        tags::subtree_count,
    ));
    let rows: Vec<Row> = each!(conn, c => rows.load(c)).unwrap();
    let there: BTreeSet<Id> = rows.iter().map(|row| row.0).collect();
    let logged = findings.model.tags.clone();
    findings.same("the set of tags", &there, &logged);

    let own = recount(findings, false, |text| &text.tags);
    let uses = recount(findings, true, |text| &text.tags);
    let own_of = |name: &String| own.get(name).copied().unwrap_or_default();
    let uses_of = |name: &String| uses.get(name).copied().unwrap_or_default();
    let parents: BTreeMap<Id, Option<Id>> = rows.iter().map(|row| (row.0, row.2)).collect();
    // An article under a tag and under one below it counts for each.
    let mut subtrees: BTreeMap<Id, i64> = BTreeMap::new();
    for (id, name, ..) in &rows {
        let mut above = Some(*id);
        while let Some(id) = above {
            *subtrees.entry(id).or_default() += uses_of(name);
            above = parents.get(&id).copied().flatten();
        }
    }
    for (id, name, _, articles, subtree) in &rows {
        let expected = (own_of(name), subtrees[id]);
        findings.same(
            format_args!("the counts of the tag {name}"),
            &(*articles, *subtree),
            &expected,
        );
    }
}

fn check_authors(conn: &mut Conn, findings: &mut Findings) {
    let rows = authors::table.select((
        authors::id,
        authors::name,
        authors::article_count,
        authors::public_count,
    ));
    let rows: Vec<(Id, String, i64, i64)> = each!(conn, c => rows.load(c)).unwrap();
    let there: BTreeSet<Id> = rows.iter().map(|row| row.0).collect();
    let logged = findings.model.authors.clone();
    findings.same("the set of authors", &there, &logged);
    let own = recount(findings, false, |text| &text.authors);
    let uses = recount(findings, true, |text| &text.authors);
    for (_, name, articles, public) in &rows {
        let count = |of: &BTreeMap<String, i64>| of.get(name).copied().unwrap_or_default();
        findings.same(
            format_args!("the counts of the author {name}"),
            &(*articles, *public),
            &(count(&own), count(&uses)),
        );
    }
}

fn check_published_counts(conn: &mut Conn, findings: &mut Findings) {
    use published_counts::{count, kind, locale, table};
    let rows = table.select((kind, locale, count)).filter(count.ne(0));
    let rows: Vec<(String, String, i64)> = each!(conn, c => rows.load(c)).unwrap();
    let kept: BTreeMap<(String, String), i64> = rows
        .into_iter()
        .map(|(of, there, published)| ((of, there), published))
        .collect();
    let mut expected = BTreeMap::new();
    for article in findings
        .model
        .articles
        .values()
        .filter(|article| article.state.is_public())
    {
        let place = (article.kind.as_str().to_owned(), article.locale.to_owned());
        *expected.entry(place).or_default() += 1;
    }
    findings.same("the kept counts", &kept, &expected);
}

#[derive(QueryableByName)]
struct Integrity {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// SQLite's own checks. PostgreSQL was not killed itself, and keeps its foreign keys always.
fn check_file(conn: &mut Conn, findings: &mut Findings) {
    let Conn::Sqlite(conn) = conn else { return };
    let answers = diesel::sql_query("PRAGMA integrity_check").load::<Integrity>(conn);
    let answers: Vec<String> = answers
        .unwrap()
        .into_iter()
        .map(|row| row.integrity_check)
        .collect();
    findings.same("PRAGMA integrity_check", &answers, &vec!["ok".to_owned()]);
    let broken = "SELECT COUNT(*) AS count FROM pragma_foreign_key_check";
    let broken = diesel::sql_query(broken).get_result::<Count>(conn).unwrap();
    findings.same("rows of PRAGMA foreign_key_check", &broken.count, &0);
}

/// States in which articles were found, for those who want to know that a run was worth something.
pub(crate) fn states(model: &Model) -> BTreeMap<&'static str, usize> {
    let mut states = BTreeMap::new();
    for article in model.articles.values() {
        *states.entry(State::as_str(article.state)).or_default() += 1;
    }
    states
}
