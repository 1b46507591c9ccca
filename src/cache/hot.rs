//! What is asked for most, kept over a restart: a list of paths and queries in the data folder, which the server asks itself
//! for when it starts, so that readers do not meet an empty cache. Losing it costs some reads.

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::Cache;

/// So many are kept in mind.
const MOST: usize = 1_000;
/// How often they are written down.
const PAUSE: Duration = Duration::from_secs(60);
/// How long one may take to be read.
const PATIENCE: Duration = Duration::from_secs(5);

/// The list, one path and query a line.
#[derive(Debug, Clone)]
pub struct HotSet(PathBuf);

impl HotSet {
    /// In this data folder.
    #[must_use]
    pub fn in_folder(data: &Path) -> Self {
        Self(data.join("hot.txt"))
    }

    /// Asks the server at this address for all of them, and answers how many it gave. One at a time: readers come first.
    pub async fn warm(&self, server: SocketAddr) -> usize {
        let Ok(list) = fs::read_to_string(&self.0) else {
            return 0;
        };
        let Ok(client) = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // It speaks no TLS, and those of the system take long to read.
            .tls_certs_only([])
            .build()
        else {
            return 0;
        };
        let own = reachable(server);
        let mut warmed = 0;
        for target in list.lines().take(MOST).filter(|line| line.starts_with('/')) {
            match client.get(format!("http://{own}{target}")).send().await {
                Ok(answer) => warmed += usize::from(answer.status().is_success()),
                // It is stopping, or is not to be reached from here.
                Err(_) => break,
            }
        }
        warmed
    }

    /// Writes down what is asked for most, again and again.
    pub async fn follow(&self, cache: &Cache) {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.save(cache);
        }
    }

    /// Writes down what is asked for most.
    pub fn save(&self, cache: &Cache) {
        let hot = cache.hottest(MOST);
        if !hot.is_empty()
            && let Err(error) = self.write(&hot.join("\n"))
        {
            tracing::warn!(%error, "what is asked for most could not be written down");
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.0)?;
        Ok(())
    }
}

/// Where this process reaches a listener.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}
