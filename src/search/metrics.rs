//! What searches are counted by.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{IndexState, Search};

/// Counters since the server started.
#[derive(Debug, Default)]
pub struct Metrics {
    searches: AtomicU64,
    suggestions: AtomicU64,
    without_hits: AtomicU64,
    corrected: AtomicU64,
    slow: AtomicU64,
    microseconds: AtomicU64,
}

impl Metrics {
    /// A search was answered.
    pub(super) fn searched(&self, took: Duration, slow: bool, empty: bool, corrected: bool) {
        let count = |counter: &AtomicU64, it: bool| {
            counter.fetch_add(u64::from(it), Ordering::Relaxed);
        };
        count(&self.searches, true);
        count(&self.slow, slow);
        count(&self.without_hits, empty);
        count(&self.corrected, corrected);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(micros, Ordering::Relaxed);
    }

    /// Suggestions were answered.
    pub(super) fn suggested(&self) {
        self.suggestions.fetch_add(1, Ordering::Relaxed);
    }
}

impl Search {
    /// The counters and the state of the index, in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        let metrics = self.metrics();
        let status = self.status();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut one = |kind: &str, name: &str, help: &str, value: &dyn std::fmt::Display| {
            // Writing to a string cannot fail.
            let _cannot_fail = write!(
                text,
                "# HELP masthead_search_{name} {help}\n# TYPE masthead_search_{name} {kind}\nmasthead_search_{name} {value}\n"
            );
        };
        let counters = [
            ("queries_total", "Searches answered.", &metrics.searches),
            (
                "suggestions_total",
                "Suggestions answered.",
                &metrics.suggestions,
            ),
            (
                "zero_results_total",
                "Searches that found nothing.",
                &metrics.without_hits,
            ),
            (
                "corrected_total",
                "Searches of which a word was read as another.",
                &metrics.corrected,
            ),
            (
                "slow_total",
                "Searches slower than the limit that is set.",
                &metrics.slow,
            ),
        ];
        for (name, help, counter) in counters {
            one("counter", name, help, &read(counter));
        }
        let micros = read(&metrics.microseconds);
        let seconds = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        one(
            "counter",
            "seconds_total",
            "Time that searches took.",
            &seconds,
        );
        let ready = u8::from(status.status == IndexState::Ready);
        one("gauge", "index_ready", "Whether the index follows.", &ready);
        one(
            "gauge",
            "index_change",
            "The last change that the index includes.",
            &status.change.unwrap_or(-1),
        );
        one(
            "gauge",
            "index_behind",
            "Changes that the index has still to follow.",
            &status.behind,
        );
        if let Some(serving) = self.shared.serving() {
            one(
                "gauge",
                "index_documents",
                "Texts in the index.",
                &serving.searcher.num_docs(),
            );
            one(
                "gauge",
                "index_segments",
                "Segments of the index.",
                &serving.columns.len(),
            );
        }
    }
}
