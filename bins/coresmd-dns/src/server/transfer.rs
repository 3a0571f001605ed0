//! \[IO\] Sending whole zones over TCP. What they cost us is bounded: transfers at one time, the time that each of
//! their messages may take to be taken, and that of all together; one message is held at a time.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::handle::Exchange;
use crate::transfer::{Wanted, wanted};
use crate::view::View;

/// Transfers at one time, on all connections together. One more is refused, and its client asks again later.
const TRANSFERS: usize = 8;
/// How long a message may take to be taken.
const MESSAGE: Duration = Duration::from_secs(5);
/// How long a whole transfer may take: a reader that takes a little at a time gets no further.
const WHOLE: Duration = Duration::from_mins(2);

static SEATS: Semaphore = Semaphore::const_new(TRANSFERS);

/// A transfer that may begin.
pub(super) struct Transfer {
    wanted: Wanted,
    client: IpAddr,
    _seat: SemaphorePermit<'static>,
}

impl Transfer {
    /// What a message asks for, if that is a transfer which its client may have now.
    pub(super) fn begin(view: &View, exchange: &Exchange<'_>) -> Option<Self> {
        let (wanted, client) = (wanted(view, exchange)?, exchange.client.ip());
        let seat = SEATS.try_acquire().ok();
        if seat.is_none() {
            tracing::warn!(%client, limit = TRANSFERS, "zone not sent: too many transfers at one time");
        }
        Some(Self { wanted, client, _seat: seat? })
    }

    /// Sends all of it; gives its first message.
    pub(super) async fn send(self, stream: &mut TcpStream) -> io::Result<Vec<u8>> {
        let authority = self.wanted.catalog.zone(self.wanted.zone);
        let (zone, serial, client) = (&authority.apex, authority.serial, self.client);
        let mut messages = self.wanted.messages();
        let records = messages.records();
        let sent = timeout(WHOLE, async {
            let (mut out, mut first) = (Vec::new(), None);
            loop {
                out.clear();
                out.extend_from_slice(&[0, 0]);
                if !messages.next(&mut out) {
                    return Ok(first.unwrap_or_default());
                }
                // a message ends long before 64 KiB
                let length = (out.len() - 2) as u16;
                out[..2].copy_from_slice(&length.to_be_bytes());
                timeout(MESSAGE, stream.write_all(&out)).await.unwrap_or_else(|_| timed_out())?;
                first.get_or_insert_with(|| out[2..].to_vec());
            }
        });
        let sent = sent.await.unwrap_or_else(|_| timed_out());
        match &sent {
            Ok(_) => tracing::info!(%zone, serial, records, %client, "zone sent"),
            Err(error) => tracing::warn!(%zone, serial, %client, %error, "zone not sent"),
        }
        sent
    }
}

fn timed_out<T>() -> io::Result<T> {
    Err(io::ErrorKind::TimedOut.into())
}

#[cfg(test)]
mod tests;
