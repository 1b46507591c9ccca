//! Killed in the midst of it: a backup is there whole or not at all, and a restore leaves no site, or all of one.

use std::time::Duration;

use super::{Site, files, texts};
use crate::support::Random;

#[test]
fn a_backup_is_whole_or_not_there() {
    let site = Site::with(400);
    let expected = texts(&site);
    let mut random = Random::new(11);
    let (mut whole, mut none) = (0, 0);
    for round in 0..25 {
        let file = site.beside(&format!("{round}.backup"));
        let mut child = site
            .command(&["backup", file.to_str().unwrap()])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(random.below(120_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        if file.exists() {
            whole += 1;
            let other = Site::nothing();
            other.restore(&file).ok();
            assert_eq!(texts(&other), expected);
        } else {
            none += 1;
        }
    }
    assert!(none > 0, "none was killed in time, {whole} were made");
    site.back_up("last.backup");
}

#[test]
fn a_restore_leaves_no_site_or_all_of_one() {
    let site = Site::with(200);
    let backup = site.back_up("site.backup");
    let expected = texts(&site);
    let media = files(&site.data().join("media"));
    let mut random = Random::new(12);
    let (mut whole, mut none) = (0, 0);
    for _ in 0..25 {
        let other = Site::nothing();
        let mut child = other
            .command(&["restore", backup.to_str().unwrap()])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(random.below(400_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        if other.data().join("masthead.db").exists() {
            whole += 1;
        } else {
            none += 1;
            // Whatever it left is no obstacle.
            other.restore(&backup).ok();
        }
        assert_eq!(texts(&other), expected);
        assert_eq!(files(&other.data().join("media")), media);
        assert!(other.data().join("secret").exists());
    }
    assert!(none > 0, "none was killed in time, {whole} were restored");
}

#[test]
fn nobody_serves_half_of_a_site() {
    let site = Site::with(2);
    let backup = site.back_up("site.backup");
    // As a restore leaves it that is killed between two moves.
    let other = Site::nothing();
    let stage = other.data().join(".restore");
    std::fs::create_dir_all(other.data().join("media/files")).unwrap();
    std::fs::create_dir(&stage).unwrap();
    for left in ["moving", "masthead.db"] {
        std::fs::write(stage.join(left), "").unwrap();
    }
    std::fs::write(other.data().join("media/files/x"), "half").unwrap();
    for verb in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["migrate"],
        &["reindex"],
    ] {
        let refused = other.run(verb).refused();
        assert!(
            refused.contains("run `masthead restore` again"),
            "{refused}"
        );
    }
    other.restore(&backup).ok();
    assert_eq!(texts(&other), texts(&site));
    assert!(!other.data().join("media/files/x").exists());
}
