//! What is wrong with a sheet, and where.

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetFault {
    /// There is no header.
    #[error("no header")]
    NoHeader,
    /// A column is missing.
    #[error("this column is missing")]
    MissingColumn,
    /// A row has another number of cells than the header.
    #[error("{found} cells where the header has {expected}")]
    Ragged {
        /// So many.
        found: usize,
        /// And not so many.
        expected: usize,
    },
    /// A cell is empty that must not be.
    #[error("empty")]
    Empty,
    /// A cell is no date.
    #[error("{0:?} is no date")]
    NoDate(String),
    /// Day and month could be either way round, and no row says which.
    #[error("{0:?} could be two dates; write dates as YYYY-MM-DD")]
    AmbiguousDate(String),
    /// A cell is no number.
    #[error("{0:?} is no number")]
    NoNumber(String),
    /// A cell names no service item.
    #[error("{0:?} is no service item")]
    NoItem(String),
    /// A text is longer than is kept.
    #[error("longer than {0} characters")]
    TooLong(usize),
}

/// What is wrong, and in which row and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {column}: {fault}")]
pub struct SheetError {
    /// The row, the header being 1.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// What is wrong there.
    pub fault: SheetFault,
}
