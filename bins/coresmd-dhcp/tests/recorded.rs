//! Replies against recorded ones: each case is a configuration with the files that it names, SMD's two lists if it asks
//! SMD, and the packets that `CoreDHCP` with `coresmd` v0.6.3 was sent and answered. A step that says otherwise behind the
//! recorded reply is where we differ.
//!
//! A line of `steps.tsv`: step, source, destination, request, and `silence` or `reply HEX|any KEY=VALUE…`.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use coresmd_dhcp::address_file;
use coresmd_dhcp::config;
use coresmd_dhcp::policy::Policy;
use coresmd_dhcp::v4::{self, Arrival, Destination, Hooks, Lender};
use dhcp_wire::OptionCode;
use dhcp_wire::v4::Received;
use ipnet::Ipv4Net;
use serve::udp::RecvMeta;
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, Snapshot};

/// The server's address in the recordings.
const SERVER: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 253);

/// A reply as comparable text: header fields by name, options by number.
type Facts = BTreeMap<String, String>;

macro_rules! cases {
    ($($name:ident: $directory:literal,)*) => {$(
        #[test]
        fn $name() {
            play($directory);
        }
    )*};
}

cases! {
    architectures: "architectures",
    autoconfigure: "autoconfigure",
    bootloop: "bootloop",
    bootloop_boot: "bootloop-boot",
    bootloop_exhausted: "bootloop-exhausted",
    client_states: "client-states",
    comments_and_bad_keys: "comments-and-bad-keys",
    ipv6only: "ipv6only",
    key_case: "key-case",
    lease_time: "lease-time",
    malformed: "malformed",
    nbp_http: "nbp-http",
    nbp_tftp: "nbp-tftp",
    no_server_id: "no-server-id",
    order_coresmd_first: "order-coresmd-first",
    relayed_subnet_pools: "relayed-subnet-pools",
    relayed_subnets: "relayed-subnets",
    reply_paths: "reply-paths",
    requested_options: "requested-options",
    rules_continue_ignore: "rules-continue-ignore",
    rules_domains: "rules-domains",
    rules_type_id: "rules-type-id",
    searchdomains_trailing_dot: "searchdomains-trailing-dot",
    several_addresses: "several-addresses",
    smd_odd_rows: "smd-odd-rows",
    static_options: "static-options",
    user_class: "user-class",
}

#[test]
fn before_the_first_inventory_nobody_is_answered() {
    let directory = directory("reply-paths");
    let policy = policy(&directory);
    for line in read(&directory, "steps.tsv").lines() {
        let step = Step::parse(line);
        let meta = step.meta();
        let transaction = v4::handle(None, &policy, step.arrival(&meta));
        assert_eq!(transaction.outcome, Err(v4::DropReason::NoSnapshot), "{}", step.name);
    }
}

fn play(case: &str) {
    let directory = directory(case);
    let policy = policy(&directory);
    let snapshot = policy.coresmd().map(|_| snapshot(&directory));
    let pool = policy.pool.as_ref().map(|settings| Mutex::new(settings.empty()));
    for line in read(&directory, "steps.tsv").lines() {
        let step = Step::parse(line);
        let meta = step.meta();
        let lender = pool.as_ref().map(|pool| Lender { pool, backlog: 0, now: UNIX_EPOCH });
        let hooks = Hooks { admit: &mut |_, _| Ok(()), observe: &mut |_, _, _| {}, lender };
        let transaction = v4::handle_with(snapshot.as_ref(), &policy, step.arrival(&meta), hooks);
        let got = transaction.outcome.as_ref().ok().map(|transmit| {
            let mut bytes = Vec::new();
            assert!(transmit.encode(&mut bytes).is_empty(), "{case} {}: options were left out", step.name);
            assert!(bytes.len() >= 300, "{case} {}: {} bytes", step.name, bytes.len());
            let mut facts = facts(&bytes);
            facts.insert("to".into(), destination(transmit.destination).to_string());
            facts
        });
        step.judge(case, got, &transaction.outcome);
    }
}

/// One line of `steps.tsv`.
struct Step {
    name: String,
    source: SocketAddr,
    destination: SocketAddrV4,
    request: Vec<u8>,
    expectation: Option<Expectation>,
}

/// What a reply must be.
struct Expectation {
    recorded: Option<Facts>,
    named: Facts,
}

impl Step {
    fn parse(line: &str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, source, destination, request, expectation] = columns[..] else { panic!("{line}") };
        let mut words = expectation.split(' ');
        let expectation = (words.next() == Some("reply")).then(|| {
            let recorded = words.next().filter(|recorded| *recorded != "any").map(|recorded| facts(&hex(recorded)));
            let named = words.map(|word| word.split_once('=').unwrap()).map(|(key, value)| (key.into(), value.into()));
            Expectation { recorded, named: named.collect() }
        });
        Self {
            name: name.into(),
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            request: hex(request.trim_matches('-')),
            expectation,
        }
    }

    fn meta(&self) -> RecvMeta {
        let (destination, local) = (Some(IpAddr::V4(*self.destination.ip())), Some(IpAddr::V4(SERVER)));
        RecvMeta { source: self.source, destination, local, interface: 2 }
    }

    fn arrival<'a>(&'a self, meta: &'a RecvMeta) -> Arrival<'a> {
        const NETWORKS: [Ipv4Net; 1] = [Ipv4Net::new_assert(SERVER, 24)];
        Arrival { meta, networks: &NETWORKS, datagram: &self.request }
    }

    fn judge(&self, case: &str, got: Option<Facts>, outcome: &dyn std::fmt::Debug) {
        let (wanted, mut got) = match (&self.expectation, got) {
            (None, None) => return,
            (Some(wanted), Some(got)) => (wanted, got),
            (None, Some(got)) => panic!("{case} {}: silence is right, not {got:?}", self.name),
            (Some(_), None) => panic!("{case} {}: a reply is right, not {outcome:?}", self.name),
        };
        if let Some(recorded) = &wanted.recorded {
            // What we may add: the boot file in the header too, and the TFTP server's name.
            if recorded["file"].is_empty() && got.get("67").is_some_and(|name| *name == got["file"]) {
                got.insert("file".into(), String::new());
            }
            if !recorded.contains_key("66") {
                got.remove("66");
            }
            let mut expected = recorded.clone();
            expected.extend(wanted.named.clone());
            for (key, _) in wanted.named.iter().filter(|(_, value)| *value == "free") {
                expected.remove(key);
                got.remove(key);
            }
            assert_eq!(got, expected, "{case} {}", self.name);
        }
        for (key, value) in wanted.named.iter().filter(|(_, value)| *value != "free") {
            let got = got.get(key).map_or("absent", String::as_str);
            assert_eq!(got, value, "{case} {} {key}", self.name);
        }
    }
}

fn facts(bytes: &[u8]) -> Facts {
    let message = Received::decode(bytes).unwrap();
    let mut facts: Facts = [
        ("op", message.op().to_string()),
        ("htype", message.htype().to_string()),
        ("hops", message.hops().to_string()),
        ("xid", message.xid().to_string()),
        ("secs", message.secs().to_string()),
        ("flags", message.flags().to_string()),
        ("ciaddr", message.ciaddr().to_string()),
        ("yiaddr", message.yiaddr().to_string()),
        ("siaddr", message.siaddr().to_string()),
        ("giaddr", message.giaddr().to_string()),
        ("chaddr", message.mac().unwrap().to_string()),
        ("sname", text(message.sname())),
        ("file", text(message.file())),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    let options =
        (0_u8..255).filter_map(|code| Some((code.to_string(), text(&message.option(OptionCode::from(code))?))));
    facts.extend(options);
    facts
}

fn destination(way: Destination) -> SocketAddrV4 {
    match way {
        Destination::Relay(relay) => relay,
        Destination::Unicast(address) | Destination::LinkLayer { address, .. } => SocketAddrV4::new(address, 68),
        Destination::Broadcast => SocketAddrV4::new(Ipv4Addr::BROADCAST, 68),
    }
}

fn policy(directory: &Path) -> Policy {
    let (config, findings) = config::read("config.yaml", &read(directory, "config.yaml"), None);
    let policy = config.unwrap_or_else(|| panic!("{}", findings.report(false))).policy;
    for file in policy.address_files() {
        let (table, faults) = address_file::parse(&read(directory, file.path.to_str().unwrap()));
        assert_eq!(faults, []);
        file.table.store(table.into());
    }
    policy
}

fn snapshot(directory: &Path) -> Snapshot {
    let (interfaces, components) = (read(directory, "EthernetInterfaces.json"), read(directory, "Components.json"));
    let bodies =
        Bodies { interfaces: interfaces.as_bytes(), components: components.as_bytes(), groups: None, boot: None };
    Snapshot::build(Inventory::read(&bodies).unwrap()).0
}

fn directory(case: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(case)
}

#[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn read(directory: &Path, file: &str) -> String {
    std::fs::read_to_string(directory.join(file)).unwrap()
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
