//! Group commit, and who waits for it.

use std::sync::mpsc::{self, Receiver};

use super::super::store::{Loaded, Store, StoreError};
use super::super::{Change, Record, Writer};
use super::{Memory, client, ip};

fn put(last: u8) -> Change {
    Change::Put(Record { client: client(last), address: ip(last), expiry: 1, hostname: "".into() })
}

/// A store that commits when it is told to.
struct Gate {
    memory: Memory,
    go: Receiver<()>,
}

impl Store for Gate {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.memory.load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.go.recv().unwrap();
        self.memory.commit(changes)
    }

    fn close(self) -> Result<(), StoreError> {
        self.memory.close()
    }
}

#[test]
fn what_gathers_while_one_is_written_is_written_together() {
    let mut memory = Memory::default();
    let (release, go) = mpsc::channel();
    let (sender, done) = mpsc::channel();
    let complete = move |result: Result<(), &StoreError>, waiting: Vec<u8>| {
        sender.send((result.is_ok(), waiting)).unwrap();
    };
    let writer = Writer::start(Gate { memory: memory.clone(), go }, complete).unwrap();
    writer.submit(vec![put(1)], Some(1)).unwrap();
    writer.submit(Vec::new(), None).unwrap();
    assert_eq!(writer.backlog(), 1);
    // The first transaction may hold some of these already, but the second holds all the rest.
    for last in 2..=9 {
        writer.submit(vec![put(last)], (last % 2 == 0).then_some(last)).unwrap();
    }
    assert!(done.try_recv().is_err(), "nothing is durable yet");
    release.send(()).unwrap();
    release.send(()).unwrap();
    let mut handed_back = Vec::new();
    while handed_back.len() < 5 {
        let (durable, waiting) = done.recv().unwrap();
        assert!(durable);
        handed_back.extend(waiting);
    }
    assert_eq!(handed_back, [1, 2, 4, 6, 8], "in the order of submission");
    drop(release);
    writer.close().unwrap();
    assert!(memory.commits() <= 2);
    assert_eq!(memory.load().unwrap().records.len(), 9);
}

#[test]
fn a_store_that_fails_hands_back_with_the_error_and_goes_on() {
    let mut memory = Memory::default();
    let (sender, done) = mpsc::channel();
    let complete = move |result: Result<(), &StoreError>, waiting: Vec<u8>| {
        sender.send((result.map_err(ToString::to_string), waiting)).unwrap();
    };
    let writer = Writer::start(memory.clone(), complete).unwrap();
    memory.set_broken(true);
    writer.submit(vec![put(1)], Some(1)).unwrap();
    let (result, waiting) = done.recv().unwrap();
    assert!(result.unwrap_err().starts_with("cannot write to the lease file memory: "));
    assert_eq!(waiting, [1]);
    memory.set_broken(false);
    writer.submit(vec![put(2)], Some(2)).unwrap();
    assert_eq!(done.recv().unwrap(), (Ok(()), vec![2]));
    writer.close().unwrap();
    assert_eq!(memory.load().unwrap().records.len(), 1);
}

#[test]
fn closing_writes_what_is_queued() {
    let mut memory = Memory::default();
    let (sender, done) = mpsc::channel();
    let complete =
        move |_: Result<(), &StoreError>, waiting: Vec<u8>| waiting.into_iter().for_each(|n| sender.send(n).unwrap());
    let writer = Writer::start(memory.clone(), complete).unwrap();
    for last in 0..200 {
        writer.submit(vec![put(last)], Some(last)).unwrap();
    }
    writer.close().unwrap();
    assert_eq!(done.iter().count(), 200);
    assert_eq!(memory.load().unwrap().records.len(), 200);
}
