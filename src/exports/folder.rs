//! A folder that an export keeps: it knows which files in it are its own, writes only what is not there already, and in the
//! end removes those of its own that were not written this time. What others put beside them stays.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::Failed;
use crate::paths::is_below;

/// The file in which the others are listed, a path a line below a first line that says what made them. It is written ahead
/// of each file, so that whatever an interrupted export left is known to the next.
pub const MANIFEST: &str = ".masthead-export";
/// A file on its way into its place.
const HALF_WRITTEN: &str = ".masthead-export.part";

/// What is in such a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Markdown files with front matter.
    Markdown,
    /// What readers may ask for, as files.
    Static,
    /// Files of pictures.
    Files,
}

impl Form {
    const fn first_line(self) -> &'static str {
        match self {
            Self::Markdown => "masthead export markdown 1",
            Self::Static => "masthead export static 1",
            Self::Files => "masthead export files 1",
        }
    }
}

/// What became of the folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Files that are new or were changed.
    pub written: u64,
    /// Files that were so already.
    pub unchanged: u64,
    /// Files of an earlier export that are no more.
    pub removed: u64,
}

/// A folder under export.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    form: Form,
    manifest: BufWriter<File>,
    /// Where in the manifest this export begins.
    began: u64,
    /// Hashes of the paths written: a million take some 16 MiB.
    paths: HashSet<u64>,
    tidied: Tidied,
}

impl Folder {
    /// Opens a folder, or makes it. It must be empty, but for a `.git`, or have been made by such an export before; with
    /// `force` it may hold anything, and then what has the name of a file of the export is overwritten.
    ///
    /// # Errors
    /// [`Failed::Refused`] where it holds something else, or another export is writing into it.
    pub fn open(root: &Path, form: Form, force: bool) -> Result<Self, Failed> {
        let refused = |why: &str| Err(Failed::Refused(format!("{}: {why}", root.display())));
        fs::create_dir_all(root)?;
        let path = root.join(MANIFEST);
        let is_new = match File::open(&path) {
            Ok(file) => {
                let mut first = String::new();
                BufReader::new(file.take(256)).read_line(&mut first)?;
                if first.trim_end() != form.first_line() && !force {
                    return refused(
                        "it holds an export of another kind; name another folder, or --force",
                    );
                }
                first.trim_end() != form.first_line()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !force && !is_empty(root)? {
                    return refused(
                        "it is not empty, and no export made it; name another folder, or --force to write between what is there",
                    );
                }
                true
            }
            Err(error) => return Err(error.into()),
        };
        let mut file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return refused("another export is writing into it");
            }
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        if is_new {
            file.set_len(0)?;
            writeln!(file, "{}", form.first_line())?;
        }
        let began = file.seek(SeekFrom::End(0))?;
        Ok(Self {
            root: root.to_owned(),
            form,
            manifest: BufWriter::new(file),
            began,
            paths: HashSet::new(),
            tidied: Tidied::default(),
        })
    }

    /// Puts a file at a path, with `/` between its steps. Nothing is written where it is there already.
    ///
    /// # Errors
    /// When it cannot be written; [`Failed::Refused`] for a path that is no safe one, or was written before.
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), Failed> {
        let place = self.note(path)?;
        if is_so(&place, bytes)? {
            self.tidied.unchanged += 1;
            return Ok(());
        }
        self.put(&place, |file| file.write_all(bytes))
    }

    /// Puts a file at a path that `fill` writes: for what is too long to be held.
    ///
    /// # Errors
    /// As [`Folder::write`], and those of `fill`.
    pub fn stream(
        &mut self,
        path: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let place = self.note(path)?;
        let half = self.root.join(HALF_WRITTEN);
        let mut file = BufWriter::new(File::create(&half)?);
        fill(&mut file)?;
        file.flush()?;
        if are_alike(&half, &place)? {
            fs::remove_file(half)?;
            self.tidied.unchanged += 1;
            return Ok(());
        }
        self.put_in_place(&half, &place)
    }

    /// Whether something is put at this path already.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.paths.contains(&xxh3_64(path.as_bytes()))
    }

    /// Begins anew: what was written so far has to be written again, or it goes.
    pub fn begin_again(&mut self) {
        self.paths.clear();
    }

    /// Removes what earlier exports left and this one did not write, and answers what became of the folder.
    ///
    /// # Errors
    /// When something cannot be removed, or the list of files not be written.
    pub fn finish(mut self) -> Result<Tidied, Failed> {
        self.manifest.flush()?;
        let path = self.root.join(MANIFEST);
        let half = self.root.join(HALF_WRITTEN);
        let mut kept = BufWriter::new(File::create(&half)?);
        writeln!(kept, "{}", self.form.first_line())?;
        // In the order of this export; what earlier ones wrote is gone then, or stands here too.
        let mut own = File::open(&path)?;
        own.seek(SeekFrom::Start(self.began))?;
        let mut listed = HashSet::with_capacity(self.paths.len());
        for line in BufReader::new(own).lines() {
            let line = line?;
            let hash = xxh3_64(line.as_bytes());
            if self.paths.contains(&hash) && listed.insert(hash) {
                writeln!(kept, "{line}")?;
            }
        }
        for line in BufReader::new(File::open(&path)?).lines().skip(1) {
            let line = line?;
            if !self.paths.contains(&xxh3_64(line.as_bytes())) && self.remove(&line)? {
                self.tidied.removed += 1;
            }
        }
        kept.flush()?;
        drop(kept);
        fs::rename(half, path)?;
        Ok(self.tidied)
    }

    /// Lists a path, ahead of the file that is to be there.
    fn note(&mut self, path: &str) -> Result<PathBuf, Failed> {
        if !is_safe(path) {
            return Err(Failed::Refused(format!(
                "`{path}` is no safe name of a file"
            )));
        }
        if !self.paths.insert(xxh3_64(path.as_bytes())) {
            return Err(Failed::Refused(format!(
                "two things have the place `{path}`"
            )));
        }
        writeln!(self.manifest, "{path}")?;
        self.manifest.flush()?;
        Ok(self.root.join(path))
    }

    fn put(
        &mut self,
        place: &Path,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), Failed> {
        let half = self.root.join(HALF_WRITTEN);
        let mut file = File::create(&half)?;
        fill(&mut file)?;
        drop(file);
        self.put_in_place(&half, place)
    }

    fn put_in_place(&mut self, half: &Path, place: &Path) -> Result<(), Failed> {
        let in_words = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", place.display()))
        };
        match fs::rename(half, place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(folder) = place.parent() {
                    fs::create_dir_all(folder).map_err(in_words)?;
                }
                fs::rename(half, place).map_err(in_words)?;
            }
            renamed => renamed.map_err(in_words)?,
        }
        self.tidied.written += 1;
        Ok(())
    }

    /// Removes a file of an earlier export, and the folders that are empty then. The list lies where anybody may have
    /// changed it: it leads nowhere out of the folder.
    fn remove(&self, path: &str) -> io::Result<bool> {
        if !is_safe(path) {
            return Ok(false);
        }
        let place = self.root.join(path);
        for above in place.ancestors().skip(1) {
            if above == self.root {
                break;
            }
            match above.symlink_metadata() {
                Ok(there) if there.is_symlink() => return Ok(false),
                Ok(_) => {}
                Err(error) if is_absent(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        match fs::remove_file(&place) {
            Ok(()) => {}
            Err(error) if is_absent(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        for above in place.ancestors().skip(1) {
            // One that holds something else is not empty.
            if above == self.root || fs::remove_dir(above).is_err() {
                break;
            }
        }
        Ok(true)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Empty, but for what version control keeps there.
fn is_empty(root: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(root)? {
        if entry?.file_name() != ".git" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The longest step of a path, in bytes: less than file systems take.
const MAX_STEP: usize = 240;

/// Whether a path leads to a file below the root, on any system, and is no file of the export's own.
#[must_use]
pub fn is_safe(path: &str) -> bool {
    let fits = |step: &str| step.len() <= MAX_STEP && !step.starts_with(MANIFEST);
    is_below(path) && path.split('/').all(fits) && path.len() <= 4 * MAX_STEP
}

fn is_so(place: &Path, bytes: &[u8]) -> io::Result<bool> {
    let there = match place.symlink_metadata() {
        Ok(there) => there,
        Err(error) if is_absent(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    if !there.is_file() || there.len() != bytes.len() as u64 {
        return Ok(false);
    }
    Ok(fs::read(place)? == bytes)
}

fn are_alike(one: &Path, other: &Path) -> io::Result<bool> {
    let there = match other.symlink_metadata() {
        Ok(there) => there,
        Err(error) if is_absent(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    if !there.is_file() || there.len() != one.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (
        BufReader::new(File::open(one)?),
        BufReader::new(File::open(other)?),
    );
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let common = left.len().min(right.len());
        if common == 0 {
            return Ok(left.len() == right.len());
        }
        if left.get(..common) != right.get(..common) {
            return Ok(false);
        }
        one.consume(common);
        other.consume(common);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(root: &Path, path: &str) -> String {
        fs::read_to_string(root.join(path)).unwrap()
    }

    #[test]
    fn a_second_export_writes_what_changed_and_removes_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("out");
        let mut first = Folder::open(&root, Form::Static, false).unwrap();
        for path in ["a/index.json", "a/b/index.json", "c/d/e.txt"] {
            first.write(path, b"1").unwrap();
        }
        let whole = Tidied {
            written: 3,
            ..Tidied::default()
        };
        assert_eq!(first.finish().unwrap(), whole);
        fs::write(root.join("c/mine"), "stays").unwrap();

        let mut second = Folder::open(&root, Form::Static, false).unwrap();
        second.write("a/index.json", b"1").unwrap();
        second.write("c/d/e.txt", b"2").unwrap();
        second.stream("f", |out| Ok(out.write_all(b"3")?)).unwrap();
        let tidied = second.finish().unwrap();
        let expected = Tidied {
            written: 2,
            unchanged: 1,
            removed: 1,
        };
        assert_eq!(tidied, expected);
        assert!(!root.join("a/b").exists());
        assert_eq!(read(&root, "c/d/e.txt"), "2");
        assert_eq!(read(&root, "c/mine"), "stays");
        assert_eq!(
            read(&root, MANIFEST),
            "masthead export static 1\na/index.json\nc/d/e.txt\nf\n"
        );
    }

    #[test]
    fn what_an_interrupted_export_left_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mut first = Folder::open(root, Form::Markdown, false).unwrap();
        first.write("left", b"1").unwrap();
        drop(first);
        let mut second = Folder::open(root, Form::Markdown, false).unwrap();
        second.write("other", b"1").unwrap();
        assert_eq!(second.finish().unwrap().removed, 1);
        assert!(!root.join("left").exists());
    }

    #[test]
    fn the_folders_of_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join(".git")).unwrap();
        drop(Folder::open(root, Form::Static, false).unwrap());
        let other = Folder::open(root, Form::Markdown, false).unwrap_err();
        assert!(other.to_string().contains("another kind"), "{other}");
        let held = Folder::open(root, Form::Static, false).unwrap();
        let second = Folder::open(root, Form::Static, false).unwrap_err();
        assert!(second.to_string().contains("another export"), "{second}");
        drop(held);

        let full = tempfile::tempdir().unwrap();
        fs::write(full.path().join("thesis.md"), "x").unwrap();
        let refused = Folder::open(full.path(), Form::Markdown, false).unwrap_err();
        assert!(refused.to_string().contains("not empty"), "{refused}");
        let mut forced = Folder::open(full.path(), Form::Markdown, true).unwrap();
        forced.write("a.md", b"1").unwrap();
        forced.finish().unwrap();
        assert_eq!(read(full.path(), "thesis.md"), "x");
    }

    #[test]
    fn no_path_leads_out() {
        for safe in ["a", "a/b.json", "v1/articles/page=2/index.json", "日本/a b"] {
            assert!(is_safe(safe), "{safe}");
        }
        let long = "x".repeat(241);
        for unsafe_path in [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a\\b",
            "c:/a",
            "a\nb",
            MANIFEST,
            "a/.masthead-export.part",
            &long,
        ] {
            assert!(!is_safe(unsafe_path), "{unsafe_path}");
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("out");
        fs::write(folder.path().join("secret"), "x").unwrap();
        drop(Folder::open(&root, Form::Static, false).unwrap());
        let mut list = File::options()
            .append(true)
            .open(root.join(MANIFEST))
            .unwrap();
        writeln!(list, "../secret").unwrap();
        let folder_again = Folder::open(&root, Form::Static, false).unwrap();
        assert_eq!(folder_again.finish().unwrap().removed, 0);
        assert!(folder.path().join("secret").exists());
    }
}
