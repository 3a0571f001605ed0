//! Xnames: SMD's geographic component names (`x1000c0s0b0n0`), parsed where a component ID is one.
//!
//! Source: hms-xname's patterns, facts: smd-bss §3. STUB by the architect: helper `smd-cache` replaces the body.

/// A parsed xname, its letters lower-cased and leading zeros of its numbers stripped (SMD's normal form).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xname(Vec<(&'static str, u32)>);

impl Xname {
    /// The xname that `text` spells, `None` where it is none.
    pub fn parse(_text: &str) -> Option<Self> {
        None
    }

    /// The xname one level up: `x1000c0s0b0` of `x1000c0s0b0n0`.
    pub fn parent(&self) -> Option<Self> {
        None
    }
}
