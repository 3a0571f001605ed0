//! Who gets an address of the pool, and who does not.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::address_file::AddressFile;
use crate::policy::{Bootloop, PoolSettings};
use crate::pool::{Change, Pool, Range, Times};

const STRANGER: [u8; 6] = [2, 0, 0, 0, 0, 1];
const ANOTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A policy whose pool is 172.16.0.`first` to 172.16.0.`last`, behind `coresmd`.
fn with_pool(first: u8, last: u8) -> Policy {
    let mut policy = policy(&[]);
    policy.steps.push(Step::Bootloop(Bootloop { script: "default".into() }));
    let range = Range::new(None, ip(first), ip(last)).unwrap();
    policy.pool = Some(PoolSettings { file: "none".into(), ranges: vec![range], times: Times::new(300) });
    policy
}

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(172, 16, 0, last)
}

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second)
}

/// A server with its pool.
struct Lessor {
    policy: Policy,
    pool: Mutex<Pool>,
    now: SystemTime,
    backlog: usize,
}

impl Lessor {
    fn new(policy: Policy) -> Self {
        let pool = Mutex::new(policy.pool.as_ref().unwrap().empty());
        Self { policy, pool, now: at(0), backlog: 0 }
    }

    /// Answers a message by what `snapshot` says; what changes in the store.
    fn hear(
        &self,
        snapshot: Option<&Snapshot>,
        message: &Outgoing,
        destination: Ipv4Addr,
    ) -> (Result<Transmit, DropReason>, Vec<Change>) {
        let (meta, datagram) = (RecvMeta { destination: Some(destination.into()), ..meta() }, bytes(message));
        let arrival = Arrival { meta: &meta, networks: &[network()], datagram: &datagram };
        let lender = Some(Lender { pool: &self.pool, backlog: self.backlog, now: self.now });
        let hooks = Hooks { admit: &mut |_, _| Ok(()), observe: &mut |_, _, _| {}, lender };
        let Transaction { outcome, lease, .. } = handle_with(snapshot, &self.policy, arrival, hooks);
        assert_eq!(
            self.pool.try_lock().is_err(),
            lease.is_some(),
            "it is locked until its changes are with the writer"
        );
        (outcome, lease.map(|lease| lease.changes).unwrap_or_default())
    }

    /// As [`Lessor::hear`], by broadcast; the reply's type and address.
    fn answer(&self, message: &Outgoing) -> Result<(MessageType, Ipv4Addr), DropReason> {
        let outcome = self.hear(Some(&snapshot()), message, Ipv4Addr::BROADCAST).0;
        outcome.map(|transmit| (transmit.message_type, transmit.reply.yiaddr))
    }

    /// A client's way to its lease.
    fn lease(&self, mac: [u8; 6]) -> Ipv4Addr {
        let (_, offered) = self.answer(&of(mac, ask(MessageType::Discover))).unwrap();
        assert_eq!(self.answer(&selecting(mac, offered)), Ok((MessageType::Ack, offered)));
        offered
    }
}

fn of(mac: [u8; 6], mut message: Outgoing) -> Outgoing {
    message.chaddr[..6].copy_from_slice(&mac);
    message
}

fn selecting(mac: [u8; 6], address: Ipv4Addr) -> Outgoing {
    with(init_reboot(mac, address), &[(OptionCode::ServerIdentifier, &SERVER.octets())])
}

fn init_reboot(mac: [u8; 6], address: Ipv4Addr) -> Outgoing {
    with(of(mac, ask(MessageType::Request)), &[(OptionCode::RequestedIpAddress, &address.octets())])
}

fn holding(mac: [u8; 6], kind: MessageType, ciaddr: Ipv4Addr) -> Outgoing {
    Outgoing { ciaddr, ..of(mac, ask(kind)) }
}

fn decline(mac: [u8; 6], address: Ipv4Addr) -> Outgoing {
    with(of(mac, ask(MessageType::Decline)), &[(OptionCode::RequestedIpAddress, &address.octets())])
}

/// An inventory in which the stranger has become a node with this address.
fn discovered(address: &str) -> Snapshot {
    let interfaces = format!(
        r#"[{{"MACAddress":"02:00:00:00:00:01","ComponentID":"x1000c0s9b0","Type":"NodeBMC","IPAddresses":[{{"IPAddress":"{address}"}}]}}]"#
    );
    let components = br#"{"Components":[{"ID":"x1000c0s9b0","Type":"NodeBMC"}]}"#;
    let bodies = Bodies { interfaces: interfaces.as_bytes(), components, groups: None, boot: None };
    Snapshot::build(Inventory::read(&bodies).unwrap()).0
}

#[test]
fn a_stranger_goes_through_every_state_of_a_client() {
    use MessageType::{Ack, Discover, Nak, Offer, Release, Request};
    let lessor = Lessor::new(with_pool(150, 151));
    let renew = || holding(STRANGER, Request, ip(150));
    for (message, wanted) in [
        (init_reboot(STRANGER, ip(150)), Err(DropReason::NoRecord)),
        (of(STRANGER, ask(Discover)), Ok((Offer, ip(150)))),
        (of(STRANGER, ask(Discover)), Ok((Offer, ip(150)))),
        (selecting(STRANGER, ip(151)), Ok((Nak, NONE))),
        (selecting(STRANGER, ip(150)), Ok((Ack, ip(150)))),
        (selecting(STRANGER, ip(150)), Ok((Ack, ip(150)))),
        (renew(), Ok((Ack, ip(150)))),
        (init_reboot(STRANGER, ip(150)), Ok((Ack, ip(150)))),
        (init_reboot(STRANGER, ip(151)), Ok((Nak, NONE))),
        (of(STRANGER, ask(Request)), Err(DropReason::NothingRequested)),
        (of(STRANGER, ask(MessageType::Decline)), Err(DropReason::NothingRequested)),
        (holding(ANOTHER, Release, ip(150)), Err(DropReason::NotHeld)),
        (of(ANOTHER, ask(Discover)), Ok((Offer, ip(151)))),
        (of([2, 0, 0, 0, 0, 3], ask(Discover)), Err(DropReason::PoolExhausted)),
        (holding(STRANGER, Release, ip(150)), Err(DropReason::Released)),
        (of([2, 0, 0, 0, 0, 3], ask(Discover)), Ok((Offer, ip(150)))),
        (decline([2, 0, 0, 0, 0, 3], ip(150)), Err(DropReason::Declined)),
        (renew(), Ok((Nak, NONE))),
    ] {
        assert_eq!(lessor.answer(&message), wanted, "{message:?}");
    }
}

#[test]
fn a_renewal_by_unicast_is_known_by_its_address_and_a_broadcast_one_may_be_anothers() {
    let lessor = Lessor::new(with_pool(150, 151));
    let hear = |address, destination| {
        let message = holding(STRANGER, MessageType::Request, address);
        lessor.hear(Some(&snapshot()), &message, destination).0.map(|transmit| transmit.message_type)
    };
    assert_eq!(hear(ip(9), SERVER), Ok(MessageType::Nak), "it asks us, and we have no such address");
    assert_eq!(hear(ip(9), Ipv4Addr::BROADCAST), Err(DropReason::NoRecord), "some other server may");
}

#[test]
fn what_a_lease_says() {
    let mut lessor = Lessor::new(with_pool(150, 151));
    let reply = |lessor: &Lessor, message| lessor.hear(Some(&snapshot()), &message, SERVER).0.unwrap().reply;
    let text = |reply: &Outgoing, code| reply.options.get(code).map(|text| String::from_utf8_lossy(text).into_owned());
    let discover = |options: &[(OptionCode, &[u8])]| with(of(STRANGER, ask(MessageType::Discover)), options);
    let class = (OptionCode::UserClass, &b"iPXE"[..]);
    let arch = (OptionCode::ClientSystemArchitecture, &[0, 11][..]);
    for (message, file) in [
        (discover(&[]), None),
        (discover(&[arch]), Some("ipxe-arm64.efi")),
        (discover(&[arch, class]), Some("default")),
    ] {
        let offer = reply(&lessor, message);
        assert_eq!(text(&offer, OptionCode::BootfileName).as_deref(), file);
        assert_eq!(offer.file, file.unwrap_or_default().as_bytes());
        assert_eq!(text(&offer, OptionCode::RootPath), Some(SERVER.to_string()));
        assert_eq!(offer.options.get(OptionCode::AddressLeaseTime), Some(&300_u32.to_be_bytes()[..]));
    }
    // Who informs itself gets no lease, only the rest.
    let inform = reply(&lessor, with(holding(STRANGER, MessageType::Inform, OTHER), &[arch, class]));
    assert_eq!((inform.yiaddr, inform.ciaddr), (NONE, OTHER));
    assert_eq!(inform.options.get(OptionCode::AddressLeaseTime), None);
    assert_eq!(text(&inform, OptionCode::BootfileName).as_deref(), Some("default"));
    // `range` says nothing of booting; what stands behind it counts, and `lease_time` does not.
    let server = lessor.policy.steps[0].clone();
    lessor.policy.steps = vec![server, Step::LeaseTime(7), Step::Range, Step::Router(vec![OTHER])];
    let offer = reply(&lessor, discover(&[arch, class]));
    let codes: Vec<_> = offer.options.iter().map(|(code, _)| code).collect();
    assert_eq!((codes, offer.yiaddr), (vec![3, 51, 53, 54], ip(150)));
    assert_eq!(offer.options.get(OptionCode::AddressLeaseTime), Some(&300_u32.to_be_bytes()[..]));
}

#[test]
fn only_strangers_get_an_address_and_nobody_before_the_first_inventory() {
    let lessor = Lessor::new(with_pool(150, 151));
    let discover = |mac| of(mac, ask(MessageType::Discover));
    assert_eq!(lessor.answer(&discover(NODE)), Ok((MessageType::Offer, NODE_ADDRESS)));
    let unservable = [&NODE[..5], &[6]].concat().try_into().unwrap();
    assert_eq!(lessor.answer(&discover(unservable)), Err(DropReason::NoIpv4Address));
    assert_eq!(lessor.hear(None, &discover(STRANGER), SERVER).0, Err(DropReason::NoSnapshot));
    // Wherever the steps stand.
    let mut policy = with_pool(150, 151);
    policy.steps.swap(2, 3);
    let lessor = Lessor::new(policy);
    assert_eq!(lessor.answer(&discover(NODE)), Ok((MessageType::Offer, NODE_ADDRESS)));
    assert_eq!(lessor.hear(None, &discover(STRANGER), SERVER).0, Err(DropReason::NoSnapshot));
    assert_eq!(lessor.answer(&discover(STRANGER)), Ok((MessageType::Offer, ip(150))));
}

#[test]
fn whoever_becomes_known_is_refused_its_renewal_and_gets_its_reservation() {
    let lessor = Lessor::new(with_pool(150, 151));
    assert_eq!(lessor.lease(STRANGER), ip(150));
    let snapshot = discovered("172.16.0.77");
    let deleted = vec![Change::Delete { client: MacAddr(STRANGER).into(), address: ip(150) }];
    let renew = holding(STRANGER, MessageType::Request, ip(150));
    let (outcome, changes) = lessor.hear(Some(&snapshot), &renew, SERVER);
    let nak = outcome.unwrap();
    assert_eq!(
        (nak.message_type, nak.destination, changes),
        (MessageType::Nak, Destination::Broadcast, deleted.clone())
    );
    let discover = of(STRANGER, ask(MessageType::Discover));
    let (outcome, changes) = lessor.hear(Some(&snapshot), &discover, SERVER);
    assert_eq!((outcome.unwrap().reply.yiaddr, changes), (ip(77), vec![]));
    // Or it boots anew first.
    let lessor = Lessor::new(with_pool(150, 151));
    lessor.lease(STRANGER);
    let (outcome, changes) = lessor.hear(Some(&snapshot), &discover, SERVER);
    assert_eq!((outcome.unwrap().reply.yiaddr, changes), (ip(77), deleted));
    assert_eq!(lessor.lease(ANOTHER), ip(150), "its address is free");
}

#[test]
fn an_address_that_somebody_has_reserved_is_not_leased() {
    // SMD has learned of the stranger by the very address that it got from the pool.
    let lessor = Lessor::new(with_pool(150, 151));
    assert_eq!(lessor.lease(STRANGER), ip(150));
    let snapshot = discovered("172.16.0.150");
    let discover = |mac| of(mac, ask(MessageType::Discover));
    let hear = |message: &Outgoing| {
        let outcome = lessor.hear(Some(&snapshot), message, SERVER).0;
        outcome.map(|transmit| (transmit.message_type, transmit.reply.yiaddr))
    };
    assert_eq!(hear(&discover(STRANGER)), Ok((MessageType::Offer, ip(150))));
    assert_eq!(hear(&discover(ANOTHER)), Ok((MessageType::Offer, ip(151))));
    assert_eq!(
        hear(&with(discover([2, 0, 0, 0, 0, 3]), &[(OptionCode::RequestedIpAddress, &ip(150).octets())])),
        Err(DropReason::PoolExhausted)
    );
    assert_eq!(hear(&selecting(ANOTHER, ip(150))), Ok((MessageType::Nak, NONE)));
    // Somebody else leases what SMD now gives to the stranger: it must go.
    let lessor = Lessor::new(with_pool(150, 151));
    assert_eq!(lessor.lease(ANOTHER), ip(150));
    let renew = holding(ANOTHER, MessageType::Request, ip(150));
    let (outcome, changes) = lessor.hear(Some(&snapshot), &renew, SERVER);
    assert_eq!((outcome.unwrap().message_type, changes.len()), (MessageType::Nak, 1));
    assert_eq!(lessor.lease(ANOTHER), ip(150), "without that inventory it is free again");
    let (outcome, changes) = lessor.hear(Some(&snapshot), &discover(ANOTHER), SERVER);
    assert_eq!((outcome.unwrap().reply.yiaddr, changes.len()), (ip(151), 1));
}

#[test]
fn the_addresses_of_servers_relays_and_files_are_not_leased() {
    let mut policy = with_pool(252, 255);
    let file = AddressFile::new("hosts".into(), false);
    file.table.store([(MacAddr(ANOTHER), ip(252))].into_iter().collect::<crate::address_file::Table<_>>().into());
    policy.steps.push(Step::File(file));
    let lessor = Lessor::new(policy);
    let discover = Outgoing { giaddr: ip(254), ..of(STRANGER, ask(MessageType::Discover)) };
    assert_eq!(lessor.answer(&discover), Ok((MessageType::Offer, ip(255))), "253 is the server");
}

#[test]
fn while_the_disk_is_behind_beginners_are_put_off_first() {
    let mut lessor = Lessor::new(with_pool(150, 160));
    lessor.lease(STRANGER);
    let (discover, renew) = (of(ANOTHER, ask(MessageType::Discover)), holding(STRANGER, MessageType::Request, ip(150)));
    let mut asked_at = |backlog| {
        lessor.backlog = backlog;
        (lessor.answer(&discover).is_ok(), lessor.answer(&renew).is_ok())
    };
    assert_eq!([asked_at(4_999), asked_at(5_000), asked_at(10_000)], [(true, true), (false, true), (false, false)]);
    assert_eq!(lessor.answer(&renew), Err(DropReason::LeasesBehind));
    assert_eq!(lessor.answer(&of(NODE, ask(MessageType::Discover))), Ok((MessageType::Offer, NODE_ADDRESS)));
}

#[test]
fn a_message_through_two_relays_is_answered_alike() {
    let lessor = Lessor::new(with_pool(150, 160));
    let through = |message: Outgoing, relay| Outgoing { giaddr: ip(relay), ..message };
    for message in [of(STRANGER, ask(MessageType::Discover)), selecting(STRANGER, ip(150))] {
        let answers = [2, 3].map(|relay| lessor.answer(&through(message.clone(), relay)).map(|(_, address)| address));
        assert_eq!(answers, [Ok(ip(150)), Ok(ip(150))]);
    }
}
