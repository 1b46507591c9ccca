//! Who works for nobody that waits gives way to those who serve.

/// What is added to the niceness: half of what there is.
const NICER: i32 = 10;

/// From here on this thread, and what it starts, has the processor when nobody else wants it much.
pub(crate) fn give_way() {
    // Elsewhere it would be all of the process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "this thread keeps its priority");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    #[test]
    fn one_thread_gives_way_and_no_other() {
        let before = getpriority_process(None).unwrap();
        let there = std::thread::spawn(|| {
            super::give_way();
            getpriority_process(None).unwrap()
        });
        let most = 19;
        assert_eq!(there.join().unwrap(), (before + super::NICER).min(most));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
