//! Ids of another table, read along with a row. A statement of their own would cost more than what it reads.

use crate::error::{Error, Result};
use crate::id::Id;

/// `id_list!(Name of join: column, key = table::id)` makes an expression `Name`: what `column` holds in the rows of `join` whose
/// `key` is the `id` of the `table` row at hand, with their `position`, as the text that [`ids_in_order`] reads.
macro_rules! id_list {
    ($visible:vis $name:ident of $join:ident: $column:ident, $key:ident = $table:ident::$id:ident) => {
        // There are such columns, of whose names the text is made.
        const _: ($join::$column, $join::$key, $join::position) = ($join::$column, $join::$key, $join::position);

        $crate::db::fixed!(
            $visible $name: diesel::sql_types::Nullable<diesel::sql_types::Text>,
            of [$table::$id],
            $crate::db::id_list!(@text "group_concat(hex(", ")", $join, $column, $key, $table, $id),
            $crate::db::id_list!(@text "string_agg(encode(", ", 'hex')", $join, $column, $key, $table, $id)
        );
    };
    (@text $before:literal, $after:literal, $join:ident, $column:ident, $key:ident, $table:ident, $id:ident) => {
        concat!(
            "(SELECT ", $before, stringify!($join), ".", stringify!($column), $after, " || ", stringify!($join),
            ".position, ' ') FROM ", stringify!($join), " WHERE ", stringify!($join), ".", stringify!($key), " = ",
            stringify!($table), ".", stringify!($id), ")",
        )
    };
}

pub(crate) use id_list;

/// The ids in such a list, by their positions: each is in hex there, its position behind it, and the order is the database's.
pub(crate) fn ids_in_order(list: Option<&str>) -> Result<Vec<Id>> {
    let read = |item: &str| {
        let (hex, position) = item.split_at_checked(32)?;
        Some((position.parse::<i32>().ok()?, Id::from_hex(hex)?))
    };
    let items = list.into_iter().flat_map(|list| list.split(' '));
    let items: Option<Vec<(i32, Id)>> = items.map(read).collect();
    let mut items = items.ok_or_else(|| Error::internal("what was read is no list of ids"))?;
    items.sort_unstable_by_key(|(position, _)| *position);
    Ok(items.into_iter().map(|(_, id)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_positions() {
        let [a, b] = [1, 2].map(|byte| Id::from_bytes([byte; 16]));
        let hex = |id: Id| id.to_string().replace('-', "");
        let list = format!("{}10 {}9", hex(a), hex(b).to_uppercase());
        assert_eq!(ids_in_order(Some(&list)).unwrap(), [b, a]);
        assert_eq!(ids_in_order(None).unwrap(), []);
        for wrong in ["", "0102", &hex(a), &format!("{} 1", hex(a))] {
            assert!(ids_in_order(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
