//! How many requests are under way at once.

use super::{MIB, Reader, count};

/// Most requests that can be configured, of all keys and of one.
const MOST: u64 = 1_000_000;
/// Memory that is set aside for a request, in bytes, beside what counts as its body. Of 2,000 streams of the program as it
/// ships one took 34 KiB that passes, 45 with history and 58 as ConverseStream with history (musl, x86_64, 2026-12-01).
const EACH: usize = 64 * 1024;

/// Bounds of what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    /// Of all keys, and of none.
    pub all: usize,
    /// Of one key.
    pub of_a_key: usize,
}

impl Requests {
    /// Reads the bounds. They follow from the memory for bodies, in bytes, if they are not set.
    ///
    /// That is a quarter of a container's memory, as gwinfra makes it, and requests may have as much. One request that has the
    /// memory for bodies to itself may take five of the largest bodies, five eighths of the container's. An eighth is left for
    /// the program, which takes 8 MiB: in the smallest container, of 64 MiB, just as much. The limit of the control group
    /// would say the same, but only where a container has one of its own.
    pub fn read(reader: &mut Reader<'_>, body_memory: usize) -> Self {
        let all = match reader.is_set("REQUESTS") {
            true => count(reader, "REQUESTS", MOST),
            false => Self::carried_by(body_memory),
        };
        let of_a_key = match reader.is_set("KEY_REQUESTS") {
            true => count(reader, "KEY_REQUESTS", MOST),
            false => all.div_ceil(2),
        };
        Self { all, of_a_key }
    }

    fn carried_by(body_memory: usize) -> usize {
        body_memory.max(MIB) / EACH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds with some MiB for bodies and some variables.
    fn read(mebibytes: usize, variables: &[(&str, &str)]) -> (usize, usize) {
        let value = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let Requests { all, of_a_key } = Requests::read(&mut Reader::new(&value), mebibytes * MIB);
        (all, of_a_key)
    }

    #[test]
    fn requests_have_as_much_memory_as_bodies() {
        assert_eq!(read(16, &[]), (256, 128));
        assert_eq!(read(64, &[]), (1024, 512));
    }

    #[test]
    fn the_smallest_container_carries_all_requests_beside_the_largest_body_and_the_program() {
        let container = 64 * MIB;
        let (requests, _) = read(16, &[]);
        assert!(requests * EACH + 5 * container / 8 + 8 * MIB <= container);
    }

    #[test]
    fn what_is_set_counts_and_a_key_has_half_of_it() {
        assert_eq!(read(16, &[("REQUESTS", "9")]), (9, 5));
        assert_eq!(read(16, &[("REQUESTS", "9"), ("KEY_REQUESTS", "2")]), (9, 2));
        assert_eq!(read(16, &[("KEY_REQUESTS", "20")]), (256, 20));
    }
}
