//! A body as it comes in: compared with the last one on the fly, capped, and kept only where it differs.

use std::fmt;

use bytes::Bytes;
use reqwest::{Response, Url};

use super::error::{FetchError, error_chain};

/// What a GET brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The body that was taken last, byte for byte.
    Unchanged,
    /// Another body.
    Body(Bytes),
}

/// A body on its way in. While it equals the last one it costs a comparison and no memory.
#[derive(Debug)]
pub struct Collector<'a> {
    last: Option<&'a [u8]>,
    /// How many bytes have come, as long as they are those of `last`.
    equal: usize,
    /// The bytes that have come, once they differ.
    own: Option<Vec<u8>>,
}

impl<'a> Collector<'a> {
    /// Starts to collect, next to the body that was taken last.
    pub fn new(last: Option<&'a [u8]>) -> Self {
        Self { last, equal: 0, own: None }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        let last = self.last.unwrap_or_default();
        match &mut self.own {
            Some(own) => own.extend_from_slice(chunk),
            None if last[self.equal..].starts_with(chunk) => self.equal += chunk.len(),
            None => {
                let mut own = Vec::with_capacity(last.len().max(chunk.len()));
                own.extend_from_slice(&last[..self.equal]);
                own.extend_from_slice(chunk);
                self.own = Some(own);
            }
        }
    }

    /// How many bytes have come.
    pub fn len(&self) -> usize {
        self.own.as_ref().map_or(self.equal, Vec::len)
    }

    /// Whether nothing has come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole body has come.
    pub fn finish(self) -> Fetched {
        match (self.own, self.last) {
            (None, Some(last)) if last.len() == self.equal => Fetched::Unchanged,
            (None, last) => Fetched::Body(Bytes::copy_from_slice(&last.unwrap_or_default()[..self.equal])),
            (Some(own), _) => Fetched::Body(Bytes::from(own.into_boxed_slice())),
        }
    }
}

/// Why a body did not come whole; the URL is the caller's to add.
pub(crate) enum ReceiveError {
    TooLarge(usize),
    Truncated(String),
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "the body is larger than {limit} bytes"),
            Self::Truncated(cause) => write!(f, "the body ended early: {cause}"),
        }
    }
}

impl ReceiveError {
    pub(crate) fn at(self, url: &Url) -> FetchError {
        let url = url.to_string();
        match self {
            Self::TooLarge(limit) => FetchError::TooLarge { url, limit },
            Self::Truncated(cause) => FetchError::Truncated { url, cause },
        }
    }
}

/// Receives a body of at most `limit` bytes.
pub(crate) async fn receive(
    mut response: Response,
    last: Option<&Bytes>,
    limit: usize,
) -> Result<Fetched, ReceiveError> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
        return Err(ReceiveError::TooLarge(limit));
    }
    let mut collector = Collector::new(last.map(AsRef::as_ref));
    while let Some(chunk) = next_chunk(&mut response).await? {
        if collector.len() + chunk.len() > limit {
            return Err(ReceiveError::TooLarge(limit));
        }
        collector.push(&chunk);
    }
    Ok(collector.finish())
}

async fn next_chunk(response: &mut Response) -> Result<Option<Bytes>, ReceiveError> {
    response.chunk().await.map_err(|error| ReceiveError::Truncated(error_chain(&error.without_url())))
}

/// What an error's body says, for people: the detail of a problem report, the title of a page, or a short text; `: `
/// before it.
pub(crate) async fn detail(response: Response) -> String {
    match receive(response, None, DETAIL_BYTES).await {
        Ok(Fetched::Body(body)) => describe(&body),
        Ok(Fetched::Unchanged) | Err(_) => String::new(),
    }
}

fn describe(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let problem: Option<String> = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|problem| problem.get("detail")?.as_str().map(str::to_owned));
    let line = match &problem {
        Some(detail) => detail.trim(),
        None => text.trim().lines().next().unwrap_or_default(),
    };
    match line {
        "" => String::new(),
        line if line.starts_with('<') => match title(&text) {
            Some(title) => format!(": an HTML page, {title:?}"),
            None => ": an HTML page".to_owned(),
        },
        line if line.len() > DETAIL_SHOWN => String::new(),
        line => format!(": {line}"),
    }
}

/// The title of a page, or its headline: haproxy's pages have no title.
fn title(page: &str) -> Option<&str> {
    let within = |open: &str, close: &str| {
        let (_, from) = page.split_once(open)?;
        let (text, _) = from.split_once(close)?;
        Some(text.trim()).filter(|text| !text.is_empty() && text.len() <= DETAIL_SHOWN && !text.contains('<'))
    };
    within("<title>", "</title>").or_else(|| within("<h1>", "</h1>"))
}

/// More than this of an error's body is not received.
const DETAIL_BYTES: usize = 4096;
/// A longer line is no message for people.
const DETAIL_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(last: Option<&[u8]>, chunks: &[&[u8]]) -> Fetched {
        let mut collector = Collector::new(last);
        for chunk in chunks {
            collector.push(chunk);
        }
        assert_eq!(collector.len(), chunks.iter().map(|chunk| chunk.len()).sum::<usize>());
        collector.finish()
    }

    #[test]
    fn a_body_is_unchanged_or_collected_whole() {
        let body = |bytes: &'static [u8]| Fetched::Body(Bytes::from_static(bytes));
        for (last, chunks, expected) in [
            (Some(&b"abcdef"[..]), &[&b"abc"[..], b"def"][..], Fetched::Unchanged),
            (Some(b"abcdef"), &[b"abc", b"dxf"], body(b"abcdxf")),
            (Some(b"abcdef"), &[b"abc", b"def", b"g"], body(b"abcdefg")),
            (Some(b"abcdef"), &[b"abc"], body(b"abc")),
            (Some(b"abcdef"), &[], body(b"")),
            (Some(b""), &[], Fetched::Unchanged),
            (None, &[], body(b"")),
            (None, &[b"ab", b"c"], body(b"abc")),
        ] {
            assert_eq!(collect(last, chunks), expected, "{last:?} {chunks:?}");
        }
    }

    #[test]
    fn an_errors_body_is_shown_where_it_says_something() {
        let problem = br#"{"type":"about:blank","title":"Bad","detail":"bad query param","status":400}"#;
        assert_eq!(describe(problem), ": bad query param");
        assert_eq!(describe(b"no token found\n"), ": no token found");
        assert_eq!(describe(b"<html><body>503</body></html>"), ": an HTML page");
        let haproxy = b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>\n";
        assert_eq!(describe(haproxy), ": an HTML page, \"503 Service Unavailable\"");
        let nginx = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>Bad</h1></body></html>";
        assert_eq!(describe(nginx), ": an HTML page, \"502 Bad Gateway\"");
        assert_eq!(describe(b""), "");
        assert_eq!(describe("x".repeat(201).as_bytes()), "");
    }
}
