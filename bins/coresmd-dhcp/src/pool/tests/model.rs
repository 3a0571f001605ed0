//! Any interleaving of messages, time, commits and crashes, against what was promised to whom.
//!
//! A promise is an ACK that left: its changes were durable by then. The model knows nothing of slots or queues; it
//! knows the promises, and until when a client may occupy an address of a subnet at most.

mod steps;

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;

use proptest::prelude::*;

use self::steps::{Step, Wanted, step};
use super::super::store::Store;
use super::super::{Change, ClientState, Link, Pool, Range, Request, Silence, Verdict};
use super::{Memory, START, TIMES, at, client};

const SIZES: [u8; 2] = [3, 2];
const CLIENTS: u8 = 6;

#[derive(Debug, Clone, PartialEq)]
struct Promise {
    who: u8,
    address: Ipv4Addr,
    until: u64,
}

struct World {
    pool: Pool,
    store: Memory,
    queue: VecDeque<(Vec<Change>, Option<Promise>)>,
    now: u64,
    told: HashMap<u8, Ipv4Addr>,
    promises: Vec<Promise>,
    /// Until when a client occupies one address of a subnet, at most.
    occupied: HashMap<(u8, u8), u64>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn promises_are_kept_and_nothing_leaks(steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new();
        for step in steps {
            world.take(step)?;
        }
        world.commit(usize::MAX)?;
        world.all_is_free_in_the_end()?;
    }
}

impl World {
    fn new() -> Self {
        Self {
            pool: fresh_pool(),
            store: Memory::default(),
            queue: VecDeque::new(),
            now: 0,
            told: HashMap::new(),
            promises: Vec::new(),
            occupied: HashMap::new(),
        }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Discover { who, subnet, requested } => self.discover(who, subnet, requested)?,
            Step::Request { who, subnet, state, address } => {
                self.request(who, subnet, state, self.wanted(who, &address))?;
            }
            Step::Release { who, address } => {
                let address = self.wanted(who, &address);
                let answer = self.pool.release(&client(who), address, at(self.now));
                self.left(who, address, answer.verdict == Verdict::Silence(Silence::Released));
                self.queue.push_back((answer.changes, None));
            }
            Step::Decline { who, address } => {
                let address = self.wanted(who, &address);
                let answer = self.pool.decline(&client(who), address, at(self.now));
                self.left(who, address, answer.verdict == Verdict::Silence(Silence::Declined));
                self.queue.push_back((answer.changes, None));
            }
            Step::Forget { who } => {
                let changes = self.pool.forget(&client(who));
                self.queue.push_back((changes, None));
                for subnet in 0..2 {
                    for host in 1..=SIZES[usize::from(subnet)] {
                        self.left(who, address(subnet, host), true);
                    }
                }
            }
            Step::Wait(seconds) => self.now += seconds,
            Step::Commit(submissions) => self.commit(submissions)?,
            Step::Crash => self.crash(),
        }
        Ok(())
    }

    fn discover(&mut self, who: u8, subnet: u8, requested: Option<Ipv4Addr>) -> Result<(), TestCaseError> {
        let answer = self.pool.discover(&client(who), link(subnet), requested, &|_| false, at(self.now));
        self.queue.push_back((answer.changes, None));
        match answer.verdict {
            Verdict::Offer(offered) => {
                prop_assert_eq!(subnet_of(offered), subnet);
                self.nobody_else_has(who, offered)?;
                self.occupy(who, subnet, TIMES.offer_hold);
                self.told.insert(who, offered);
            }
            Verdict::Silence(Silence::Exhausted) => {
                let occupants = |((place, whose), until): (&(u8, u8), &u64)| {
                    *place == subnet && *whose != who && *until >= self.now
                };
                let others = self.occupied.iter().filter(|entry| occupants(*entry)).count();
                prop_assert!(others >= usize::from(SIZES[usize::from(subnet)]), "{} is blocked by {}", who, others);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        Ok(())
    }

    fn request(&mut self, who: u8, subnet: u8, state: ClientState, address: Ipv4Addr) -> Result<(), TestCaseError> {
        let (key, link) = (client(who), link(subnet));
        let answer = self.pool.request(&Request { client: &key, link, state, address, hostname: None }, at(self.now));
        let at_home = subnet == subnet_of(address) || state == ClientState::Renewing;
        let promised = self.live().any(|promise| promise.who == who && promise.address == address);
        prop_assert!(!(promised && at_home) || answer.verdict == Verdict::Ack(address), "{:?}", answer.verdict);
        let mut waiting = None;
        if let Verdict::Ack(granted) = answer.verdict {
            prop_assert_eq!(granted, address);
            prop_assert!(at_home);
            self.nobody_else_has(who, granted)?;
            self.occupy(who, subnet_of(granted), TIMES.lease_time);
            waiting = Some(Promise { who, address, until: self.now + TIMES.lease_time });
        }
        self.queue.push_back((answer.changes, waiting));
        Ok(())
    }

    /// The client has said, or was told, that it does not use the address any more.
    fn left(&mut self, who: u8, address: Ipv4Addr, done: bool) {
        if done {
            let is_it = |promise: &Promise| promise.who == who && promise.address == address;
            self.promises.retain(|promise| !is_it(promise));
            self.queue.iter_mut().for_each(|(_, waiting)| *waiting = waiting.take().filter(|promise| !is_it(promise)));
            self.occupied.remove(&(subnet_of(address), who));
        }
    }

    fn commit(&mut self, submissions: usize) -> Result<(), TestCaseError> {
        let submissions = submissions.min(self.queue.len());
        let (changes, waiting): (Vec<_>, Vec<_>) = self.queue.drain(..submissions).unzip();
        self.store.commit(&changes.concat()).unwrap();
        for promise in waiting.into_iter().flatten() {
            self.nobody_else_has(promise.who, promise.address)?;
            self.told.insert(promise.who, promise.address);
            self.promises.push(promise);
        }
        if self.queue.is_empty() {
            let bound: usize = self.pool.usage().map(|usage| usage.bound).sum();
            prop_assert_eq!(self.store.load().unwrap().records.len(), bound);
        }
        Ok(())
    }

    fn crash(&mut self) {
        self.queue.clear();
        self.pool = fresh_pool();
        let records = self.store.load().unwrap().records;
        self.occupied = records
            .iter()
            .map(|record| {
                let who = (0..CLIENTS).find(|who| client(*who) == record.client).unwrap();
                ((subnet_of(record.address), who), record.expiry - START)
            })
            .collect();
        let restored = self.pool.restore(records, at(self.now));
        self.queue.push_back((restored.changes, None));
    }

    fn all_is_free_in_the_end(&mut self) -> Result<(), TestCaseError> {
        self.now += TIMES.lease_time + TIMES.offer_hold + TIMES.quarantine + 1;
        let changes = self.pool.expire(at(self.now));
        self.store.commit(&changes).unwrap();
        prop_assert_eq!(self.store.load().unwrap().records, []);
        for (subnet, size) in (0..).zip(SIZES) {
            for number in 0..size {
                let verdict =
                    self.pool.discover(&client(100 + number), link(subnet), None, &|_| false, at(self.now)).verdict;
                prop_assert_eq!(verdict, Verdict::Offer(address(subnet, number + 1)));
            }
            let verdict = self.pool.discover(&client(200), link(subnet), None, &|_| false, at(self.now)).verdict;
            prop_assert_eq!(verdict, Verdict::Silence(Silence::Exhausted));
        }
        Ok(())
    }

    fn nobody_else_has(&self, who: u8, address: Ipv4Addr) -> Result<(), TestCaseError> {
        let holder = self.live().find(|promise| promise.address == address && promise.who != who);
        prop_assert_eq!(holder, None, "{} for {} at {}", address, who, self.now);
        Ok(())
    }

    fn live(&self) -> impl Iterator<Item = &Promise> {
        self.promises.iter().filter(|promise| promise.until >= self.now)
    }

    fn occupy(&mut self, who: u8, subnet: u8, seconds: u64) {
        let until = self.occupied.entry((subnet, who)).or_default();
        *until = (*until).max(self.now + seconds);
    }

    fn wanted(&self, who: u8, wanted: &Wanted) -> Ipv4Addr {
        match wanted {
            Wanted::Told => self.told.get(&who).copied().unwrap_or(address(0, 1)),
            Wanted::Any(address) => *address,
        }
    }
}

fn fresh_pool() -> Pool {
    let range = |subnet: u8| {
        let network = format!("10.0.{subnet}.0/24").parse().unwrap();
        Range::new(Some(network), address(subnet, 1), address(subnet, SIZES[usize::from(subnet)])).unwrap()
    };
    Pool::new(&[range(0), range(1)], TIMES).unwrap()
}

fn address(subnet: u8, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, subnet, host)
}

fn subnet_of(address: Ipv4Addr) -> u8 {
    address.octets()[2]
}

fn link(subnet: u8) -> Link<'static> {
    Link::Near(address(subnet, 254))
}
