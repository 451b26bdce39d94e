//! The middleware's image: its static program, the certificate authorities it trusts, and nothing else.

use std::collections::BTreeMap;

use thiserror::Error;

use super::config::{CREATED, Config, History, RootFs, Runtime};
use super::document::{CONFIG, Document, Manifest};
use super::elf::{ElfError, architecture_of_static};
use super::layer::{File, Files, Layer};
use super::layout::Layout;
use super::{Descriptor, Platform, certificates, json, sbom};
use crate::model::container::MIDDLEWARE_BINARY;
use crate::model::firewall::MIDDLEWARE_PORT;

/// User and group that it runs as: nobody who exists on a host.
const USER: &str = "65532:65532";
/// What `org.opencontainers.image.title` says.
const TITLE: &str = "gwinfra-middleware";

/// What the image is made of.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The program, by platform.
    pub binaries: BTreeMap<Platform, Vec<u8>>,
    /// More certificate authorities to trust, as PEM.
    pub more_certificates: Option<String>,
    /// Its tag. `None`: gwinfra's version.
    pub tag: Option<String>,
}

/// Why the image could not be made.
#[derive(Debug, Error)]
pub enum BuildError {
    /// There is no program to put into it.
    #[error("there is no program to put into the image")]
    Nothing,
    /// A program does not run in it.
    #[error("the program for {platform} cannot be used: {reason}")]
    Binary {
        /// Its platform.
        platform: Platform,
        /// Why.
        reason: ElfError,
    },
    /// A program is for another processor than it was said to be.
    #[error("the program for {platform} is for linux/{actual}")]
    Architecture {
        /// The platform that it was given for.
        platform: Platform,
        /// The processor that it is for.
        actual: &'static str,
    },
    /// What was given as certificates is none.
    #[error("there is no certificate in what was given: it must be PEM, with BEGIN CERTIFICATE lines")]
    Certificates,
    /// A layer could not be packed.
    #[error("could not pack a layer")]
    Pack(#[from] std::io::Error),
}

/// Puts the image together. The same parts are the same image, byte for byte.
///
/// # Errors
/// When a part cannot be used.
pub fn assemble(parts: &Parts) -> Result<Layout, BuildError> {
    if parts.binaries.is_empty() {
        return Err(BuildError::Nothing);
    }
    let trusted = Layer::pack(&Files::from([(
        certificates::PATH.to_owned(),
        File { contents: trusted(parts)?.into_bytes(), executable: false },
    )]))?;
    let mut images = Vec::new();
    let mut blobs = vec![trusted.bytes.clone()];
    let mut documents = Vec::new();
    for (platform, binary) in &parts.binaries {
        let actual = architecture_of_static(binary)
            .map_err(|reason| BuildError::Binary { platform: platform.clone(), reason })?;
        if platform.os != "linux" || platform.architecture != actual {
            return Err(BuildError::Architecture { platform: platform.clone(), actual });
        }
        let path = MIDDLEWARE_BINARY.trim_start_matches('/').to_owned();
        let program = Layer::pack(&Files::from([(path, File { contents: binary.clone(), executable: true })]))?;
        // The authorities change less often: below the program they are sent once for many versions.
        let config = json::canonical(&config(platform, &[&trusted, &program]));
        let layers = vec![trusted.descriptor.clone(), program.descriptor.clone()];
        let manifest = Document::of_manifest(Manifest::of_image(Descriptor::of(CONFIG, &config), layers));
        images.push(manifest.descriptor().with_platform(platform.clone()));
        blobs.extend([config, program.bytes]);
        documents.push(manifest);
    }
    let tag = parts.tag.as_deref().unwrap_or(env!("CARGO_PKG_VERSION"));
    let mut layout = Layout::of(Document::of_index(images, annotations()), tag);
    blobs.into_iter().for_each(|blob| layout.put_blob(blob));
    documents.into_iter().for_each(|document| layout.put_document(document));
    sbom::attach(&mut layout, &sbom::middleware());
    Ok(layout)
}

fn trusted(parts: &Parts) -> Result<String, BuildError> {
    let mut text = certificates::mozilla();
    if let Some(more) = &parts.more_certificates {
        if !certificates::has_some(more) {
            return Err(BuildError::Certificates);
        }
        text.push_str(more);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

fn config(platform: &Platform, layers: &[&Layer]) -> Config {
    let step = |what: &str| History {
        created: Some(CREATED.to_owned()),
        created_by: Some(format!("gwinfra image build middleware: {what}")),
        empty_layer: false,
    };
    Config {
        created: Some(CREATED.to_owned()),
        architecture: platform.architecture.clone(),
        os: platform.os.clone(),
        variant: platform.variant.clone(),
        config: Runtime {
            user: USER.to_owned(),
            exposed_ports: BTreeMap::from([(format!("{MIDDLEWARE_PORT}/tcp"), BTreeMap::new())]),
            env: vec![format!("SSL_CERT_FILE=/{}", certificates::PATH)],
            entrypoint: vec![MIDDLEWARE_BINARY.to_owned()],
            working_dir: "/".to_owned(),
            labels: annotations(),
            stop_signal: "SIGTERM".to_owned(),
            ..Runtime::default()
        },
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
        history: vec![step("certificate authorities"), step("the program")],
    }
}

/// What the image says of itself.
fn annotations() -> BTreeMap<String, String> {
    [
        ("title", TITLE),
        ("description", "The Bedrock Converse API, managed prompts and chat history in front of LiteLLM"),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("source", env!("CARGO_PKG_REPOSITORY")),
        ("version", env!("CARGO_PKG_VERSION")),
    ]
    .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.to_owned()))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::document::Content;
    use crate::image::testing::program;

    fn parts() -> Parts {
        let binaries = [("amd64", 62), ("arm64", 183)]
            .map(|(architecture, machine)| (Platform::linux(architecture), program(machine, None)));
        Parts { binaries: binaries.into(), ..Parts::default() }
    }

    fn first_config(layout: &Layout) -> Config {
        let Content::Index(index) = &layout.image().content else { panic!("no index") };
        let document = layout.document(&index.manifests[0].digest).unwrap();
        let Content::Manifest(manifest) = &document.content else { panic!("no manifest") };
        serde_json::from_slice(layout.blob(&manifest.config.digest).unwrap()).unwrap()
    }

    #[test]
    fn the_same_programs_are_the_same_image() {
        let (one, other) = (assemble(&parts()).unwrap(), assemble(&parts()).unwrap());
        assert_eq!(one, other);
    }

    #[test]
    fn the_order_in_which_programs_are_given_makes_no_difference() {
        let mut reversed = Parts::default();
        for (platform, binary) in parts().binaries.into_iter().rev() {
            reversed.binaries.insert(platform, binary);
        }
        assert_eq!(assemble(&reversed).unwrap().image().digest(), assemble(&parts()).unwrap().image().digest());
    }

    #[test]
    fn it_runs_as_nobody_and_listens_where_the_task_says() {
        let config = first_config(&assemble(&parts()).unwrap());
        assert_eq!(config.config.user, "65532:65532");
        assert_eq!(config.config.entrypoint, ["/middleware"]);
        assert_eq!(config.config.exposed_ports.keys().collect::<Vec<_>>(), ["3000/tcp"]);
        assert_eq!(config.config.stop_signal, "SIGTERM");
        assert_eq!(config.rootfs.diff_ids.len(), 2);
    }

    #[test]
    fn a_program_for_another_processor_is_refused() {
        let binaries = BTreeMap::from([(Platform::linux("arm64"), program(62, None))]);
        let error = assemble(&Parts { binaries, ..Parts::default() }).unwrap_err();
        assert_eq!(error.to_string(), "the program for linux/arm64 is for linux/amd64");
    }

    #[test]
    fn a_program_that_wants_libraries_is_refused() {
        let binaries = BTreeMap::from([(Platform::linux("amd64"), program(62, Some("/lib64/ld.so")))]);
        let error = assemble(&Parts { binaries, ..Parts::default() }).unwrap_err();
        assert!(error.to_string().contains("it wants /lib64/ld.so"), "{error}");
    }

    #[test]
    fn more_certificates_are_trusted_beside_mozillas() {
        let more = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
        let text = trusted(&Parts { more_certificates: Some(more.to_owned()), ..Parts::default() }).unwrap();
        assert!(text.starts_with(&certificates::mozilla()) && text.ends_with("-----END CERTIFICATE-----\n"));
        let none = trusted(&Parts { more_certificates: Some("key".to_owned()), ..Parts::default() });
        assert!(matches!(none, Err(BuildError::Certificates)));
    }
}
