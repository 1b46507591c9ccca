//! Paths that come from outside, as text with `/` between the steps.

/// Whether a path leads to something below the folder that it starts from, on any system: no step out of it, none that is
/// empty, and nothing that Windows takes for a drive or a separator.
#[must_use]
pub(crate) fn is_below(path: &str) -> bool {
    let is_step = |step: &str| {
        !matches!(step, "" | "." | "..")
            && !step.contains(['\\', ':'])
            && !step.contains(char::is_control)
    };
    path.split('/').all(is_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        for below in ["a", "a/b.json", "日本/a b", ".hidden/...", "a..b"] {
            assert!(is_below(below), "{below}");
        }
        for other in [
            "", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "C:a", "a\0",
            "a\n",
        ] {
            assert!(!is_below(other), "{other}");
        }
    }
}
