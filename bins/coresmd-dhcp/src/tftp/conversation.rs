//! One client's transfer with the file that it is of: from its request to the octets that go out.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tftpd::ErrorCode;
use thiserror::Error;

use super::library::{Contents, Library, OpenError};
use super::message::{data_header, option_acknowledgement};
use super::negotiate::{Agreement, Limits};
use super::request::{Mode, ReadRequest};
use super::transfer::{Step, Transfer};

/// The largest file that is sent as text: it is rewritten in memory, line end by line end.
const LARGEST_TEXT: u64 = 1 << 20;

/// A transfer and its file.
#[derive(Debug)]
pub struct Conversation {
    transfer: Transfer,
    contents: Arc<Contents>,
    file: String,
    acknowledgement: Vec<u8>,
    block_size: usize,
    window_size: u16,
    begun: Instant,
    resent: u64,
}

/// Why a request is turned down.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] OpenError),
    /// A file that is too large to be sent as text.
    #[error("too large for netascii: ask for octet")]
    TooLargeForText,
}

/// A transfer as it was in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The file's name, as it was asked for.
    pub file: String,
    /// Octets that the client has.
    pub octets: u64,
    /// How long it took.
    pub duration: Duration,
    /// Blocks that were sent again.
    pub resent: u64,
    /// Octets of a block.
    pub block_size: usize,
    /// Blocks of a window.
    pub window_size: u16,
}

impl Conversation {
    /// Opens the file, agrees on the options and says what to send first.
    pub fn begin(
        library: &Library,
        request: ReadRequest,
        limits: &Limits,
        now: Instant,
    ) -> Result<(Self, Step), Refusal> {
        let mut contents = library.open(&request.file)?;
        if request.mode == Mode::Netascii {
            contents = as_text(&contents)?;
        }
        let size = contents.size();
        let agreement = Agreement::on(&request.options, size, limits);
        let (transfer, first) = Transfer::begin(&agreement, size, now);
        let conversation = Self {
            transfer,
            contents,
            file: request.file,
            acknowledgement: option_acknowledgement(&agreement.acknowledged),
            block_size: agreement.block_size,
            window_size: agreement.window_size,
            begun: now,
            resent: 0,
        };
        Ok((conversation, first))
    }

    /// As [`Transfer::acknowledge`].
    pub fn acknowledge(&mut self, block: u16, now: Instant) -> Step {
        self.transfer.acknowledge(block, now)
    }

    /// As [`Transfer::silence`].
    pub fn silence(&mut self, now: Instant) -> Step {
        let step = self.transfer.silence(now);
        if let Step::Send(blocks) = &step {
            self.resent += blocks.end() - blocks.start() + 1;
        }
        step
    }

    /// As [`Transfer::deadline`].
    pub fn deadline(&self) -> Instant {
        self.transfer.deadline()
    }

    /// Appends the message with a block, or the OACK for block 0. Fails if the file cannot be read any more; nothing is
    /// appended then.
    pub fn write(&self, block: u64, out: &mut Vec<u8>) -> io::Result<()> {
        if block == 0 {
            out.extend_from_slice(&self.acknowledgement);
            return Ok(());
        }
        let before = out.len();
        let (offset, length) = self.transfer.extent(block);
        out.extend_from_slice(&data_header(block));
        let data = out.len();
        out.resize(data + length, 0);
        self.contents.read_at(offset, &mut out[data..]).inspect_err(|_| out.truncate(before))
    }

    /// The transfer as it is now.
    pub fn summary(&self, now: Instant) -> Summary {
        Summary {
            file: self.file.clone(),
            octets: self.transfer.delivered(),
            duration: now.saturating_duration_since(self.begun),
            resent: self.resent,
            block_size: self.block_size,
            window_size: self.window_size,
        }
    }
}

impl Refusal {
    /// The code of the ERROR that says so (RFC 1350 §5).
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::File(OpenError::NotFound) => ErrorCode::FileNotFound,
            Self::File(OpenError::Denied | OpenError::NotAFile) => ErrorCode::AccessViolation,
            Self::File(OpenError::System(_)) | Self::TooLargeForText => ErrorCode::NotDefined,
        }
    }

    /// The word in metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::File(OpenError::NotFound) => "not_found",
            Self::File(OpenError::Denied | OpenError::NotAFile) => "access_denied",
            Self::File(OpenError::System(_)) => "unreadable",
            Self::TooLargeForText => "too_large_for_text",
        }
    }
}

/// The contents as netascii: a line feed becomes CR LF, a bare carriage return CR NUL (RFC 764).
fn as_text(contents: &Contents) -> Result<Arc<Contents>, Refusal> {
    if contents.size() > LARGEST_TEXT {
        return Err(Refusal::TooLargeForText);
    }
    let mut octets = vec![0; contents.size() as usize];
    contents.read_at(0, &mut octets).map_err(OpenError::System)?;
    let mut text = Vec::with_capacity(octets.len() + octets.len() / 16);
    for octet in octets {
        match octet {
            b'\n' => text.extend_from_slice(b"\r\n"),
            b'\r' => text.extend_from_slice(b"\r\0"),
            other => text.push(other),
        }
    }
    Ok(Arc::new(Contents::Memory(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tftp::request::Options;

    fn library() -> Library {
        let text = b"one\ntwo\rthree\r\n".to_vec();
        let large = vec![b'x'; LARGEST_TEXT as usize + 1];
        Library::new("/nonexistent".into(), [("text".to_owned(), text), ("large".to_owned(), large)])
    }

    fn ask(file: &str, mode: Mode) -> Result<(Conversation, Step), Refusal> {
        let options = Options { block_size: Some(8), ..Options::default() };
        #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
        let now = Instant::now();
        Conversation::begin(&library(), ReadRequest { file: file.into(), mode, options }, &Limits::default(), now)
    }

    fn all_of(conversation: &Conversation) -> Vec<u8> {
        let mut octets = Vec::new();
        for block in 1.. {
            let mut message = Vec::new();
            conversation.write(block, &mut message).unwrap();
            assert_eq!(message[..4], [0, 3, 0, block as u8]);
            octets.extend_from_slice(&message[4..]);
            if message.len() < 12 {
                break;
            }
        }
        octets
    }

    #[test]
    fn octets_go_out_as_they_are_and_text_with_its_line_ends() {
        let (conversation, first) = ask("text", Mode::Octet).unwrap();
        assert_eq!((all_of(&conversation).as_slice(), first), (&b"one\ntwo\rthree\r\n"[..], Step::Send(0..=0)));
        let mut message = Vec::new();
        conversation.write(0, &mut message).unwrap();
        assert_eq!(message, b"\0\x06blksize\x008\0");
        let (conversation, _) = ask("text", Mode::Netascii).unwrap();
        assert_eq!(all_of(&conversation), b"one\r\ntwo\r\0three\r\0\r\n");
    }

    #[test]
    fn refusals_say_why() {
        for (file, mode, code) in
            [("nothing", Mode::Octet, ErrorCode::FileNotFound), ("large", Mode::Netascii, ErrorCode::NotDefined)]
        {
            assert_eq!(ask(file, mode).unwrap_err().code(), code, "{file}");
        }
    }
}
