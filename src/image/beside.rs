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

/// The programs in a directory: `gwinfra-middleware-linux-arm64` and the like as releases have them, else
/// `gwinfra-middleware` for the machine's own processor. Whether they can be used is not looked at.
pub fn programs(folder: &Path) -> Vec<(Platform, PathBuf)> {
    let named = ARCHITECTURES
        .iter()
        .map(|architecture| (Platform::linux(architecture), folder.join(format!("{PROGRAM}-linux-{architecture}"))));
    let found: Vec<(Platform, PathBuf)> = named.filter(|(_, path)| path.is_file()).collect();
    if !found.is_empty() {
        return found;
    }
    let own = folder.join(PROGRAM);
    if own.is_file() { vec![(Platform::own(), own)] } else { Vec::new() }
}

/// The same, if all of them can be used. Only their beginnings are read.
pub fn usable(folder: &Path) -> Option<Vec<(Platform, PathBuf)>> {
    let found = programs(folder);
    let is_usable = |(platform, path): &(Platform, PathBuf)| {
        let mut beginning = Vec::new();
        let read = fs_err::File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
        read.is_ok() && architecture_of_static(&beginning) == Ok(platform.architecture.as_str())
    };
    (!found.is_empty() && found.iter().all(is_usable)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::program;

    #[test]
    fn programs_of_a_release_go_before_that_of_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(programs(folder.path()), []);
        fs_err::write(folder.path().join(PROGRAM), program(62, None)).unwrap();
        assert_eq!(programs(folder.path()), [(Platform::own(), folder.path().join(PROGRAM))]);
        let arm = folder.path().join("gwinfra-middleware-linux-arm64");
        fs_err::write(&arm, program(183, None)).unwrap();
        assert_eq!(programs(folder.path()), [(Platform::linux("arm64"), arm)]);
        assert_eq!(usable(folder.path()).map(|all| all.len()), Some(1));
    }

    #[test]
    fn a_program_that_wants_libraries_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let arm = folder.path().join("gwinfra-middleware-linux-arm64");
        fs_err::write(arm, program(183, Some("/lib/ld-linux-aarch64.so.1"))).unwrap();
        assert_eq!(usable(folder.path()), None);
    }
}
