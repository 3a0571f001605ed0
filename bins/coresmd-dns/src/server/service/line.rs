//! How the lines of `log` and `errors` look (facts, coredhcp-coredns §B5).

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use crate::config::{Classes, Field, Part};
use crate::handle::{Answered, Exchange};
use crate::plugins::rate_limit::Kind;
use crate::response::Transport;
use crate::wire::{Class, RcodeName};

/// Whether a reply is one of those that are logged.
pub(super) fn class_of(reply: &[u8], classes: Classes) -> bool {
    match Kind::of(reply) {
        Kind::Response | Kind::Referral => classes.success,
        Kind::NoData | Kind::NxDomain => classes.denial,
        Kind::Error => classes.error,
    }
}

/// The line about a query.
pub(super) fn log_line(
    format: &[Part],
    exchange: &Exchange<'_>,
    answered: &Answered<'_>,
    reply: &[u8],
    duration: Duration,
) -> String {
    let mut line = String::from("[INFO] ");
    for part in format {
        match part {
            Part::Text(text) => line.push_str(text),
            Part::Field(field) => {
                push_field(&mut line, *field, exchange, answered, reply, duration).expect("a String takes any text");
            }
        }
    }
    line.push('\n');
    line
}

fn push_field(
    line: &mut String,
    field: Field,
    exchange: &Exchange<'_>,
    answered: &Answered<'_>,
    reply: &[u8],
    duration: Duration,
) -> std::fmt::Result {
    let query = &answered.query;
    let udp = exchange.transport == Transport::Udp;
    match field {
        Field::Type => write!(line, "{}", query.qtype),
        Field::Class => write!(line, "{}", Class(query.class)),
        Field::Name => write!(line, "{}", query.lower_name()),
        Field::Proto => line.write_str(if udp { "udp" } else { "tcp" }),
        Field::Size => write!(line, "{}", exchange.message.len()),
        Field::Remote => match exchange.client.ip() {
            IpAddr::V4(ip) => write!(line, "{ip}"),
            IpAddr::V6(ip) => write!(line, "[{ip}]"),
        },
        Field::Port => write!(line, "{}", exchange.client.port()),
        Field::Rcode => write!(line, "{}", RcodeName(answered.rcode)),
        Field::ResponseSize => write!(line, "{}", reply.len()),
        Field::Duration => write!(line, "{}s", duration.as_secs_f64()),
        Field::Id => write!(line, "{}", answered.header.id),
        Field::Opcode => write!(line, "{}", answered.header.opcode),
        Field::Do => write!(line, "{}", query.edns.is_some_and(|edns| edns.dnssec_ok)),
        Field::BufferSize => {
            let size = query.edns.map_or(512, |edns| edns.udp_size.max(512));
            write!(line, "{}", if udp { size } else { u16::MAX })
        }
        Field::ResponseFlags => line.write_str(&flags(reply)),
    }
}

/// The flags of a reply, as CoreDNS lists them.
fn flags(reply: &[u8]) -> String {
    let bits = reply.get(2..4).map_or(0, |octets| u16::from_be_bytes([octets[0], octets[1]]));
    let names = [
        (0x8000, "qr"),
        (0x0400, "aa"),
        (0x0200, "tc"),
        (0x0100, "rd"),
        (0x0080, "ra"),
        (0x0020, "ad"),
        (0x0010, "cd"),
    ];
    names.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
