//! Accounts of moto for one test, what is deployed to them, and how they are looked at.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use gwinfra::aws::Session;
use gwinfra::aws::cloudformation::Stack;
use gwinfra::engine::{ApplyOptions, EventKind};
use gwinfra::plan::{Plan, SavedPlan};
use gwinfra::render::{Bundle, ConfigObject, ParameterValue, RenderedStack, Target};

use crate::deployment::{Desk, Memory, bundle, stack};
use crate::moto_server::endpoint;

/// The stack that others take outputs of.
const FOUNDATION: &str = "
Parameters: {BucketName: {Type: String}}
Resources:
  Config: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref BucketName}}
  Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: acme/litellm}}
Outputs: {ConfigBucket: {Value: !Ref Config}}
";

const BEDROCK_ACCESS: &str = "
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: acme-bedrock
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: sts:AssumeRole}
";

pub(crate) const CONFIG: &str = "model_list: []\n";

fn gateway(port: u16) -> String {
    format!(
        "
Parameters: {{Bucket: {{Type: String}}, Image: {{Type: String}}}}
Resources:
  Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.40.0.0/16}}}}
  Tasks:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      GroupDescription: acme tasks
      SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: {port}, ToPort: {port}, CidrIp: 10.0.0.0/8}}]
"
    )
}

/// A hub and a Bedrock account that no other test has, each reached through a role.
pub(crate) struct Estate {
    pub(crate) desk: Desk,
    events: std::sync::Arc<Memory>,
    pub(crate) hub: Target,
    pub(crate) spoke: Target,
    pub(crate) bucket: String,
}

fn account(number: u32, region: &str) -> Target {
    let account = format!("{number:012}");
    let role = format!("arn:aws:iam::{account}:role/gwinfra-deploy");
    Target { account, region: region.to_owned(), deploy_role: Some(role) }
}

impl Estate {
    /// An estate with nothing in it. `number` is the test's own.
    pub(crate) async fn new(number: u32) -> Option<Self> {
        let endpoint = endpoint()?;
        let mut desk = Desk::new(endpoint, "testing").await;
        let events = std::sync::Arc::<Memory>::default();
        desk.engine.sink = events.clone();
        let hub = account(100 + number, "us-east-1");
        let spoke = account(200 + number, "us-west-2");
        desk.engine.hub = hub.clone();
        Some(Self { desk, events, hub, spoke, bucket: format!("acme-config-{number}") })
    }

    /// An estate whose foundation another tool has made, with an image in it.
    pub(crate) async fn founded(number: u32) -> Option<Self> {
        let estate = Self::new(number).await?;
        let rendered = estate.foundation();
        let tag = |(key, value): (&String, &String)| {
            aws_sdk_cloudformation::types::Tag::builder().key(key).value(value).build()
        };
        let parameter = aws_sdk_cloudformation::types::Parameter::builder();
        let config = estate.config(&estate.hub).await;
        aws_sdk_cloudformation::Client::new(&config)
            .create_stack()
            .stack_name(&rendered.name)
            .template_body(&*rendered.template)
            .parameters(parameter.parameter_key("BucketName").parameter_value(&estate.bucket).build())
            .set_tags(Some(rendered.tags.iter().map(tag).collect()))
            .send()
            .await
            .unwrap();
        estate.push("v1").await;
        Some(estate)
    }

    /// Puts an image into the repository and gives its digest.
    pub(crate) async fn push(&self, tag: &str) -> String {
        let config = format!("sha256:{}", "0".repeat(64));
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": config},
            "layers": [],
        });
        let answer = aws_sdk_ecr::Client::new(&self.config(&self.hub).await)
            .put_image()
            .repository_name("acme/litellm")
            .image_tag(tag)
            .image_manifest(manifest.to_string())
            .send()
            .await
            .unwrap();
        answer.image.unwrap().image_id.unwrap().image_digest.unwrap()
    }

    /// Clients of our own in an account, to make and to look at things behind gwinfra's back.
    pub(crate) async fn config(&self, target: &Target) -> SdkConfig {
        let base = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(endpoint().unwrap())
            .region(Region::new(target.region.clone()))
            .credentials_provider(Credentials::new("testing", "none", None, None, "test"))
            .load()
            .await;
        let assume = aws_sdk_sts::Client::new(&base).assume_role().role_session_name("test");
        let given = assume.role_arn(target.deploy_role.clone().unwrap()).send().await.unwrap().credentials.unwrap();
        let token = Some(given.session_token);
        let credentials = Credentials::new(given.access_key_id, given.secret_access_key, token, None, "test");
        base.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
    }

    pub(crate) async fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config(&self.hub).await).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub(crate) fn image(&self, tag: &str) -> String {
        format!("{}.dkr.ecr.us-east-1.amazonaws.com/acme/litellm:{tag}", self.hub.account)
    }

    fn foundation(&self) -> RenderedStack {
        let mut foundation = stack("acme", "foundation", FOUNDATION);
        foundation.target = self.hub.clone();
        foundation.parameters.insert("BucketName".into(), ParameterValue::Literal(self.bucket.clone()));
        foundation
    }

    pub(crate) fn object(&self) -> ConfigObject {
        use sha2::Digest;
        let sha256: String = sha2::Sha256::digest(CONFIG).iter().map(|byte| format!("{byte:02x}")).collect();
        ConfigObject {
            key: format!("config/{sha256}.yaml"),
            bucket: ParameterValue::Output { stack: "foundation".into(), output: "ConfigBucket".into() },
            needed_by: "gateway".into(),
            content_type: "application/yaml".into(),
            content: CONFIG.into(),
            sha256,
        }
    }

    /// Foundation and gateway in the hub, the role in the Bedrock account, the config object and an image.
    pub(crate) fn bundle(&self, port: u16) -> Bundle {
        let mut gateway = stack("acme", "gateway", &gateway(port));
        gateway.target = self.hub.clone();
        let output = ParameterValue::Output { stack: "foundation".into(), output: "ConfigBucket".into() };
        gateway.parameters =
            BTreeMap::from([("Bucket".into(), output), ("Image".into(), ParameterValue::Image("litellm".into()))]);
        let mut access = stack("acme", "bedrock-access", BEDROCK_ACCESS);
        access.target = self.spoke.clone();
        let mut bundle = bundle(vec![self.foundation(), gateway, access]);
        bundle.deployment.hub = self.hub.clone();
        bundle.images.insert("litellm".into(), self.image("v1"));
        bundle.objects.push(self.object());
        bundle
    }

    pub(crate) async fn apply(&self, bundle: &Bundle) -> Plan {
        let plan = self.desk.plan_to_keep(bundle).await;
        let saved = SavedPlan::new(plan.clone(), bundle.clone());
        self.desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
        plan
    }

    pub(crate) fn session(&self, target: &Target) -> Session {
        self.desk.engine.clients.session(target)
    }

    pub(crate) async fn stack(&self, target: &Target, name: &str) -> Option<Stack> {
        self.session(target).cloudformation().stack(name).await.unwrap()
    }

    /// The physical id of a resource of the gateway stack.
    pub(crate) async fn physical_id(&self, logical_id: &str) -> String {
        let resources = self.session(&self.hub).cloudformation().resources("acme-gateway").await.unwrap();
        resources.into_iter().find(|found| found.logical_id == logical_id).unwrap().physical_id.unwrap()
    }

    pub(crate) async fn has_role(&self, target: &Target) -> bool {
        let client = aws_sdk_iam::Client::new(&self.config(target).await);
        match client.get_role().role_name("acme-bedrock").send().await {
            Ok(_) => true,
            Err(error) => {
                assert!(error.as_service_error().unwrap().is_no_such_entity_exception(), "{error:?}");
                false
            }
        }
    }

    /// Names of the stacks in an account and region.
    pub(crate) async fn stacks(&self, target: &Target) -> Vec<String> {
        let stacks = self.session(target).cloudformation().stacks().await.unwrap();
        stacks.into_iter().map(|stack| stack.name).collect()
    }

    /// What came of the step of that name, each time it ran.
    pub(crate) fn results(&self, wanted: &str) -> Vec<String> {
        let events = self.events.0.lock().unwrap();
        let finished = events.iter().filter_map(|event| match &event.kind {
            EventKind::StepFinished { step, result } if step == wanted => Some(result.clone()),
            _ => None,
        });
        finished.collect()
    }
}
