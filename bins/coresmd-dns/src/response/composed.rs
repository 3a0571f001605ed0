//! Replies made of records: hickory-proto encodes them.

use hickory_proto::ProtoError;
use hickory_proto::rr::{Name, Record};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder, NameEncoding};

use super::{Flags, Manner, OPT_LENGTH, OUR_UDP, Transport, push_header, push_opt};
use crate::plugins::Composed;
use crate::query::{HEADER, Header, Query};
use crate::wire::Rcode;

/// Appends the reply that a directive has composed. As the original, names are written out where there is room for
/// them, and compressed where there is not; what does not fit even then loses the additional section, and then all
/// records to TC (RFC 2181 §9).
pub fn encode_composed(
    header: &Header,
    query: &Query<'_>,
    composed: &Composed,
    manner: &Manner<'_>,
    out: &mut Vec<u8>,
) {
    let limit = manner.limit(query.edns);
    let plain = match manner.transport {
        Transport::Udp => limit.min(usize::from(OUR_UDP)),
        Transport::Tcp => limit,
    };
    let truncated = Flags { authoritative: composed.authoritative, truncated: true };
    let whole = Flags { truncated: false, ..truncated };
    let all = [&composed.answers[..], &composed.authorities, &composed.additionals];
    let [answers, authorities, _] = all;
    let attempts = [
        (all, whole, NameEncoding::Uncompressed, plain),
        (all, whole, NameEncoding::Compressed, limit),
        ([answers, authorities, &[]], whole, NameEncoding::Compressed, limit),
        ([&[], &[], &[]], truncated, NameEncoding::Compressed, limit),
    ];
    let mut reply = Vec::with_capacity(PLAIN_CAPACITY);
    for (sections, flags, names, limit) in attempts {
        reply.clear();
        let written = write(header, query, composed, (sections, flags, names), manner, &mut reply);
        if written.is_ok() && reply.len() <= limit {
            out.extend_from_slice(&reply);
            return;
        }
    }
    // a record that cannot be written, or options that fit nowhere: the directive's fault, and the client must know
    reply.clear();
    push_header(
        &mut reply,
        header,
        Flags { authoritative: false, truncated: false },
        Rcode::ServFail.into(),
        [1, 0, 0, 0],
    );
    reply.extend_from_slice(query.question);
    out.extend_from_slice(&reply);
}

/// What goes into a reply, with which flags, and how names are written.
type Attempt<'c> = ([&'c [Record]; 3], Flags, NameEncoding);

fn write(
    header: &Header,
    query: &Query<'_>,
    composed: &Composed,
    (sections, flags, names): Attempt<'_>,
    manner: &Manner<'_>,
    reply: &mut Vec<u8>,
) -> Result<(), ProtoError> {
    let [answers, authorities, additionals] = sections.map(|records| records.len() as u16);
    let counts = [1, answers, authorities, additionals + u16::from(query.edns.is_some())];
    push_header(reply, header, flags, composed.rcode, counts);
    let mut encoder = BinEncoder::with_offset(reply, HEADER as u32);
    encoder.set_max_size(u16::MAX - OPT_LENGTH as u16);
    encoder.set_name_encoding(names);
    let question = Name::read(&mut BinDecoder::new(query.name()))?;
    question.emit(&mut encoder)?;
    encoder.emit_vec(&query.question[query.name().len()..])?;
    for record in sections.into_iter().flatten() {
        if matches!(names, NameEncoding::Compressed) && record.name == question {
            emit_about_question(record, &mut encoder)?;
        } else {
            record.emit(&mut encoder)?;
        }
    }
    if let Some(edns) = query.edns {
        push_opt(reply, composed.rcode, edns.dnssec_ok, manner.nsid_for(edns), &composed.options);
    }
    Ok(())
}

/// Emits a record about the name of the question, which begins behind the header. hickory-proto compresses so many names
/// of a message and no more, and most records of a large answer have this owner.
fn emit_about_question(record: &Record, encoder: &mut BinEncoder<'_>) -> Result<(), ProtoError> {
    encoder.emit_u16(0xc000 | HEADER as u16)?;
    record.record_type().emit(encoder)?;
    record.dns_class.emit(encoder)?;
    encoder.emit_u32(record.ttl)?;
    let length = encoder.place::<u16>()?;
    record.data.emit(encoder)?;
    let octets = encoder.len_since_place(&length) as u16;
    encoder.emit_at(length, octets)
}

/// Octets that most replies fit in.
const PLAIN_CAPACITY: usize = 512;

#[cfg(test)]
mod tests;
