//! Logins as `docker login`, `podman login` and credential helpers keep them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Login, RegistryError};

/// Docker's name for the login to its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// What a helper says in place of a name when it gives an identity token.
const TOKEN_USER: &str = "<token>";

/// A configuration file of Docker or Podman.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerConfig {
    #[serde(skip)]
    path: PathBuf,
    auths: BTreeMap<String, Auth>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Auth")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl DockerConfig {
    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is no configuration.
    pub fn load(path: &Path) -> Result<Option<Self>, RegistryError> {
        let failed = |reason: String| RegistryError::Credentials { from: path.display().to_string(), reason };
        let bytes = match fs_err::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        // A message of serde may repeat a part of the file, and it holds passwords.
        let config: Self = serde_json::from_slice(&bytes)
            .map_err(|error| failed(format!("it is no configuration of Docker (line {})", error.line())))?;
        Ok(Some(Self { path: path.to_owned(), ..config }))
    }

    /// The login for a repository of a registry, if the file has one or names a helper that has. Podman keeps logins also for
    /// parts of a registry: the longest that the repository is in decides.
    /// <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>
    ///
    /// # Errors
    /// When the entry cannot be understood or the helper fails.
    pub fn login(&self, registry: &str, repository: &str) -> Result<Option<Login>, RegistryError> {
        let helper = keys(registry).into_iter().find_map(|key| self.cred_helpers.get(&key));
        if let Some(helper) = helper.or(self.creds_store.as_ref())
            && let Some(login) = ask(helper, registry)?
        {
            return Ok(Some(login));
        }
        let auth = parts(registry, repository).chain(keys(registry)).find_map(|key| self.auths.get(&key));
        auth.map_or(Ok(None), |auth| self.read(registry, auth))
    }

    /// Whether the file has a login for a part of a registry only.
    pub(super) fn has_parts(&self, registry: &str) -> bool {
        let part =
            |key: &String| key.strip_prefix(registry).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
        self.auths.keys().any(part)
    }

    fn read(&self, registry: &str, auth: &Auth) -> Result<Option<Login>, RegistryError> {
        if let Some(token) = auth.identitytoken.clone().filter(|token| !token.is_empty()) {
            return Ok(Some(Login::Identity(token)));
        }
        if let Some(token) = auth.registrytoken.clone().filter(|token| !token.is_empty()) {
            return Ok(Some(Login::Bearer(token)));
        }
        if let (Some(user), Some(password)) = (&auth.username, &auth.password) {
            return Ok(Some(Login::Basic { user: user.clone(), password: password.clone() }));
        }
        let Some(encoded) = auth.auth.as_deref().filter(|auth| !auth.is_empty()) else { return Ok(None) };
        let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|pair| pair.trim_end_matches('\0').split_once(':')) {
            Some((user, password)) => Ok(Some(Login::Basic { user: user.to_owned(), password: password.to_owned() })),
            None => Err(RegistryError::Credentials {
                from: self.path.display().to_string(),
                reason: format!("the entry of {registry} is not a name and a password in base64"),
            }),
        }
    }
}

/// The parts of a registry that a repository is in, the smallest first: `ghcr.io/org/name`, `ghcr.io/org`.
fn parts(registry: &str, repository: &str) -> impl Iterator<Item = String> {
    let ends = repository.rmatch_indices('/').map(|(at, _)| at);
    let ends = std::iter::once(repository.len()).chain(ends).filter(|end| *end > 0);
    ends.map(move |end| format!("{registry}/{}", &repository[..end]))
}

/// What a registry may be called in a configuration.
fn keys(registry: &str) -> Vec<String> {
    let mut keys: Vec<String> = if registry == "docker.io" { vec![DOCKER_HUB.to_owned()] } else { Vec::new() };
    keys.push(registry.to_owned());
    for end in ["", "/", "/v1/", "/v2/"] {
        keys.push(format!("https://{registry}{end}"));
    }
    keys
}

/// Asks a credential helper. <https://github.com/docker/docker-credential-helpers>
fn ask(helper: &str, registry: &str) -> Result<Option<Login>, RegistryError> {
    let name = format!("docker-credential-{helper}");
    let failed = |reason: String| RegistryError::Credentials { from: name.clone(), reason };
    if !helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(failed("that is no name of a helper".to_owned()));
    }
    let address = if registry == "docker.io" { DOCKER_HUB } else { registry };
    let spawned =
        Command::new(&name).arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(failed("it is not installed, and the configuration of Docker names it".to_owned()));
        }
        Err(error) => return Err(failed(error.to_string())),
    };
    if let Some(mut input) = child.stdin.take() {
        // A helper that ends without reading says so by its exit code.
        let _ = input.write_all(address.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        // Helpers say on stdout that they have nothing.
        let said = String::from_utf8_lossy(&output.stdout);
        let nothing = said.contains("credentials not found");
        return if nothing { Ok(None) } else { Err(failed(format!("it failed ({})", output.status))) };
    }
    let helped: Helped =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("its answer has no name and secret".to_owned()))?;
    Ok(Some(if helped.username == TOKEN_USER {
        Login::Identity(helped.secret)
    } else {
        Login::Basic { user: helped.username, password: helped.secret }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> DockerConfig {
        serde_json::from_str(text).unwrap()
    }

    fn basic(user: &str, password: &str) -> Option<Login> {
        Some(Login::Basic { user: user.to_owned(), password: password.to_owned() })
    }

    #[test]
    fn a_login_is_found_under_every_name_of_its_registry() {
        for key in ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/"] {
            let config = config(&format!(r#"{{"auths":{{"{key}":{{"auth":"dXNlcjpwYTpzcw=="}}}}}}"#));
            assert_eq!(config.login("ghcr.io", "a").unwrap(), basic("user", "pa:ss"), "{key}");
            assert_eq!(config.login("quay.io", "a").unwrap(), None);
        }
    }

    #[test]
    fn a_login_for_a_part_of_a_registry_goes_before_that_of_all_of_it() {
        let config = config(
            r#"{"auths":{"ghcr.io":{"auth":"YTox"},"ghcr.io/org":{"auth":"YToy"},"ghcr.io/org/own":{"auth":"YToz"}}}"#,
        );
        for (repository, password) in [("other/own", "1"), ("org/name", "2"), ("org/own", "3"), ("organ/own", "1")] {
            assert_eq!(config.login("ghcr.io", repository).unwrap(), basic("a", password), "{repository}");
        }
        assert!(config.has_parts("ghcr.io") && !config.has_parts("quay.io"));
    }

    #[test]
    fn docker_hub_has_a_name_of_its_own() {
        let config = config(r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}}"#);
        assert_eq!(config.login("docker.io", "library/a").unwrap(), basic("a", "b"));
    }

    #[test]
    fn tokens_go_before_passwords() {
        let config = config(r#"{"auths":{"x.io":{"auth":"YTpi","identitytoken":"t"},"y.io":{"registrytoken":"r"}}}"#);
        assert_eq!(config.login("x.io", "a").unwrap(), Some(Login::Identity("t".to_owned())));
        assert_eq!(config.login("y.io", "a").unwrap(), Some(Login::Bearer("r".to_owned())));
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_refused_without_being_shown() {
        let config = config(r#"{"auths":{"x.io":{"auth":"c2VjcmV0"}}}"#);
        let error = config.login("x.io", "a").unwrap_err().to_string();
        assert!(error.contains("x.io") && !error.contains("secret") && !error.contains("c2VjcmV0"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_is_none() {
        assert!(DockerConfig::load(Path::new("/nowhere/config.json")).unwrap().is_none());
    }

    #[test]
    fn a_helper_is_a_name_and_not_a_path() {
        let config = config(r#"{"credsStore":"../evil"}"#);
        assert!(config.login("x.io", "a").unwrap_err().to_string().contains("no name of a helper"));
    }

    #[test]
    fn a_helper_that_is_missing_is_named() {
        let config = config(r#"{"credHelpers":{"x.io":"gwinfra-test-none"}}"#);
        let error = config.login("x.io", "a").unwrap_err().to_string();
        assert!(error.contains("docker-credential-gwinfra-test-none") && error.contains("not installed"), "{error}");
        assert_eq!(config.login("y.io", "a").unwrap(), None);
    }
}
