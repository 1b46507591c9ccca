//! The thread that makes the coded forms of answers that are asked for again.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Weak};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Entry, Kept};
use crate::http::negotiate::Coding;

/// Answers that may wait to be compressed.
const WAITING: usize = 256;
/// Of 11; above it a tenth less costs many times the time.
const BROTLI_QUALITY: i32 = 5;

/// An answer to be compressed, and what it is kept under.
pub(super) type Job = (Box<str>, Arc<Entry>);

pub(super) fn queue() -> (SyncSender<Job>, Receiver<Job>) {
    mpsc::sync_channel(WAITING)
}

/// Works until the cache is gone.
pub(super) fn start(kept: &Arc<Kept>, jobs: Receiver<Job>) -> std::io::Result<()> {
    let kept: Weak<Kept> = Arc::downgrade(kept);
    std::thread::Builder::new()
        .name("compress".into())
        .spawn(move || {
            while let Ok((key, entry)) = jobs.recv() {
                let coded = coded(entry.finished.identity());
                let Some(kept) = kept.upgrade() else {
                    return;
                };
                kept.replace(key, &entry, coded);
            }
        })?;
    Ok(())
}

/// The forms that are shorter than the bytes themselves.
fn coded(bytes: &[u8]) -> Vec<(Coding, Vec<u8>)> {
    let made = [(Coding::Brotli, brotli(bytes)), (Coding::Gzip, gzip(bytes))];
    let made = made.into_iter().filter_map(|(coding, made)| match made {
        Ok(made) => (made.len() < bytes.len()).then_some((coding, made)),
        Err(error) => {
            tracing::warn!(%error, coding = coding.as_str(), "an answer could not be compressed");
            None
        }
    });
    made.collect()
}

fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut made = Vec::with_capacity(bytes.len() / 3);
    let mut source = bytes;
    brotli::BrotliCompress(&mut source, &mut made, &parameters)?;
    Ok(made)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_comes_back_as_it_was() {
        let bytes = "We wake at four, and so do others. "
            .repeat(100)
            .into_bytes();
        let made = coded(&bytes);
        let codings: Vec<Coding> = made.iter().map(|(coding, _)| *coding).collect();
        assert_eq!(codings, Coding::ALL);
        for (coding, made) in made {
            let mut back = Vec::new();
            match coding {
                Coding::Brotli => {
                    brotli::BrotliDecompress(&mut made.as_slice(), &mut back).unwrap();
                }
                Coding::Gzip => {
                    flate2::read::GzDecoder::new(made.as_slice())
                        .read_to_end(&mut back)
                        .unwrap();
                }
            }
            assert!(back == bytes, "{coding:?}");
        }
        assert!(coded(b"?").is_empty());
    }
}
