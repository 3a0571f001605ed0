//! SIGTERM and SIGINT to a real process: this program starts itself as the server and sends it the signals. It is its
//! own harness, for a test harness would run the server beside other tests.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serve::drain::Stop;

fn main() {
    if std::env::args().any(|argument| argument == "server") {
        server();
    } else {
        for (first, second, code) in [("TERM", "INT", 130), ("INT", "TERM", 143)] {
            first_drains_and_second_ends(first, second, code);
        }
        println!("signals: ok");
    }
}

/// A server whose drain never comes to its end.
fn server() {
    let stop = Stop::on_signals().expect("signal handlers");
    println!("up");
    while !stop.is_set() {
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("draining");
    loop {
        std::thread::park();
    }
}

fn first_drains_and_second_ends(first: &str, second: &str, code: i32) {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut server = Command::new(program)
        .arg("server")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let mut output = BufReader::new(server.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    assert_eq!(output.next().as_deref(), Some("up"));
    kill(&server, first);
    assert_eq!(output.next().as_deref(), Some("draining"));
    kill(&server, second);
    assert_eq!(server.wait().expect("a child ends").code(), Some(code));
    let mut message = String::new();
    server.stderr.take().expect("piped").read_to_string(&mut message).expect("text");
    assert_eq!(message, format!("SIG{second} while stopping: ending at once\n"));
}

/// The shell's built-in kill: every machine has it.
fn kill(server: &Child, signal: &str) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{signal} {}", server.id())).status();
    assert!(sent.expect("a shell starts").success());
}
