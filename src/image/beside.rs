//! The middleware's programs that were installed beside gwinfra.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Platform;
use super::elf::architecture_of_static;

/// Name of the program of the machine's own processor.
pub const PROGRAM: &str = "gwinfra-middleware";
/// Bytes of a program that hold everything that its header says.
const BEGINNING: u64 = 64 << 10;
/// Processors that gateways run on.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The programs in a directory: `gwinfra-middleware-linux-arm64` and the like as releases have them, and
/// `gwinfra-middleware` for the machine's own processor unless it has such a name, too. Whether they can be used is not
/// looked at.
pub fn programs(folder: &Path) -> Vec<(Platform, PathBuf)> {
    let named = ARCHITECTURES
        .iter()
        .map(|architecture| (Platform::linux(architecture), folder.join(format!("{PROGRAM}-linux-{architecture}"))));
    let mut found: Vec<(Platform, PathBuf)> = named.filter(|(_, path)| path.is_file()).collect();
    let own = folder.join(PROGRAM);
    if own.is_file() && found.iter().all(|(platform, _)| *platform != Platform::own()) {
        found.push((Platform::own(), own));
    }
    found
}

/// Those of them that can be used. Only their beginnings are read.
pub fn usable(folder: &Path) -> Vec<(Platform, PathBuf)> {
    let is_usable = |(platform, path): &(Platform, PathBuf)| {
        let mut beginning = Vec::new();
        let read = fs_err::File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
        read.is_ok() && architecture_of_static(&beginning) == Ok(platform.architecture.as_str())
    };
    programs(folder).into_iter().filter(is_usable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::program;

    /// Numbers of ELF's processors.
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;

    /// Another processor than the machine's: its name and number; and the number of the machine's.
    fn processors() -> (&'static str, u16, u16) {
        if Platform::own() == Platform::linux("arm64") {
            ("amd64", X86_64, AARCH64)
        } else {
            ("arm64", AARCH64, X86_64)
        }
    }

    #[test]
    fn the_program_of_the_machine_stands_beside_that_of_another_processor() {
        let (other, of_other, of_own) = processors();
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(programs(folder.path()), []);
        let own = folder.path().join(PROGRAM);
        fs_err::write(&own, program(of_own, None)).unwrap();
        assert_eq!(programs(folder.path()), [(Platform::own(), own.clone())]);
        let named = folder.path().join(format!("{PROGRAM}-linux-{other}"));
        fs_err::write(&named, program(of_other, None)).unwrap();
        let both = [(Platform::linux(other), named), (Platform::own(), own)];
        assert_eq!(programs(folder.path()), both);
        assert_eq!(usable(folder.path()), both);
    }

    #[test]
    fn the_machines_program_of_a_release_goes_before_the_one_without_a_processor() {
        let (_, _, of_own) = processors();
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(PROGRAM), program(of_own, None)).unwrap();
        let named = folder.path().join(format!("{PROGRAM}-linux-{}", Platform::own().architecture));
        fs_err::write(&named, program(of_own, None)).unwrap();
        assert_eq!(programs(folder.path()), [(Platform::own(), named)]);
    }

    #[test]
    fn a_program_that_wants_libraries_is_not_used_and_keeps_no_other_from_being_used() {
        let (other, of_other, of_own) = processors();
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(PROGRAM), program(of_own, Some("/lib/ld-linux.so.1"))).unwrap();
        assert_eq!(usable(folder.path()), []);
        let named = folder.path().join(format!("{PROGRAM}-linux-{other}"));
        fs_err::write(&named, program(of_other, None)).unwrap();
        assert_eq!(usable(folder.path()), [(Platform::linux(other), named)]);
    }
}
