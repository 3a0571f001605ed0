//! Lines as CoreDNS writes them (goldens/dns/log-errors).

use super::*;
use crate::config::tests::config;
use crate::query::tests::bytes;
use crate::query::{Header, Query};

#[expect(clippy::disallowed_methods, reason = "nothing here is about the time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// A line for `nid0001.z. A` with id 4242, answered by one record.
fn line(log: &str, client: &str, edns: &str) -> String {
    let config = config(&format!(". {{\n {log}\n}}\n"));
    let additional = if edns.is_empty() { "0000" } else { "0001" };
    let message = bytes(&format!("10920100000100000000{additional}074e494430303031017a0000010001{edns}"));
    let header = Header::decode(&message).unwrap();
    let query = Query::decode(&header, &message).unwrap();
    let answered = Answered { header, query, key: Some(0), rcode: 0, coresmd: None, failure: None, refresh: false };
    let (client, now) = (client.parse().unwrap(), now());
    let exchange = Exchange { transport: Transport::Udp, client, message: &message, now };
    let reply = bytes("109285000001000100000000");
    log_line(&config.blocks[0].log[0].format, &exchange, &answered, &reply, Duration::from_nanos(123_456))
}

#[test]
fn the_default_line() {
    assert_eq!(
        line("log", "127.0.0.1:5353", ""),
        "[INFO] 127.0.0.1:5353 - 4242 \"A IN nid0001.z. udp 27 false 512\" NOERROR qr,aa,rd 12 0.000123456s\n"
    );
    assert_eq!(line("log . {common}", "127.0.0.1:5353", ""), line("log", "127.0.0.1:5353", ""));
    assert!(
        line("log", "[::1]:5353", "00002904d0000080000000")
            .starts_with("[INFO] [::1]:5353 - 4242 \"A IN nid0001.z. udp 38 true 1232\" NOERROR qr,aa,rd")
    );
}

#[test]
fn a_format_of_ones_own() {
    let format = r#"log . "FMT {type} {class} {name} {rcode} {proto} {size} {>do} {>bufsize} {>id} {>opcode} {>rflags} {rsize} {remote}""#;
    assert_eq!(
        line(format, "127.0.0.1:1", ""),
        "[INFO] FMT A IN nid0001.z. NOERROR udp 27 false 512 4242 0 qr,aa,rd 12 127.0.0.1\n"
    );
}

#[test]
fn classes_of_answers() {
    let only = |success, denial, error| Classes { success, denial, error };
    let reply = |flags: &str, answers: u8| bytes(&format!("1092{flags}0001{answers:04x}00010000"));
    for hit in [reply("8500", 1), reply("8100", 0)] {
        assert!(class_of(&hit, only(true, false, false)) && !class_of(&hit, only(false, true, true)));
    }
    for denial in [reply("8500", 0), reply("8503", 0)] {
        assert!(class_of(&denial, only(false, true, false)) && !class_of(&denial, only(true, false, true)));
    }
    assert!(class_of(&reply("8105", 0), only(false, false, true)));
}
