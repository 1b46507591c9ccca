//! The live streams of this process: how many there may be, and how they behave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The bounds of live streams.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Streams at once.
    pub most: usize,
    /// How long a stream says nothing at most.
    pub heartbeat: Duration,
    /// Streams that read at once: the readers are for other requests too.
    pub reading: usize,
    /// How long it waits between two looks at the log, for what comes together to be read together.
    pub pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            most: 256,
            heartbeat: Duration::from_secs(15),
            reading: 2,
            pause: Duration::from_millis(100),
        }
    }
}

/// The live streams.
#[derive(Debug)]
pub struct Streams {
    settings: Settings,
    places: Arc<Semaphore>,
    turns: Semaphore,
    begun: AtomicU64,
}

impl Streams {
    /// None yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            places: Arc::new(Semaphore::new(settings.most)),
            turns: Semaphore::new(settings.reading),
            begun: AtomicU64::new(0),
        }
    }

    /// Their bounds.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// A place for one more, if there is one. It is free again when this is dropped.
    #[must_use]
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Appends its metrics in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        let open = self.settings.most - self.places.available_permits();
        text.push_str(&format!(
            "# HELP masthead_streams Live streams of changes that are open.\n# TYPE masthead_streams gauge\nmasthead_streams {open}\n"
        ));
    }

    /// A turn to read, which is waited for; `None` where there will be none.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// How long a client should wait before it comes back: each another time, so that not all come at once.
    #[must_use]
    pub fn retry(&self) -> Duration {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        Duration::from_millis(1_000 + number.wrapping_mul(367) % 2_000)
    }
}
