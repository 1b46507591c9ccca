//! Lists of columns whose text is made when the program is compiled. Diesel walks through a query twice whenever it is sent,
//! and stops at the name of each column, though the prepared statement is there: for the nineteen columns of an article that
//! was a sixth of the instructions of a read.

/// `columns!(Name of table: column, …)` makes an expression `Name` of these columns of one table, to be selected as the tuple
/// of them would be.
macro_rules! columns {
    ($visible:vis $name:ident of $table:ident: $first:ident $(, $more:ident)* $(,)?) => {
        #[derive(Debug, Clone, Copy, diesel::query_builder::QueryId)]
        $visible struct $name;

        impl diesel::Expression for $name {
            type SqlType = (
                <$table::$first as diesel::Expression>::SqlType,
                $(<$table::$more as diesel::Expression>::SqlType,)*
            );
        }

        impl<QS> diesel::AppearsOnTable<QS> for $name
        where
            $table::$first: diesel::AppearsOnTable<QS>,
            $($table::$more: diesel::AppearsOnTable<QS>,)*
        {
        }

        impl<QS> diesel::SelectableExpression<QS> for $name
        where
            $table::$first: diesel::SelectableExpression<QS>,
            $($table::$more: diesel::SelectableExpression<QS>,)*
        {
        }

        impl diesel::expression::ValidGrouping<()> for $name {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }

        $crate::db::columns!(@text $name, diesel::sqlite::Sqlite, "`", $table: $first $(, $more)*);
        $crate::db::columns!(@text $name, diesel::pg::Pg, "\"", $table: $first $(, $more)*);
    };
    (@text $name:ident, $database:ty, $quote:literal, $table:ident: $first:ident $(, $more:ident)*) => {
        impl diesel::query_builder::QueryFragment<$database> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, $database>,
            ) -> diesel::QueryResult<()> {
                out.push_sql(concat!(
                    $quote, stringify!($table), $quote, ".", $quote, stringify!($first), $quote,
                    $(", ", $quote, stringify!($table), $quote, ".", $quote, stringify!($more), $quote,)*
                ));
                Ok(())
            }
        }
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
