//! Replies of an upstream: passed on as they are, but for what is the client's own.

use super::{Manner, push_opt};
use crate::query::{HEADER, Header, Query};

/// Appends an upstream's reply under the client's id and question. One that is longer than the client takes is cut to
/// its question with TC, so that the client asks again over TCP.
///
/// `reply` must be a response to this question: its question section is as long as the query's.
pub fn relay(header: &Header, query: &Query<'_>, reply: &[u8], manner: &Manner<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(reply);
    out[start..start + 2].copy_from_slice(&header.id.to_be_bytes());
    let question_end = HEADER + query.question.len();
    if reply.len() >= question_end {
        out[start + HEADER..start + question_end].copy_from_slice(query.question);
    }
    if reply.len() > manner.limit(query.edns) {
        truncate(query, start, out);
    }
}

/// Cuts the reply that begins at `start` to its header and question, with TC, and an OPT record for a client with EDNS.
pub fn truncate(query: &Query<'_>, start: usize, out: &mut Vec<u8>) {
    out.truncate(start + HEADER + query.question.len());
    let reply = &mut out[start..];
    reply[2] |= 0x02;
    reply[4..HEADER].fill(0);
    reply[5] = 1;
    if let Some(edns) = query.edns {
        reply[HEADER - 1] = 1;
        let rcode = u16::from(reply[3] & 0xf);
        push_opt(out, rcode, edns.dnssec_ok, None, &[]);
    }
}
