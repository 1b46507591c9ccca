//! Backups that were damaged on their way: refused whichever part it is, and the folder is as it was.

use std::fs;

use super::{Site, files};

#[test]
fn a_bit_that_fell_over_is_noticed_wherever_it_stands() {
    let site = Site::with(3);
    let whole = fs::read(site.back_up("site.backup")).unwrap();
    let other = Site::nothing();
    fs::create_dir(other.data()).unwrap();
    let file = other.beside("damaged.backup");
    let near_end = whole.len() - 48..whole.len();
    let places = (0..24)
        .map(|part| part * whole.len() / 24)
        .chain(near_end.step_by(5))
        .chain([1, 2, 3, whole.len() - 1]);
    for place in places {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        fs::write(&file, &damaged).unwrap();
        let before = files(other.folder.path());
        let said = other.restore(&file).refused();
        assert!(said.contains("the backup is not whole"), "{place}: {said}");
        assert_eq!(files(other.folder.path()), before, "{place}");
    }
    fs::write(&file, &whole).unwrap();
    other.restore(&file).ok();
}

#[test]
fn a_part_of_a_backup_is_none() {
    let site = Site::with(3);
    let whole = fs::read(site.back_up("site.backup")).unwrap();
    let other = Site::nothing();
    fs::create_dir(other.data()).unwrap();
    let file = other.beside("damaged.backup");
    let lengths = (0..12).map(|part| part * whole.len() / 12);
    for length in lengths.chain([1, 47, 48, 49, whole.len() - 48, whole.len() - 1]) {
        fs::write(&file, &whole[..length]).unwrap();
        let before = files(other.folder.path());
        let said = other.restore(&file).refused();
        assert!(said.contains("the backup is not whole"), "{length}: {said}");
        assert_eq!(files(other.folder.path()), before, "{length}");
    }
    let mut more = whole;
    more.push(0);
    fs::write(&file, &more).unwrap();
    other.restore(&file).refused();
    fs::write(&file, "a letter to the editor\n".repeat(1000)).unwrap();
    let said = other.restore(&file).refused();
    assert!(said.contains("no backup of masthead"), "{said}");
    let said = other.restore(&other.data()).refused();
    assert!(
        said.contains("is no file") || said.contains("directory"),
        "{said}"
    );
}
