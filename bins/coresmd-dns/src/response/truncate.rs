//! Replies that are cut to their question.

use super::push_opt;
use crate::query::{HEADER, Query};

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
