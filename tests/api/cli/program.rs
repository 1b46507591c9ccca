//! The program itself, as its users run it: with arguments, an environment and a working directory, and read by what it
//! prints and how it ends.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::support::{Answer, Client, Database, SECRET};

const STEP: Duration = Duration::from_millis(20);
/// A minute of steps: who needs longer hangs.
const STEPS: usize = 3000;

/// The program with none of the developer's settings, away from a `.env` file.
pub(crate) fn masthead<I>(arguments: I) -> Command
where
    I: IntoIterator<Item: AsRef<std::ffi::OsStr>>,
{
    let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MASTHEAD_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// The program with a verb and the flags that lead to this database.
pub(crate) fn on(database: &Database, arguments: &[&str]) -> Command {
    let mut command = masthead(arguments);
    let place = database.arguments();
    // One that several nodes may share needs a secret that they share.
    if place.iter().any(|argument| argument == "--database-url") {
        command.env("MASTHEAD_SECRET", SECRET);
    }
    command.args(place);
    command
}

/// What a program that has ended said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Said {
    /// What it printed, if it ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.output
    }

    /// What it said when it refused.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert!(!matches!(self.code, None | Some(0)), "{self:?}");
        assert_eq!(self.output, "", "{self:?}");
        assert!(!self.errors.contains("panicked"), "{}", self.errors);
        self.errors
    }
}

/// Runs it to its end.
pub(crate) fn run(mut command: Command) -> Said {
    let (output, errors) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command
        .stdout(output.try_clone().unwrap())
        .stderr(errors.try_clone().unwrap());
    let mut child = Ended(command.spawn().unwrap());
    let status = child
        .wait()
        .unwrap_or_else(|| panic!("it does not end: {command:?}\n{}", text(&errors)));
    Said {
        code: status.code(),
        output: text(&output),
        errors: text(&errors),
    }
}

/// Runs it to its end, and answers also how much memory it held at most, in kibibytes, as far as Linux tells.
#[cfg(target_os = "linux")]
pub(crate) fn peak(mut command: Command) -> (Said, u64) {
    let (output, errors) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command
        .stdout(output.try_clone().unwrap())
        .stderr(errors.try_clone().unwrap());
    let mut child = Ended(command.spawn().unwrap());
    let status = format!("/proc/{}/status", child.0.id());
    let mut most = 0;
    let mut ended = None;
    for _ in 0..STEPS {
        // Of a process that has ended nothing is told any more.
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let held = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = held.and_then(|held| held.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(held.unwrap_or(0));
        ended = child.0.try_wait().unwrap();
        if ended.is_some() {
            break;
        }
        std::thread::sleep(STEP);
    }
    let ended = ended.unwrap_or_else(|| panic!("it does not end: {command:?}\n{}", text(&errors)));
    let said = Said {
        code: ended.code(),
        output: text(&output),
        errors: text(&errors),
    };
    (said, most)
}

/// The same with something on its standard input.
pub(crate) fn run_with_input(mut command: Command, input: &[u8]) -> Said {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, input).unwrap();
    file.rewind().unwrap();
    command.stdin(file);
    run(command)
}

/// A process that ends at the latest when this is dropped.
struct Ended(Child);

impl Ended {
    fn wait(&mut self) -> Option<ExitStatus> {
        for _ in 0..STEPS {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(STEP);
        }
        None
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn text(file: &File) -> String {
    let mut file = file.try_clone().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

/// A server that runs as a process of its own.
pub(crate) struct Serving {
    pub(crate) client: Client,
    process: Ended,
    output: File,
    errors: File,
}

impl Serving {
    /// `serve` over this database, on a free port.
    pub(crate) fn over(database: &Database, flags: &[&str]) -> Self {
        let mut command = on(database, &["serve", "--listen", "127.0.0.1:0"]);
        command.args(flags);
        Self::start(command)
    }

    /// Starts it and waits until it says where it listens. The command's output goes to a file that is only appended to.
    pub(crate) fn start(mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| appending(&folder.path().join(name));
        let (output, errors) = (open("output"), open("errors"));
        command
            .stdout(output.try_clone().unwrap())
            .stderr(errors.try_clone().unwrap());
        let mut process = Ended(command.spawn().unwrap());
        for _ in 0..STEPS {
            let said = text(&output);
            let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let mut lines = whole.lines();
            if let Some(address) = lines.find_map(|line| line.strip_prefix("listening on http://"))
            {
                let address: SocketAddr = address.parse().unwrap();
                return Self {
                    client: Client::new(address),
                    process,
                    output,
                    errors,
                };
            }
            if let Some(status) = process.0.try_wait().unwrap() {
                panic!(
                    "it ended with {status} before it listened: {}",
                    text(&errors)
                );
            }
            std::thread::sleep(STEP);
        }
        panic!("it does not listen: {}", text(&errors));
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.client.get(target)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.client.address()
    }

    /// What it has printed so far.
    pub(crate) fn said(&self) -> String {
        text(&self.output)
    }

    /// Sends it a signal: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.0.id().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .expect("`kill` of the procps or util-linux package is there");
        assert!(status.success());
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.process
            .wait()
            .unwrap_or_else(|| panic!("it does not end: {}", text(&self.errors)))
    }

    /// Stops it as an operator would, and answers all that it printed.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Said {
        self.signal("TERM");
        let status = self.ended();
        Said {
            code: status.code(),
            output: text(&self.output),
            errors: text(&self.errors),
        }
    }
}

fn appending(path: &Path) -> File {
    File::options()
        .create(true)
        .append(true)
        .read(true)
        .open(path)
        .unwrap()
}
