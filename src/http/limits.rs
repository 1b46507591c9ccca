//! The bounds of each request.

use std::time::Duration;

/// The bounds of each request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the path and query.
    pub url: usize,
    /// How long a read may take to be answered.
    pub deadline: Duration,
    /// How long a write may take once its content is there.
    pub write_deadline: Duration,
    /// Bytes of the JSON of an article.
    pub article: usize,
    /// Bytes of the JSON of a batch.
    pub batch: usize,
    /// Bytes of any other content.
    pub content: usize,
    /// Bytes of a file that is put in.
    pub upload: usize,
    /// How long such a file may take to arrive.
    pub upload_deadline: Duration,
    /// How long content may take to arrive.
    pub content_deadline: Duration,
    /// How long a file may take to arrive.
    pub import_deadline: Duration,
    /// Bytes a second that content must arrive at.
    pub content_rate: u64,
    /// How long a read waits for the change that it must include.
    pub change_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            url: 8 * 1024,
            deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            article: 1024 * 1024,
            batch: 4 * 1024 * 1024,
            content: 64 * 1024,
            upload: 25 * 1024 * 1024,
            upload_deadline: Duration::from_secs(300),
            content_deadline: Duration::from_secs(30),
            import_deadline: Duration::from_secs(10 * 60),
            content_rate: 1024,
            change_wait: Duration::from_secs(2),
        }
    }
}
