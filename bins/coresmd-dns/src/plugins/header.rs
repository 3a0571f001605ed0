//! `header`: flags that are set or cleared whatever anybody says (facts, coredhcp-coredns §B5).

/// The flags word of a message's header (RFC 1035 §4.1.1), as far as the directive can change it.
pub mod flag {
    /// Authoritative answer.
    pub const AA: u16 = 0x0400;
    /// Recursion desired.
    pub const RD: u16 = 0x0100;
    /// Recursion available.
    pub const RA: u16 = 0x0080;
}

/// What is done to the flags of queries and of replies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Of a query, before anybody sees it.
    pub query: FlagRule,
    /// Of a reply, at the end.
    pub response: FlagRule,
}

/// Flags to set and flags to clear. No flag is both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlagRule {
    set: u16,
    clear: u16,
}

impl FlagRule {
    /// Also sets (`true`) or clears these flags; what was said before about them does not count any more.
    pub fn add(&mut self, flags: u16, state: bool) {
        let (to, from) = if state { (&mut self.set, &mut self.clear) } else { (&mut self.clear, &mut self.set) };
        *to |= flags;
        *from &= !flags;
    }

    /// Changes the flags of a message; one without flags stays as it is.
    pub fn apply(self, message: &mut [u8]) {
        if let Some([_, _, high, low]) = message.first_chunk_mut() {
            [*high, *low] = ((u16::from_be_bytes([*high, *low]) | self.set) & !self.clear).to_be_bytes();
        }
    }

    /// Whether a flag is set afterwards, that was `before`.
    pub fn decide(self, flag: u16, before: bool) -> bool {
        (before || self.set & flag != 0) && self.clear & flag == 0
    }

    /// Whether it changes nothing.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_set_and_cleared_and_the_last_word_counts() {
        let mut rule = FlagRule::default();
        assert!(rule.is_empty());
        rule.add(flag::AA | flag::RA, true);
        rule.add(flag::RD, false);
        rule.add(flag::AA, false);
        let mut message = [0, 7, 0x85, 0x03];
        rule.apply(&mut message);
        assert_eq!(message, [0, 7, 0x80, 0x83]);
        assert!(rule.decide(flag::RA, false) && !rule.decide(flag::AA, true) && !rule.decide(flag::RD, true));
        rule.apply(&mut [0, 7]);
    }
}
