//! Bodies in pieces that are no chunks, and bodies of other lengths than the head says.

use fastrand::Rng;

use super::{PATHS, damage, noise, pick};

/// Sizes of chunks that are none.
const SIZES: [&str; 18] = [
    "",
    " ",
    "x",
    "-1",
    "+1",
    "0x1",
    "1.5",
    "1 1",
    "\u{661}",
    "ffffffffffffffff",
    "10000000000000000",
    "fffffffffffffffffffffffffffffffff",
    "00000000000000000000000000000000000000000000000001",
    "7fffffffffffffff",
    "\t5",
    "5\0",
    "5\n5",
    "5\r",
];

const EXTENSIONS: [&str; 8] = [";", ";a", ";a=b", ";a=\"", ";\0", ";a=\"\r\n\"", ";\u{e9}", " ; a = b ; "];

const TRAILERS: [&str; 9] = [
    "a: b",
    "a",
    ": b",
    "a : b",
    "a: \0",
    "content-length: 5",
    "transfer-encoding: chunked",
    "authorization: Bearer sk-two",
    "a: b\r\n c",
];

/// A request whose head is right and whose body's frames are not.
pub fn request(random: &mut Rng) -> Vec<u8> {
    let body = match random.u8(..3) {
        0 => noise(random, 100),
        1 => b"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}".to_vec(),
        _ => b"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}]}".to_vec(),
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-one\r\ncontent-type: application/json\r\n",
        pick(random, &PATHS)
    );
    let (length, body) = match random.u8(..12) {
        // What is left is taken for another request, or is waited for.
        0 => (format!("content-length: {}", random.usize(..=body.len())), body),
        1 if random.u8(..4) == 0 => (format!("content-length: {}", body.len() + 1), body),
        2 => (format!("content-length: {}", random.u64(1 << 25..)), body),
        _ => ("transfer-encoding: chunked".to_owned(), chunks(random, &body)),
    };
    let mut bytes = format!("{head}{length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}

/// A body in chunks of which one is wrong, at least.
fn chunks(random: &mut Rng, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pieces: Vec<&[u8]> = body.chunks(random.usize(1..60)).collect();
    let (wrong, kind) = (random.usize(..=pieces.len()), random.u8(..9));
    for (index, piece) in pieces.iter().enumerate() {
        let mut size = format!("{:x}", piece.len());
        let (mut begins, mut ends) = ("\r\n", "\r\n");
        if index == wrong {
            match kind {
                0 | 1 => pick(random, &SIZES).clone_into(&mut size),
                2 => size.push_str(pick(random, &EXTENSIONS)),
                3 => size.push_str(&format!(";{}", "x".repeat(random.usize(..40_000)))),
                4 => begins = pick(random, &["", "\n", "\r", "\r\r\n", "\n\n"]),
                5 => ends = pick(random, &["", "\n", "\r", "x\r\n", "\n\r"]),
                6 => size = format!("{:x}", piece.len() - random.usize(..piece.len()) - 1),
                7 => size = format!("{:x}", piece.len() + random.usize(1..9)),
                _ => "0".clone_into(&mut size),
            }
        }
        bytes.extend_from_slice(format!("{size}{begins}").as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(ends.as_bytes());
    }
    bytes.extend_from_slice(b"0\r\n");
    if wrong == pieces.len() {
        match kind {
            0..6 => bytes.extend_from_slice(format!("{}\r\n", pick(random, &TRAILERS)).as_bytes()),
            6 => bytes.extend_from_slice("a: b\r\n".repeat(random.usize(..2_000)).as_bytes()),
            7 => bytes.extend_from_slice(format!("a: {}\r\n", "b".repeat(random.usize(..50_000))).as_bytes()),
            _ => damage(random, &mut bytes),
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}
