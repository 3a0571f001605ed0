//! A TFTP client: its first datagram, then whatever it sends or does not send. No client upsets the transfer, makes it
//! read outside of the file or keeps it from ending (RFC 1350, 2347, 7440).
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use coresmd_dhcp::tftp::conversation::Conversation;
use coresmd_dhcp::tftp::library::Library;
use coresmd_dhcp::tftp::negotiate::Limits;
use coresmd_dhcp::tftp::request::Message;
use coresmd_dhcp::tftp::transfer::{RETRIES, Step};
use libfuzzer_sys::fuzz_target;

/// Octets of the file that can be read.
const SIZE: u64 = 3000;

static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::new("/nonexistent".into(), [("boot".to_owned(), vec![b'\n'; SIZE as usize])]));
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fuzz_target!(|input: &[u8]| {
    let Some((&length, rest)) = input.split_first() else { return };
    let (first, rest) = rest.split_at(rest.len().min(usize::from(length)));
    let Ok(Message::Read(mut request)) = Message::decode(first) else { return };
    request.file = "boot".into();
    let (mut now, limits) = (*START, Limits::default());
    let Ok((mut conversation, mut step)) = Conversation::begin(&LIBRARY, request, &limits, now) else { return };
    let mut datagrams = rest.chunks(4);
    let mut silences = 0;
    loop {
        match step {
            Step::Send(blocks) => {
                assert!(blocks.end() - blocks.start() < u64::from(limits.window_size), "{blocks:?}");
                for block in blocks {
                    let mut message = Vec::new();
                    conversation.write(block, &mut message).expect("the file is in memory");
                    assert!(message.len() <= 4 + limits.block_size.max(60), "{} octets", message.len());
                }
            }
            Step::Wait => {}
            Step::Complete | Step::GiveUp => break,
        }
        step = match datagrams.next().map(Message::decode) {
            Some(Ok(Message::Acknowledge(block))) => conversation.acknowledge(block, now),
            Some(_) => Step::Wait,
            None => {
                silences += 1;
                assert!(silences <= RETRIES + 1, "a silent client is given up");
                now = now.max(conversation.deadline()) + Duration::from_millis(1);
                conversation.silence(now)
            }
        };
    }
    assert!(conversation.summary(now).octets <= 2 * SIZE, "no more than the file, as text");
});
