//! The way through a message: names and records, stepped over with no trust and no copy (RFC 1035 §4.1). No name is
//! followed; only its length counts.

use crate::name::MAX_NAME;
use crate::wire::Rtype;

/// A place in a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'m> {
    pub(crate) message: &'m [u8],
    pub(crate) at: usize,
}

/// A record, but for its owner's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'m> {
    pub(crate) owner: Owner,
    pub(crate) rtype: Rtype,
    pub(crate) class: u16,
    pub(crate) ttl: u32,
    /// Where the TTL stands in the message.
    pub(crate) ttl_at: usize,
    pub(crate) rdata: &'m [u8],
}

/// How a name ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// At once: it is the root, written plainly.
    Root,
    /// With its last label.
    Plain,
    /// With a pointer to this octet; the name itself began at the second one.
    Pointer(usize, usize),
}

/// Why there is no way on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Astray {
    /// It leads out of the message.
    Bounds,
    /// A label with the reserved bits, or a name of more than 255 octets.
    Name,
}

impl<'m> Walk<'m> {
    /// Steps over one record.
    pub(crate) fn record(&mut self) -> Result<Record<'m>, Astray> {
        let owner = self.name()?;
        let ttl_at = self.at + 4;
        let fixed: &[u8; 10] = self.take(10)?.try_into().map_err(|_| Astray::Bounds)?;
        let [t1, t0, c1, c0, ttl3, ttl2, ttl1, ttl0, l1, l0] = *fixed;
        Ok(Record {
            owner,
            rtype: Rtype(u16::from_be_bytes([t1, t0])),
            class: u16::from_be_bytes([c1, c0]),
            ttl: u32::from_be_bytes([ttl3, ttl2, ttl1, ttl0]),
            ttl_at,
            rdata: self.take(usize::from(u16::from_be_bytes([l1, l0])))?,
        })
    }

    /// Steps over a name, compressed or not.
    fn name(&mut self) -> Result<Owner, Astray> {
        let start = self.at;
        loop {
            match self.take(1)?[0] {
                0 if self.at == start + 1 => return Ok(Owner::Root),
                0 => return Ok(Owner::Plain),
                length @ 1..=63 => _ = self.take(usize::from(length))?,
                high @ 0xc0.. => {
                    let to = u16::from_be_bytes([high & 0x3f, self.take(1)?[0]]);
                    return Ok(Owner::Pointer(to.into(), start));
                }
                _ => return Err(Astray::Name),
            }
            if self.at - start > MAX_NAME {
                return Err(Astray::Name);
            }
        }
    }

    fn take(&mut self, octets: usize) -> Result<&'m [u8], Astray> {
        let taken = self.message.get(self.at..self.at + octets).ok_or(Astray::Bounds)?;
        self.at += octets;
        Ok(taken)
    }
}
