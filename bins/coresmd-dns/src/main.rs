//! The binary: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for pages of 2 MiB, of which many threads fill little each. A kernel that does not know the wish
    // serves as well.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    coresmd_dns::run(std::env::args_os())
}
