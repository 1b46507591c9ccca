//! Lists of columns whose text is made when the program is compiled. Diesel walks through a query twice whenever it is sent,
//! and stops at the name of each column, though the prepared statement is there: for the nineteen columns of an article that
//! was a sixth of the instructions of a read.

/// `columns!(Name of table: column, …)` makes an expression `Name` of these columns of one table, to be selected as the tuple
/// of them would be.
macro_rules! columns {
    ($visible:vis $name:ident of $table:ident: $($column:ident),+ $(,)?) => {
        $crate::db::fixed!(
            $visible $name: ($(<$table::$column as diesel::Expression>::SqlType,)+),
            of [$($table::$column),+],
            $crate::db::columns!(@text "`", $table: $($column),+),
            $crate::db::columns!(@text "\"", $table: $($column),+)
        );
    };
    (@text $quote:literal, $table:ident: $first:ident $(, $more:ident)*) => {
        concat!(
            $quote, stringify!($table), $quote, ".", $quote, stringify!($first), $quote,
            $(", ", $quote, stringify!($table), $quote, ".", $quote, stringify!($more), $quote,)*
        )
    };
}

pub(crate) use columns;

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::query_builder::QueryFragment;
    use diesel::{debug_query, pg::Pg, sqlite::Sqlite};

    use crate::db::schema::tags;

    columns!(Shown of tags: id, slug, name);

    /// What both databases are asked.
    fn texts<Q: QueryFragment<Sqlite> + QueryFragment<Pg>>(query: &Q) -> [String; 2] {
        [
            debug_query::<Sqlite, _>(query).to_string(),
            debug_query::<Pg, _>(query).to_string(),
        ]
    }

    #[test]
    fn the_text_is_that_of_the_tuple() {
        let tuple = tags::table.select((tags::id, tags::slug, tags::name));
        assert_eq!(texts(&tags::table.select(Shown)), texts(&tuple));
    }
}
