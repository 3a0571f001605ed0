//! \[IO\] What the user reads on stdout.

use std::fmt::Arguments;
use std::io::{Write, stdout};

/// Prints as `print!` does; but that nobody reads any more (`coresmd-demo | head`) is no reason to panic.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::write(format_args!($($text)*)) };
}
pub(crate) use say;

/// For [`say!`].
pub(crate) fn write(text: Arguments<'_>) {
    let mut out = stdout().lock();
    let _ = out.write_fmt(text).and_then(|()| out.flush());
}
