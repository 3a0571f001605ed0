//! Records out of octets: what the directives that compose their answers hand to the corridor.
//!
//! RFC 1035 §3.2.1 (the form), RFC 3597 §3–4 (only the types of RFC 1035 may have compressed names in their data, and
//! a server passes on what it does not know). Data whose names may be compressed, and addresses, which others want to
//! see, become typed; the data of every other type stays as it was written, octet for octet.

use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, Restrict};

use crate::wire::Rtype;

/// Types whose data hickory knows and gives back as it was.
const TYPED: [u16; 9] = [1, 2, 5, 6, 12, 15, 16, 28, 33];

/// A record of class IN. `owner` is a checked name in wire form; `rdata` is data of the type, its names uncompressed.
pub(crate) fn record(owner: &[u8], rtype: Rtype, ttl: u32, rdata: &[u8]) -> Record {
    Record::from_rdata(name(owner), ttl, data(rtype, rdata))
}

/// A name in hickory's form. `wire` is a checked name in wire form.
pub(crate) fn name(wire: &[u8]) -> Name {
    Name::read(&mut BinDecoder::new(wire)).expect("a checked name has labels of at most 63 octets and fits 255")
}

/// A name in wire form, lower case: as names are looked up.
pub(crate) fn lower_wire(name: &Name) -> Vec<u8> {
    let mut wire = Vec::with_capacity(name.len() + 1);
    for label in name {
        wire.push(label.len() as u8);
        wire.extend(label.iter().map(u8::to_ascii_lowercase));
    }
    wire.push(0);
    wire
}

/// The type of a record.
pub(crate) fn rtype(record: &Record) -> Rtype {
    Rtype(record.record_type().into())
}

fn data(rtype: Rtype, rdata: &[u8]) -> RData {
    let code = RecordType::from(rtype.0);
    if TYPED.contains(&rtype.0)
        && let Ok(typed) = RData::read(&mut BinDecoder::new(rdata), code, Restrict::new(rdata.len() as u16))
    {
        return typed;
    }
    // `NULL::with` is for data that there is
    let rdata = if rdata.is_empty() { NULL::new() } else { NULL::with(rdata.to_vec()) };
    RData::Unknown { code, rdata }
}

#[cfg(test)]
mod tests {
    use hickory_proto::serialize::binary::BinEncodable;

    use super::*;

    #[test]
    fn data_goes_out_as_it_came_in() {
        for (rtype, rdata) in [
            (1, &[10, 0, 0, 1][..]),
            (5, b"\x03www\x00"),
            (15, b"\x00\x0a\x04MaiL\x00"),
            (16, b"\x00\x03\xff\x00\x22"),
            (33, b"\x00\x00\x00\x05\x1a\xa1\x00"),
            (39, b"\x03New\x00"),
            (257, b"\x80\x05issueca.example"),
            (65_280, b""),
            // data that is none of its type
            (1, &[10, 0, 0]),
        ] {
            let octets = record(b"\x01N\0", Rtype(rtype), 7, rdata).to_bytes().unwrap();
            let mut expected = b"\x01N\0".to_vec();
            expected.extend_from_slice(&rtype.to_be_bytes());
            expected.extend_from_slice(&[0, 1, 0, 0, 0, 7, 0, rdata.len() as u8]);
            expected.extend_from_slice(rdata);
            assert_eq!(octets, expected, "type {rtype}");
        }
    }

    #[test]
    fn names_keep_their_case_and_are_looked_up_without_it() {
        let name = name(b"\x03WwW\x07Example\0");
        assert_eq!(name.to_string(), "WwW.Example.");
        assert_eq!(lower_wire(&name), b"\x03www\x07example\0");
    }
}
