//! Images that an apply pushes, because the deployment's own repositories lack them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::{Cancel, Cancelled, EngineError, Event, EventKind, EventSink, now};
use crate::aws::Clients;
use crate::aws::ecr::Image;
use crate::image::config::Config;
use crate::image::copy::{Copied, copy};
use crate::image::middleware::{Parts, assemble};
use crate::image::registry::{Client, DockerConfig, Login, Options};
use crate::image::{Document, Platform, Reference, Source, Watch, inspect, known_bad, layout};
use crate::render::Target;

/// Where an image is taken from that is not there.
#[derive(Debug, Clone)]
pub enum ImageSource {
    /// A layout that was built.
    Layout(PathBuf),
    /// Static programs of the middleware, from which its image is put together.
    Programs {
        /// Where they lie, for messages.
        folder: PathBuf,
        /// The programs.
        programs: Vec<(Platform, PathBuf)>,
    },
    /// A repository of somebody else, under the same tag.
    Published(Reference),
}

impl fmt::Display for ImageSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout(path) => path.display().fmt(formatter),
            Self::Programs { folder, .. } => write!(formatter, "the program in {}", folder.display()),
            Self::Published(reference) => reference.fmt(formatter),
        }
    }
}

/// Where images are taken from that are not there, by name: `litellm`, `middleware`.
#[derive(Clone, Default)]
pub struct Images {
    sources: BTreeMap<String, ImageSource>,
    opened: BTreeMap<String, Arc<OnceCell<Offer>>>,
    configs: Vec<DockerConfig>,
    resolves_public: bool,
    platform: Option<Platform>,
}

/// An image that can be pushed.
#[derive(Clone)]
pub(in crate::engine) struct Offer {
    source: Arc<dyn Source>,
    /// The image.
    pub image: Document,
    /// Where it is from, in words.
    pub from: String,
}

impl Images {
    /// These sources, with files of logins for the registries of others. `resolves_public`: whether registries that are
    /// not ECR may be asked for the digest of a tag.
    pub fn new(sources: BTreeMap<String, ImageSource>, configs: Vec<DockerConfig>, resolves_public: bool) -> Self {
        let opened = sources.keys().map(|name| (name.clone(), Arc::default())).collect();
        Self { sources, opened, configs, resolves_public, platform: None }
    }

    /// The same for tasks that run on a platform: an image that is not made for it is not pushed.
    #[must_use]
    pub fn for_platform(self, platform: Platform) -> Self {
        Self { platform: Some(platform), ..self }
    }

    /// What is known to be had for an image; `None` when it is not.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(in crate::engine) async fn offer(&self, name: &str, wanted: &Reference) -> Result<Option<Offer>, EngineError> {
        let (Some(source), Some(opened)) = (self.sources.get(name), self.opened.get(name)) else { return Ok(None) };
        let offer = opened
            .get_or_try_init(|| async {
                let offer = self.open(name, source, wanted).await?;
                self.check(name, &offer).await?;
                Ok::<Offer, EngineError>(offer)
            })
            .await?;
        Ok(Some(offer.clone()))
    }

    /// Makes sure that the tasks may and can run an image. On the wrong processor they would fail one after the other, and
    /// ECS says only that the image could not be pulled.
    async fn check(&self, name: &str, offer: &Offer) -> Result<(), EngineError> {
        let from = &offer.from;
        let configs = inspect::configs(&*offer.source, &offer.image).await.map_err(|error| {
            EngineError::ImageMissing(format!("image {name} cannot be pushed from {from}: {error}"))
        })?;
        if let Some(bad) = configs.iter().find_map(known_bad::by_labels) {
            return Err(EngineError::KnownBad { name: name.to_owned(), from: from.clone(), bad });
        }
        let Some(wanted) = &self.platform else { return Ok(()) };
        let there: Vec<Platform> = configs.iter().map(Config::platform).collect();
        if there.iter().any(|own| wanted.takes(own)) {
            return Ok(());
        }
        let there = there.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        Err(EngineError::ImageMissing(format!(
            "image {name} in {from} is for {there}, and the tasks run on {wanted} (compute.fargate.architecture): build it \
             for that, too"
        )))
    }

    async fn open(&self, name: &str, source: &ImageSource, wanted: &Reference) -> Result<Offer, EngineError> {
        let failed = |reason: &dyn fmt::Display| {
            EngineError::ImageMissing(format!("{wanted} is not there, and cannot be pushed from {source}: {reason}"))
        };
        let from = source.to_string();
        match source {
            ImageSource::Layout(path) => {
                let stored = layout::StoredLayout::open(path).map_err(|error| failed(&error))?;
                let (image, tag) = stored.image().map_err(|error| failed(&error))?;
                same_version(name, &from, tag.as_deref(), wanted)?;
                Ok(Offer { source: Arc::new(stored), image, from })
            }
            ImageSource::Programs { programs, .. } => {
                same_version(name, &from, Some(env!("CARGO_PKG_VERSION")), wanted)?;
                let mut parts = Parts::default();
                for (platform, path) in programs {
                    let bytes = fs_err::read(path).map_err(|error| failed(&error))?;
                    parts.binaries.insert(platform.clone(), bytes);
                }
                let made = tokio::task::spawn_blocking(move || assemble(&parts)).await;
                let made = made.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
                let image = made.image().clone();
                Ok(Offer { source: Arc::new(made), image, from })
            }
            ImageSource::Published(published) => {
                let client = self.client(BTreeMap::new(), BTreeMap::new(), Arc::new(crate::image::Silent));
                let client = client.map_err(|error| failed(&error))?;
                let published = published.by_tag(wanted.wanted());
                let repository = client.repository(&published);
                let image = repository.document(published.wanted()).await.map_err(|error| failed(&error))?;
                let from = published.to_string();
                Ok(Offer { source: Arc::new(repository), image, from })
            }
        }
    }

    /// The digest of an image that is not in ECR; `None` when its registry is not to be asked, or does not say.
    pub(in crate::engine) async fn public_digest(&self, image: &Reference) -> Option<Reference> {
        if !self.resolves_public {
            return None;
        }
        let client = self.client(BTreeMap::new(), BTreeMap::new(), Arc::new(crate::image::Silent)).ok()?;
        let head = client.repository(image).head_once(image.wanted()).await.ok()??;
        Some(image.by_digest(&head.digest))
    }

    fn client(
        &self,
        logins: BTreeMap<String, Login>,
        routes: BTreeMap<String, String>,
        watch: Arc<dyn Watch>,
    ) -> Result<Client, crate::image::registry::RegistryError> {
        Client::new(Options { logins, configs: self.configs.clone(), routes, watch, ..Options::default() })
    }

    /// Pushes an image to where a plan says, unless it is there. Says what was done, in words.
    ///
    /// # Errors
    /// [`EngineError::Stale`] when what would be pushed is not what was planned; or when it cannot be pushed.
    pub(in crate::engine) async fn push(&self, push: Push<'_>) -> Result<String, EngineError> {
        let stale = |words: String| EngineError::Stale(vec![words]);
        let wanted = push.wanted;
        let (Some(ecr), Some(digest)) = (wanted.ecr(), &wanted.digest) else {
            return Err(stale(format!("image {} ({wanted}) has no digest in ECR", push.name)));
        };
        let target = Target { region: ecr.region.clone(), ..push.hub.clone() };
        let session = push.clients.session(&target);
        let tag = push.tag.unwrap_or(digest.as_str());
        let there = session.ecr().image(&ecr.account, &wanted.repository, tag).await?;
        if matches!(&there, Image::Found { digest: there } if there == digest.as_str()) {
            return Ok("there already".to_owned());
        }
        let offer = self.offer(push.name, wanted).await?;
        let offer = offer.ok_or_else(|| stale(format!("image {} is nowhere to be had any more", push.name)))?;
        if offer.image.digest() != *digest {
            let (name, from, now) = (push.name, &offer.from, offer.image.digest());
            return Err(stale(format!("image {name} in {from} is {now} now, and the plan was made for {digest}")));
        }
        let authorization = session.ecr().authorization().await?;
        let login = Login::Basic { user: authorization.user, password: authorization.password };
        let registry = wanted.registry.clone();
        let routes = push.clients.endpoint().map(|url| (registry.clone(), url.to_owned()));
        let client = self.client(BTreeMap::from([(registry, login)]), routes.into_iter().collect(), push.watch());
        let destination = match push.tag {
            Some(tag) => wanted.by_tag(tag),
            None => wanted.clone(),
        };
        let failed = |source| EngineError::Push { image: push.name.to_owned(), source: Box::new(source) };
        let client = client.map_err(|error| failed(error.into()))?;
        let copied = tokio::select! {
            copied = copy(&*offer.source, &offer.image, &client, &destination) => copied.map_err(failed)?,
            () = push.cancel.reached(Cancelled::Stop) => return Err(EngineError::Cancelled(Vec::new())),
        };
        Ok(words(&copied))
    }
}

/// Makes sure that an image is the version that the spec names: another one under its tag would stay there for good.
fn same_version(name: &str, from: &str, own: Option<&str>, wanted: &Reference) -> Result<(), EngineError> {
    let Some(tag) = wanted.tag.as_deref().filter(|tag| wanted.digest.is_none() && own != Some(*tag)) else {
        return Ok(());
    };
    let is = own.map_or_else(|| "names no version".to_owned(), |own| format!("is {own}"));
    let way_out = match name {
        "litellm" => format!(
            "gwinfra image build litellm --from ghcr.io/berriai/litellm:{tag}   builds that one; without {from} the \
             published image is mirrored"
        ),
        _ => format!("gwinfra image build {name} --tag {tag}   builds it under that name"),
    };
    Err(EngineError::ImageMissing(format!("image {name} in {from} {is}, and the spec wants {tag}: {way_out}")))
}

impl fmt::Debug for Images {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.sources.iter().map(|(name, source)| (name, source.to_string()))).finish()
    }
}

/// One image that is to be pushed.
pub(in crate::engine) struct Push<'a> {
    /// Sessions with AWS.
    pub clients: &'a Clients,
    /// The account of the deployment's own repositories.
    pub hub: &'a Target,
    /// Where events go.
    pub sink: &'a Arc<dyn EventSink>,
    /// What the user has asked for by signals.
    pub cancel: &'a Cancel,
    /// Name of the image.
    pub name: &'a str,
    /// Where it goes, by digest.
    pub wanted: &'a Reference,
    /// Its tag there, if the spec names one.
    pub tag: Option<&'a str>,
}

impl Push<'_> {
    fn watch(&self) -> Arc<dyn Watch> {
        Arc::new(Told(self.sink.clone()))
    }
}

/// Tells the sink what is tried again, and what is left out.
struct Told(Arc<dyn EventSink>);

impl Watch for Told {
    fn saw(&self, event: crate::image::Event) {
        let kind = match event {
            crate::image::Event::Retry { call, delay, reason } => {
                let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                EventKind::Retry { call, attempt: 1, delay_ms, reason }
            }
            crate::image::Event::Alone { image, reason } => {
                EventKind::Message { text: format!("{} is pushed without what is about it: {reason}", image.short()) }
            }
            _ => return,
        };
        self.0.emit(Event { at: now(), stack: None, kind });
    }
}

fn words(copied: &Copied) -> String {
    let sent = crate::plan::count(copied.tally.sent, "blob");
    format!("pushed sha256:{}.. ({sent}, {})", copied.digest.short(), indicatif::HumanBytes(copied.tally.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::program;

    fn wanted() -> Reference {
        let tag = env!("CARGO_PKG_VERSION");
        format!("111122223333.dkr.ecr.us-east-1.amazonaws.com/acme/middleware:{tag}").parse().unwrap()
    }

    fn images(source: ImageSource) -> Images {
        Images::new(BTreeMap::from([("middleware".to_owned(), source)]), Vec::new(), false)
    }

    #[tokio::test]
    async fn programs_are_offered_as_the_image_that_they_make() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gwinfra-middleware");
        fs_err::write(&path, program(62, None)).unwrap();
        let programs = vec![(Platform::linux("amd64"), path)];
        let images = images(ImageSource::Programs { folder: folder.path().to_owned(), programs });
        let offer = images.offer("middleware", &wanted()).await.unwrap().unwrap();
        let binaries = BTreeMap::from([(Platform::linux("amd64"), program(62, None))]);
        let parts = Parts { binaries, ..Parts::default() };
        assert_eq!(offer.image.digest(), assemble(&parts).unwrap().image().digest());
        assert!(images.offer("litellm", &wanted()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_image_for_another_processor_is_refused_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let binaries = BTreeMap::from([(Platform::linux("amd64"), program(62, None))]);
        let path = folder.path().join("image");
        assemble(&Parts { binaries, ..Parts::default() }).unwrap().write(&path).unwrap();
        let of = |architecture| images(ImageSource::Layout(path.clone())).for_platform(Platform::linux(architecture));
        assert!(of("amd64").offer("middleware", &wanted()).await.unwrap().is_some());
        let error = of("arm64").offer("middleware", &wanted()).await.err().unwrap().to_string();
        assert!(error.contains("is for linux/amd64, and the tasks run on linux/arm64"), "{error}");
    }

    #[tokio::test]
    async fn programs_are_pushed_under_their_own_version_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gwinfra-middleware");
        fs_err::write(&path, program(62, None)).unwrap();
        let programs = vec![(Platform::linux("amd64"), path)];
        let images = images(ImageSource::Programs { folder: folder.path().to_owned(), programs });
        let error = images.offer("middleware", &wanted().by_tag("0.0.9")).await.err().unwrap().to_string();
        assert!(error.contains("and the spec wants 0.0.9: gwinfra image build middleware --tag 0.0.9"), "{error}");
    }

    #[tokio::test]
    async fn a_source_that_cannot_be_read_says_which_image_is_missing() {
        let images = images(ImageSource::Layout(PathBuf::from("/nowhere/image")));
        let error = images.offer("middleware", &wanted()).await.err().unwrap().to_string();
        assert!(
            error.contains("acme/middleware:0") && error.contains(" is not there") && error.contains("/nowhere/image"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn no_registry_is_asked_when_none_may_be() {
        let image: Reference = "127.0.0.1:1/a/b:1".parse().unwrap();
        assert_eq!(Images::default().public_digest(&image).await, None);
    }
}
