//! Figures and tables: medians over rounds, because a machine that also does something else spoils single ones.

/// The middle one.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// `2.84 (2.71–2.90)`: the median and what lies farthest from it.
pub(crate) fn spread(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.2} ({low:.2}–{high:.2})", median(values.iter().copied()))
}

/// `12,345`
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether a figure keeps what was promised: at most, or at least.
pub(crate) fn verdict(met: bool, promise: &str) -> String {
    format!("{promise}: {}", if met { "met" } else { "**missed**" })
}

/// Prints a Markdown table.
pub(crate) fn table(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let line = |cells: &[String]| println!("| {} |", cells.join(" | "));
    println!("\n### {title}\n");
    line(&head.iter().map(ToString::to_string).collect::<Vec<_>>());
    println!("|{}", "---|".repeat(head.len()));
    rows.iter().for_each(|row| line(row));
}
