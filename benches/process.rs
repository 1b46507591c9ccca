//! CPU time of a process, user and system, by thread and in nanoseconds, as Linux keeps it under `/proc`.

use std::collections::HashMap;
use std::time::Duration;

/// What the threads of some processes had used at one moment.
pub(crate) struct Cpu(HashMap<String, u64>);

impl Cpu {
    /// Of these processes now.
    pub(crate) fn of(processes: &[u32]) -> Self {
        let mut cpu = Self(HashMap::new());
        processes.iter().for_each(|process| cpu.add(*process));
        cpu
    }

    fn add(&mut self, process: u32) {
        let folder = format!("/proc/{process}/task");
        let Ok(threads) = std::fs::read_dir(&folder) else {
            return;
        };
        for thread in threads.flatten() {
            // "<nanoseconds on a CPU> <nanoseconds waiting for one> <time slices>"; gone if the thread has ended since.
            let Ok(text) = std::fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let spent = text.split(' ').next().and_then(|spent| spent.parse().ok());
            self.0.insert(
                thread.path().to_string_lossy().into_owned(),
                spent.expect("/proc/PID/task/TID/schedstat in another form"),
            );
        }
    }

    /// What was used between then and now. A thread that ended in between does not count.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let Self(now) = self;
        let spent = now
            .iter()
            .map(|(thread, spent)| spent - before.0.get(thread).copied().unwrap_or(0).min(*spent));
        Duration::from_nanos(spent.sum())
    }
}
