//! \[IO\] The boot file over TFTP (RFC 1350, 2347–2349), as UEFI firmware loads it: block after block, each acknowledged.

use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::dhcp::PAUSES;
use super::{Failure, Timed, clock};
use crate::settings;

/// Octets of a block: what a frame takes.
const BLOCK_SIZE: usize = 1428;
/// Octets of a message's opcode and block number.
const HEADER: usize = 4;

/// Reads `name` and compares it with what the server has been given.
#[expect(clippy::disallowed_methods, reason = "[IO] a transfer has a port of its own")]
pub(super) async fn fetch(server: SocketAddr, name: &str) -> Result<Timed<()>, Failure> {
    let start = clock();
    let socket = UdpSocket::bind((settings::SERVER, 0)).await?;
    let mut transfer = Transfer { socket, server, peer: None, retries: 0 };
    let request = format!("\0\x01{name}\0octet\0tsize\x000\0blksize\0{BLOCK_SIZE}\0");
    let mut file = Vec::new();
    transfer.ask(request.as_bytes(), |message| message.starts_with(&[0, 6]).then(Vec::new)).await?;
    for block in 0u16.. {
        let [high, low] = (block + 1).to_be_bytes();
        let [last_high, last_low] = block.to_be_bytes();
        let acknowledgement = [0, 4, last_high, last_low];
        let data = |message: &[u8]| message.starts_with(&[0, 3, high, low]).then(|| message[HEADER..].to_vec());
        let answer = transfer.ask(&acknowledgement, data).await?;
        file.extend_from_slice(&answer);
        if answer.len() < BLOCK_SIZE {
            transfer.send(&[0, 4, high, low]).await?;
            break;
        }
    }
    let took = start.elapsed();
    if file == settings::boot_file(name) {
        Ok(Timed { value: (), took, retries: transfer.retries })
    } else {
        Err(Failure::Wrong(vec![format!("{name} came as {} octets that are not the file's", file.len())]))
    }
}

/// A transfer and the port at the other end, once that is known.
struct Transfer {
    socket: UdpSocket,
    server: SocketAddr,
    peer: Option<SocketAddr>,
    retries: u32,
}

impl Transfer {
    /// Sends a message until `accept` takes an answer.
    async fn ask(&mut self, message: &[u8], accept: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let start = clock();
        let mut sent = 0;
        for pause in PAUSES {
            self.send(message).await?;
            sent += 1;
            if let Ok(answer) = timeout(pause, self.answer(&accept)).await {
                self.retries += sent - 1;
                return answer;
            }
        }
        Err(Failure::Silence { sent, waited: start.elapsed() })
    }

    async fn send(&self, message: &[u8]) -> Result<(), Failure> {
        self.socket.send_to(message, self.peer.unwrap_or(self.server)).await?;
        Ok(())
    }

    async fn answer(&mut self, accept: &impl Fn(&[u8]) -> Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let mut buffer = [0; HEADER + BLOCK_SIZE];
        loop {
            let (length, from) = self.socket.recv_from(&mut buffer).await?;
            if self.peer.is_some_and(|peer| peer != from) {
                continue;
            }
            let message = &buffer[..length];
            if let [0, 5, _, code, text @ ..] = message {
                let text = String::from_utf8_lossy(text).trim_end_matches('\0').to_owned();
                return Err(Failure::Wrong(vec![format!("TFTP error {code}: {text}")]));
            }
            if let Some(answer) = accept(message) {
                self.peer = Some(from);
                return Ok(answer);
            }
        }
    }
}
