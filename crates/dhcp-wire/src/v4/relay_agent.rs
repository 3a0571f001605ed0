//! Relay agent information (option 82, RFC 3046): echoed byte for byte, read for the few sub-options that steer us.

use std::borrow::Cow;
use std::net::Ipv4Addr;

/// Sub-option 5: the subnet of the client where giaddr is not in it (RFC 3527).
const LINK_SELECTION: u8 = 5;
/// Sub-option 19: the relay sends from another port than 67 and wants its answer there (RFC 8357).
const RELAY_SOURCE_PORT: u8 = 19;

/// The value of option 82.
#[derive(Debug, Clone)]
pub struct RelayAgentInfo<'a>(Cow<'a, [u8]>);

impl<'a> RelayAgentInfo<'a> {
    pub(super) fn new(value: Cow<'a, [u8]>) -> Self {
        Self(value)
    }

    /// The bytes to echo.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// An address in the client's subnet (sub-option 5).
    pub fn link_selection(&self) -> Option<Ipv4Addr> {
        self.sub_option(LINK_SELECTION)?.first_chunk().copied().map(Ipv4Addr::from)
    }

    /// The answer goes to the port that the request came from (sub-option 19).
    pub fn wants_source_port(&self) -> bool {
        self.sub_option(RELAY_SOURCE_PORT).is_some()
    }

    /// The first sub-option with this code; a malformed tail ends the search.
    fn sub_option(&self, code: u8) -> Option<&[u8]> {
        let mut rest = &*self.0;
        while let [found, length, after @ ..] = rest {
            let (value, next) = after.split_at_checked(usize::from(*length))?;
            if *found == code {
                return Some(value);
            }
            rest = next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_options_are_found_past_others_and_garbage_ends_the_search() {
        for (bytes, link, port) in [
            (&[1, 2, 9, 9, 5, 4, 10, 0, 0, 1, 19, 0][..], Some(Ipv4Addr::new(10, 0, 0, 1)), true),
            (&[1, 4, 0, 1], None, false),
            (&[5, 2, 10, 0], None, false),
            (&[19], None, false),
            (&[], None, false),
        ] {
            let info = RelayAgentInfo::new(Cow::Borrowed(bytes));
            assert_eq!((info.link_selection(), info.wants_source_port()), (link, port), "{bytes:?}");
            assert_eq!(info.as_bytes(), bytes);
        }
    }
}
