//! How registries are reached from the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::failure;
use crate::cli::aws_args::{AwsArgs, Connection};
use crate::cli::aws_error::aws_error;
use crate::cli::progress::{self, Progress};
use crate::cli::{CliError, Context};
use crate::image::reference::EcrRegistry;
use crate::image::registry::{Client, DockerConfig, Login, Options};
use crate::image::{Reference, Watch};
use crate::render::Target;
use crate::spec::Loaded;

/// Flags about registries.
#[derive(Debug, Clone, Args)]
pub(super) struct RegistryArgs {
    /// File with logins, as `docker login` and `podman login` write it; default: theirs
    #[arg(long, env = "REGISTRY_AUTH_FILE", value_name = "FILE")]
    authfile: Option<PathBuf>,
    /// Speak with the registries in plain HTTP; those of this machine always are, unless they want TLS
    #[arg(long, env = "GWINFRA_PLAIN_HTTP")]
    plain_http: bool,
    #[arg(long, env = "DOCKER_CONFIG", hide = true)]
    docker_config: Option<PathBuf>,
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    runtime_dir: Option<PathBuf>,
    #[arg(long, env = "XDG_CONFIG_HOME", hide = true)]
    config_home: Option<PathBuf>,
    #[arg(long, env = "HOME", hide = true)]
    home: Option<PathBuf>,
}

/// A client, and what it needs as long as it is used.
pub(super) struct Registries {
    pub client: Client,
    connection: Option<Connection>,
}

impl RegistryArgs {
    /// Where logins are kept. Every one of these files may be missing, but not one that was named.
    fn configs(&self) -> Result<Vec<DockerConfig>, CliError> {
        if let Some(path) = &self.authfile {
            let config = DockerConfig::load(path).map_err(failure::registry)?;
            let missing = || CliError::usage(format!("there is no file {}", path.display()));
            return Ok(vec![config.ok_or_else(missing)?]);
        }
        let docker = self.docker_config.clone().or_else(|| Some(self.home.as_ref()?.join(".docker")));
        let kept = self.config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")));
        let podman = self.runtime_dir.iter().chain(&kept).map(|folder| folder.join("containers/auth.json"));
        let files = podman.chain(docker.map(|folder| folder.join("config.json")));
        let found = files.map(|path| DockerConfig::load(&path).map_err(failure::registry));
        Ok(found.collect::<Result<Vec<_>, CliError>>()?.into_iter().flatten().collect())
    }
}

impl Registries {
    /// Makes a client for the registries of some images. Those of ECR are opened with AWS credentials.
    pub async fn open(
        args: &RegistryArgs,
        aws: &AwsArgs,
        context: &Context,
        loaded: Option<&Loaded>,
        images: &[&Reference],
        watch: Arc<dyn Watch>,
    ) -> Result<Self, CliError> {
        let mut options = Options { configs: args.configs()?, watch, ..Options::default() };
        if args.plain_http {
            options.plain = images.iter().map(|image| image.registry.clone()).collect();
        }
        let registries: BTreeMap<&str, (&Reference, EcrRegistry)> =
            images.iter().filter_map(|image| Some((image.registry.as_str(), (*image, image.ecr()?)))).collect();
        let mut connection = None;
        if let Some((_, first)) = registries.values().next() {
            let account = loaded.map_or(first.account.as_str(), |loaded| &loaded.spec.hub.account.0);
            let sink = progress::sink(Progress::Lines, context.printer);
            let opened = aws.connect_account(context, account, loaded, sink).await?;
            for (registry, (image, ecr)) in &registries {
                if let Some(endpoint) = opened.clients.endpoint() {
                    options.routes.insert((*registry).to_owned(), endpoint.to_owned());
                }
                let session = opened.clients.session(&target(loaded, ecr));
                match session.ecr().authorization().await {
                    Ok(authorization) => {
                        let login = Login::Basic { user: authorization.user, password: authorization.password };
                        options.logins.insert((*registry).to_owned(), login);
                    }
                    // Somebody may have logged in with a token from elsewhere.
                    Err(_) if has_login(&options, image) => {}
                    Err(error) => return Err(aws_error(error)),
                }
            }
            connection = Some(opened);
        }
        Ok(Self { client: Client::new(options).map_err(failure::registry)?, connection })
    }

    /// Ends the connection.
    pub async fn close(self) {
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }
}

fn has_login(options: &Options, image: &Reference) -> bool {
    options.configs.iter().any(|config| matches!(config.login(&image.registry, &image.repository), Ok(Some(_))))
}

/// Account and region of a registry, with the role that the spec names for it.
fn target(loaded: Option<&Loaded>, registry: &EcrRegistry) -> Target {
    let hub = loaded.map(|loaded| &loaded.spec.hub).filter(|hub| hub.account.0 == registry.account);
    Target {
        account: registry.account.clone(),
        region: registry.region.clone(),
        deploy_role: hub.and_then(|hub| hub.deploy_role.as_ref()).map(ToString::to_string),
    }
}
