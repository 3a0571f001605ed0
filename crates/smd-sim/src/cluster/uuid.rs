//! UUIDs that are always the same for the same text: a simulator has no use for chance.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A UUID in the form of version 4.
pub(crate) fn of(text: &str) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, text).hash(&mut hasher);
        hasher.finish()
    };
    let (high, low) = (half(0), half(1));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_the_same_uuid_and_another_text_another() {
        let uuid = of("x1000c0s0b0n0");
        assert_eq!(uuid, of("x1000c0s0b0n0"));
        assert_ne!(uuid, of("x1000c0s0b0n1"));
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
