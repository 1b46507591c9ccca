//! Pages of a list: how many rows, from where, in which direction. A cursor names the last row seen, so a page costs the
//! same at any depth; page numbers are for the shallow end.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::xxh3_64;

use crate::id::Id;

/// What a list is sorted by, at one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A time in milliseconds, or a count.
    Number(i64),
    /// An ASCII sort key.
    Text(String),
}

/// The place beside one row of a list in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The order it belongs to.
    pub sort: &'static str,
    /// Towards the beginning.
    pub backward: bool,
    /// The row's key.
    pub key: Key,
    /// The row.
    pub id: Id,
}

/// Why a cursor cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not one of ours.
    #[error("is not a cursor that this server gave out")]
    Forged,
    /// Of a list sorted otherwise.
    #[error("belongs to a list in another order; begin again without it")]
    OtherSort,
}

impl Cursor {
    /// The cursor as clients carry it. The checksum is against slips of hand and not against malice: whoever makes one
    /// up sees nothing but another page of the same list.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = vec![u8::from(self.backward)];
        bytes.extend(order_mark(self.sort));
        bytes.extend(self.id.as_bytes());
        match &self.key {
            Key::Number(number) => {
                bytes.push(b'n');
                bytes.extend(number.to_be_bytes());
            }
            Key::Text(text) => {
                bytes.push(b't');
                bytes.extend(text.as_bytes());
            }
        }
        let sum = xxh3_64(&bytes).to_be_bytes();
        bytes.extend(&sum[..4]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor of a list in this order.
    ///
    /// # Errors
    /// When it is forged or belongs to another order.
    pub fn decode(text: &str, sort: &'static str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_not_base64| CursorError::Forged)?;
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(CursorError::Forged)?;
        if xxh3_64(body).to_be_bytes()[..4] != sum[..] {
            return Err(CursorError::Forged);
        }
        let (head, rest) = body.split_first_chunk::<5>().ok_or(CursorError::Forged)?;
        let (id, rest) = rest.split_first_chunk::<16>().ok_or(CursorError::Forged)?;
        let [backward, mark @ ..] = head;
        if *mark != order_mark(sort) {
            return Err(CursorError::OtherSort);
        }
        let key = match rest {
            [b'n', number @ ..] => {
                let number = number
                    .try_into()
                    .map_err(|_wrong_length| CursorError::Forged)?;
                Key::Number(i64::from_be_bytes(number))
            }
            [b't', text @ ..] => {
                let text = std::str::from_utf8(text).map_err(|_not_utf8| CursorError::Forged)?;
                // No database could look for it.
                if text.contains('\0') {
                    return Err(CursorError::Forged);
                }
                Key::Text(text.to_owned())
            }
            _ => return Err(CursorError::Forged),
        };
        Ok(Self {
            sort,
            backward: *backward != 0,
            key,
            id: Id::from_slice(id).ok_or(CursorError::Forged)?,
        })
    }
}

fn order_mark(sort: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = xxh3_64(sort.as_bytes()).to_be_bytes();
    [a, b, c, d]
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At the first row.
    Start,
    /// Beside a row.
    Cursor(Cursor),
    /// At a page number, counted from 1.
    Page(u32),
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Rows at most, 1 to 100.
    pub limit: u32,
    /// Where it begins.
    pub place: Place,
}

impl Page {
    /// The first page, of that many rows.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self {
            limit,
            place: Place::Start,
        }
    }

    /// Rows to pass over.
    #[must_use]
    pub fn offset(&self) -> i64 {
        match self.place {
            Place::Page(page) => i64::from(page.saturating_sub(1)) * i64::from(self.limit),
            Place::Start | Place::Cursor(_) => 0,
        }
    }

    /// Rows to ask for: one more than shown tells whether there is another page.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// This page and all before it in one, where pages go by number: what a merge of several lists has to read of each.
    #[must_use]
    pub fn with_those_before(&self) -> Self {
        match self.place {
            Place::Page(page) => Self {
                limit: self.limit.saturating_mul(page.max(1)),
                place: Place::Start,
            },
            Place::Start | Place::Cursor(_) => self.clone(),
        }
    }

    /// The row it begins beside.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        match &self.place {
            Place::Cursor(cursor) => Some(cursor),
            Place::Start | Place::Page(_) => None,
        }
    }

    /// Whether rows are asked for from the end towards the beginning.
    #[must_use]
    pub fn backward(&self) -> bool {
        self.cursor().is_some_and(|cursor| cursor.backward)
    }

    /// Turns what a query in this page's direction found, [`Page::fetch`] rows at most, into the page.
    pub fn cut<T>(
        &self,
        mut rows: Vec<T>,
        sort: &'static str,
        place: impl Fn(&T) -> (Key, Id),
    ) -> Slice<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let backward = self.backward();
        if backward {
            rows.reverse();
        }
        let beside = |row: Option<&T>, backward| {
            row.map(|row| {
                let (key, id) = place(row);
                Cursor {
                    sort,
                    backward,
                    key,
                    id,
                }
            })
        };
        let inside = self.cursor().is_some() || self.offset() > 0;
        let (before, after) = if backward {
            (more, true)
        } else {
            (inside, more)
        };
        Slice {
            previous: before.then(|| beside(rows.first(), true)).flatten(),
            next: after.then(|| beside(rows.last(), false)).flatten(),
            items: rows,
            total: None,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Slice<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// Where the page before ends, if there is one.
    pub previous: Option<Cursor>,
    /// Rows in the whole list, where that was asked for.
    pub total: Option<i64>,
}

impl<T> Slice<T> {
    /// The same page with these in the place of its rows.
    pub fn of<U>(self, items: Vec<U>) -> Slice<U> {
        Slice {
            items,
            next: self.next,
            previous: self.previous,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(key: Key) -> Cursor {
        Cursor {
            sort: "title",
            backward: false,
            key,
            id: Id::new(),
        }
    }

    #[test]
    fn reads_back_its_own_cursors() {
        for key in [
            Key::Number(-5),
            Key::Number(i64::MAX),
            Key::Text(String::new()),
            Key::Text("a b".into()),
        ] {
            let cursor = cursor(key);
            assert_eq!(Cursor::decode(&cursor.encode(), "title"), Ok(cursor));
        }
    }

    #[test]
    fn refuses_forged_cursors_and_those_of_another_order() {
        let cursor = cursor(Key::Number(1)).encode();
        assert_eq!(
            Cursor::decode(&cursor, "-published_at"),
            Err(CursorError::OtherSort)
        );
        for index in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(
                Cursor::decode(&forged, "title") != Cursor::decode(&cursor, "title"),
                "{forged}"
            );
        }
        for forged in [
            "",
            "x",
            "!!!",
            "AAAA",
            &cursor[1..],
            &format!("{cursor}AAAA"),
        ] {
            assert_eq!(
                Cursor::decode(forged, "title"),
                Err(CursorError::Forged),
                "{forged}"
            );
        }
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let rows = |count: i64| (0..count).collect::<Vec<_>>();
        let place = |row: &i64| (Key::Number(*row), Id([0; 16]));
        let first = Page {
            limit: 2,
            place: Place::Start,
        }
        .cut(rows(3), "n", place);
        assert_eq!(
            (
                first.items.len(),
                first.previous.is_some(),
                first.next.is_some()
            ),
            (2, false, true)
        );
        let last = Page {
            limit: 2,
            place: Place::Cursor(first.next.unwrap()),
        }
        .cut(rows(2), "n", place);
        assert_eq!(
            (
                last.items.len(),
                last.previous.is_some(),
                last.next.is_some()
            ),
            (2, true, false)
        );
        let back = Page {
            limit: 2,
            place: Place::Cursor(last.previous.unwrap()),
        }
        .cut(rows(2), "n", place);
        assert_eq!(
            (back.items, back.previous.is_some(), back.next.is_some()),
            (vec![1, 0], false, true)
        );
    }
}
