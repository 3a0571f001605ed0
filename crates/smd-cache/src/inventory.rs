//! STUB of the contract: typed inventory (wire → typed, bad rows → `Rejected`). Helper `smd-cache` replaces it.

/// Everything that was read in one poll, typed.
#[derive(Debug, Default, Clone)]
pub struct Inventory {}
