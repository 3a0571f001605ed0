//! Data in text against its octets, most of them out of the RFCs' examples.

use super::super::lexer::Lexer;
use super::*;

/// The octets in base 16, or the fault as `COLUMN MESSAGE`.
fn data(line: &str) -> Result<String, String> {
    let entry = Lexer::new(line).next().unwrap().unwrap();
    let rtype = rtype(entry.words[0].text).expect("a type");
    let octets = encode(rtype, &entry.words[1..], &entry.words[0], b"\x01x\0");
    let shown = octets.map(|octets| octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat());
    shown.map_err(|fault| format!("{} {}", fault.at.column, fault.message))
}

#[test]
fn every_kind_of_field() {
    for (line, hex) in [
        ("A 10.0.0.1", "0a000001"),
        ("AAAA fd00::1", "fd000000000000000000000000000001"),
        ("MX 10 a", "000a 0161017800"),
        ("SOA a. b. 1 1m 2 3 4", "016100 016200 00000001 0000003c 00000002 00000003 00000004"),
        (r#"TXT a "b c" "" \"\255"#, "0161 03622063 00 0222ff"),
        ("SRV 0 5 6817 .", "0000 0005 1aa1 00"),
        ("CAA 128 issue \"ca.x\"", "80 05 6973737565 63612e78"),
        ("URI 1 2 \"ftp://x\"", "0001 0002 6674703a2f2f78"),
        ("SSHFP 2 1 12 34", "02 01 1234"),
        ("HINFO \"PC\" Linux", "02 5043 05 4c696e7578"),
        // RFC 4034 §2.3 (shortened), §3.3, §4.3, §5.4
        ("DNSKEY 256 3 5 AQPS Kmynfzk=", "0100 03 05 0103d22a6ca77f39"),
        (
            "RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1",
            "0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 076578616d706c6503636f6d00 a09075",
        ),
        (
            "NSEC host.example.com. ( A MX RRSIG NSEC TYPE1234 )",
            "04686f7374076578616d706c6503636f6d00 0006400100000003 \
             041b000000000000000000000000000000000000000000000000000020",
        ),
        (
            "DS 60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )",
            "ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118",
        ),
        ("NSEC3PARAM 1 0 10 -", "01 00 000a 00"),
        ("NSEC3PARAM 1 0 10 ab", "01 00 000a 01ab"),
        // RFC 9460 appendix D
        ("SVCB 16 foo.example.com. port=53", "0010 03666f6f076578616d706c6503636f6d00 0003 0002 0035"),
        ("SVCB 1 . key667=\"hello\\210qoo\"", "0001 00 029b 0009 68656c6c6fd2716f6f"),
        (
            "HTTPS 1 . ipv4hint=10.0.0.1 alpn=\"h2,h3\" no-default-alpn",
            "0001 00 0001 0006 026832026833 0002 0000 0004 0004 0a000001",
        ),
        (
            "SVCB 16 . mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 alpn=h2",
            "0010 00 0000 0004 00010004 0001 0003 026832 0004 0004 c0000201",
        ),
        ("TYPE65280 \\# 3 abcdef", "abcdef"),
        ("LOC \\# 0", ""),
        ("A \\# 4 0a00 0001", "0a000001"),
    ] {
        assert_eq!(data(line).as_deref(), Ok(hex.replace(' ', "").as_str()), "{line}");
    }
}

#[test]
fn faults_point_at_the_word() {
    for (line, fault) in [
        ("A", "1 A lacks data"),
        ("A 10.0.0.256", "3 `10.0.0.256` is not an IPv4 address"),
        ("A 10.0.0.1 x", "12 `x` is too much for A"),
        ("AAAA 10.0.0.1", "6 `10.0.0.1` is not an IPv6 address"),
        ("MX a b", "4 `a` is not a number from 0 to 65535"),
        ("MX 65536 b", "4 `65536` is not a number from 0 to 65535"),
        ("MX 1", "4 MX lacks data"),
        ("NS a..b", "4 `a..b` has an empty label"),
        ("TXT", "1 data is missing behind this"),
        ("DS 1 1 1 xy", "10 this is not in base 16"),
        ("DNSKEY 1 1 1 A", "14 this is not in base 64"),
        ("NSEC a A FOO", "10 `FOO` is not a type"),
        ("LOC 1 2", "1 data of type LOC is written as `\\# LENGTH HEX` (RFC 3597)"),
        ("A \\# 3 0a000001", "6 the length is 3, the data has 4 octets"),
        ("SVCB 1 . port", "10 `port` has no value"),
        ("SVCB 1 . blah=1", "10 `blah` is no key of a service parameter"),
        ("CAA 0 issue a b", "15 `b` is too much: put the text in quotes"),
        ("RRSIG A 1 1 1 20031322173103 1 1 . oJB1", "15 `20031322173103` is not a time (YYYYMMDDHHMMSS)"),
    ] {
        assert_eq!(data(line), Err(fault.to_owned()), "{line}");
    }
    assert!(data(&format!("TXT {}", "a".repeat(256))).unwrap_err().contains("more than 255 octets"));
}

#[test]
fn points_in_time() {
    for (text, seconds) in [
        ("19700101000000", Some(0)),
        ("20000229235959", Some(951_868_799)),
        ("20260805000000", Some(1_785_888_000)),
        ("1785888000", Some(1_785_888_000)),
        ("19690101000000", None),
        ("2026080500000", None),
    ] {
        assert_eq!(timestamp(text), seconds, "{text}");
    }
}

#[test]
fn mnemonics() {
    assert_eq!(rtype("aaaa"), Some(Rtype::AAAA));
    assert_eq!(rtype("type28"), Some(Rtype::AAAA));
    assert_eq!((rtype("TYPE65536"), rtype("ANY"), rtype("")), (None, None, None));
    for pair in FORMS.windows(2) {
        assert!(pair[0].rtype.0 < pair[1].rtype.0, "{}", pair[1].name);
    }
}
