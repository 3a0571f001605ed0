//! `coresmd-servers NAME ARGUMENTS…`: runs the server NAME (`coresmd-dhcp`, `coresmd-dns`) exactly as its own binary
//! would. The tests start it where no release binaries are named.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    match arguments.peek().and_then(|name| name.to_str()) {
        Some("coresmd-dhcp") => coresmd_dhcp::run(arguments),
        Some("coresmd-dns") => coresmd_dns::run(arguments),
        other => {
            eprintln!("coresmd-servers: no server of the name {other:?}");
            ExitCode::FAILURE
        }
    }
}
