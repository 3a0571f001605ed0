use proptest::prelude::*;
use tftpd::{OptionType, TransferOption};

use super::*;

fn agreement(block_size: usize, window_size: u16, options: bool) -> Agreement {
    let acknowledged =
        if options { vec![TransferOption { option: OptionType::TransferSize, value: 0 }] } else { vec![] };
    Agreement { block_size, window_size, timeout: Duration::from_secs(1), acknowledged }
}

#[expect(clippy::disallowed_methods, reason = "some instant to count from")]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn lock_step_ends_with_a_short_block() {
    let now = start();
    let (mut transfer, first) = Transfer::begin(&agreement(512, 1, false), 1024, now);
    assert_eq!(first, Step::Send(1..=1));
    assert_eq!(transfer.acknowledge(1, now), Step::Send(2..=2));
    assert_eq!(transfer.acknowledge(2, now), Step::Send(3..=3));
    assert_eq!(transfer.extent(3), (1024, 0));
    assert_eq!(transfer.acknowledge(3, now), Step::Complete);
    assert_eq!(transfer.delivered(), 1024);
}

#[test]
fn options_are_acknowledged_before_the_first_block() {
    let now = start();
    let (mut transfer, first) = Transfer::begin(&agreement(512, 1, true), 0, now);
    assert_eq!(first, Step::Send(0..=0));
    assert_eq!(transfer.acknowledge(1, now), Step::Wait);
    assert_eq!(transfer.acknowledge(0, now), Step::Send(1..=1));
    assert_eq!(transfer.extent(1), (0, 0));
    assert_eq!(transfer.acknowledge(1, now), Step::Complete);
}

#[test]
fn a_repeated_acknowledgement_sends_nothing_twice_in_lock_step() {
    let now = start();
    let (mut transfer, _) = Transfer::begin(&agreement(512, 1, false), 5000, now);
    assert_eq!(transfer.acknowledge(1, now), Step::Send(2..=2));
    assert_eq!(transfer.acknowledge(1, now), Step::Wait);
    assert_eq!(transfer.acknowledge(7, now), Step::Wait);
}

#[test]
fn a_window_goes_on_behind_the_last_block_that_came() {
    let now = start();
    let (mut transfer, first) = Transfer::begin(&agreement(512, 4, false), 5000, now);
    assert_eq!(first, Step::Send(1..=4));
    assert_eq!(transfer.acknowledge(2, now), Step::Send(3..=6));
    assert_eq!(transfer.acknowledge(2, now), Step::Send(3..=6));
    assert_eq!(transfer.acknowledge(2, now), Step::Wait);
    assert_eq!(transfer.acknowledge(6, now), Step::Send(7..=10));
    assert_eq!(transfer.acknowledge(10, now), Step::Complete);
}

#[test]
fn silence_sends_again_and_gives_up_in_the_end() {
    let mut now = start();
    let (mut transfer, _) = Transfer::begin(&agreement(512, 2, false), 5000, now);
    assert_eq!(transfer.silence(now), Step::Wait);
    let mut waits = Vec::new();
    loop {
        let wait = transfer.deadline() - now;
        now = transfer.deadline();
        waits.push(wait.as_secs());
        match transfer.silence(now) {
            Step::Send(blocks) => assert_eq!(blocks, 1..=2),
            step => {
                assert_eq!(step, Step::GiveUp);
                break;
            }
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 8, 8, 8]);
}

#[test]
fn block_numbers_wrap() {
    let now = start();
    let size = 8 * 70_000;
    let (mut transfer, mut step) = Transfer::begin(&agreement(8, 64, false), size, now);
    let mut last = 0;
    while let Step::Send(blocks) = step {
        last = *blocks.end();
        step = transfer.acknowledge(last as u16, now);
    }
    assert_eq!((step, last), (Step::Complete, 70_001));
}

proptest! {
    /// Whatever is lost on the way: the client gets every octet once and in order, and the transfer ends.
    #[test]
    fn everything_arrives_in_spite_of_losses(
        size in 0u64..6000,
        block_size in 8usize..600,
        window_size in 1u16..9,
        options: bool,
        losses in proptest::collection::vec(any::<bool>(), 1..200),
    ) {
        let mut losses = losses.into_iter();
        let mut now = start();
        let (mut transfer, mut step) = Transfer::begin(&agreement(block_size, window_size, options), size, now);
        let mut received = 0u64;
        let mut next = u64::from(!options);
        let mut turns = 0;
        while step != Step::Complete {
            turns += 1;
            prop_assert!(turns < 100_000 && step != Step::GiveUp, "{transfer:?}");
            let mut answer = None;
            // a network that lost everything would be right to be given up
            let give_in = transfer.silences == RETRIES;
            let mut lost = || !give_in && losses.next().unwrap_or(false);
            if let Step::Send(blocks) = &step {
                let end = *blocks.end();
                for block in blocks.clone() {
                    if lost() {
                        continue;
                    }
                    if block == next {
                        if block > 0 {
                            let (at, length) = transfer.extent(block);
                            prop_assert_eq!(at, received);
                            received += length as u64;
                        }
                        next += 1;
                    }
                    if (block == end || block != next - 1) && next > 0 {
                        answer = Some((next - 1) as u16);
                    }
                }
            }
            step = match answer {
                Some(block) if !lost() => transfer.acknowledge(block, now),
                _ => {
                    now = transfer.deadline();
                    transfer.silence(now)
                }
            };
        }
        prop_assert_eq!(received, size);
    }
}
