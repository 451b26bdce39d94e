//! Worlds on disk: one file, replaced as a whole, and the blobs beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::blobs::Blobs;
use super::clock::Pace;
use super::scenario::Scenario;
use super::world::World;
use crate::whole_file::WholeFile;

/// The form of the file; another number is another form.
const VERSION: u32 = 1;

/// A folder that holds a world.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// A world that cannot be kept.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file is there and cannot be read.
    #[error("cannot read the simulator's state {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is damaged or of another version.
    #[error("the simulator's state {} is damaged ({reason}); move it away or delete the folder {} to start with empty accounts", path.display(), path.parent().unwrap_or(path).display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write the simulator's state {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    world: &'a World,
}

#[derive(Deserialize)]
struct Loaded {
    version: u32,
    world: World,
}

impl Store {
    /// The store in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The world's file.
    pub fn path(&self) -> PathBuf {
        self.folder.join("world.json")
    }

    /// The world that is saved, or a new one. `pace` holds from now on; what runs keeps its end.
    ///
    /// # Errors
    /// When the file is there but cannot be read or understood. Nothing is thrown away.
    pub fn load(&self, pace: Pace) -> Result<World, StoreError> {
        let path = self.path();
        let bytes = match fs_err::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut world = World::new(1, super::clock::Clock::new(pace));
                world.blobs = Blobs::in_folder(self.folder.join("blobs"));
                return Ok(world);
            }
            Err(source) => return Err(StoreError::Read { path, source }),
        };
        let loaded: Loaded = serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::Damaged { path: path.clone(), reason: error.to_string() })?;
        if loaded.version != VERSION {
            let reason = format!("it has version {}, and this program reads version {VERSION}", loaded.version);
            return Err(StoreError::Damaged { path, reason });
        }
        let mut world = loaded.world;
        world.blobs = Blobs::in_folder(self.folder.join("blobs"));
        world.clock.set_pace(pace);
        Ok(world)
    }

    /// Saves a world if it has changed since the last time. The old file stays whole until the new one is.
    pub fn save(&self, world: &mut World) -> Result<(), StoreError> {
        if !world.take_changed() {
            return Ok(());
        }
        let path = self.path();
        write(&self.folder, &path, world).map_err(|source| {
            world.touch();
            StoreError::Write { path, source }
        })
    }
}

fn write(folder: &Path, path: &Path, world: &World) -> std::io::Result<()> {
    fs_err::create_dir_all(folder)?;
    WholeFile::private(path).write_with(|file| Ok(serde_json::to_writer(file, &Saved { version: VERSION, world })?))
}

impl World {
    /// Takes a scenario: its stacks are put into their statuses now, its faults wait. It takes the place of the one before.
    pub fn play(&mut self, scenario: Scenario) {
        if let Some(pace) = scenario.clock {
            self.clock.set_pace(pace);
        }
        super::cloudformation::advance(self);
        for stack in scenario.stacks.clone() {
            super::cloudformation::pin(self, &stack);
        }
        for quota in &scenario.quotas {
            super::servicequotas::apply(self, quota);
        }
        for access in &scenario.model_access {
            super::bedrock::apply(self, access);
        }
        for certificate in &scenario.certificates {
            super::acm::apply(self, certificate);
        }
        self.scenario = scenario;
        self.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let mut world = store.load(Pace::Fast).unwrap();
        let id = world.new_id("vpc");
        store.save(&mut world).unwrap();
        assert_ne!(store.load(Pace::Fast).unwrap().new_id("vpc"), id);
    }

    #[test]
    fn half_a_file_is_an_error_with_its_path_and_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        fs_err::write(store.path(), "{\"version\":1,\"world\":{").unwrap();
        let text = store.load(Pace::Fast).unwrap_err().to_string();
        assert!(text.contains("world.json") && text.contains("move it away or delete"), "{text}");
    }

    #[test]
    fn a_world_without_changes_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let mut world = store.load(Pace::Fast).unwrap();
        store.save(&mut world).unwrap();
        fs_err::remove_file(store.path()).unwrap();
        store.save(&mut world).unwrap();
        assert!(!store.path().exists());
    }
}
