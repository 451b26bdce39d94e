//! The engine deploys to moto, whose accounts are another implementation of AWS than the simulator's.
//!
//! moto stands in for AWS only as far as it goes, and the stacks here are chosen so that the facts can be seen:
//!
//! * It gives no outputs to a stack that was made through a change set. The stack whose outputs others take is made with
//!   `CreateStack` beforehand, as another tool would have made it.
//! * Its events name no request and no resource: what happened is read back from the service that has it.
//! * An update loses resources of types that it cannot update. Only a security group is changed.
//! * It does not look at who may assume a role: any account can be reached.
//! * It does not have `UpdateTerminationProtection` and `DescribeEvents`, and answers with a page of HTML.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use gwinfra::aws::cloudformation::Stack;
use gwinfra::aws::{Error, Session};
use gwinfra::engine::{ApplyOptions, DestroyOptions, EngineError, EventKind};
use gwinfra::plan::{Action, Plan, SavedPlan, SeenBy, StackAction};
use gwinfra::render::{Bundle, ConfigObject, ParameterValue, RenderedStack, Target};

use crate::deployment::{Desk, Memory, bundle, row, stack};
use crate::moto_server::endpoint;

/// The account of every access key that moto did not give out itself.
const CALLER: &str = "123456789012";

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

const CONFIG: &str = "model_list: []\n";

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
struct Estate {
    desk: Desk,
    events: std::sync::Arc<Memory>,
    hub: Target,
    spoke: Target,
    bucket: String,
}

fn account(number: u32, region: &str) -> Target {
    let account = format!("{number:012}");
    let role = format!("arn:aws:iam::{account}:role/gwinfra-deploy");
    Target { account, region: region.to_owned(), deploy_role: Some(role) }
}

impl Estate {
    /// An estate with nothing in it. `number` is the test's own.
    async fn new(number: u32) -> Option<Self> {
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
    async fn founded(number: u32) -> Option<Self> {
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
    async fn push(&self, tag: &str) -> String {
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
    async fn config(&self, target: &Target) -> SdkConfig {
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

    async fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config(&self.hub).await).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    fn image(&self, tag: &str) -> String {
        format!("{}.dkr.ecr.us-east-1.amazonaws.com/acme/litellm:{tag}", self.hub.account)
    }

    fn foundation(&self) -> RenderedStack {
        let mut foundation = stack("acme", "foundation", FOUNDATION);
        foundation.target = self.hub.clone();
        foundation.parameters.insert("BucketName".into(), ParameterValue::Literal(self.bucket.clone()));
        foundation
    }

    fn object(&self) -> ConfigObject {
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
    fn bundle(&self, port: u16) -> Bundle {
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

    async fn apply(&self, bundle: &Bundle) -> Plan {
        let plan = self.desk.plan_to_keep(bundle).await;
        let saved = SavedPlan::new(plan.clone(), bundle.clone());
        self.desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
        plan
    }

    fn session(&self, target: &Target) -> Session {
        self.desk.engine.clients.session(target)
    }

    async fn stack(&self, target: &Target, name: &str) -> Option<Stack> {
        self.session(target).cloudformation().stack(name).await.unwrap()
    }

    /// The physical id of a resource of the gateway stack.
    async fn physical_id(&self, logical_id: &str) -> String {
        let resources = self.session(&self.hub).cloudformation().resources("acme-gateway").await.unwrap();
        resources.into_iter().find(|found| found.logical_id == logical_id).unwrap().physical_id.unwrap()
    }

    async fn has_role(&self, target: &Target) -> bool {
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
    async fn stacks(&self, target: &Target) -> Vec<String> {
        let stacks = self.session(target).cloudformation().stacks().await.unwrap();
        stacks.into_iter().map(|stack| stack.name).collect()
    }

    /// What came of the step of that name, each time it ran.
    fn results(&self, wanted: &str) -> Vec<String> {
        let events = self.events.0.lock().unwrap();
        let finished = events.iter().filter_map(|event| match &event.kind {
            EventKind::StepFinished { step, result } if step == wanted => Some(result.clone()),
            _ => None,
        });
        finished.collect()
    }
}

#[tokio::test]
async fn a_plan_from_nothing_makes_every_resource() {
    let Some(estate) = Estate::new(1).await else { return };
    let plan = estate.desk.plan(&estate.bundle(4000)).await;
    assert!(plan.changes.iter().all(|change| change.kind() == Action::Create), "{plan:#?}");
    let role = format!("{}:acme-bedrock-access/Role", estate.spoke.account);
    let addresses: BTreeSet<&str> = plan.changes.iter().map(|change| change.address.as_str()).collect();
    let wanted = ["acme-foundation/Config", "acme-foundation/Images", "acme-gateway/Tasks", "acme-gateway/Vpc", &role];
    assert_eq!(addresses, BTreeSet::from(wanted));
    assert_eq!(row(&plan, "acme-foundation/Config").seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
    assert_eq!(row(&plan, "acme-gateway/Vpc").seen_by, [SeenBy::TemplateDiff]);
}

#[tokio::test]
async fn a_plan_leaves_nothing_behind() {
    let Some(estate) = Estate::new(2).await else { return };
    estate.desk.plan(&estate.bundle(4000)).await;
    assert_eq!(estate.stacks(&estate.hub).await, [""; 0]);
    assert_eq!(estate.stacks(&estate.spoke).await, [""; 0]);
}

#[tokio::test]
async fn stacks_are_made_in_their_accounts_and_regions() {
    let Some(estate) = Estate::founded(3).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    let gateway = estate.stack(&estate.hub, "acme-gateway").await.unwrap();
    assert_eq!(gateway.status, "CREATE_COMPLETE");
    let own = format!("arn:aws:cloudformation:us-east-1:{}:stack/acme-gateway/", estate.hub.account);
    assert!(gateway.id.starts_with(&own), "{}", gateway.id);
    let access = estate.stack(&estate.spoke, "acme-bedrock-access").await.unwrap();
    let own = format!("arn:aws:cloudformation:us-west-2:{}:stack/acme-bedrock-access/", estate.spoke.account);
    assert!(access.id.starts_with(&own), "{}", access.id);
    let vpc = estate.session(&estate.hub).ec2().vpc(&estate.physical_id("Vpc").await).await.unwrap();
    assert_eq!(vpc.unwrap().cidrs, ["10.40.0.0/16"]);
}

#[tokio::test]
async fn resources_of_one_account_are_not_in_the_other() {
    let Some(estate) = Estate::founded(4).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    assert!(estate.has_role(&estate.spoke).await);
    assert!(!estate.has_role(&estate.hub).await);
    assert_eq!(estate.stack(&estate.hub, "acme-bedrock-access").await, None);
    let vpc = estate.physical_id("Vpc").await;
    assert_eq!(estate.session(&estate.spoke).ec2().vpc(&vpc).await.unwrap(), None);
}

#[tokio::test]
async fn outputs_and_digests_are_passed_on_as_parameters() {
    let Some(estate) = Estate::founded(5).await else { return };
    let plan = estate.apply(&estate.bundle(4000)).await;
    let gateway = estate.stack(&estate.hub, "acme-gateway").await.unwrap();
    assert_eq!(gateway.parameters["Bucket"], estate.bucket);
    assert_eq!(gateway.parameters["Image"], plan.inputs.images["litellm"]);
}

#[tokio::test]
async fn the_config_object_is_there_under_the_hash_of_its_content() {
    let Some(estate) = Estate::founded(6).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    let head = estate.s3().await.head_object().bucket(&estate.bucket).key(estate.object().key).send().await.unwrap();
    assert_eq!(head.content_type.as_deref(), Some("application/yaml"));
    assert_eq!(head.content_length, Some(CONFIG.len() as i64));
}

#[tokio::test]
async fn what_was_applied_has_no_changes_and_its_config_object_is_uploaded_once() {
    let Some(estate) = Estate::founded(7).await else { return };
    let versioning = aws_sdk_s3::types::VersioningConfiguration::builder()
        .status(aws_sdk_s3::types::BucketVersioningStatus::Enabled)
        .build();
    let s3 = estate.s3().await;
    s3.put_bucket_versioning().bucket(&estate.bucket).versioning_configuration(versioning).send().await.unwrap();
    let bundle = estate.bundle(4000);
    estate.apply(&bundle).await;
    let again = estate.apply(&bundle).await;
    assert!(again.is_empty(), "{again:#?}");
    let uploaded = format!("uploaded to {}", estate.bucket);
    assert_eq!(estate.results(&format!("upload {}", estate.object().key)), [uploaded.as_str(), "already there"]);
    let versions = s3.list_object_versions().bucket(&estate.bucket).send().await.unwrap();
    assert_eq!(versions.versions.unwrap_or_default().len(), 1);
}

#[tokio::test]
async fn the_wrong_account_stops_before_anything_is_made() {
    let Some(mut estate) = Estate::new(8).await else { return };
    estate.hub.deploy_role = None;
    let error = estate.desk.engine.plan(&estate.bundle(4000), &Default::default()).await.unwrap_err().error;
    let EngineError::Aws(Error::WrongAccount { expected, actual, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((expected.as_str(), actual.as_str()), (estate.hub.account.as_str(), CALLER));
    let caller = Target { account: CALLER.into(), ..estate.hub.clone() };
    assert!(!estate.stacks(&caller).await.iter().any(|name| name.starts_with("acme-")));
    assert_eq!(estate.stacks(&estate.spoke).await, [""; 0]);
}

#[tokio::test]
async fn a_deploy_role_of_another_account_stops_before_anything_is_made() {
    let Some(mut estate) = Estate::new(9).await else { return };
    let right = estate.spoke.clone();
    estate.spoke.deploy_role.clone_from(&estate.hub.deploy_role);
    let error = estate.desk.engine.plan(&estate.bundle(4000), &Default::default()).await.unwrap_err().error;
    let EngineError::Aws(Error::WrongAccount { expected, actual, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((expected, actual), (&right.account, &estate.hub.account));
    assert_eq!(estate.stacks(&estate.hub).await, [""; 0]);
}

#[tokio::test]
async fn an_image_by_tag_is_planned_by_the_digest_that_ecr_has() {
    let Some(estate) = Estate::founded(10).await else { return };
    let digest = estate.push("v2").await;
    let mut bundle = estate.bundle(4000);
    bundle.images.insert("litellm".into(), estate.image("v2"));
    let plan = estate.desk.plan(&bundle).await;
    let repository = estate.image("v2").trim_end_matches(":v2").to_owned();
    assert_eq!(plan.inputs.images["litellm"], format!("{repository}@{digest}"));
}

#[tokio::test]
async fn a_tag_that_is_missing_says_how_to_push_it() {
    let Some(estate) = Estate::founded(11).await else { return };
    let mut bundle = estate.bundle(4000);
    bundle.images.insert("litellm".into(), estate.image("v9"));
    let error = estate.desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    let EngineError::ImageMissing(words) = &error else { panic!("{error:?}") };
    assert!(words.contains("has no v9"), "{words}");
    let command = format!("gwinfra image mirror ghcr.io/berriai/litellm:v9 {}", estate.image("v9"));
    assert!(words.contains(&command), "{words}");
}

#[tokio::test]
async fn a_changed_value_updates_exactly_its_resource() {
    let Some(estate) = Estate::founded(12).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    let plan = estate.apply(&estate.bundle(4443)).await;
    assert_eq!(plan.changes.len(), 1, "{plan:#?}");
    let tasks = row(&plan, "acme-gateway/Tasks");
    assert_eq!(tasks.kind(), Action::Update);
    assert_eq!(tasks.seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
    let actions: Vec<StackAction> = plan.stacks.iter().map(|stack| stack.action).collect();
    assert_eq!(actions, [StackAction::NoOp, StackAction::Update, StackAction::NoOp]);
    let groups = aws_sdk_ec2::Client::new(&estate.config(&estate.hub).await)
        .describe_security_groups()
        .group_ids(estate.physical_id("Tasks").await)
        .send()
        .await
        .unwrap()
        .security_groups
        .unwrap();
    assert_eq!(groups[0].ip_permissions.as_ref().unwrap()[0].from_port, Some(4443));
}

#[tokio::test]
async fn destroy_takes_every_stack_down() {
    let Some(estate) = Estate::founded(13).await else { return };
    let bundle = estate.bundle(4000);
    estate.apply(&bundle).await;
    let vpc = estate.physical_id("Vpc").await;
    let options = DestroyOptions { empty_buckets: true, ..DestroyOptions::default() };
    let plan = estate.desk.engine.plan_destroy(&bundle, &options).await.unwrap();
    assert_eq!(plan.blockers, [""; 0]);
    assert_eq!(plan.buckets, [("foundation".to_owned(), estate.bucket.clone(), 1)]);
    estate.desk.engine.destroy(&bundle, &plan, &options).await.unwrap();
    assert_eq!(estate.stacks(&estate.hub).await, [""; 0]);
    assert_eq!(estate.stacks(&estate.spoke).await, [""; 0]);
    assert!(!estate.has_role(&estate.spoke).await);
    assert_eq!(estate.session(&estate.hub).ec2().vpc(&vpc).await.unwrap(), None);
    let bucket = estate.s3().await.head_bucket().bucket(&estate.bucket).send().await.unwrap_err();
    assert!(bucket.as_service_error().unwrap().is_not_found(), "{bucket:?}");
}

#[tokio::test]
async fn a_bucket_with_something_in_it_blocks_a_destroy() {
    let Some(estate) = Estate::founded(14).await else { return };
    let bundle = estate.bundle(4000);
    estate.apply(&bundle).await;
    let plan = estate.desk.engine.plan_destroy(&bundle, &DestroyOptions::default()).await.unwrap();
    let wanted = format!("bucket {} holds 1 object version: pass `--empty-buckets` to delete them", estate.bucket);
    assert_eq!(plan.blockers, [wanted]);
}

#[tokio::test]
async fn a_call_that_is_not_implemented_is_a_readable_error_and_not_tried_again() {
    let Some(estate) = Estate::founded(15).await else { return };
    let mut bundle = estate.bundle(4000);
    bundle.stacks[2].termination_protection = true;
    let saved = SavedPlan::new(estate.desk.plan_to_keep(&bundle).await, bundle);
    let error = estate.desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap_err();
    let EngineError::Aws(error) = &error else { panic!("{error:?}") };
    let words = "the answer to cloudformation:UpdateTerminationProtection is not from AWS (HTTP 500): \
                 500 Internal Server Error";
    assert!(error.to_string().starts_with(words), "{error}");
    assert_eq!(estate.desk.retries.lock().unwrap().len(), 0);
}

/// What moto lacks is what a stack of somebody else's making lacks: the outputs that the blueprint counts on.
#[tokio::test]
async fn a_stack_without_its_outputs_stops_what_needs_them() {
    let Some(estate) = Estate::new(16).await else { return };
    let bundle = estate.bundle(4000);
    let saved = SavedPlan::new(estate.desk.plan_to_keep(&bundle).await, bundle);
    let error = estate.desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap_err();
    let EngineError::Stale(reasons) = &error else { panic!("{error:?}") };
    assert!(reasons[0].starts_with(&format!("the bucket of {} is not known", estate.object().key)), "{reasons:?}");
    assert_eq!(estate.stack(&estate.hub, "acme-foundation").await.unwrap().status, "CREATE_COMPLETE");
    assert_eq!(estate.stack(&estate.hub, "acme-gateway").await, None);
}
