//! The clients: connections on two threads that ask for one target after the other and look at every answer's status
//! and length.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use super::connection::{Connection, runtime};

const THREADS: usize = 2;

/// What is asked for, and how the answer must be.
pub(crate) struct Target {
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) length: usize,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The bytes of a request, with one header more.
pub(crate) fn request(target: &str, header: Option<(&str, &str)>) -> Vec<u8> {
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n"));
    let header = header.unwrap_or_default();
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, */*;q=0.8\r\nUser-Agent: bench\r\n{header}\r\n")
        .into_bytes()
}

/// Asks for these one after the other, on one connection.
pub(crate) fn fetch(address: SocketAddr, requests: &[Vec<u8>]) -> Vec<Answer> {
    runtime().block_on(async {
        let mut connection = Connection::open(address).await;
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let (status, head, body) = connection.ask(request).await;
            let head = std::str::from_utf8(&connection.buffer[..head]).unwrap();
            let headers = head
                .split("\r\n")
                .skip(1)
                .filter_map(|line| line.split_once(": "));
            answers.push(Answer {
                status,
                headers: headers
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                    .collect(),
                body: connection.buffer[head.len()..head.len() + body].to_vec(),
            });
        }
        answers
    })
}

/// Clients of one kind.
pub(crate) struct Load {
    pub(crate) targets: Arc<[Target]>,
    /// An even number.
    pub(crate) connections: usize,
}

impl Load {
    /// Asks that often, over all targets in turn, and answers how long it took from the first request to the last answer.
    pub(crate) fn run(&self, address: SocketAddr, requests: usize) -> Duration {
        let next = Arc::new(AtomicUsize::new(0));
        let begin = Barrier::new(THREADS + 1);
        std::thread::scope(|scope| {
            let thread = || {
                let tasks = tokio::task::LocalSet::new();
                tasks.block_on(&runtime(), async {
                    let mut connections = Vec::new();
                    for _ in 0..self.connections / THREADS {
                        connections.push(Connection::open(address).await);
                    }
                    begin.wait();
                    let running: Vec<_> = connections
                        .into_iter()
                        .map(|connection| {
                            let targets = Arc::clone(&self.targets);
                            let next = Arc::clone(&next);
                            tokio::task::spawn_local(ask_on(connection, targets, next, requests))
                        })
                        .collect();
                    for connection in running {
                        connection.await.unwrap();
                    }
                });
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(thread)).collect();
            begin.wait();
            let start = Instant::now();
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            start.elapsed()
        })
    }
}

async fn ask_on(
    mut connection: Connection,
    targets: Arc<[Target]>,
    next: Arc<AtomicUsize>,
    requests: usize,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            return;
        }
        let target = &targets[number % targets.len()];
        let (status, head, body) = connection.ask(&target.request).await;
        assert!(
            status == target.status && body == target.length,
            "an answer differs from the first one: {}",
            String::from_utf8_lossy(&connection.buffer[..head + body])
        );
    }
}
