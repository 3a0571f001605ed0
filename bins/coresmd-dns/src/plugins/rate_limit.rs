//! `rrl`: response rate limiting, so that questions with a forged source make no flood of answers at somebody else
//! (facts, coredhcp-coredns §B5). Over UDP only: a source that has made a TCP connection is not forged.
//!
//! Each account (a client's network, a kind of answer, a name) earns its allowance by the second, up to one second's
//! worth, and pays one for each answer; below zero the answer is dropped, or cut to TC every so often. A debt is never
//! larger than what the window earns.

use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::wire::{Rcode, Rtype};

/// The options of `rrl`.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimits {
    /// For how long a flood is remembered after its end.
    pub window: Duration,
    /// How many leading bits of an IPv4 address make a client's network.
    pub ipv4_prefix_length: u8,
    /// The same of an IPv6 address.
    pub ipv6_prefix_length: u8,
    /// Answers a second to one network, by [`Kind`]; 0: no limit.
    pub allowances: [f64; Kind::COUNT],
    /// Queries a second from one network, whatever they ask; 0: no limit.
    pub requests: f64,
    /// One in so many dropped answers is sent as a short one with TC instead; 0: none.
    pub slip_ratio: u32,
    /// Accounts that are kept at most.
    pub max_table_size: usize,
    /// Count only.
    pub report_only: bool,
}

/// The kinds of answers that are limited each on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// With what was asked for.
    Response,
    /// The name exists, the type does not.
    NoData,
    /// The name does not exist.
    NxDomain,
    /// Somebody else knows.
    Referral,
    /// Every other response code.
    Error,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// The kind of a reply, by its octets.
    pub fn of(reply: &[u8]) -> Self {
        let [_, _, flags, rcode, _, _, answers @ .., _, _, _, _] = *reply.first_chunk().unwrap_or(&[0; 12]);
        let [a1, a0] = answers;
        let answered = [a1, a0] != [0, 0];
        match u16::from(rcode & 0xf) {
            code if code == u16::from(Rcode::NxDomain) => Self::NxDomain,
            code if code != u16::from(Rcode::NoError) => Self::Error,
            _ if answered => Self::Response,
            // a referral is an answer of one who does not speak for the name
            _ if flags & 0x04 == 0 && reply.get(8..10) != Some(&[0, 0]) && rcode & 0x80 == 0 => Self::Referral,
            _ => Self::NoData,
        }
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent.
    Send,
    /// It is sent without its records, with TC.
    Slip,
    /// It is not sent.
    Drop,
}

/// The accounts of one `rrl` directive.
#[derive(Debug)]
pub struct RateLimit {
    limits: RateLimits,
    shards: Vec<Mutex<FxHashMap<u64, Account>>>,
    /// Answers that were over their limit.
    pub responses_exceeded: AtomicU64,
    /// Queries that were over their limit.
    pub requests_exceeded: AtomicU64,
}

/// What a client has left, as the time at which it will have earned what it has had.
#[derive(Debug, Clone, Copy)]
struct Account {
    paid_up: Instant,
    dropped: u32,
}

impl RateLimit {
    /// With nobody known yet.
    pub fn new(limits: RateLimits) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { limits, shards, responses_exceeded: AtomicU64::new(0), requests_exceeded: AtomicU64::new(0) }
    }

    /// Whether a query is to be looked at at all.
    pub fn admits_request(&self, client: SocketAddr, now: Instant) -> bool {
        let exceeded = self.limits.requests > 0.0
            && self
                .charge(FxBuildHasher.hash_one(("request", self.network(client.ip()))), self.limits.requests, now)
                .is_some();
        if exceeded {
            self.requests_exceeded.fetch_add(1, Ordering::Relaxed);
        }
        !exceeded || self.limits.report_only
    }

    /// What becomes of an answer of this kind. Errors are limited together, whatever the question was.
    pub fn judge(&self, client: SocketAddr, kind: Kind, name: &[u8], qtype: Rtype, now: Instant) -> Verdict {
        let allowance = self.limits.allowances[kind as usize];
        if allowance <= 0.0 {
            return Verdict::Send;
        }
        let (name, qtype) = if kind == Kind::Error { (&[][..], Rtype(0)) } else { (name, qtype) };
        let key = FxBuildHasher.hash_one((kind, self.network(client.ip()), name, qtype));
        let Some(dropped) = self.charge(key, allowance, now) else { return Verdict::Send };
        self.responses_exceeded.fetch_add(1, Ordering::Relaxed);
        match self.limits.slip_ratio {
            _ if self.limits.report_only => Verdict::Send,
            0 => Verdict::Drop,
            ratio if dropped.is_multiple_of(ratio) => Verdict::Slip,
            _ => Verdict::Drop,
        }
    }

    /// Takes one from an account that earns `allowance` a second; how many were refused to it in a row, this one
    /// included, if it has nothing left.
    fn charge(&self, key: u64, allowance: f64, now: Instant) -> Option<u32> {
        let cost = Duration::from_secs_f64(1.0 / allowance);
        let mut accounts = self.shards[key as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let room = (self.limits.max_table_size / SHARDS).max(1);
        if accounts.len() >= room && !accounts.contains_key(&key) {
            make_room(&mut accounts, now);
        }
        let full = now.checked_sub(SECOND).unwrap_or(now);
        let account = accounts.entry(key).or_insert(Account { paid_up: full, dropped: 0 });
        account.paid_up = account.paid_up.max(full) + cost;
        if account.paid_up <= now {
            account.dropped = 0;
            return None;
        }
        account.paid_up = account.paid_up.min(now + self.limits.window);
        account.dropped = account.dropped.saturating_add(1);
        Some(account.dropped)
    }

    /// The network of a client.
    fn network(&self, client: IpAddr) -> IpAddr {
        match client.to_canonical() {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.limits.ipv4_prefix_length)).unwrap_or(0);
                IpAddr::V4((u32::from(ip) & mask).into())
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.limits.ipv6_prefix_length)).unwrap_or(0);
                IpAddr::V6((u128::from(ip) & mask).into())
            }
        }
    }
}

/// Forgets the accounts that have all they can have; if there is none, any eighth of them.
fn make_room(accounts: &mut FxHashMap<u64, Account>, now: Instant) {
    let before = accounts.len();
    accounts.retain(|_, account| account.paid_up + SECOND > now);
    if accounts.len() == before {
        let mut turn = 0;
        accounts.retain(|_, _| {
            turn += 1;
            turn % 8 != 0
        });
        if accounts.len() == before {
            accounts.clear();
        }
    }
}

/// Parts of the table with a lock each.
const SHARDS: usize = 64;

const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        RateLimits {
            window: Duration::from_secs(15),
            ipv4_prefix_length: 24,
            ipv6_prefix_length: 56,
            allowances: [10.0, 10.0, 5.0, 0.0, 2.0],
            requests: 0.0,
            slip_ratio: 2,
            max_table_size: 6400,
            report_only: false,
        }
    }

    fn client(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 9)
    }

    #[expect(clippy::disallowed_methods, reason = "any instant will do; nothing is timed")]
    fn start() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[test]
    fn one_second_of_answers_then_every_second_slips_until_credit_is_earned() {
        let (table, now) = (RateLimit::new(limits()), start());
        let ask = |ip: &str, now| table.judge(client(ip), Kind::Response, b"\x01a\0", Rtype::A, now);
        for n in 0..10 {
            assert_eq!(ask("10.0.0.1", now), Verdict::Send, "{n}");
        }
        let after: Vec<Verdict> = (0..4).map(|_| ask("10.0.0.77", now)).collect();
        assert_eq!(after, [Verdict::Drop, Verdict::Slip, Verdict::Drop, Verdict::Slip]);
        assert_eq!(table.responses_exceeded.load(Ordering::Relaxed), 4);
        // another network, another name and another kind have accounts of their own
        assert_eq!(ask("10.0.1.1", now), Verdict::Send);
        assert_eq!(table.judge(client("10.0.0.1"), Kind::Response, b"\x01b\0", Rtype::A, now), Verdict::Send);
        assert_eq!(table.judge(client("10.0.0.1"), Kind::NoData, b"\x01a\0", Rtype::A, now), Verdict::Send);
        // four were refused: half a second pays for them and one more
        assert_eq!(ask("10.0.0.1", now + Duration::from_millis(510)), Verdict::Send);
    }

    #[test]
    fn a_debt_ends_with_the_window() {
        let (table, now) = (RateLimit::new(limits()), start());
        let ask = |now| table.judge(client("fd00::1"), Kind::NxDomain, b"\0", Rtype::A, now);
        for _ in 0..10_000 {
            ask(now);
        }
        assert_ne!(ask(now + Duration::from_secs(14)), Verdict::Send);
        assert_eq!(ask(now + Duration::from_secs(31)), Verdict::Send);
    }

    #[test]
    fn errors_are_one_account_and_no_allowance_is_no_limit() {
        let (table, now) = (RateLimit::new(limits()), start());
        let mut names = [b"\x01a\0", b"\x01b\0", b"\x01c\0"].into_iter();
        let mut ask = || table.judge(client("10.0.0.1"), Kind::Error, names.next().unwrap(), Rtype::A, now);
        assert_eq!([ask(), ask(), ask()], [Verdict::Send, Verdict::Send, Verdict::Drop]);
        for _ in 0..1000 {
            assert_eq!(table.judge(client("10.0.0.1"), Kind::Referral, b"\0", Rtype::NS, now), Verdict::Send);
            assert!(table.admits_request(client("10.0.0.1"), now));
        }
        let requests = RateLimit::new(RateLimits { requests: 3.0, ..limits() });
        assert_eq!((0..9).filter(|_| requests.admits_request(client("10.0.0.1"), now)).count(), 3);
        let report = RateLimit::new(RateLimits { requests: 3.0, report_only: true, ..limits() });
        assert_eq!((0..9).filter(|_| report.admits_request(client("10.0.0.1"), now)).count(), 9);
        assert_eq!(report.requests_exceeded.load(Ordering::Relaxed), 6);
    }

    #[test]
    fn the_table_is_bounded() {
        let (table, now) = (RateLimit::new(limits()), start());
        for n in 0..100_000_u32 {
            table.judge(
                client(&format!("10.{}.{}.1", n / 250 % 250, n % 250)),
                Kind::Response,
                &n.to_be_bytes(),
                Rtype::A,
                now,
            );
        }
        let kept: usize = table.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(kept <= 6400, "{kept}");
    }

    #[test]
    fn kinds_of_replies() {
        for (reply, kind) in [
            ([0, 7, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0], Kind::Response),
            ([0, 7, 0x84, 0, 0, 1, 0, 0, 0, 1, 0, 0], Kind::NoData),
            ([0, 7, 0x84, 3, 0, 1, 0, 0, 0, 1, 0, 0], Kind::NxDomain),
            ([0, 7, 0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0], Kind::Referral),
            ([0, 7, 0x80, 0x80, 0, 1, 0, 0, 0, 1, 0, 0], Kind::NoData),
            ([0, 7, 0x80, 5, 0, 1, 0, 0, 0, 0, 0, 0], Kind::Error),
        ] {
            assert_eq!(Kind::of(&reply), kind, "{reply:?}");
        }
    }
}
