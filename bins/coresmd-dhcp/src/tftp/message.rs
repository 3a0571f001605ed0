//! What we say, as octets: OACK, DATA, ERROR (RFC 1350 §5, RFC 2347).

use tftpd::{ErrorCode, Packet, TransferOption};

/// Octets of a DATA message in front of its block.
pub const DATA_HEADER: usize = 4;

/// The OACK with these options.
pub fn option_acknowledgement(options: &[TransferOption]) -> Vec<u8> {
    let packet = Packet::Oack(options.to_vec());
    packet.serialize().expect("names and numbers can be written")
}

/// The first octets of a DATA message; block numbers wrap to 0.
pub fn data_header(block: u64) -> [u8; DATA_HEADER] {
    let [high, low] = (block as u16).to_be_bytes();
    [0, 3, high, low]
}

/// An ERROR.
pub fn error(code: ErrorCode, text: &str) -> Vec<u8> {
    let packet = Packet::Error { code, msg: text.replace('\0', " ") };
    packet.serialize().expect("an error without a NUL in its text can be written")
}

#[cfg(test)]
mod tests {
    use tftpd::OptionType;

    use super::*;

    #[test]
    fn messages_are_as_the_rfcs_draw_them() {
        let options = [
            TransferOption { option: OptionType::TransferSize, value: 4096 },
            TransferOption { option: OptionType::BlockSize, value: 1432 },
        ];
        assert_eq!(option_acknowledgement(&options), b"\0\x06tsize\x004096\0blksize\x001432\0");
        assert_eq!(data_header(65_537), [0, 3, 0, 1]);
        assert_eq!(error(ErrorCode::FileNotFound, "no\0file"), b"\0\x05\0\x01no file\0");
    }
}
