//! The whole gateway: started in order, stopped in the opposite one.

use std::ffi::OsString;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Command;

use super::configuration::{Configuration, Parts, reduced};
use super::environment::{self, INHERITED, Places, Variables};
use super::health::{free_port, wait, wait_for_port};
use super::litellm::Litellm;
use super::process::Process;
use super::proxy::{Proxy, Routes};
use super::report::Report;
use super::secrets::Secrets;
use super::state::{State, stop_left};
use super::{Directory, LocalError, postgres, redis};
use crate::mock_llm;
use crate::model::data::{DATABASE_NAME, MIDDLEWARE_DATABASE_NAME};
use crate::model::listener::{MIDDLEWARE_HEALTH, rules};
use crate::spec::{Cache, Database, Spec};

/// How long a service has to end by itself. PostgreSQL and LiteLLM take a second or two.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long PostgreSQL and Redis have to start.
const SHORT: Duration = Duration::from_secs(60);

/// How to run the gateway.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the gateway; 0 takes a free one.
    pub port: u16,
    /// LiteLLM's program. `None`: one is installed.
    pub litellm: Option<PathBuf>,
    /// The middleware's program. `None`: it is not there.
    pub middleware: Option<PathBuf>,
    /// Run PostgreSQL, if it is there and the spec has a database.
    pub database: bool,
    /// Run Redis, if it is there and the spec has a cache.
    pub cache: bool,
    /// How long LiteLLM has to start.
    pub patience: Duration,
    /// How the mock behaves.
    pub model: mock_llm::Settings,
    /// Variables of the shell, of which only those are given on that a program needs to run at all.
    pub environment: Vec<(String, OsString)>,
}

/// What every step of a start needs.
pub(super) struct Order<'a> {
    /// The spec.
    pub spec: &'a Spec,
    /// Its environment.
    pub environment: Option<&'a str>,
    /// How to run it.
    pub options: &'a Options,
    /// Variables of the shell that are given on.
    pub inherited: Variables,
    /// The secrets.
    pub secrets: Secrets,
    /// Asks services whether they answer.
    pub client: reqwest::Client,
}

/// A gateway that runs, or is being started.
pub struct Gateway {
    directory: Directory,
    report: Report,
    _lock: File,
    mock: Option<mock_llm::Server>,
    /// In the order of their start.
    processes: Vec<(Process, Signal)>,
    proxy: Option<Proxy>,
}

impl Gateway {
    /// Takes the directory, and ends what an earlier gateway has left there.
    ///
    /// # Errors
    /// [`LocalError::Busy`] when one runs there.
    pub async fn open(directory: &Directory, report: Report) -> Result<Self, LocalError> {
        directory.create()?;
        let Some(lock) = directory.lock()? else {
            return Err(LocalError::Busy { url: State::read(directory).and_then(|state| state.url) });
        };
        let left = stop_left(directory).await;
        if !left.is_empty() {
            report.note(format!("an earlier gateway was killed and had left {}: stopped", left.join(", ")))?;
        }
        let directory = directory.clone();
        Ok(Self { directory, report, _lock: lock, mock: None, processes: Vec::new(), proxy: None })
    }

    /// What runs.
    pub fn state(&self) -> State {
        self.report.state()
    }

    /// Starts everything and waits until it answers. After an error, or when the future is dropped, what was started is
    /// ended by [`Self::stop`].
    pub async fn start(&mut self, spec: &Spec, environment: Option<&str>, options: &Options) -> Result<(), LocalError> {
        // Taken first: an error that costs nothing to find should not come after a minute.
        let listener = Proxy::listen(options.port).await?;
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(LocalError::Client)?;
        let secrets = Secrets::open(&self.directory)?;
        let kept = |(name, _): &&(String, OsString)| INHERITED.contains(&name.as_str());
        let inherited: Variables = options.environment.iter().filter(kept).cloned().collect();
        let order = Order { spec, environment, options, inherited, secrets, client };

        let mut places = Places { mock: self.start_mock(options).await?, ..Places::default() };
        let litellm = match Litellm::find(&self.directory, options.litellm.as_deref())? {
            Some(litellm) => litellm,
            None => Litellm::install(&self.directory, &self.report).await?,
        };
        places.postgres = self.start_postgres(&order, &litellm).await?;
        places.redis = self.start_redis(&order).await?;
        let parts = Parts { database: places.postgres.is_some(), cache: places.redis.is_some() };
        places.litellm = self.start_litellm(&order, &litellm, &places, parts).await?;
        let middleware = self.start_middleware(&order, &places, parts).await?;
        // The rules of what runs: without a database there are no chat sessions.
        let rules = rules(&reduced(spec, parts));
        let routes = Routes { rules, litellm: places.litellm.clone(), middleware, client: order.client };
        let proxy = Proxy::serve(listener, routes)?;
        let url = format!("http://{}", proxy.address);
        self.proxy = Some(proxy);
        self.report.change(|state| {
            state.url = Some(url.clone());
            state.stats_url = Some(format!("{}/mock/stats", places.mock));
        })?;
        self.report.running("gateway", &url, Some(url.clone()))?;
        self.report.change(|state| state.ready = true)
    }

    async fn start_mock(&mut self, options: &Options) -> Result<String, LocalError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mock = mock_llm::Server::start(address, options.model.clone(), None).await?;
        let url = mock.url();
        self.mock = Some(mock);
        self.report.running(
            "mock-llm",
            &format!("plays Bedrock, STS and every other provider at {url}"),
            Some(url.clone()),
        )?;
        Ok(url)
    }

    /// PostgreSQL has LiteLLM's keys and spend, and the middleware's chat sessions, which belong to keys: without LiteLLM's
    /// part there is nothing to keep.
    async fn start_postgres(&mut self, order: &Order<'_>, litellm: &Litellm) -> Result<Option<u16>, LocalError> {
        const NAME: &str = "PostgreSQL";
        if matches!(order.spec.database, Database::None(_)) {
            return Ok(None);
        }
        let without = |why: String| {
            let note = "there is no database, so there are no virtual keys, no spend and no chat history";
            self.report.note(format!("{note}: {why}"))?;
            self.report.skipped(NAME, &why).map(|()| None)
        };
        if !order.options.database {
            return without("`--no-database`".to_owned());
        }
        let found = match postgres::find() {
            Ok(found) => found,
            Err(why) => return without(why),
        };
        if let Err(lack) = litellm.client(&self.directory, &order.inherited, &self.report).await? {
            return without(format!("LiteLLM cannot use one: {lack}"));
        }
        self.report.starting(NAME, "", None)?;
        let (directory, own) = (self.directory.clone(), order.secrets.clone());
        let program = found.clone();
        let prepared = tokio::task::spawn_blocking(move || {
            program.prepare(&directory, &own, &[DATABASE_NAME, MIDDLEWARE_DATABASE_NAME])
        });
        match prepared.await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(why))) => return without(why),
            Ok(Err(error)) => return Err(error),
            Err(error) => return without(error.to_string()),
        }
        let port = free_port().await?;
        let command = found.command(&self.directory, port);
        // SIGINT is its fast shutdown: SIGTERM would wait for clients.
        let process = self.spawn(NAME, command, Signal::INT)?;
        wait_for_port(port, process, SHORT).await?;
        self.report.running(NAME, &format!("127.0.0.1:{port}"), None)?;
        Ok(Some(port))
    }

    async fn start_redis(&mut self, order: &Order<'_>) -> Result<Option<u16>, LocalError> {
        const NAME: &str = "Redis";
        if matches!(order.spec.cache, Cache::None(_)) {
            return Ok(None);
        }
        let wanted = order.options.cache;
        let program = if wanted { redis::find() } else { None };
        let Some(program) = program else {
            let why = if wanted { format!("not installed: {}", redis::INSTALL) } else { "`--no-cache`".to_owned() };
            return self.report.skipped(NAME, &why).map(|()| None);
        };
        let port = free_port().await?;
        let command = redis::command(program, &self.directory, &order.secrets, port)?;
        let process = self.spawn(NAME, command, Signal::TERM)?;
        wait_for_port(port, process, SHORT).await?;
        self.report.running(NAME, &format!("127.0.0.1:{port}"), None)?;
        Ok(Some(port))
    }

    async fn start_litellm(
        &mut self,
        order: &Order<'_>,
        litellm: &Litellm,
        places: &Places,
        parts: Parts,
    ) -> Result<String, LocalError> {
        const NAME: &str = "LiteLLM";
        let configuration = Configuration::new(order.spec, order.environment, parts, &places.mock);
        let file = self.directory.write("litellm.yaml", configuration.text.as_bytes())?;
        if !configuration.played.is_empty() {
            self.report.note(format!("mock-llm also plays {}", configuration.played.join(", ")))?;
        }
        let port = free_port().await?;
        let variables = environment::litellm(order.spec, &order.inherited, places, parts, &order.secrets);
        let command = litellm.command(&self.directory, &file, port, order.spec.gateway.litellm.workers, &variables);
        let process = self.spawn(NAME, command, Signal::TERM)?;
        let url = format!("http://127.0.0.1:{port}");
        wait(&order.client, &format!("{url}/health/liveliness"), process, order.options.patience).await?;
        let words = format!("{}, {url}", crate::plan::count(configuration.deployments, "deployment"));
        self.report.running(NAME, &words, Some(url.clone()))?;
        Ok(url)
    }

    async fn start_middleware(
        &mut self,
        order: &Order<'_>,
        places: &Places,
        parts: Parts,
    ) -> Result<Option<String>, LocalError> {
        const NAME: &str = "middleware";
        if !order.spec.gateway.middleware.enabled {
            return Ok(None);
        }
        let Some(program) = &order.options.middleware else {
            let why = "there is no gwinfra-middleware beside gwinfra, and no `--middleware-bin`";
            self.report.note(format!("LiteLLM answers the middleware's paths: {why}"))?;
            return self.report.skipped(NAME, why).map(|()| None);
        };
        let port = free_port().await?;
        let variables = environment::middleware(order, places, parts, port);
        let mut command = Command::new(program);
        command.env_clear().envs(&variables).current_dir(self.directory.path());
        let process = self.spawn(NAME, command, Signal::TERM)?;
        let url = format!("http://127.0.0.1:{port}");
        wait(&order.client, &format!("{url}{MIDDLEWARE_HEALTH}"), process, SHORT).await?;
        self.report.running(NAME, &url, Some(url.clone()))?;
        Ok(Some(url))
    }

    fn spawn(&mut self, name: &'static str, command: Command, signal: Signal) -> Result<&mut Process, LocalError> {
        let process = Process::spawn(name, command, &self.directory.log(name))?;
        let told = self.report.starting(name, "", Some(&process));
        self.processes.push((process, signal));
        told?;
        let last = self.processes.len() - 1;
        Ok(&mut self.processes[last].0)
    }

    /// Waits until a service ends that should run.
    pub async fn broken(&mut self) -> LocalError {
        let waits = self.processes.iter_mut().map(|(process, _)| {
            Box::pin(async move {
                let status = process.ended().await;
                process.failure(&status)
            })
        });
        let waits: Vec<_> = waits.collect();
        if waits.is_empty() {
            return std::future::pending().await;
        }
        let (failure, _, _) = futures::future::select_all(waits).await;
        failure
    }

    /// Tells which service an error is of.
    pub fn tell(&self, error: &LocalError) {
        if let LocalError::Ended { name, .. } | LocalError::Late { name, .. } = error {
            self.report.failed(name, &error.to_string());
        } else if matches!(error, LocalError::Install { .. } | LocalError::NoPython | LocalError::NotThere { .. }) {
            self.report.failed("LiteLLM", &error.to_string());
        }
    }

    /// Ends everything, in the opposite order of its start. When the future is dropped, what is left is killed.
    pub async fn stop(mut self) {
        if let Some(proxy) = self.proxy.take() {
            proxy.stop(Duration::from_secs(2)).await;
        }
        while let Some((process, signal)) = self.processes.pop() {
            let name = process.name;
            process.stop(signal, PATIENCE).await;
            self.report.stopped(name);
        }
        if let Some(mock) = self.mock.take() {
            mock.stop().await;
        }
        State::remove(&self.directory);
    }
}
