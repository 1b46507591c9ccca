//! Backups that somebody made by hand, with right checksums: nothing leaves the folder, nothing grows without bound, and
//! nothing but what the program writes is taken.

use std::fs;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::{Site, damage_a_text, files};

/// The entries of a backup: their headers and contents.
type Entries = Vec<(Header, Vec<u8>)>;

fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    // Not by `set_path`, which refuses what is tried here.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_cksum();
    header
}

fn plain(name: &str, content: &[u8]) -> (Header, Vec<u8>) {
    let header = header(name, EntryType::Regular, content.len() as u64);
    (header, content.to_vec())
}

/// What a real backup has.
fn real() -> Entries {
    let site = Site::with(2);
    let bytes = fs::read(site.back_up("site.backup")).unwrap();
    let tar = zstd::decode_all(bytes.as_slice()).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.header().clone(), content)
        })
        .collect()
}

fn name_of(entry: &(Header, Vec<u8>)) -> String {
    String::from_utf8_lossy(&entry.0.path_bytes()).into_owned()
}

/// These entries with the list of checksums that fits them.
fn summed(mut entries: Entries) -> Entries {
    entries.retain(|entry| name_of(entry) != "SHA256SUMS");
    let sums: String = entries
        .iter()
        .map(|entry| {
            let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&entry.1));
            format!("{hash}  {}\n", name_of(entry))
        })
        .collect();
    entries.push(plain("SHA256SUMS", sums.as_bytes()));
    entries
}

fn tar_of(entries: &Entries) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (header, content) in entries {
        builder.append(header, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A file with the right end.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let hash = Sha256::digest(&body);
    body.extend(b"\x5e\x2a\x4d\x18\x28\x00\x00\x00masthead");
    body.extend(hash);
    body
}

fn packed(tar: &[u8]) -> Vec<u8> {
    sealed(zstd::encode_all(tar, 1).unwrap())
}

#[track_caller]
fn refused(backup: &[u8], because: &str) {
    let site = Site::nothing();
    fs::create_dir(site.data()).unwrap();
    let file = site.beside("crafted.backup");
    fs::write(&file, backup).unwrap();
    let before = files(site.folder.path());
    let said = site.restore(&file).refused();
    assert!(said.contains(because), "{because}: {said}");
    assert_eq!(files(site.folder.path()), before, "{because}");
}

#[test]
fn a_backup_put_together_by_hand_is_taken_if_it_is_right() {
    let site = Site::nothing();
    let file = site.beside("crafted.backup");
    fs::write(&file, packed(&tar_of(&summed(real())))).unwrap();
    site.restore(&file).ok();
    site.verify();
}

#[test]
fn no_entry_leads_out_of_the_folder() {
    let real = real();
    for name in [
        "../escaped",
        "media/../../escaped",
        "/escaped",
        "media/",
        "media//x",
        "media/./x",
        "media/.hidden",
        "search/current",
        "masthead.db-wal",
        "masthead.lock",
        "./secret",
        "..",
    ] {
        let mut entries = real.clone();
        entries.push(plain(name, b"x"));
        refused(
            &packed(&tar_of(&summed(entries))),
            "no file of a backup is called",
        );
    }
    for (kind, target) in [
        (EntryType::Symlink, "/etc"),
        (EntryType::Link, "masthead.db"),
        (EntryType::Directory, ""),
        (EntryType::Fifo, ""),
        (EntryType::Char, ""),
        (EntryType::GNUSparse, ""),
    ] {
        let mut link = header("media/files", kind, 0);
        if !target.is_empty() {
            link.set_link_name(target).unwrap();
            link.set_cksum();
        }
        let mut entries = real.clone();
        entries.insert(2, (link, Vec::new()));
        refused(&packed(&tar_of(&summed(entries))), "is no plain file");
    }
    // Names and facts for the next entry are entries that nobody reads.
    for kind in [
        EntryType::GNULongName,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let mut entries = real.clone();
        entries.insert(
            2,
            (header("././@LongLink", kind, 12), b"../../escape".to_vec()),
        );
        refused(
            &packed(&tar_of(&summed(entries))),
            "no file of a backup is called",
        );
    }
}

#[test]
fn files_are_those_of_the_list_each_once_and_in_their_place() {
    let real = real();
    let mut other = real.clone();
    let media = other
        .iter()
        .position(|it| name_of(it).starts_with("media/"))
        .unwrap();
    let middle = other[media].1.len() / 2;
    other[media].1[middle] ^= 1;
    refused(
        &packed(&tar_of(&other)),
        "its files are not those of its SHA256SUMS",
    );

    let mut twice = real.clone();
    twice.insert(media, real[media].clone());
    refused(&packed(&tar_of(&summed(twice))), "is in it twice");

    let mut fewer = real.clone();
    fewer.remove(media);
    refused(
        &packed(&tar_of(&fewer)),
        "its files are not those of its SHA256SUMS",
    );

    let mut late = summed(real.clone());
    late.push(plain("media/late", b"x"));
    refused(&packed(&tar_of(&late)), "media/late follows its end");

    let mut early = summed(real.clone());
    early.pop();
    refused(&packed(&tar_of(&early)), "it ends early");

    for first in [1, 2] {
        let mut swapped = real.clone();
        swapped.swap(0, first);
        refused(
            &packed(&tar_of(&summed(swapped))),
            "does not stand in its place",
        );
    }
    let mut without = real.clone();
    without.remove(1);
    refused(
        &packed(&tar_of(&summed(without))),
        "does not stand in its place",
    );

    let mut tar = tar_of(&summed(real.clone()));
    tar.extend([0; 700]);
    tar.extend(b"more");
    refused(&packed(&tar), "something follows its end");
    let whole = tar_of(&summed(real));
    refused(
        &packed(&whole[..whole.len() / 2]),
        "the backup is not whole",
    );
}

#[test]
fn the_manifest_must_fit_the_database() {
    let real = real();
    let with = |from: &str, to: &str| {
        let mut entries = real.clone();
        let text = String::from_utf8(entries[0].1.clone()).unwrap();
        let text = text.replace(from, to);
        assert_ne!(text.as_bytes(), entries[0].1, "{from}");
        entries[0] = plain("manifest.json", text.as_bytes());
        packed(&tar_of(&summed(entries)))
    };
    refused(
        &with("\"format\":1", "\"format\":2"),
        "made by a newer masthead",
    );
    refused(
        &with("\"change\":", "\"change\":1"),
        "its database is at change",
    );
    refused(&with("{", "["), "its manifest.json");
    let mut long = real.clone();
    long[0] = plain("manifest.json", &vec![b' '; 100_000]);
    refused(
        &packed(&tar_of(&summed(long))),
        "its manifest.json is too long",
    );
    for content in [&b""[..], b"not a database", &[0; 4096]] {
        let mut entries = real.clone();
        entries[1] = plain("masthead.db", content);
        refused(
            &packed(&tar_of(&summed(entries))),
            "the backup is not whole",
        );
    }
    // Right in every checksum, and damaged before it was made.
    let mut entries = real.clone();
    damage_a_text(&mut entries[1].1);
    refused(&packed(&tar_of(&summed(entries))), "the database: ");
}

#[test]
fn a_bomb_is_given_up_early() {
    /// A content that no machine here has room for.
    const SIZE: u64 = 1 << 40;
    let real = real();
    let mut encoder = zstd::Encoder::new(Vec::new(), 19).unwrap();
    for (header, content) in &real[..2] {
        encoder.write_all(header.as_bytes()).unwrap();
        encoder.write_all(content).unwrap();
        let padding = (512 - content.len() % 512) % 512;
        encoder.write_all(&vec![0; padding]).unwrap();
    }
    let bomb = header("media/bomb", EntryType::Regular, SIZE);
    encoder.write_all(bomb.as_bytes()).unwrap();
    // Zeros that come to far more than may come of so few bytes.
    io::copy(&mut io::repeat(0).take(2 << 30), &mut encoder).unwrap();
    let body = encoder.finish().unwrap();
    assert!(body.len() < 1 << 20, "{}", body.len());
    refused(&sealed(body), "far more comes of it");
    // Nor is a window taken that would not fit into memory.
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&tar_of(&real)).unwrap();
    refused(
        &sealed(encoder.finish().unwrap()),
        "the backup is not whole",
    );
}
