//! Ids in one column, and how they are put together of rows that hold one each.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;

use crate::id::Id;

/// Ids in their order, as they stand in one column: 16 bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct IdList(Vec<u8>);

impl IdList {
    /// The list of these.
    #[must_use]
    pub fn of(ids: &[Id]) -> Self {
        Self(ids.iter().flat_map(Id::as_bytes).copied().collect())
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len() / size_of::<Id>()
    }

    /// Those in it.
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        let (ids, _) = self.0.as_chunks();
        ids.iter().copied().map(Id::from_bytes)
    }
}

impl<DB> ToSql<Binary, DB> for IdList
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB> FromSql<Binary, DB> for IdList
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(value)?;
        if !bytes.len().is_multiple_of(size_of::<Id>()) {
            return Err(format!("a list of ids of {} bytes", bytes.len()).into());
        }
        Ok(Self(bytes))
    }
}

/// `id_list!(Name of join: column, key = table::id)` makes an expression `Name`, to be read as an [`IdList`]: what `column` holds
/// in the rows of `join` whose `key` is the `id` of the `table` row at hand, by their `position`.
macro_rules! id_list {
    ($visible:vis $name:ident of $join:ident: $column:ident, $key:ident = $table:ident::$id:ident) => {
        // There are such columns, of whose names the text is made.
        const _: ($join::$column, $join::$key, $join::position) = ($join::$column, $join::$key, $join::position);

        $crate::db::fixed!(
            $visible $name: diesel::sql_types::Binary,
            of [$table::$id],
            $crate::db::id_list!(@text "unhex(group_concat(hex(", "), '' ORDER BY ", "))", "x''", $join, $column, $key, $table, $id),
            $crate::db::id_list!(@text "string_agg(", ", '' ORDER BY ", ")", "''", $join, $column, $key, $table, $id)
        );
    };
    (
        @text $before:literal, $order:literal, $after:literal, $nothing:literal,
        $join:ident, $column:ident, $key:ident, $table:ident, $id:ident
    ) => {
        concat!(
            "coalesce((SELECT ", $before, stringify!($join), ".", stringify!($column), $order, stringify!($join), ".position",
            $after, " FROM ", stringify!($join), " WHERE ", stringify!($join), ".", stringify!($key), " = ",
            stringify!($table), ".", stringify!($id), "), ", $nothing, ")",
        )
    };
}

pub(crate) use id_list;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_ids_in_their_order() {
        let [a, b] = [2, 1].map(|byte| Id::from_bytes([byte; 16]));
        for ids in [vec![], vec![a], vec![a, b]] {
            let list = IdList::of(&ids);
            assert_eq!(list.0.len(), 16 * ids.len());
            assert_eq!(list.ids().collect::<Vec<_>>(), ids);
        }
    }
}
