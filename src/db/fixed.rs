//! Expressions whose text is made when the program is compiled.

/// `fixed!(Name: SqlType, of [table::column, …], text for SQLite, text for PostgreSQL)` makes an expression `Name`. It may be
/// selected wherever these columns may.
macro_rules! fixed {
    ($visible:vis $name:ident: $sql_type:ty, of [$($column:ty),*], $sqlite:expr, $pg:expr) => {
        #[derive(Debug, Clone, Copy, diesel::query_builder::QueryId)]
        $visible struct $name;

        impl diesel::Expression for $name {
            type SqlType = $sql_type;
        }

        impl<QS> diesel::AppearsOnTable<QS> for $name where $($column: diesel::AppearsOnTable<QS>,)* {}

        impl<QS> diesel::SelectableExpression<QS> for $name
        where
            $($column: diesel::SelectableExpression<QS>,)*
        {
        }

        impl diesel::expression::ValidGrouping<()> for $name {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }

        $crate::db::fixed!(@text $name, diesel::sqlite::Sqlite, $sqlite);
        $crate::db::fixed!(@text $name, diesel::pg::Pg, $pg);
    };
    (@text $name:ident, $database:ty, $text:expr) => {
        impl diesel::query_builder::QueryFragment<$database> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, $database>,
            ) -> diesel::QueryResult<()> {
                out.push_sql($text);
                Ok(())
            }
        }
    };
}

pub(crate) use fixed;
