//! Guards the HTML parser. Its time and memory can grow with the square of the input, and its output much faster than that:
//! for elements nested in each other without end, and for formatting that was never closed, which it opens anew in each
//! paragraph. This follows the open elements as the parser will, never below what it will do, and stops before that costs.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use lol_html::HandlerResult;
use lol_html::html_content::Element;

/// Nobody writes prose this deep, and browsers stop at 512.
const MAX_DEPTH: usize = 256;

/// What reopened formatting may add to the output: this many bytes, and so many times the input.
const FREE_GROWTH: usize = 2 << 20;
const GROWTH: usize = 4;

/// Elements that stand in a table and in no cell are moved before it, one by one, past all that were before.
const MAX_MOVED: usize = 2_000;

/// Fewer tags than this cannot nest too deep.
const FEW_TAGS: usize = MAX_DEPTH;

/// Tags times bytes below which even the worst growth is harmless.
const LITTLE_WORK: usize = 4 << 20;

struct Open {
    name: String,
    /// What it would cost to open it again; 0 for all but formatting.
    weight: usize,
    /// Tells formatting elements apart.
    key: u64,
}

/// The elements that are open at a place in a document.
pub(super) struct Shape {
    open: Vec<Open>,
    /// Formatting that was left open when what it stood in was closed.
    floating: Vec<Open>,
    growth: usize,
    max_growth: usize,
    moved: usize,
}

impl Shape {
    /// One to follow a document with, where the document is large enough to do harm.
    pub(super) fn needed(html: &str) -> Option<Rc<RefCell<Self>>> {
        let tags = html.bytes().filter(|byte| *byte == b'<').count();
        let harmless = tags <= FEW_TAGS && tags.saturating_mul(html.len()) <= LITTLE_WORK;
        let max_growth = FREE_GROWTH + GROWTH * html.len();
        let shape = Self {
            open: Vec::new(),
            floating: Vec::new(),
            growth: 0,
            max_growth,
            moved: 0,
        };
        (!harmless).then(|| Rc::new(RefCell::new(shape)))
    }

    /// An element begins. An error means that the document must not be parsed.
    fn start(&mut self, name: &str, key: u64, weight: usize) -> Result<(), &'static str> {
        match name {
            "p" => self.close(&["p"], is_fence),
            "li" => self.close(&["li"], |name| {
                is_fence(name) || matches!(name, "ol" | "ul" | "menu")
            }),
            "dd" | "dt" => self.close(&["dd", "dt"], |name| is_fence(name) || name == "dl"),
            "td" | "th" => self.close(&["td", "th"], |name| {
                name == "table" || is_fence(name) && !is_cell(name)
            }),
            "tr" | "tbody" | "thead" | "tfoot" => self.close_rows(),
            "a" => self.end_formatting("a"),
            _ => {}
        }
        if weight > 0
            && self
                .open
                .iter()
                .chain(&self.floating)
                .filter(|open| open.key == key)
                .count()
                >= 3
        {
            // The parser keeps three of a kind.
            if let Some(at) = self.floating.iter().position(|open| open.key == key) {
                self.floating.remove(at);
            }
        }
        if self.open.last().is_some_and(|parent| {
            matches!(&*parent.name, "table" | "tbody" | "thead" | "tfoot" | "tr")
        }) && !matches!(
            name,
            "tbody" | "thead" | "tfoot" | "tr" | "td" | "th" | "caption" | "colgroup" | "col"
        ) {
            self.moved += 1;
        }
        self.open.push(Open {
            name: name.to_owned(),
            weight,
            key,
        });
        self.growth = self
            .floating
            .iter()
            .fold(self.growth, |sum, open| sum.saturating_add(open.weight));
        if self.open.len() + self.floating.len() > MAX_DEPTH
            || self.growth > self.max_growth
            || self.moved > MAX_MOVED
        {
            return Err("too tangled");
        }
        Ok(())
    }

    /// An end tag stands there for an element that is open.
    fn end(&mut self, name: &str) {
        if is_formatting(name) {
            self.end_formatting(name);
        } else if name == "table" {
            self.close(&["table"], |_| false);
        } else {
            self.close(&[name], is_fence);
        }
    }

    /// Closes the innermost of these elements and all in it, up to a fence that end tags do not reach across.
    fn close(&mut self, names: &[&str], is_fence: impl Fn(&str) -> bool) {
        for at in (0..self.open.len()).rev() {
            let name = &*self.open[at].name;
            if names.contains(&name) {
                // A cell ends the formatting within; elsewhere it lives on.
                let keeps = !is_cell(name);
                let inner = self
                    .open
                    .drain(at..)
                    .filter(|open| keeps && open.weight > 0);
                self.floating.extend(inner);
                return;
            }
            if is_fence(name) {
                return;
            }
        }
    }

    /// Closes all that is open in the innermost table: a row ends the cell before it, and the row that was in.
    fn close_rows(&mut self) {
        let is_part =
            |name: &str| is_cell(name) || matches!(name, "tr" | "tbody" | "thead" | "tfoot");
        let inside = |open: &Open| is_part(&open.name) || !is_fence(&open.name);
        let from = self
            .open
            .iter()
            .rposition(|open| !inside(open))
            .map_or(0, |at| at + 1);
        if from == 0 || self.open[from - 1].name != "table" {
            return;
        }
        let mut in_cell = false;
        for open in self.open.drain(from..) {
            in_cell |= is_cell(&open.name);
            if !in_cell && open.weight > 0 {
                self.floating.push(open);
            }
        }
    }

    /// Closes the last formatting of that name, and nothing else.
    fn end_formatting(&mut self, name: &str) {
        if let Some(at) = self.floating.iter().rposition(|open| open.name == name) {
            self.floating.remove(at);
        } else if let Some(at) = self.open.iter().rposition(|open| open.name == name) {
            self.open.remove(at);
        }
    }
}

/// Follows an element that was read into the shape, and comes back when its end tag is.
pub(super) fn follow(
    shape: &Rc<RefCell<Shape>>,
    name: &str,
    element: &mut Element<'_, '_>,
) -> HandlerResult {
    if !element.can_have_content() {
        return Ok(());
    }
    let (mut key, mut weight) = (0, 0);
    if is_formatting(name) {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        weight = 16 + name.len();
        for attribute in element.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            weight += name.len() + value.len();
            (name, value).hash(&mut hasher);
        }
        key = hasher.finish();
    }
    shape.borrow_mut().start(name, key, weight)?;
    let (shape, name) = (Rc::clone(shape), name.to_owned());
    element.on_end_tag(Box::new(move |end| {
        // What ends with an outer element has no end tag of its own.
        if end.name() == name {
            shape.borrow_mut().end(&name);
        }
        Ok(())
    }))
}

fn is_cell(name: &str) -> bool {
    matches!(name, "td" | "th" | "caption")
}

/// Elements that no end tag of others reaches across, and all that are not known here: few documents have them.
fn is_fence(name: &str) -> bool {
    !matches!(
        name,
        "abbr"
            | "address"
            | "article"
            | "aside"
            | "bdi"
            | "bdo"
            | "blockquote"
            | "center"
            | "cite"
            | "dd"
            | "del"
            | "details"
            | "dfn"
            | "div"
            | "dl"
            | "dt"
            | "figcaption"
            | "figure"
            | "footer"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "ins"
            | "kbd"
            | "label"
            | "li"
            | "main"
            | "mark"
            | "nav"
            | "ol"
            | "p"
            | "picture"
            | "pre"
            | "q"
            | "rp"
            | "rt"
            | "ruby"
            | "samp"
            | "section"
            | "span"
            | "sub"
            | "summary"
            | "sup"
            | "time"
            | "ul"
            | "var"
            | "font"
    ) && !is_formatting(name)
}

/// Elements that the parser opens again after it closed them for the sake of an outer one.
fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "big"
            | "code"
            | "em"
            | "font"
            | "i"
            | "nobr"
            | "s"
            | "small"
            | "strike"
            | "strong"
            | "tt"
            | "u"
    )
}
