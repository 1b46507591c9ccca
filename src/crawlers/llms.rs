//! `llms.txt` (<https://llmstxt.org>): the site in Markdown, with links to the texts as Markdown.

/// A text that is linked to.
#[derive(Debug, Clone)]
pub(super) struct Linked {
    pub(super) title: String,
    pub(super) url: String,
    pub(super) about: String,
}

/// The document: name and description of the site, then each section with its links. An empty section is left out.
pub(super) fn write(name: &str, description: &str, sections: &[(&str, Vec<Linked>)]) -> String {
    let mut text = format!("# {}\n", line(name));
    if !description.trim().is_empty() {
        text.push_str(&format!("\n> {}\n", line(description)));
    }
    for (heading, links) in sections.iter().filter(|(_, links)| !links.is_empty()) {
        text.push_str(&format!("\n## {heading}\n\n"));
        for Linked { title, url, about } in links {
            let about = line(about);
            let parting = if about.is_empty() { "" } else { ": " };
            text.push_str(&format!("- [{}]({url}){parting}{about}\n", line(title)));
        }
    }
    text
}

/// A text in one line, with nothing in it that Markdown would take for markup.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut escaped = String::with_capacity(text.len());
    for character in words.join(" ").chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '#' => {
                escaped.extend(['\\', character]);
            }
            _ if character.is_control() => escaped.push('\u{FFFD}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_title_holds_is_text_in_one_link() {
        for title in [
            "A](https://evil.example) [b",
            "<script>alert(1)</script>",
            "`code` *strong* _em_ ~~gone~~ &amp; \\",
            "two\n\n# lines\r\n- x",
            "![image](x)",
            "# 1. > - +",
            "\u{202e}right to left",
            "https://auto.example",
        ] {
            let linked = Linked {
                title: title.to_owned(),
                url: "/v1/articles/a.md".to_owned(),
                about: title.to_owned(),
            };
            let text = write(title, title, &[("Articles", vec![linked])]);
            let html = comrak::markdown_to_html(&text, &comrak::Options::default());
            assert_eq!(html.matches("<a href=").count(), 1, "{html}");
            assert_eq!(html.matches("<li>").count(), 1, "{html}");
            assert_eq!(html.matches("<h").count(), 2, "{html}");
            for other in [
                "<img", "<code", "<em", "<strong", "<del", "<script", "omitted",
            ] {
                assert!(!html.contains(other), "{html}");
            }
        }
    }

    #[test]
    fn what_is_empty_is_left_out() {
        assert_eq!(write("Site", " ", &[("Pages", vec![])]), "# Site\n");
    }
}
