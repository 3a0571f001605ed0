//! Options on the wire (RFC 8415 §21.1): a code and a length of two octets each, then the value.

use std::net::Ipv6Addr;

use dhcproto::v6::{OptionCode, Status};

use super::duid::Duid;
use super::name::{self, NameError};
use super::validate::DecodeError;

/// The options of a received message, of an IA or of a relay's level, where they stand.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a>(pub(super) &'a [u8]);

impl<'a> Walk<'a> {
    /// The value of the first option with this code. For options that were checked when the message was decoded.
    pub(super) fn first(&self, code: OptionCode) -> Option<&'a [u8]> {
        self.all(code).next()
    }

    /// The values of all options with this code.
    pub(super) fn all(&self, code: OptionCode) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let code = u16::from(code);
        self.clone().map_while(Result::ok).filter(move |(found, _)| *found == code).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<(u16, &'a [u8]), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((&[c1, c2, l1, l2], rest)) = self.0.split_first_chunk() else {
            self.0 = &[];
            return Some(Err(DecodeError::Remainder));
        };
        let (code, length) = (u16::from_be_bytes([c1, c2]), u16::from_be_bytes([l1, l2]));
        let Some((value, rest)) = rest.split_at_checked(usize::from(length)) else {
            self.0 = &[];
            return Some(Err(DecodeError::Overrun(code)));
        };
        self.0 = rest;
        Some(Ok((code, value)))
    }
}

/// Options to send, in the order in which they were pushed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    bytes: Vec<u8>,
    /// A value found no room in the 16 bits of its length.
    too_long: bool,
}

impl Options {
    /// No options yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an option. A value longer than 65,535 octets makes the message one that cannot be encoded.
    pub fn push(&mut self, code: OptionCode, value: &[u8]) {
        self.push_with(code, |options| options.bytes.extend_from_slice(value));
    }

    /// Adds a client or server identifier (options 1 and 2).
    pub fn push_duid(&mut self, code: OptionCode, duid: &Duid) {
        self.push(code, duid.as_bytes());
    }

    /// Adds a list of addresses (option 23 and its like).
    pub fn push_addresses(&mut self, code: OptionCode, addresses: &[Ipv6Addr]) {
        self.push_with(code, |options| options.bytes.extend(addresses.iter().flat_map(Ipv6Addr::octets)));
    }

    /// Adds a list of codes (option 6).
    pub fn push_codes(&mut self, code: OptionCode, codes: &[OptionCode]) {
        self.push_with(code, |options| {
            options.bytes.extend(codes.iter().flat_map(|code| u16::from(*code).to_be_bytes()));
        });
    }

    /// Adds an `IA_NA` (3) or `IA_PD` (25) with what `inner` puts into it (RFC 8415 §21.4, §21.21). Times in seconds.
    pub fn push_ia(&mut self, code: OptionCode, iaid: u32, t1: u32, t2: u32, inner: impl FnOnce(&mut Self)) {
        self.push_with(code, |options| {
            options.bytes.extend([iaid, t1, t2].into_iter().flat_map(u32::to_be_bytes));
            inner(options);
        });
    }

    /// Adds an `IA_TA` (option 4) with what `inner` puts into it (RFC 8415 §21.5).
    pub fn push_ia_ta(&mut self, iaid: u32, inner: impl FnOnce(&mut Self)) {
        self.push_with(OptionCode::IATA, |options| {
            options.bytes.extend(iaid.to_be_bytes());
            inner(options);
        });
    }

    /// Adds an address (option 5), valid and preferred for this many seconds.
    pub fn push_ia_address(&mut self, address: Ipv6Addr, preferred: u32, valid: u32) {
        self.push_with(OptionCode::IAAddr, |options| {
            options.bytes.extend(address.octets());
            options.bytes.extend([preferred, valid].into_iter().flat_map(u32::to_be_bytes));
        });
    }

    /// Adds a delegated prefix (option 26), valid and preferred for this many seconds.
    pub fn push_ia_prefix(&mut self, prefix: Ipv6Addr, length: u8, preferred: u32, valid: u32) {
        self.push_with(OptionCode::IAPrefix, |options| {
            options.bytes.extend([preferred, valid].into_iter().flat_map(u32::to_be_bytes));
            options.bytes.push(length);
            options.bytes.extend(prefix.octets());
        });
    }

    /// Adds a status (option 13) with a text for humans, which may be empty.
    pub fn push_status(&mut self, status: Status, message: &str) {
        self.push_with(OptionCode::StatusCode, |options| {
            options.bytes.extend(u16::from(status).to_be_bytes());
            options.bytes.extend(message.bytes());
        });
    }

    /// Adds the name of the client (option 39, RFC 4704 §4). One without a dot is partial: no root label ends it.
    pub fn push_client_fqdn(&mut self, flags: u8, name: &str) -> Result<(), NameError> {
        let mut wire = name::domain_name(name)?;
        if !name.contains('.') {
            wire.pop();
        }
        self.push_with(OptionCode::ClientFqdn, |options| {
            options.bytes.push(flags);
            options.bytes.extend(wire);
        });
        Ok(())
    }

    /// Adds boot file parameters (option 60), each behind its length (RFC 5970 §3.2).
    pub fn push_boot_file_parameters<'p>(&mut self, parameters: impl IntoIterator<Item = &'p [u8]>) {
        self.push_with(OptionCode::OptBootfileParam, |options| options.items(parameters));
    }

    /// Adds user classes (option 15), each behind its length (RFC 8415 §21.15).
    pub fn push_user_class<'c>(&mut self, classes: impl IntoIterator<Item = &'c [u8]>) {
        self.push_with(OptionCode::UserClass, |options| options.items(classes));
    }

    /// Adds a vendor class (option 16), each item behind its length (RFC 8415 §21.16).
    pub fn push_vendor_class<'c>(&mut self, enterprise: u32, classes: impl IntoIterator<Item = &'c [u8]>) {
        self.push_with(OptionCode::VendorClass, |options| {
            options.bytes.extend(enterprise.to_be_bytes());
            options.items(classes);
        });
    }

    /// Adds all of these behind those that are there.
    pub fn append(&mut self, others: &Self) {
        self.bytes.extend_from_slice(&others.bytes);
        self.too_long |= others.too_long;
    }

    /// The options on the wire; `None` if a value was too long.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        (!self.too_long).then_some(&self.bytes)
    }

    /// Appends values, each behind a length of two octets.
    fn items<'i>(&mut self, items: impl IntoIterator<Item = &'i [u8]>) {
        for item in items {
            self.with_length(|options| options.bytes.extend_from_slice(item));
        }
    }

    fn push_with(&mut self, code: OptionCode, value: impl FnOnce(&mut Self)) {
        self.bytes.extend(u16::from(code).to_be_bytes());
        self.with_length(value);
    }

    /// Appends what `value` appends, behind its length.
    fn with_length(&mut self, value: impl FnOnce(&mut Self)) {
        let start = self.bytes.len() + 2;
        self.bytes.extend([0, 0]);
        value(self);
        match u16::try_from(self.bytes.len() - start) {
            Ok(length) => self.bytes[start - 2..start].copy_from_slice(&length.to_be_bytes()),
            Err(_) => self.too_long = true,
        }
    }
}
