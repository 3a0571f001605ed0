//! One transfer: which blocks go out next. A pure state machine; whoever owns the socket tells it of each ACK and of each
//! deadline that has passed.
//!
//! RFC 1350 §4–6 (lock step), RFC 2347 (OACK is block 0), RFC 7440 (windows), RFC 1123 §4.2.3.1 (a repeated ACK sends
//! nothing again, or every block would be sent twice for the rest of the transfer).

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::negotiate::Agreement;

/// How often a block is sent again before the client counts as gone.
pub const RETRIES: u32 = 6;
/// The longest wait for an ACK; each silence doubles the wait, up to this or to what the client asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// A transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    block_size: u64,
    window_size: u64,
    timeout: Duration,
    size: u64,
    /// The last block that the client has, counted from 1 and never wrapped; 0 is the OACK.
    acknowledged: u64,
    /// The last block that was sent.
    sent: u64,
    /// Whether the OACK still waits for its ACK.
    opening: bool,
    /// Silences since the last ACK that brought something new.
    silences: u32,
    /// An ACK of what was already acknowledged has been answered since then.
    repeated: bool,
    deadline: Instant,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send these blocks; block 0 is the OACK.
    Send(RangeInclusive<u64>),
    /// Nothing.
    Wait,
    /// The client has everything.
    Complete,
    /// The client has been silent for too long.
    GiveUp,
}

impl Transfer {
    /// A transfer of `size` octets, and what to send first.
    pub fn begin(agreement: &Agreement, size: u64, now: Instant) -> (Self, Step) {
        let opening = !agreement.acknowledged.is_empty();
        let mut transfer = Self {
            block_size: agreement.block_size as u64,
            window_size: agreement.window_size.max(1).into(),
            timeout: agreement.timeout,
            size,
            acknowledged: 0,
            sent: 0,
            opening,
            silences: 0,
            repeated: false,
            deadline: now + agreement.timeout,
        };
        let step = if opening { Step::Send(0..=0) } else { transfer.send_window() };
        (transfer, step)
    }

    /// An ACK, with the block's number as it stands in the message: the low 16 bits.
    pub fn acknowledge(&mut self, block: u16, now: Instant) -> Step {
        if self.opening {
            if block != 0 {
                return Step::Wait;
            }
            self.opening = false;
            self.restart_clock(now);
            return self.send_window();
        }
        let ahead = u64::from(block.wrapping_sub(self.acknowledged as u16));
        match ahead {
            // A client that misses the first block of a window repeats its last ACK; in lock step nothing can be missing.
            0 if self.window_size > 1 && !self.repeated => {
                self.repeated = true;
                self.deadline = now + self.wait();
                self.send_window()
            }
            1.. if self.acknowledged + ahead <= self.sent => {
                self.acknowledged += ahead;
                if self.acknowledged == self.blocks() {
                    return Step::Complete;
                }
                self.restart_clock(now);
                self.send_window()
            }
            _ => Step::Wait,
        }
    }

    /// The deadline has passed: everything that is not acknowledged goes out again, at ever longer intervals.
    pub fn silence(&mut self, now: Instant) -> Step {
        if now < self.deadline {
            return Step::Wait;
        }
        if self.silences == RETRIES {
            return Step::GiveUp;
        }
        self.silences += 1;
        self.deadline = now + self.wait();
        if self.opening { Step::Send(0..=0) } else { self.send_window() }
    }

    /// When to call [`Transfer::silence`].
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Where the octets of a block are in the file, and how many they are.
    pub fn extent(&self, block: u64) -> (u64, usize) {
        let start = (block - 1) * self.block_size;
        (start, self.size.saturating_sub(start).min(self.block_size) as usize)
    }

    /// Octets that the client has.
    pub fn delivered(&self) -> u64 {
        self.size.min(self.acknowledged * self.block_size)
    }

    /// The number of the last block, which is shorter than the others, or empty.
    fn blocks(&self) -> u64 {
        self.size / self.block_size + 1
    }

    fn send_window(&mut self) -> Step {
        self.sent = self.blocks().min(self.acknowledged + self.window_size);
        Step::Send(self.acknowledged + 1..=self.sent)
    }

    fn restart_clock(&mut self, now: Instant) {
        self.silences = 0;
        self.repeated = false;
        self.deadline = now + self.timeout;
    }

    fn wait(&self) -> Duration {
        (self.timeout * 2u32.pow(self.silences)).min(LONGEST_WAIT.max(self.timeout))
    }
}

#[cfg(test)]
mod tests;
