//! Layers: archives that are the same, byte for byte, for the same files.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::document::LAYER;
use super::{Descriptor, Digest};
use crate::image::digest::Digesting;

/// How hard layers are compressed. The digest of a layer depends on it.
const LEVEL: u32 = 6;
/// Mode of directories and programs.
const EXECUTABLE: u32 = 0o755;
/// Mode of other files.
const READABLE: u32 = 0o644;

/// A file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub contents: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
}

/// The files of a layer, by path without a leading slash. A map: its order is that of the archive.
pub type Files = BTreeMap<String, File>;

/// A layer as registries keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What it is, compressed.
    pub descriptor: Descriptor,
    /// Digest of the archive before it was compressed.
    pub diff_id: Digest,
    /// The compressed archive.
    pub bytes: Vec<u8>,
}

impl Layer {
    /// Packs files.
    ///
    /// # Errors
    /// When a path is longer than what archives can hold.
    pub fn pack(files: &Files) -> io::Result<Self> {
        // No name and no time in the header of the compressed stream.
        let gzip = GzBuilder::new().mtime(0).write(Digesting::new(Vec::new()), Compression::new(LEVEL));
        let entries = files.iter().map(|(path, file)| (path.as_str(), file.contents.as_slice(), file.executable));
        let (gzip, diff_id, _) = archive(Digesting::new(gzip), entries)?.finish();
        let mut compressed = gzip.finish()?;
        compressed.flush()?;
        let (bytes, digest, size) = compressed.finish();
        let descriptor = Descriptor { digest, size, ..Descriptor::of(LAYER, &[]) };
        Ok(Self { descriptor, diff_id, bytes })
    }
}

/// Writes an archive of files, sorted by path: path, contents, and whether it is a program.
fn archive<'a, W: Write>(to: W, files: impl Iterator<Item = (&'a str, &'a [u8], bool)> + Clone) -> io::Result<W> {
    let mut archive = Builder::new(to);
    for directory in directories(files.clone().map(|(path, ..)| path)) {
        archive.append(&header(&directory, EntryType::Directory, EXECUTABLE, 0)?, io::empty())?;
    }
    for (path, contents, executable) in files {
        let mode = if executable { EXECUTABLE } else { READABLE };
        archive.append(&header(path, EntryType::Regular, mode, contents.len() as u64)?, contents)?;
    }
    archive.into_inner()
}

/// Every directory that the files are in, each after the one that it is in.
fn directories<'a>(files: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> =
        files.flat_map(|path| path.match_indices('/').map(|(end, _)| format!("{}/", &path[..end]))).collect();
    all.sort();
    all.dedup();
    all
}

/// A header without anything that differs from machine to machine.
pub(super) fn header(path: &str, kind: EntryType, mode: u32, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let file = |text: &str, executable| File { contents: text.as_bytes().to_vec(), executable };
        Files::from([
            ("etc/ssl/certs/ca-certificates.crt".to_owned(), file("certificates", false)),
            ("middleware".to_owned(), file("program", true)),
        ])
    }

    fn entries(layer: &Layer) -> Vec<(String, u32, u64, u64, u64)> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer.bytes.as_slice()));
        archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                let path = entry.path().unwrap().display().to_string();
                let ids = (header.uid().unwrap(), header.gid().unwrap());
                (path, header.mode().unwrap(), ids.0, ids.1, header.mtime().unwrap())
            })
            .collect()
    }

    #[test]
    fn the_same_files_are_the_same_bytes() {
        assert_eq!(Layer::pack(&files()).unwrap(), Layer::pack(&files()).unwrap());
    }

    #[test]
    fn a_changed_file_is_another_layer() {
        let mut changed = files();
        changed.get_mut("middleware").unwrap().contents.push(b'!');
        assert_ne!(Layer::pack(&changed).unwrap().diff_id, Layer::pack(&files()).unwrap().diff_id);
    }

    #[test]
    fn entries_are_sorted_and_say_nothing_of_the_machine() {
        let expected: Vec<(String, u32, u64, u64, u64)> = [
            ("etc/", 0o755),
            ("etc/ssl/", 0o755),
            ("etc/ssl/certs/", 0o755),
            ("etc/ssl/certs/ca-certificates.crt", 0o644),
            ("middleware", 0o755),
        ]
        .map(|(path, mode)| (path.to_owned(), mode, 0, 0, 0))
        .to_vec();
        assert_eq!(entries(&Layer::pack(&files()).unwrap()), expected);
    }

    #[test]
    fn the_digest_is_that_of_the_compressed_bytes() {
        let layer = Layer::pack(&files()).unwrap();
        assert_eq!(layer.descriptor.digest, Digest::of(&layer.bytes));
        assert_eq!(layer.descriptor.size, layer.bytes.len() as u64);
    }

    #[test]
    fn the_compressed_stream_is_what_it_always_was() {
        // Another digest here means that every image changes with this version: say so in the changelog.
        let layer = Layer::pack(&files()).unwrap();
        insta::assert_snapshot!(format!("{}\n{}", layer.diff_id, layer.descriptor.digest));
    }
}
