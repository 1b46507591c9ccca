//! The library's writer, with what it must be told before its first operation. No other is made.

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexWriter};

/// A writer of an index, with so many threads of so many bytes each.
///
/// # Errors
/// When another has it, or a file cannot be read.
pub(super) fn of(index: &Index, threads: usize, memory: usize) -> tantivy::Result<IndexWriter> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(threads)
        .memory_budget_per_thread(memory)
        .num_merge_threads(1)
        .build();
    let writer: IndexWriter = index.writer_with_options(options)?;
    // A process that was killed inside a commit left the lists of what it deleted, under the names that the next commit gives
    // its own, should it be as many operations later; and no file is written where there is one.
    writer.garbage_collect_files().wait()?;
    // The library numbers the first operation as it did the last commit. A merge that begins before the next commit would
    // carry out a deletion of that number in the segments that lack it, take those that have deletions of the last commit for
    // done, and go on behind it in what it makes of them: what was to be deleted would stay. So that number is used up here.
    writer.run([])?;
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(0.2);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use tantivy::collector::Count;
    use tantivy::merge_policy::NoMergePolicy;
    use tantivy::query::TermQuery;
    use tantivy::schema::{Field, IndexRecordOption, STRING, Schema};
    use tantivy::{TantivyDocument, Term};

    use super::*;
    use crate::search::files::Files;

    const MEMORY: usize = 15_000_000;

    /// An index of names alone, in a folder.
    struct Names {
        folder: tempfile::TempDir,
        name: Field,
    }

    impl Names {
        /// One with a segment for each of these.
        fn of(segments: &[&[&str]]) -> Self {
            let mut schema = Schema::builder();
            let name = schema.add_text_field("name", STRING);
            let folder = tempfile::tempdir().unwrap();
            let files = Files::open(folder.path().to_owned()).unwrap();
            let index = Index::builder().schema(schema.build());
            let index = index.open_or_create(files).unwrap();
            let names = Self { folder, name };
            let mut writer = unmerged(&index);
            for segment in segments {
                for held in *segment {
                    names.add(&writer, held);
                }
                writer.commit().unwrap();
            }
            names
        }

        /// As another process would find it.
        fn open(&self) -> Index {
            Index::open(Files::open(self.folder.path().to_owned()).unwrap()).unwrap()
        }

        fn add(&self, writer: &IndexWriter, name: &str) {
            let mut document = TantivyDocument::new();
            document.add_text(self.name, name);
            writer.add_document(document).unwrap();
        }

        fn delete(&self, writer: &IndexWriter, name: &str) {
            writer.delete_term(Term::from_field_text(self.name, name));
        }

        fn hold(&self, name: &str) -> bool {
            let searcher = self.open().reader().unwrap().searcher();
            let term = Term::from_field_text(self.name, name);
            let query = TermQuery::new(term, IndexRecordOption::Basic);
            searcher.search(&query, &Count).unwrap() > 0
        }
    }

    fn unmerged(index: &Index) -> IndexWriter {
        let writer = of(index, 1, MEMORY).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        writer
    }

    #[test]
    fn what_is_deleted_first_after_a_start_stays_deleted_by_a_merge() {
        let names = Names::of(&[&["one", "two", "three", "more"], &["four", "five", "six"]]);
        let mut writer = unmerged(&names.open());
        names.delete(&writer, "four");
        writer.commit().unwrap();
        drop(writer);

        // A third of the second segment is deleted: the first segment that is added makes these two be merged.
        let mut writer = of(&names.open(), 1, MEMORY).unwrap();
        names.delete(&writer, "five");
        names.add(&writer, "seven");
        writer.commit().unwrap();
        writer.wait_merging_threads().unwrap();
        let segments = names.open().searchable_segments().unwrap();
        assert!(segments.len() < 3, "nothing was merged");
        assert!(names.hold("one") && names.hold("six") && names.hold("seven"));
        assert!(!names.hold("four") && !names.hold("five"));
    }

    #[test]
    fn a_commit_that_was_killed_does_not_stand_in_the_way_of_the_next() {
        let names = Names::of(&[&["one", "two", "three"]]);
        let meta = names.folder.path().join("meta.json");
        let before = std::fs::read(&meta).unwrap();
        let change = || {
            let mut writer = unmerged(&names.open());
            names.delete(&writer, "two");
            names.add(&writer, "four");
            writer.commit()
        };
        change().unwrap();
        // Killed before this was written; all else was.
        std::fs::write(&meta, before).unwrap();
        assert!(names.hold("two") && !names.hold("four"));
        change().unwrap();
        assert!(!names.hold("two") && names.hold("four"));
    }
}
