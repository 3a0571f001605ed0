//! \[IO\] Ask over UDP, wait, ask again after a growing pause: how DHCP clients (RFC 2131 §4.1) and resolvers do it.

use std::io;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{Failure, Timed, clock};

/// Sends `message(since the first)` until `accept` takes a datagram, each time waiting as long as `pauses` says, a
/// quarter more or less so that many nodes do not ask in step. What `accept` leaves (`None`) is not for us.
pub(super) async fn exchange<T>(
    socket: &UdpSocket,
    pauses: &[Duration],
    message: impl Fn(Duration) -> Vec<u8>,
    mut accept: impl FnMut(&[u8]) -> Option<Result<T, Failure>>,
) -> Result<Timed<T>, Failure> {
    let start = clock();
    let mut sent = 0;
    for pause in pauses {
        send(socket, &message(start.elapsed())).await?;
        sent += 1;
        let patience = pause.mul_f64(rand::random_range(0.75..1.25));
        if let Ok(answer) = timeout(patience, answer(socket, &mut accept)).await {
            return Ok(Timed { value: answer?, took: start.elapsed(), retries: sent - 1 });
        }
    }
    Err(Failure::Silence { sent, waited: start.elapsed() })
}

async fn answer<T>(
    socket: &UdpSocket,
    accept: &mut impl FnMut(&[u8]) -> Option<Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut buffer = [0; 4096];
    loop {
        let length = match socket.recv(&mut buffer).await {
            Ok(length) => length,
            Err(error) if nobody_listens(&error) => continue,
            Err(error) => return Err(error.into()),
        };
        if let Some(outcome) = accept(&buffer[..length]) {
            return outcome;
        }
    }
}

async fn send(socket: &UdpSocket, message: &[u8]) -> io::Result<()> {
    match socket.send(message).await {
        Err(error) if !nobody_listens(&error) => Err(error),
        _ => Ok(()),
    }
}

/// An ICMP error that came back for an earlier datagram: to a real client it looks like silence.
fn nobody_listens(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test's own loopback sockets")]
    async fn pair() -> (UdpSocket, UdpSocket) {
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(server.local_addr().unwrap()).await.unwrap();
        server.connect(client.local_addr().unwrap()).await.unwrap();
        (client, server)
    }

    const MINUTE: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_lost_message_is_sent_again_and_a_stranger_ignored() {
        let (client, server) = pair().await;
        let answering = async {
            let mut buffer = [0; 16];
            server.recv(&mut buffer).await.unwrap(); // the first one is lost
            server.recv(&mut buffer).await.unwrap();
            server.send(b"stranger").await.unwrap();
            server.send(b"answer").await.unwrap();
        };
        let asking = exchange(
            &client,
            &[SHORT, MINUTE],
            |_| b"question".to_vec(),
            |datagram| (datagram == b"answer").then_some(Ok(datagram.len())),
        );
        let (timed, ()) = tokio::join!(asking, answering);
        let timed = timed.unwrap();
        assert_eq!((timed.value, timed.retries), (6, 1));
    }

    #[tokio::test]
    async fn silence_says_how_often_it_was_asked() {
        let (client, _server) = pair().await;
        let outcome = exchange(&client, &[SHORT, SHORT], |_| b"?".to_vec(), |_| Some(Ok(()))).await;
        assert!(matches!(outcome, Err(Failure::Silence { sent: 2, .. })));
    }

    #[tokio::test]
    async fn a_port_that_nobody_listens_on_is_silence() {
        let (client, server) = pair().await;
        drop(server);
        let outcome = exchange(&client, &[SHORT, SHORT], |_| b"?".to_vec(), |_| Some(Ok(()))).await;
        assert!(matches!(outcome, Err(Failure::Silence { sent: 2, .. })));
    }
}
