//! Whether a message can be read at all: checked once, in loops of fixed depth, so that every accessor may rely on it.
//!
//! Only options that are read somewhere are looked into; all others are opaque, whatever they hold.

use dhcproto::v6::OptionCode;
use thiserror::Error;

use super::duid::Duid;
use super::name;
use super::options::Walk;

/// Why a datagram is no DHCPv6 message. The sender is to blame for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The header does not fit.
    #[error("{0} octets are too short for a DHCPv6 message")]
    Short(usize),
    /// More than UDP can carry.
    #[error("{0} octets are more than a datagram holds")]
    Long(usize),
    /// It has passed more relays than RFC 8415 allows.
    #[error("more than 8 hops")]
    Hops,
    /// A relay's level holds no message (option 9).
    #[error("a relay's message holds no message")]
    NoRelayMessage,
    /// An option is longer than what is left.
    #[error("option {0} is longer than the message")]
    Overrun(u16),
    /// Less than an option's header is left.
    #[error("one to three octets behind the last option")]
    Remainder,
    /// An option holds what it cannot hold.
    #[error("option {0} is malformed")]
    Malformed(u16),
}

/// Checks the options of a client's or server's message.
pub(super) fn message(options: &[u8]) -> Result<(), DecodeError> {
    check(options, |code, value| match code {
        OptionCode::ClientId | OptionCode::ServerId => Duid::new(value).is_ok(),
        OptionCode::ORO => value.len().is_multiple_of(2),
        OptionCode::Preference => value.len() == 1,
        OptionCode::ElapsedTime => value.len() == 2,
        OptionCode::StatusCode => value.len() >= 2,
        OptionCode::RapidCommit => value.is_empty(),
        OptionCode::UserClass => items(value),
        OptionCode::VendorClass => value.get(4..).is_some_and(items),
        OptionCode::ClientFqdn => value.get(1..).is_some_and(|name| name::text(name).is_some()),
        OptionCode::ClientArchType => !value.is_empty() && value.len().is_multiple_of(2),
        OptionCode::Nii => value.len() == 3,
        _ => true,
    })?;
    for (code, value) in Walk(options).map_while(Result::ok) {
        let header = match OptionCode::from(code) {
            OptionCode::IANA | OptionCode::IAPD => 12,
            OptionCode::IATA => 4,
            _ => continue,
        };
        identity_association(value.get(header..).ok_or(DecodeError::Malformed(code))?)?;
    }
    Ok(())
}

/// Checks the options of a relay's level.
pub(super) fn relay(options: &[u8]) -> Result<(), DecodeError> {
    check(options, |code, value| match code {
        OptionCode::RemoteId => value.len() >= 4,
        OptionCode::RelayPort => value.len() == 2,
        OptionCode::ClientLinklayerAddr => value.len() > 2,
        _ => true,
    })
}

/// Checks the options of an IA, and of its addresses and prefixes.
fn identity_association(options: &[u8]) -> Result<(), DecodeError> {
    check(options, |code, value| match code {
        OptionCode::IAPrefix => value.get(8).is_some_and(|length| *length <= 128),
        OptionCode::StatusCode => value.len() >= 2,
        _ => true,
    })?;
    for (code, value) in Walk(options).map_while(Result::ok) {
        let header = match OptionCode::from(code) {
            OptionCode::IAAddr => 24,
            OptionCode::IAPrefix => 25,
            _ => continue,
        };
        let inner = value.get(header..).ok_or(DecodeError::Malformed(code))?;
        check(inner, |code, value| code != OptionCode::StatusCode || value.len() >= 2)?;
    }
    Ok(())
}

fn check(options: &[u8], is_sound: impl Fn(OptionCode, &[u8]) -> bool) -> Result<(), DecodeError> {
    for option in Walk(options) {
        let (code, value) = option?;
        if !is_sound(OptionCode::from(code), value) {
            return Err(DecodeError::Malformed(code));
        }
    }
    Ok(())
}

/// Whether these are values behind lengths of two octets, to the end.
fn items(value: &[u8]) -> bool {
    super::received::Items(value).all(|item| item.is_some())
}
