//! The files that an image has in the end, of those that somebody wants to read.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use thiserror::Error;

use super::Descriptor;
use super::layout::{LayoutError, StoredLayout};

/// The largest file that is read. The lists of packages of whole distributions have a few megabytes.
const MAXIMUM_BYTES: u64 = 64 << 20;
/// Begins the name of a file that a layer takes away.
const AWAY: &str = ".wh.";
/// The name of a file with which a layer takes away everything that lower layers have in its directory.
const ALL_AWAY: &str = ".wh..wh..opq";

/// Files by path, without a leading slash.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why the files of an image could not be read.
#[derive(Debug, Error)]
pub enum RootError {
    /// The layout is damaged.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A layer is no archive.
    #[error("layer {digest} is no archive that can be read ({source})")]
    Layer {
        /// The layer.
        digest: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A layer is compressed in a way that is not known here, such as zstd.
    #[error("layer {digest} is of the type `{media_type}`, which is not read")]
    Compression {
        /// The layer.
        digest: String,
        /// What it is.
        media_type: String,
    },
}

/// Reads the wanted files of an image's layers, the lowest first, as they are when all of them lie above each other.
///
/// # Errors
/// When a layer is not there, damaged, or compressed in another way than with gzip.
pub fn read(layout: &StoredLayout, layers: &[Descriptor], wanted: impl Fn(&str) -> bool) -> Result<Files, RootError> {
    let mut files = Files::new();
    for layer in layers {
        let digest = layer.digest.to_string();
        let (path, offset) = layout.place(layer)?;
        let opened = fs_err::File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            Ok(io::BufReader::new(file.take(layer.size)))
        });
        let laid = opened.and_then(|file| match layer.media_type.rsplit(['.', '+']).next() {
            Some("gzip") => lay(&mut files, MultiGzDecoder::new(file), &wanted).map(|()| true),
            Some("tar") => lay(&mut files, file, &wanted).map(|()| true),
            _ => Ok(false),
        });
        match laid {
            Ok(true) => {}
            Ok(false) => return Err(RootError::Compression { digest, media_type: layer.media_type.clone() }),
            Err(source) => return Err(RootError::Layer { digest, source }),
        }
    }
    Ok(files)
}

/// Lays an archive over files. What it takes away is what was there before it, wherever in it that is said.
fn lay(files: &mut Files, archive: impl Read, wanted: impl Fn(&str) -> bool) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    let mut new = Files::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = plain(&entry.path()?);
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name == ALL_AWAY {
            files.retain(|path, _| !is_below(path, directory));
            continue;
        }
        if let Some(name) = name.strip_prefix(AWAY) {
            remove(files, &if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") });
            continue;
        }
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory {
            continue;
        }
        // A file, or a link, in the place of a directory.
        remove(files, &path);
        if !wanted(&path) {
            continue;
        }
        if kind == EntryType::Link {
            let target = entry.link_name()?.map(|target| plain(&target)).unwrap_or_default();
            if let Some(contents) = new.get(&target).or_else(|| files.get(&target)).cloned() {
                new.insert(path, contents);
            }
        } else if kind.is_file() {
            let mut contents = Vec::new();
            (&mut entry).take(MAXIMUM_BYTES).read_to_end(&mut contents)?;
            new.insert(path, contents);
        }
    }
    files.append(&mut new);
    Ok(())
}

/// A path of an archive as one has it in mind: `./usr/lib/` and `/usr/lib` are `usr/lib`.
fn plain(path: &Path) -> String {
    path.components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn remove(files: &mut Files, path: &str) {
    files.retain(|known, _| known != path && !is_below(known, path));
}

/// Whether a path is of something in a directory; everything is in the root.
fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of files; a name that ends in a slash is a directory's, and `a=b` is a hard link to `b`.
    fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, contents) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(contents.len() as u64);
            if let Some((link, target)) = path.split_once('=') {
                header.set_entry_type(EntryType::Link);
                archive.append_link(&mut header, link, target).unwrap();
            } else {
                archive.append_data(&mut header, path, contents.as_bytes()).unwrap();
            }
        }
        archive.into_inner().unwrap()
    }

    fn laid(layers: &[&[(&str, &str)]]) -> Vec<(String, String)> {
        let mut files = Files::new();
        for layer in layers {
            lay(&mut files, archive(layer).as_slice(), |path| !path.ends_with("unwanted")).unwrap();
        }
        files.into_iter().map(|(path, contents)| (path, String::from_utf8(contents).unwrap())).collect()
    }

    fn pair(path: &str, contents: &str) -> (String, String) {
        (path.to_owned(), contents.to_owned())
    }

    #[test]
    fn a_file_is_what_the_highest_layer_has() {
        assert_eq!(laid(&[&[("./a/b", "1"), ("c/unwanted", "1")], &[("a/b", "2")]]), [pair("a/b", "2")]);
    }

    #[test]
    fn what_a_layer_takes_away_is_gone() {
        let lower: &[(&str, &str)] = &[("a/b", "1"), ("a/bc", "1"), ("d/e/f", "1"), ("g", "1")];
        assert_eq!(laid(&[lower, &[("a/.wh.b", ""), (".wh.d", ""), (".wh.g", "")]]), [pair("a/bc", "1")]);
    }

    #[test]
    fn a_directory_that_a_layer_begins_anew_has_only_what_that_layer_has() {
        let higher: &[(&str, &str)] = &[("a/c", "2"), ("a/.wh..wh..opq", "")];
        assert_eq!(laid(&[&[("a/b", "1"), ("ab", "1")], higher]), [pair("a/c", "2"), pair("ab", "1")]);
    }

    #[test]
    fn what_lay_below_a_directory_is_gone_where_a_file_takes_its_place() {
        assert_eq!(laid(&[&[("a/b/c", "1")], &[("a/b", "2")]]), [pair("a/b", "2")]);
    }

    #[test]
    fn a_hard_link_is_what_it_leads_to() {
        assert_eq!(laid(&[&[("a", "1"), ("b=a", "")]]), [pair("a", "1"), pair("b", "1")]);
    }
}
