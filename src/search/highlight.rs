//! Words of a query marked in a text that came from the database. All else in it is escaped, so that the answer can stand
//! in a page as it is: the only markup in it is `<mark>`.

use std::ops::Range;

use super::plan::{LocalePlan, Marks};
use super::words::Words;

/// Bytes of a piece of text, about.
const PIECE: usize = 150;
/// Pieces that are shown, if the words stand far from each other.
const PIECES: usize = 2;
/// Bytes of a text that are looked at.
const LOOKED_AT: usize = 200_000;

/// A word that is marked: its place, and which of the words it is.
struct Marked {
    place: Range<usize>,
    key: u64,
}

/// All of a short text.
#[must_use]
pub fn whole(plan: &LocalePlan<'_>, text: &str) -> String {
    let marked = find(&plan.fields.words, &plan.marks, text);
    let mut shown = String::with_capacity(text.len() + 16 * marked.len());
    show(text, 0..text.len(), &marked, &mut shown);
    shown
}

/// The pieces of a long text that hold the words, or its beginning where it holds none of them.
#[must_use]
pub fn pieces(plan: &LocalePlan<'_>, text: &str) -> String {
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    let marked = find(&plan.fields.words, &plan.marks, text);
    let mut chosen: Vec<Range<usize>> = Vec::new();
    let mut seen: Vec<u64> = Vec::new();
    while chosen.len() < PIECES {
        let Some((piece, new)) = best(text, &marked, &seen) else {
            break;
        };
        let together = chosen
            .iter()
            .any(|other| piece.start <= other.end && other.start <= piece.end);
        seen.extend(new);
        if !together {
            chosen.push(piece);
        }
    }
    if chosen.is_empty() {
        chosen.push(around(text, 0, 0, 2 * PIECE));
    } else if let [only] = chosen.as_slice() {
        // Nothing else is to be shown, so there is room for more around it.
        chosen = vec![around(text, only.start, only.end, 2 * PIECE)];
    }
    chosen.sort_unstable_by_key(|piece| piece.start);
    let end = text.trim_end().len();
    let mut shown = String::with_capacity(4 * PIECE);
    let mut done = 0;
    for piece in chosen {
        if piece.start > 0 {
            shown.push_str(if done == 0 { "… " } else { " … " });
        }
        done = piece.end;
        show(text, piece, &marked, &mut shown);
    }
    if done < end {
        shown.push_str(" …");
    }
    shown
}

/// How a word that is known without case and accents is written in a text, in lower case.
#[must_use]
pub fn as_written(words: &Words, folded: &str, text: &str) -> Option<String> {
    let mut found = None;
    words.each(text, |word| {
        if word.folded == folded {
            found = text.get(word.place.clone()).map(str::to_lowercase);
        }
        found.is_none()
    });
    found
}

fn find(words: &Words, marks: &Marks, text: &str) -> Vec<Marked> {
    let mut marked: Vec<Marked> = Vec::new();
    words.each(text, |word| {
        let key = if marks.stems.contains(word.stem) {
            Some(word.stem)
        } else if let Some(other) = word.other_stem.filter(|stem| marks.stems.contains(*stem)) {
            Some(other)
        } else {
            let begins = |start: &&String| word.folded.starts_with(start.as_str());
            marks.beginning.as_ref().filter(begins).map(String::as_str)
        };
        let Some(key) = key else {
            return true;
        };
        let key = xxhash_rust::xxh3::xxh3_64(key.as_bytes());
        match marked.last_mut() {
            // Pairs of letters overlap, and a whole covers its parts.
            Some(last) if word.place.start < last.place.end => {
                last.place.end = last.place.end.max(word.place.end);
                last.place.start = last.place.start.min(word.place.start);
            }
            _ => marked.push(Marked {
                place: word.place.clone(),
                key,
            }),
        }
        true
    });
    marked
}

/// The piece that holds the most words that were not shown yet, and which these are.
fn best(text: &str, marked: &[Marked], seen: &[u64]) -> Option<(Range<usize>, Vec<u64>)> {
    let mut best: Option<(usize, usize, usize, Vec<u64>)> = None;
    for (index, first) in marked.iter().enumerate() {
        let within: Vec<&Marked> = marked[index..]
            .iter()
            .take_while(|other| other.place.end <= first.place.start + PIECE)
            .collect();
        let mut new: Vec<u64> = within.iter().map(|marked| marked.key).collect();
        new.sort_unstable();
        new.dedup();
        new.retain(|key| !seen.contains(key));
        if new.is_empty() {
            continue;
        }
        let end = within.last().map_or(first.place.end, |last| last.place.end);
        let better = best
            .as_ref()
            .is_none_or(|(.., most)| new.len() > most.len());
        if better {
            best = Some((first.place.start, end, within.len(), new));
        }
    }
    best.map(|(start, end, _, new)| (around(text, start, end, PIECE), new))
}

/// About so many bytes around a place, from word to word.
fn around(text: &str, start: usize, end: usize, size: usize) -> Range<usize> {
    let spare = size.saturating_sub(end - start);
    let from = text.floor_char_boundary(start.saturating_sub(spare / 3));
    let from = if from == 0 {
        0
    } else {
        let skipped = text[from..start].find(char::is_whitespace);
        skipped.map_or(start, |skipped| from + skipped)
    };
    let from = from + (text[from..].len() - text[from..].trim_start().len());
    let upto = text.floor_char_boundary((from + size).max(end).min(text.len()));
    let upto = if upto == text.len() {
        upto
    } else {
        let kept = text[end.max(from)..upto.max(end)].rfind(char::is_whitespace);
        kept.map_or(upto.max(end), |kept| end.max(from) + kept)
    };
    let upto = from + text[from..upto].trim_end().len();
    from.min(upto)..upto
}

fn show(text: &str, piece: Range<usize>, marked: &[Marked], shown: &mut String) {
    let mut done = piece.start;
    for Marked { place, .. } in marked {
        if place.start < done || place.end > piece.end {
            continue;
        }
        escape(&text[done..place.start], shown);
        shown.push_str("<mark>");
        escape(&text[place.clone()], shown);
        shown.push_str("</mark>");
        done = place.end;
    }
    escape(&text[done..piece.end], shown);
}

fn escape(text: &str, escaped: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // As a page shows it: what parts paragraphs is one space.
            space if space.is_whitespace() => {
                if !escaped.ends_with(' ') {
                    escaped.push(' ');
                }
            }
            other => escaped.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::schema::Fields;

    fn with<T>(stems: &[&str], beginning: Option<&str>, f: impl FnOnce(&LocalePlan<'_>) -> T) -> T {
        let fields = Fields::new(&["en".to_owned()]);
        f(&LocalePlan {
            fields: fields.of("en"),
            units: Vec::new(),
            required: Vec::new(),
            excluded: Vec::new(),
            marks: Marks {
                stems: stems.iter().map(ToString::to_string).collect(),
                beginning: beginning.map(str::to_owned),
            },
        })
    }

    #[test]
    fn marks_words_and_escapes_the_rest() {
        let marked = with(&["run"], Some("caf"), |plan| {
            whole(plan, "<b>Running</b> & \"runs\" to the Café")
        });
        assert_eq!(
            marked,
            "&lt;b&gt;<mark>Running</mark>&lt;/b&gt; &amp; &quot;<mark>runs</mark>&quot; to the <mark>Café</mark>"
        );
    }

    #[test]
    fn white_space_is_one_space() {
        let marked = with(&["run"], None, |plan| {
            whole(plan, "They run.\n\n\tOn  and on.")
        });
        assert_eq!(marked, "They <mark>run</mark>. On and on.");
    }

    #[test]
    fn shows_the_pieces_that_hold_the_words() {
        let filler = "lorem ipsum dolor sit amet ".repeat(40);
        let text = format!("{filler} one apple here. {filler} and a pear there. {filler}");
        let shown = with(&["appl", "pear"], None, |plan| pieces(plan, &text));
        assert!(shown.contains("one <mark>apple</mark> here"), "{shown}");
        assert!(shown.contains("a <mark>pear</mark> there"), "{shown}");
        assert!(shown.starts_with("… ") && shown.ends_with(" …"), "{shown}");
        assert!(shown.len() < 600, "{shown}");
        let shown = with(&["nothing"], None, |plan| pieces(plan, &text));
        assert!(
            shown.starts_with("lorem ipsum") && shown.ends_with(" …"),
            "{shown}"
        );
    }

    #[test]
    fn takes_any_text() {
        for text in [
            "",
            " ",
            "é",
            "🦀🦀🦀",
            "\u{301}",
            &"x".repeat(5_000),
            &"日本".repeat(2_000),
        ] {
            with(&["x", "日本"], Some("é"), |plan| {
                let _ = whole(plan, text);
                let _ = pieces(plan, text);
            });
        }
    }
}
