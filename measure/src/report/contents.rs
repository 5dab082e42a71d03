//! The tables of a report, in their order.

use super::comparison;
use super::tables::{self, Table};
use crate::record::Record;

/// Every table that has something to say.
pub(super) fn tables(record: &Record) -> Vec<Table> {
    let mut tables = vec![
        tables::times(record),
        tables::throughput(record),
        tables::memory(record),
        tables::sizes(record),
        comparison::ratios(record),
        comparison::agreement(record),
    ];
    tables.retain(|table| !table.body.is_empty());
    tables
}
