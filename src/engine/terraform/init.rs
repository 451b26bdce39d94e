//! `terraform init`, where it is needed.

use sha2::{Digest, Sha256};

use super::TerraformEngine;
use super::diagnostic::{Doing, Subject};
use super::directory::WorkDirectory;
use crate::engine::EngineError;
use crate::hexadecimal::digits;
use crate::render::RenderedModule;

impl TerraformEngine {
    /// Makes sure that providers and backend are there. Nothing is done where the last `init` was for the same files.
    ///
    /// # Errors
    /// What Terraform says.
    pub(super) async fn init(&self, module: &RenderedModule, directory: &WorkDirectory) -> Result<(), EngineError> {
        let stamp = self.stamp(module, directory).await?;
        let last = fs_err::read_to_string(directory.init_stamp()).unwrap_or_default();
        if last == stamp {
            return Ok(());
        }
        self.init_anew(module, directory).await
    }

    /// Runs `terraform init`.
    ///
    /// # Errors
    /// What Terraform says.
    pub(super) async fn init_anew(
        &self,
        module: &RenderedModule,
        directory: &WorkDirectory,
    ) -> Result<(), EngineError> {
        self.say(Some(&module.key), "getting providers and the state's backend ready");
        let ended = self.follow(directory, &["init", "-json", "-input=false", "-no-color"], |_| {}).await?;
        if ended.code != Some(0) {
            return Err(self.error_of(Subject { module, directory }, Doing::Init, &ended));
        }
        let stamp = self.stamp(module, directory).await?;
        // Without the stamp the next run only does more than it has to.
        let _ = fs_err::write(directory.init_stamp(), stamp);
        Ok(())
    }

    /// What an `init` depends on: the blocks that name providers, modules and the backend, what is locked, and the
    /// program.
    async fn stamp(&self, module: &RenderedModule, directory: &WorkDirectory) -> Result<String, EngineError> {
        let program = self.binary.find().await?;
        let mut hash = Sha256::new();
        hash.update(format!("{} {}\n", program.path.display(), program.version));
        for (name, text) in &module.files {
            if ["terraform {", "module \"", "provider \""].iter().any(|block| text.contains(block)) {
                hash.update(name.as_bytes());
                hash.update(text.as_bytes());
            }
        }
        hash.update(fs_err::read(directory.provider_lock()).unwrap_or_default());
        Ok(digits(hash.finalize()))
    }
}
