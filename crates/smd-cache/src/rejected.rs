//! STUB of the contract: rows that cannot be served and why. Helper `smd-cache` completes the reasons.

/// A row that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The row, named so that an operator finds it: collection, ID and the value at fault.
    pub row: String,
    /// Why.
    pub reason: RejectReason,
}

/// Why a row was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectReason {
    /// The MAC cannot be read.
    Mac,
}
