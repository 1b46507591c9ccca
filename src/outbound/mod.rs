//! What this server says to addresses that its users name: one client, with one set of rules. It connects to addresses of
//! the public internet alone, and to those that its operator allows; sends nothing on where it is told to; waits only so long;
//! and reads no more of an answer than it needs.

pub mod address;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use url::Host;

/// Bytes of an answer that are read, so that its connection can be used again.
const ANSWER: usize = 64 * 1024;
/// How often what is fetched may lead on to another address.
const REDIRECTS: u32 = 5;
/// How long what is fetched may take to come, once its status is there.
const WHOLE: Duration = Duration::from_secs(120);
/// How long is spent on what an answer says after its status.
const REST: Duration = Duration::from_secs(1);

/// Where this server may connect to, and how long that may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Networks beside the public internet.
    pub allowed: Vec<IpNet>,
    /// How long it may take to be connected.
    pub connect: Duration,
    /// How long it may take until the status of the answer is there.
    pub total: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            connect: Duration::from_secs(3),
            total: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// Whether nothing is ever sent to this URL, as far as its text tells: it names an address and no host, and not one
    /// that may be reached. What stands behind a name is looked at whenever something is sent.
    #[must_use]
    pub fn refuse(&self, url: &Url) -> bool {
        literal(url).is_some_and(|address| !may_reach(address, &self.allowed))
    }
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// In how many seconds to come back, where it says so in seconds.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer, in words for whoever named the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The URL is none that anything is sent to.
    #[error("the URL is not an http or https address without a user")]
    Url,
    /// The name stands for no address.
    #[error("the name of the host leads nowhere")]
    Unknown,
    /// Every address of the name is one that nothing is sent to.
    #[error("the address is not on the public internet, and this server is not set to reach it")]
    Forbidden,
    /// No connection.
    #[error("no connection could be made")]
    Connect,
    /// Too late.
    #[error("there was no answer in time")]
    Time,
    /// What came was no HTTP, or broke off.
    #[error("the connection broke before there was an answer")]
    Broken,
}

/// Why something could not be fetched, in words for whoever named the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfetched {
    /// There is no answer.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// It was answered by something else than what was asked for.
    #[error("it was answered by {0}")]
    Status(u16),
    /// It is too long.
    #[error("it has more than {0} bytes")]
    Long(u64),
    /// It leads on and on.
    #[error("it leads on to other addresses more than {REDIRECTS} times")]
    Redirects,
}

/// The client.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client,
    settings: Arc<Settings>,
}

impl Outbound {
    /// A client with these settings.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: &Settings) -> reqwest::Result<Self> {
        Self::asking(settings, |host| Box::pin(look_up(host)))
    }

    /// A client that finds addresses by `lookup`.
    fn asking(settings: &Settings, lookup: Lookup) -> reqwest::Result<Self> {
        let settings = Arc::new(settings.clone());
        let client = Client::builder()
            .dns_resolver(Checked {
                settings: Arc::clone(&settings),
                lookup,
            })
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(settings.connect)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(15))
            .user_agent("Masthead")
            .build()?;
        Ok(Self { client, settings })
    }

    /// What stands at an address, by GET, up to `most` bytes. Where it leads on to another address it is followed, a few
    /// times, and each address is looked at as the first.
    ///
    /// # Errors
    /// Where nothing comes that could be kept.
    pub async fn get(&self, url: &Url, most: u64) -> Result<Vec<u8>, Unfetched> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            if self.settings.refuse(&url) {
                return Err(Failure::Forbidden.into());
            }
            let request = self.client.get(url.clone()).send();
            let answer = tokio::time::timeout(self.settings.total, request)
                .await
                .map_err(|_elapsed| Failure::Time)?
                .map_err(|error| why(&error))?;
            let status = answer.status();
            if status.is_redirection() {
                let leads_to = answer.headers().get(LOCATION);
                let leads_to = leads_to.and_then(|to| url.join(to.to_str().ok()?).ok());
                url = parse(leads_to.as_ref().map_or("", Url::as_str))?;
            } else if status == StatusCode::OK {
                let whole = read(answer, most);
                return tokio::time::timeout(WHOLE, whole)
                    .await
                    .map_err(|_elapsed| Failure::Time)?;
            } else {
                return Err(Unfetched::Status(status.as_u16()));
            }
        }
        Err(Unfetched::Redirects)
    }

    /// Sends this by POST, and answers with the status.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let url = parse(url)?;
        // A literal address asks no resolver.
        if self.settings.refuse(&url) {
            return Err(Failure::Forbidden);
        }
        let request = self.client.post(url).headers(headers).body(body);
        let answer = tokio::time::timeout(self.settings.total, request.send())
            .await
            .map_err(|_elapsed| Failure::Time)?
            .map_err(|error| why(&error))?;
        let retry_after = answer.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let told = Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
        };
        // The status is all that counts; where the rest takes long or is much, the connection goes with it.
        let _taken = tokio::time::timeout(REST, take(answer)).await;
        Ok(told)
    }
}

/// A URL that something may be sent to, as far as its text tells.
///
/// # Errors
/// [`Failure::Url`] where it is none.
pub fn parse(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).map_err(|_no_url| Failure::Url)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(url) } else { Err(Failure::Url) }
}

/// The address that a URL names in the place of a host, in whatever spelling.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(_) => None,
    }
}

/// Reads an answer as far as it is read.
async fn take(mut answer: Response) -> reqwest::Result<()> {
    let mut bytes = 0;
    while bytes < ANSWER
        && let Some(chunk) = answer.chunk().await?
    {
        bytes += chunk.len();
    }
    Ok(())
}

/// Reads all of an answer, unless it is too long.
async fn read(mut answer: Response, most: u64) -> Result<Vec<u8>, Unfetched> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| why(&error))? {
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(Unfetched::Long(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Whether a connection may be made to this address.
fn may_reach(address: IpAddr, allowed: &[IpNet]) -> bool {
    address::is_public(address)
        || allowed
            .iter()
            .any(|network| network.contains(&address::plain(address)))
}

/// Why nothing came. What the resolver said is found at the bottom.
fn why(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return *failure;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        Failure::Time
    } else if error.is_connect() {
        Failure::Connect
    } else {
        Failure::Broken
    }
}

/// What the addresses of a host are found by.
type Lookup = fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>>;

/// The addresses of a host as the system knows them.
async fn look_up(host: String) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.collect())
}

/// Names to addresses, of which only those are told that may be connected to: what is checked is what is used.
struct Checked {
    settings: Arc<Settings>,
    lookup: Lookup,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (settings, lookup) = (Arc::clone(&self.settings), self.lookup);
        Box::pin(async move {
            let found = lookup(name.as_str().to_owned()).await;
            let mut reached = found.map_err(|_unknown| Failure::Unknown)?;
            if reached.is_empty() {
                return Err(Failure::Unknown.into());
            }
            reached.retain(|address| may_reach(address.ip(), &settings.allowed));
            if reached.is_empty() {
                return Err(Failure::Forbidden.into());
            }
            let reached: Addrs = Box::new(reached.into_iter());
            Ok(reached)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn only_plain_web_addresses_are_sent_to() {
        for good in [
            "http://example.org",
            "https://example.org:8443/a?b=c",
            "https://[2606:4700::1]/",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/path",
            "example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://user@example.org",
            "https://user:word@example.org",
            "https://:word@example.org",
            "gopher://example.org",
            "https://",
        ] {
            assert_eq!(parse(bad), Err(Failure::Url), "{bad}");
        }
    }

    #[test]
    fn what_is_allowed_is_reached_in_every_spelling() {
        let allowed = ["127.0.0.0/8".parse().unwrap(), "fd00::/16".parse().unwrap()];
        let may = |text: &str| may_reach(text.parse().unwrap(), &allowed);
        assert!(may("127.0.0.1") && may("::ffff:127.0.0.1") && may("fd00::1") && may("9.9.9.9"));
        assert!(!may("10.0.0.1") && !may("::1") && !may("fd01::1") && !may("::ffff:10.0.0.1"));
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    #[test]
    fn literals_in_any_spelling_are_refused_before_a_connection() {
        let outbound = Outbound::new(&Settings::default()).unwrap();
        let runtime = runtime();
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://localhost/",
        ] {
            let post = outbound.post(url, HeaderMap::new(), Vec::new());
            assert_eq!(runtime.block_on(post), Err(Failure::Forbidden), "{url}");
        }
    }
    /// 127.0.0.2 stands for the public internet here: it is allowed, and 127.0.0.1 is not.
    #[test]
    fn a_name_that_leads_elsewhere_the_second_time_is_not_followed() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let outside = TcpListener::bind("127.0.0.2:0").unwrap();
        let port = outside.local_addr().unwrap().port();
        let inside = TcpListener::bind(("127.0.0.1", port)).unwrap();
        inside.set_nonblocking(true).unwrap();
        let answering = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = outside.accept().unwrap();
                let mut head = [0; 4096];
                assert!(stream.read(&mut head).unwrap() > 0);
                stream
                    .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        let settings = Settings {
            allowed: vec!["127.0.0.2/32".parse().unwrap()],
            ..Settings::default()
        };
        let outbound = Outbound::asking(&settings, |_host| {
            let addresses: &[[u8; 4]] = match ASKED.fetch_add(1, Ordering::SeqCst) {
                0 => &[[127, 0, 0, 2]],
                // Of several only those are tried that may be.
                1 => &[[127, 0, 0, 1], [127, 0, 0, 2]],
                _ => &[[127, 0, 0, 1]],
            };
            let addresses = addresses.iter().map(|address| (*address, 0).into());
            Box::pin(std::future::ready(Ok(addresses.collect())))
        })
        .unwrap();
        let runtime = runtime();
        let url = format!("http://rebound.example.org:{port}/");
        let post = || runtime.block_on(outbound.post(&url, HeaderMap::new(), Vec::new()));
        assert_eq!(post().map(|answer| answer.status), Ok(204));
        assert_eq!(post().map(|answer| answer.status), Ok(204));
        assert_eq!(post(), Err(Failure::Forbidden));
        // What was found is what is connected to: it is not looked up again in between.
        assert_eq!(ASKED.load(Ordering::SeqCst), 3);
        answering.join().unwrap();
        assert_eq!(inside.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}
