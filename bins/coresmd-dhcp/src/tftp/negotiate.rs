//! The options of a request, as far as we agree (RFC 2347: what cannot be agreed on is left out, never refused).

use std::time::Duration;

use tftpd::{OptionType, TransferOption};

use super::request::Options;

/// Octets of a block where nothing is agreed (RFC 1350 §2).
pub const BLOCK_SIZE: usize = 512;
/// The smallest and the largest block that may be asked for (RFC 2348).
const BLOCK_SIZES: std::ops::RangeInclusive<u64> = 8..=65464;
/// How long an ACK may take where nothing is agreed.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// What the server agrees to at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a block.
    pub block_size: usize,
    /// Blocks of a window.
    pub window_size: u16,
}

impl Default for Limits {
    /// 1468 octets fill an Ethernet frame over IPv4 without a fragment; beyond 64 blocks a window gains nothing.
    fn default() -> Self {
        Self { block_size: 1468, window_size: 64 }
    }
}

/// What a transfer goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Octets of a block.
    pub block_size: usize,
    /// Blocks that are sent before an ACK is due.
    pub window_size: u16,
    /// How long an ACK may take.
    pub timeout: Duration,
    /// The options to acknowledge, with our values; without any, the first block goes out at once.
    pub acknowledged: Vec<TransferOption>,
}

impl Agreement {
    /// Agrees on the options of a request for a file of `size` octets.
    pub fn on(options: &Options, size: u64, limits: &Limits) -> Self {
        let mut agreement = Self { block_size: BLOCK_SIZE, window_size: 1, timeout: TIMEOUT, acknowledged: Vec::new() };
        if options.transfer_size {
            agreement.acknowledge(OptionType::TransferSize, size);
        }
        if let Some(asked) = options.block_size.filter(|asked| BLOCK_SIZES.contains(asked)) {
            agreement.block_size = limits.block_size.min(asked as usize);
            agreement.acknowledge(OptionType::BlockSize, agreement.block_size as u64);
        }
        if let Some(seconds @ 1..=255) = options.timeout {
            agreement.timeout = Duration::from_secs(seconds);
            agreement.acknowledge(OptionType::Timeout, seconds);
        }
        if let Some(asked @ 1..=65535) = options.window_size {
            agreement.window_size = limits.window_size.min(asked as u16);
            agreement.acknowledge(OptionType::WindowSize, agreement.window_size.into());
        }
        agreement
    }

    fn acknowledge(&mut self, option: OptionType, value: u64) {
        self.acknowledged.push(TransferOption { option, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(options: Options) -> Agreement {
        Agreement::on(&options, 4096, &Limits::default())
    }

    #[test]
    fn without_options_it_is_rfc_1350() {
        let agreement = agree(Options::default());
        assert_eq!((agreement.block_size, agreement.window_size, agreement.timeout), (512, 1, TIMEOUT));
        assert!(agreement.acknowledged.is_empty());
    }

    #[test]
    fn what_is_too_much_is_cut_down_and_what_is_nonsense_left_out() {
        for (asked, agreed) in [(8, 8), (1024, 1024), (1468, 1468), (65464, 1468), (7, 512), (65465, 512), (0, 512)] {
            let agreement = agree(Options { block_size: Some(asked), ..Options::default() });
            assert_eq!(agreement.block_size, agreed, "{asked}");
            assert_eq!(agreement.acknowledged.len(), usize::from(BLOCK_SIZES.contains(&asked)), "{asked}");
        }
        for (asked, agreed) in [(1, 1), (16, 16), (65535, 64), (0, 1), (65536, 1)] {
            assert_eq!(
                agree(Options { window_size: Some(asked), ..Options::default() }).window_size,
                agreed,
                "{asked}"
            );
        }
        for (asked, agreed) in [(3, 3), (255, 255), (0, 1), (256, 1)] {
            let agreement = agree(Options { timeout: Some(asked), ..Options::default() });
            assert_eq!(agreement.timeout, Duration::from_secs(agreed), "{asked}");
        }
    }

    #[test]
    fn the_size_is_told_to_who_asks() {
        let agreement = agree(Options { transfer_size: true, ..Options::default() });
        assert_eq!(agreement.acknowledged, [TransferOption { option: OptionType::TransferSize, value: 4096 }]);
    }
}
