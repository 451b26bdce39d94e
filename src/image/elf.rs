//! Programs for Linux: which processor they are for, and whether they run in an image that has nothing else.
//!
//! <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>

use thiserror::Error;

/// Type of the part of a program that names the loader that it wants.
const INTERPRETER: u32 = 3;

/// Why a file is no program that runs in an empty image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ElfError {
    /// It is something else.
    #[error("it is no program for Linux")]
    NotElf,
    /// It ends too early.
    #[error("it is cut off")]
    CutOff,
    /// It is an object file, a core dump or the like.
    #[error("it is an object file, not a program")]
    NotExecutable,
    /// It is for a processor that gwinfra makes no images for.
    #[error("it is for a processor that gateways do not run on (ELF machine {0})")]
    Machine(u16),
    /// It wants a loader and libraries.
    #[error("it is linked dynamically: it wants {0}, which an image from scratch does not have")]
    Dynamic(String),
}

/// Reads the processor of a program, `amd64` or `arm64`, and makes sure that it is linked statically.
///
/// # Errors
/// The reason why it does not run by itself.
pub fn architecture_of_static(bytes: &[u8]) -> Result<&'static str, ElfError> {
    if !bytes.starts_with(b"\x7fELF") {
        return Err(ElfError::NotElf);
    }
    // 64 bits, little endian: all that gateways run on.
    let machine = || short(bytes, 18);
    if bytes.get(4..6) != Some(&[2, 1]) {
        return Err(if bytes.len() < 6 { ElfError::CutOff } else { ElfError::Machine(machine()?) });
    }
    if !matches!(short(bytes, 16)?, 2 | 3) {
        return Err(ElfError::NotExecutable);
    }
    let architecture = match machine()? {
        62 => "amd64",
        183 => "arm64",
        other => return Err(ElfError::Machine(other)),
    };
    let (table, size, count) = (place(long(bytes, 32)?)?, usize::from(short(bytes, 54)?), short(bytes, 56)?);
    for index in 0..usize::from(count) {
        let at = table.saturating_add(index * size);
        if word(bytes, at)? == INTERPRETER {
            let (offset, length) = (place(long(bytes, at + 8)?)?, place(long(bytes, at + 32)?)?);
            let name = bytes.get(offset..offset.saturating_add(length)).unwrap_or_default();
            let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
            return Err(ElfError::Dynamic(if name.is_empty() { "a loader".to_owned() } else { name }));
        }
    }
    Ok(architecture)
}

fn place(value: u64) -> Result<usize, ElfError> {
    usize::try_from(value).map_err(|_| ElfError::CutOff)
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ElfError> {
    bytes.get(at..at.saturating_add(N)).and_then(|part| part.try_into().ok()).ok_or(ElfError::CutOff)
}

fn short(bytes: &[u8], at: usize) -> Result<u16, ElfError> {
    part(bytes, at).map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Result<u32, ElfError> {
    part(bytes, at).map(u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Result<u64, ElfError> {
    part(bytes, at).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::program;

    #[test]
    fn a_static_program_says_its_processor() {
        assert_eq!(architecture_of_static(&program(62, None)), Ok("amd64"));
        assert_eq!(architecture_of_static(&program(183, None)), Ok("arm64"));
    }

    #[test]
    fn a_dynamic_program_is_refused_with_its_loader() {
        let loader = "/lib64/ld-linux-x86-64.so.2";
        let error = ElfError::Dynamic(loader.to_owned());
        assert_eq!(architecture_of_static(&program(62, Some(loader))), Err(error));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert_eq!(architecture_of_static(b"#!/bin/sh\n"), Err(ElfError::NotElf));
        assert_eq!(architecture_of_static(b""), Err(ElfError::NotElf));
        let mut object = program(62, None);
        object[16] = 1;
        assert_eq!(architecture_of_static(&object), Err(ElfError::NotExecutable));
        assert_eq!(architecture_of_static(&program(243, None)), Err(ElfError::Machine(243)));
    }

    #[test]
    fn a_program_may_end_anywhere_without_a_panic() {
        let whole = program(62, Some("/lib/ld.so"));
        for end in 0..whole.len() {
            let _ = architecture_of_static(&whole[..end]);
        }
    }

    #[test]
    fn the_tests_themselves_are_dynamic_unless_built_for_musl() {
        let own = fs_err::read(std::env::current_exe().unwrap()).unwrap();
        let is_static = architecture_of_static(&own).is_ok();
        assert_eq!(is_static, cfg!(target_feature = "crt-static"));
    }
}
