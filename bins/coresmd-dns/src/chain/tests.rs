//! Whole messages through blocks with directives.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::catalog::Catalog;
use crate::catalog::tests::{snapshot, zones};
use crate::handle::{DropReason, Exchange, Handled, handle};
use crate::name::Name;
use crate::plugins::acl::{AccessList, Policy};
use crate::plugins::header::flag;
use crate::plugins::rate_limit::RateLimits;
use crate::query::tests::bytes;
use crate::view::{Block, Key, View};

/// `a.z A`, and the same with EDNS that asks for the server's name.
const QUERY: &str = "0007010000010000000000000161017a0000010001";
const QUERY_NSID: &str = "0007010000010000000000010161017a000001000100002904d000000000000400030000";

fn view(chain: Chain) -> View {
    View { keys: vec![Key { zone: Name::root(), block: 0 }], blocks: vec![Block::new(None, chain)] }
}

fn whoami() -> Chain {
    Chain { whoami: true, ..Chain::empty(Rcode::ServFail) }
}

/// What is said to a query from a client; without octets, why nothing is said.
#[expect(clippy::disallowed_methods, reason = "any instant will do; nothing is timed")]
fn said(view: &View, transport: Transport, client: &str, query: &str) -> Result<Vec<u8>, DropReason> {
    let message = bytes(query);
    let client: SocketAddr = client.parse().unwrap();
    let mut reply = Vec::new();
    let exchange = Exchange { transport, client, message: &message, now: Instant::now() + Duration::from_mins(1) };
    match handle(view, &exchange, &mut reply) {
        Handled::Dropped(reason) => Err(reason),
        _ => Ok(reply),
    }
}

fn rcode(reply: &[u8]) -> u8 {
    reply[3] & 0xf
}

#[test]
fn what_coresmd_lets_fall_through_is_for_the_next_directive_and_missing_without_one() {
    let mut plan = zones(&["z"]);
    let mut ask = |fallthrough: &[&str], chain| {
        plan.fallthrough = Some(fallthrough.iter().map(|zone| Name::parse(zone).unwrap()).collect());
        let catalog = Some(Arc::new(Catalog::build(&snapshot(&[]), &plan)));
        let block = Block::new(catalog, chain);
        let view = View { keys: vec![Key { zone: Name::root(), block: 0 }], blocks: vec![block] };
        let reply = said(&view, Transport::Udp, "10.0.0.1:9", QUERY).unwrap();
        (rcode(&reply), reply[9], reply[11])
    };
    assert_eq!(ask(&["z"], whoami()), (0, 0, 2), "whoami's two records");
    assert_eq!(ask(&["z"], Chain::empty(Rcode::ServFail)), (3, 1, 0), "NXDOMAIN with the SOA");
    assert_eq!(ask(&["b.z"], whoami()), (3, 1, 0), "another part of the zone");
    assert_eq!(ask(&[], whoami()), (3, 1, 0));
}

#[test]
fn acl_blocks_filters_and_drops_before_anybody_answers() {
    let policy = |action, net: &str| Policy { action, types: Vec::new(), nets: vec![net.parse().unwrap()] };
    let policies = vec![
        policy(Action::Block, "10.1.0.0/16"),
        policy(Action::Filter, "10.2.0.0/16"),
        policy(Action::Drop, "10.3.0.0/16"),
    ];
    let acl = Acl { lists: vec![AccessList { zones: vec![Name::root()], policies }] };
    let view = view(Chain { acl: Some(acl), ..whoami() });
    let ask = |client| said(&view, Transport::Udp, client, QUERY_NSID);
    // the extended errors Blocked and Filtered come with the OPT record (RFC 8914 §4.16, §4.18)
    for (client, code, extended_error) in [("10.1.0.1:9", 5, 15), ("10.2.0.1:9", 0, 17)] {
        let reply = ask(client).unwrap();
        assert_eq!((rcode(&reply), &reply[6..8]), (code, &[0, 0][..]), "{client}");
        assert!(reply.ends_with(&[0, 15, 0, 2, 0, extended_error]), "{client}");
    }
    assert_eq!(ask("10.3.0.1:9"), Err(DropReason::Access));
    assert_eq!(ask("10.4.0.1:9").unwrap()[11], 3, "two records of whoami and OPT");
    let counted = view.blocks[0].chain.access.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert_eq!(counted, [1, 1, 1, 1]);
}

#[test]
fn header_changes_the_flags_of_replies_and_what_is_desired() {
    let mut header = HeaderRules::default();
    header.response.add(flag::RA, true);
    header.response.add(flag::AA, false);
    header.query.add(flag::RD, false);
    let view = view(Chain { header, ..whoami() });
    let reply = said(&view, Transport::Udp, "10.0.0.1:9", QUERY).unwrap();
    assert_eq!(reply[2..4], [0x80, 0x80]);
}

#[test]
fn nsid_is_told_to_those_who_ask() {
    let view = view(Chain { nsid: Some(b"dns-1".to_vec()), ..whoami() });
    let reply = said(&view, Transport::Udp, "10.0.0.1:9", QUERY_NSID).unwrap();
    assert!(reply.ends_with(b"\x00\x09\x00\x03\x00\x05dns-1"), "{reply:?}");
    let silent = QUERY_NSID.replace("00000400030000", "00000400040000");
    let reply = said(&view, Transport::Udp, "10.0.0.1:9", &silent).unwrap();
    assert!(reply.ends_with(&[0, 0]), "{reply:?}");
}

#[test]
fn rrl_slips_and_drops_over_udp_alone() {
    let limits = RateLimits {
        window: Duration::from_secs(15),
        ipv4_prefix_length: 24,
        ipv6_prefix_length: 56,
        allowances: [1.0; Kind::COUNT],
        requests: 0.0,
        slip_ratio: 2,
        max_table_size: 1000,
        report_only: false,
    };
    let view = view(Chain { rate_limit: Some(RateLimit::new(limits)), ..whoami() });
    let ask = |transport| said(&view, transport, "10.0.0.1:9", QUERY_NSID);
    assert_eq!(ask(Transport::Udp).unwrap()[2] & 0x02, 0);
    assert_eq!(ask(Transport::Udp), Err(DropReason::RateLimit));
    let slipped = ask(Transport::Udp).unwrap();
    assert_eq!((slipped[2] & 0x02, slipped.len()), (0x02, 21 + 11));
    for _ in 0..10 {
        assert_eq!(ask(Transport::Tcp).unwrap()[2] & 0x02, 0);
    }
}

#[test]
fn the_probe_of_loop_is_not_sent_round_again() {
    let probe = Probe::new(&Name::root(), [1, 2]);
    let question = probe.message(7);
    let hex = question.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat();
    let view = view(Chain { probe: Some(probe), ..whoami() });
    assert_eq!(rcode(&said(&view, Transport::Udp, "10.0.0.1:9", &hex).unwrap()), 2);
    assert!(view.blocks[0].chain.probe.as_ref().unwrap().returned());
}
