//! Layouts that are being written: whole, or not at all.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{LIST, LayoutError, MARK, MARK_TEXT, NAME, StoredLayout, blob_path, is_archive};
use crate::image::config::Config;
use crate::image::document::{Content, Document};
use crate::image::{Descriptor, Digest, Platform, json, layer, sbom};

/// A layout that is being written, beside where it will be.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    made: tempfile::TempDir,
}

impl Draft {
    pub fn begin(path: &Path) -> Result<Self, LayoutError> {
        let failed = |source| LayoutError::Io { path: path.to_owned(), source };
        let is_layout = path.join(MARK).is_file() || (is_archive(path) && path.is_file());
        if path.exists() && !is_layout {
            return Err(LayoutError::Occupied(path.to_owned()));
        }
        let parent = parent(path);
        fs_err::create_dir_all(parent).map_err(failed)?;
        let made = tempfile::Builder::new().prefix(".image-").tempdir_in(parent).map_err(failed)?;
        let draft = Self { path: path.to_owned(), made };
        fs_err::create_dir_all(draft.folder().join("blobs/sha256")).map_err(failed)?;
        Ok(draft)
    }

    pub fn folder(&self) -> PathBuf {
        self.made.path().join("layout")
    }

    pub fn finish(self) -> Result<(), LayoutError> {
        let failed = |source| LayoutError::Io { path: self.path.clone(), source };
        if is_archive(&self.path) {
            let packed = self.made.path().join("layout.tar");
            pack(&self.folder(), &packed).map_err(failed)?;
            return fs_err::rename(packed, &self.path).map_err(failed);
        }
        if self.path.exists() {
            fs_err::rename(&self.path, self.made.path().join("previous")).map_err(failed)?;
        }
        fs_err::rename(self.folder(), &self.path).map_err(failed)
    }
}

/// Packs a layout, the same bytes for the same layout.
fn pack(folder: &Path, to: &Path) -> io::Result<()> {
    let mut names = vec![MARK.to_owned(), LIST.to_owned()];
    for entry in fs_err::read_dir(folder.join("blobs/sha256"))? {
        names.push(format!("blobs/sha256/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    let mut archive = tar::Builder::new(io::BufWriter::new(fs_err::File::create(to)?));
    for name in names {
        let file = fs_err::File::open(folder.join(&name))?;
        archive.append(&layer::header(&name, tar::EntryType::Regular, 0o644, file.metadata()?.len())?, file)?;
    }
    archive.into_inner()?.flush()
}

/// Puts images of single platforms, each in a directory of its own, together to one image, and attaches a bill of
/// materials to it if there is one.
///
/// # Errors
/// When one of them is damaged or for another platform, or the result cannot be written.
pub fn join(
    parts: &[(Platform, StoredLayout)],
    tag: &str,
    bill: Option<&[u8]>,
    to: &Path,
) -> Result<Document, LayoutError> {
    let failed = |source| LayoutError::Io { path: to.to_owned(), source };
    let draft = Draft::begin(to)?;
    let mut images = Vec::new();
    let put = |name: &str, bytes: &[u8]| fs_err::write(draft.folder().join(name), bytes).map_err(failed);
    for (platform, part) in parts {
        let (image, _) = part.image()?;
        let Content::Manifest(manifest) = &image.content else {
            return Err(part.damaged("it holds an index, and an image for one platform is wanted".to_owned()));
        };
        for layer in &manifest.layers {
            part.copy(layer, &draft.folder().join(blob_path(&layer.digest)))?;
        }
        let config = tidied(&part.bytes(&manifest.config.digest)?)
            .ok_or_else(|| part.damaged(format!("{} is no configuration", manifest.config.digest)))?;
        let actual = serde_json::from_slice::<Config>(&config)
            .map_err(|error| part.damaged(format!("{}: {error}", manifest.config.digest)))?
            .platform();
        if !platform.takes(&actual) {
            return Err(LayoutError::Platform {
                path: part.path().to_owned(),
                wanted: Box::new(platform.clone()),
                actual: Box::new(actual),
            });
        }
        let mut manifest = manifest.clone();
        manifest.config = Descriptor::of(&manifest.config.media_type, &config);
        manifest.annotations.retain(|name, _| !name.starts_with(BASE));
        let image = Document::of_manifest(manifest);
        put(&blob_path(&Digest::of(&config)), &config)?;
        put(&blob_path(&image.digest()), &image.bytes)?;
        images.push(image.descriptor().with_platform(platform.clone()));
    }
    let index = Document::of_index(images, BTreeMap::new());
    let named = Descriptor { annotations: BTreeMap::from([(NAME.to_owned(), tag.to_owned())]), ..index.descriptor() };
    put(&blob_path(&index.digest()), &index.bytes)?;
    put(MARK, MARK_TEXT.as_bytes())?;
    let mut listed = vec![named];
    if let Some(bill) = bill {
        let (about, blobs) = sbom::about(&index, bill);
        for bytes in blobs.iter().chain([&about.bytes]) {
            put(&blob_path(&Digest::of(bytes)), bytes)?;
        }
        listed.push(about.descriptor());
    }
    put(LIST, &Document::of_index(listed, BTreeMap::new()).bytes)?;
    draft.finish()?;
    Ok(index)
}

/// Notes of a builder on the base of an image.
const BASE: &str = "org.opencontainers.image.base.";

/// A configuration without what its builder's own store is like: buildah notes there under which of its names it has found the
/// base, and that depends on what was built before. The base that was asked for stands in a label.
fn tidied(config: &[u8]) -> Option<Vec<u8>> {
    let mut config: Value = serde_json::from_slice(config).ok()?;
    for step in config.get_mut("history").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(step) = step.as_object_mut()
            && step.get("comment").and_then(Value::as_str).is_some_and(|comment| comment.starts_with("FROM "))
        {
            step.shift_remove("comment");
        }
    }
    Some(json::canonical(&config))
}

/// The directory that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::document::{CONFIG, Manifest};
    use crate::image::layout::Layout;

    #[test]
    fn an_image_is_not_put_under_a_platform_that_it_is_not_for() {
        let folder = tempfile::tempdir().unwrap();
        let config = br#"{"architecture":"amd64","os":"linux"}"#;
        let manifest = Manifest::of_image(Descriptor::of(CONFIG, config), Vec::new());
        let mut layout = Layout::of(Document::of_manifest(manifest), "1");
        layout.put_blob(config.to_vec());
        let path = folder.path().join("part");
        layout.write(&path).unwrap();
        let part = |platform: &str| vec![(platform.parse().unwrap(), StoredLayout::open(&path).unwrap())];
        let to = folder.path().join("image");
        let error = join(&part("linux/arm64"), "1", None, &to).unwrap_err().to_string();
        assert!(error.starts_with("the image for linux/arm64 in ") && error.ends_with("is for linux/amd64"), "{error}");
        assert!(!to.exists());
        join(&part("linux/amd64"), "1", None, &to).unwrap();
    }

    #[test]
    fn what_a_builder_notes_of_its_own_store_is_left_out() {
        let of =
            |base: &str| format!(r#"{{"os":"linux","history":[{{"created_by":"COPY","comment":"FROM {base}"}}]}}"#);
        let (one, other) = (tidied(of("a").as_bytes()).unwrap(), tidied(of("b").as_bytes()).unwrap());
        assert_eq!(one, other);
        assert_eq!(one, br#"{"history":[{"created_by":"COPY"}],"os":"linux"}"#);
        assert_eq!(tidied(b"no JSON"), None);
    }
}
