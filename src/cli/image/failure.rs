//! From errors about images to exit code and next command.

use crate::cli::{CliError, ErrorKind};
use crate::image::SourceError;
use crate::image::containerfile::ContainerfileError;
use crate::image::copy::CopyError;
use crate::image::layout::LayoutError;
use crate::image::middleware::BuildError;
use crate::image::registry::RegistryError;

pub(super) fn registry(error: RegistryError) -> CliError {
    let hints = hints(&error);
    let kind = match &error {
        RegistryError::Denied { .. } | RegistryError::Credentials { .. } => ErrorKind::Preflight,
        _ => ErrorKind::Failed,
    };
    hints.into_iter().fold(CliError::new(kind, error), CliError::hint)
}

pub(super) fn source(error: SourceError) -> CliError {
    match error {
        SourceError::Registry(error) => registry(error),
        SourceError::Layout(error) => layout(error),
        error => CliError::new(ErrorKind::Failed, error),
    }
}

pub(super) fn copy(error: CopyError) -> CliError {
    match error {
        CopyError::Source(error) => source(error),
        CopyError::Target(RegistryError::Source(error)) => source(*error),
        CopyError::Target(error) => registry(error),
        CopyError::Platform { .. } => CliError::new(ErrorKind::Usage, error),
        CopyError::Digest { .. } => CliError::new(ErrorKind::Failed, error),
    }
}

pub(super) fn layout(error: LayoutError) -> CliError {
    let hint = match &error {
        LayoutError::NotALayout(_) => Some("gwinfra image build middleware   makes one"),
        LayoutError::Occupied(_) => Some("name another place: --out PATH"),
        _ => None,
    };
    let error = CliError::new(ErrorKind::Failed, error);
    hint.map(ToOwned::to_owned).into_iter().fold(error, CliError::hint)
}

pub(super) fn build(error: BuildError) -> CliError {
    let hint = match &error {
        BuildError::Binary { .. } => {
            Some("link it statically: cargo build --release --target x86_64-unknown-linux-musl -p gwinfra-middleware")
        }
        _ => None,
    };
    let error = CliError::new(ErrorKind::Failed, error);
    hint.map(ToOwned::to_owned).into_iter().fold(error, CliError::hint)
}

pub(super) fn containerfile(error: ContainerfileError) -> CliError {
    match error {
        ContainerfileError::Layout(error) => layout(error),
        ContainerfileError::NoBuilder(builder) => {
            let error = CliError::new(ErrorKind::Failed, ContainerfileError::NoBuilder(builder));
            error.hint("--builder names another one: buildah, podman or docker")
        }
        error => CliError::new(ErrorKind::Failed, error).hint("-v shows all that the builder says"),
    }
}

fn hints(error: &RegistryError) -> Vec<String> {
    match error {
        RegistryError::Denied { registry, known, .. } if crate::model::images::registry(registry).is_some() => {
            let what =
                if *known { "the AWS credentials may not do this" } else { "there are no AWS credentials for it" };
            vec![format!("{what}: `gwinfra accounts policy` prints what a deploy role needs")]
        }
        RegistryError::Denied { registry, known: false, .. } => {
            vec![format!("log in: docker login {registry}, or podman login {registry}")]
        }
        RegistryError::Denied { registry, known: true, .. } => {
            vec![format!("the login that is kept for {registry} does not allow this: log in again")]
        }
        RegistryError::NotFound { repository: true, .. } => {
            vec!["`gwinfra apply` makes the deployment's own repositories; another one must be made first".to_owned()]
        }
        RegistryError::Immutable { .. } => {
            vec!["push under another tag, and name it in the spec".to_owned()]
        }
        RegistryError::Unreachable { registry, .. } => {
            vec![format!("is it up, and is {registry} its name? `--plain-http` speaks with it without TLS")]
        }
        _ => Vec::new(),
    }
}
