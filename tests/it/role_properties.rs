//! What holds of the roles of every spec in both engines: each role in LiteLLM's config is there once, lets in the
//! gateway, and is one that the gateway may assume; nothing is allowed on a wildcard. Two evaluators must agree.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use gwinfra::accounts::{RenderedRole, rendered_roles};
use gwinfra::blueprint::Blueprint;
use gwinfra::cfn::registry::Registry;
use gwinfra::model::Model;
use gwinfra::parity::render_both;
use gwinfra::policy::{Access, Decision, evaluate, grants};
use gwinfra::render::{Bundle, Input};
use gwinfra::spec::load;
use iam_rs::{Arn, Context, EvaluationOptions, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use serde_json::{Value, json};

use crate::matrix_specs::{pairwise, spec};
use crate::support::repository;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::builtin);

/// How many specs of the matrix at least.
const SPECS: usize = 150;

/// A spec's roles in one engine, and what LiteLLM is told.
struct Rendered {
    engine: &'static str,
    roles: Vec<RenderedRole>,
    /// The roles of LiteLLM's config with their external ids.
    assumed: BTreeMap<String, String>,
    task_role: String,
    /// The roles that the spec names: how many accounts there are.
    accounts: usize,
}

fn rendered(name: &str, text: &[u8]) -> [Rendered; 2] {
    let loaded = load(name, text, None).map_err(|report| report.diagnostics).unwrap();
    let model = Model::new(&loaded.spec, None);
    let blueprint = Blueprint::open(&loaded.spec.blueprint, Path::new("."), None).unwrap();
    let rendering = render_both(&Input::new(&loaded, &model), &blueprint, &REGISTRY);
    let bundle = rendering.map_err(|report| report.diagnostics).unwrap().bundle;
    let assumed = assumed(&bundle);
    let of = |engine, bundle: &Bundle| Rendered {
        engine,
        roles: rendered_roles(bundle),
        assumed: assumed.clone(),
        task_role: model.shared.task_role_arn.clone(),
        accounts: loaded.spec.bedrock.accounts.len(),
    };
    let stacks = Bundle { modules: Vec::new(), ..bundle.clone() };
    let modules = Bundle { stacks: Vec::new(), ..bundle };
    [of("cloudformation", &stacks), of("terraform", &modules)]
}

/// The roles that LiteLLM assumes, with the external id that it sends.
fn assumed(bundle: &Bundle) -> BTreeMap<String, String> {
    let config = bundle.objects.iter().find(|object| object.key.starts_with("config/")).unwrap();
    let config: Value = serde_yaml::from_str(&config.content).unwrap();
    let models = config["model_list"].as_array().unwrap().iter();
    let role = |model: &Value| {
        let text = |name: &str| model["litellm_params"][name].as_str().map(str::to_owned);
        Some((text("aws_role_name")?, text("aws_external_id").unwrap_or_default()))
    };
    models.filter_map(role).collect()
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap()
}

fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

/// Who asks for what, and with which condition keys.
struct Question<'a> {
    action: &'a str,
    resource: &'a str,
    /// The account's root, by which the trust policy names the principal; `None` for identity policies.
    root: Option<String>,
    keys: Vec<(&'a str, String)>,
}

impl Question<'_> {
    /// The answer, on which both evaluators must agree.
    #[track_caller]
    fn is_allowed(&self, documents: &[&Value]) -> bool {
        let (ours, theirs) = (self.by_gwinfra(documents), self.by_iam_rs(documents));
        assert_eq!(ours, theirs, "the evaluators differ on {} {}: {documents:#?}", self.action, self.resource);
        ours
    }

    fn by_gwinfra(&self, documents: &[&Value]) -> bool {
        let keys = self.keys.iter().map(|(key, value)| (key.to_ascii_lowercase(), vec![value.clone()])).collect();
        let principals: Vec<String> = self.root.iter().cloned().collect();
        let access = Access { action: self.action, resource: self.resource, principals: &principals, keys: &keys };
        evaluate(documents.iter().copied(), &access) == Decision::Allowed
    }

    fn by_iam_rs(&self, documents: &[&Value]) -> bool {
        let policies: Vec<IAMPolicy> =
            documents.iter().map(|document| serde_json::from_value((*document).clone()).unwrap()).collect();
        let context = self.keys.iter().fold(Context::new(), |context, (key, value)| context.with_string(*key, value));
        let who = self.root.clone().unwrap_or_else(|| "arn:aws:iam::111122223333:root".to_owned());
        let request = IAMRequest::new_with_context(
            Principal::Aws(PrincipalId::String(who)),
            self.action,
            Arn::parse(self.resource).unwrap(),
            context,
        );
        // A trust policy has no resource: it is the role's own.
        let options = EvaluationOptions { ignore_resource_constraints: self.root.is_some(), ..Default::default() };
        let result = PolicyEvaluator::with_policies(policies).with_options(options).evaluate(&request).unwrap();
        result.decision == iam_rs::Decision::Allow
    }
}

/// Whether a trust policy lets in a role with an external id.
fn lets_in(trust: &Value, role: &str, principal: &str, external_id: Option<&str>) -> bool {
    let mut keys = vec![("aws:PrincipalArn", principal.to_owned())];
    keys.extend(external_id.map(|id| ("sts:ExternalId", id.to_owned())));
    let root = Some(format!("arn:aws:iam::{}:root", account_of(principal)));
    Question { action: "sts:AssumeRole", resource: role, root, keys }.is_allowed(&[trust])
}

/// Every spec of the matrix in both engines, by name.
static MATRIX: LazyLock<Vec<(String, Rendered)>> = LazyLock::new(|| {
    let rows = pairwise(SPECS).into_iter().enumerate();
    let both = rows.flat_map(|(number, row)| {
        let name = format!("spec {number}");
        rendered(&name, spec(&row).to_string().as_bytes()).map(|one| (format!("{name}, {}", one.engine), one))
    });
    both.collect()
});

fn every_spec(check: impl Fn(&str, &Rendered)) {
    let accounts: usize = MATRIX.iter().map(|(_, rendered)| rendered.accounts).sum();
    assert!(accounts > 100, "the matrix has hardly an account: {accounts}");
    MATRIX.iter().for_each(|(name, rendered)| check(name, rendered));
}

#[test]
fn every_role_of_litellms_config_is_there_once_and_lets_in_the_gateway_only() {
    every_spec(|name, rendered| {
        assert_eq!(rendered.assumed.len(), rendered.accounts, "{name}");
        for (arn, id) in &rendered.assumed {
            let same = |role: &&RenderedRole| role.account == account_of(arn) && role.name == name_of(arn);
            let found: Vec<&RenderedRole> = rendered.roles.iter().filter(same).collect();
            assert_eq!(found.len(), 1, "{name}: {arn}");
            let trust = &found[0].trust;
            assert!(!id.is_empty(), "{name}: {arn} is assumed without an external id");
            assert!(lets_in(trust, arn, &rendered.task_role, Some(id)), "{name}: {arn} does not let in the task role");
            assert!(!lets_in(trust, arn, &rendered.task_role, None), "{name}: {arn} needs no external id");
            assert!(!lets_in(trust, arn, &rendered.task_role, Some("other")), "{name}: {arn} takes any external id");
            let another = format!("arn:aws:iam::{}:role/another", account_of(&rendered.task_role));
            assert!(!lets_in(trust, arn, &another, Some(id)), "{name}: {arn} lets in any role of the hub");
            let elsewhere = format!("arn:aws:iam::999999999999:role/{}", name_of(&rendered.task_role));
            assert!(!lets_in(trust, arn, &elsewhere, Some(id)), "{name}: {arn} lets in another account");
        }
    });
}

#[test]
fn exactly_one_statement_of_the_task_role_allows_each_of_these_roles_and_no_other() {
    every_spec(|name, rendered| {
        let task = task_role(rendered);
        let policies: Vec<&Value> = task.known_policies().collect();
        let statements: Vec<Value> = policies
            .iter()
            .flat_map(|policy| policy["Statement"].as_array().unwrap())
            .map(|statement| json!({"Version": "2012-10-17", "Statement": [statement]}))
            .collect();
        for arn in rendered.assumed.keys() {
            let allowed = statements.iter().filter(|statement| assume(arn).is_allowed(&[statement])).count();
            assert_eq!(allowed, 1, "{name}: {arn}");
            let sibling = arn.replace("role/", "role/x-");
            assert!(!assume(&sibling).is_allowed(&policies), "{name}: {sibling}");
        }
        let elsewhere = format!(
            "arn:aws:iam::999999999999:role/{}",
            rendered.assumed.keys().next().map_or("x", |arn| name_of(arn))
        );
        assert!(!assume(&elsewhere).is_allowed(&policies), "{name}: {elsewhere}");
    });
}

fn task_role(rendered: &Rendered) -> &RenderedRole {
    rendered.roles.iter().find(|role| role.name == name_of(&rendered.task_role)).unwrap()
}

fn assume(role: &str) -> Question<'_> {
    let keys = vec![("aws:ResourceAccount", account_of(role).to_owned())];
    Question { action: "sts:AssumeRole", resource: role, root: None, keys }
}

#[test]
fn nothing_that_reaches_roles_or_models_is_allowed_on_a_wildcard() {
    every_spec(|name, rendered| {
        let mut seen = 0;
        let spokes = rendered.assumed.keys().map(|arn| {
            rendered.roles.iter().find(|role| role.account == account_of(arn) && role.name == name_of(arn)).unwrap()
        });
        let spokes: Vec<Value> = spokes.flat_map(|role| role.policies.clone()).collect();
        for grant in grants(spokes.iter().chain(task_role(rendered).known_policies())) {
            let action = grant.action.to_string();
            assert!(!action.contains('*'), "{name}: {action}");
            if action.starts_with("bedrock:Invoke") || action.starts_with("sts:") {
                assert!(!grant.resource.contains(['*', '?']), "{name}: {action} on {}", grant.resource);
                seen += 1;
            }
        }
        assert!(seen > 0, "{name}: nothing reaches a model");
    });
}

/// Above 100 accounts the further roles are policies in a stack of their own.
#[test]
fn many_roles_are_each_named_by_one_statement_and_no_other_account_is_let_in() {
    let text = fs_err::read_to_string(repository("examples/minimal.yaml")).unwrap();
    let (before, _) = text.split_once("\nbedrock:").unwrap_or((text.as_str(), ""));
    let accounts: String = (0..120)
        .map(|number| {
            format!(
                "    - {{id: \"{:012}\", name: a-{number}, regions: [us-east-1]}}\n",
                200_000_000_000_usize + number
            )
        })
        .collect();
    let models = "models:\n  - {name: haiku, bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}}\n";
    let (before, _) = before.split_once("\nmodels:").unwrap_or((before, ""));
    let spec = format!("{before}\nbedrock:\n  accounts:\n{accounts}{models}");
    for rendered in rendered("many", spec.as_bytes()) {
        assert_eq!(rendered.assumed.len(), 120);
        let policies: Vec<&Value> = task_role(&rendered).known_policies().collect();
        for arn in rendered.assumed.keys() {
            assert!(assume(arn).is_allowed(&policies), "{}: {arn}", rendered.engine);
        }
        let named =
            grants(policies.iter().copied()).into_iter().filter(|grant| grant.action.to_string() == "sts:AssumeRole");
        let named: Vec<String> = named.map(|grant| grant.resource.to_string()).collect();
        assert_eq!(named.len(), 120, "{}", rendered.engine);
        assert!(named.iter().all(|role| !role.contains(['*', '?'])), "{}", rendered.engine);
        let first = rendered.assumed.keys().next().unwrap();
        let elsewhere = first.replace(account_of(first), "999999999999");
        assert!(!assume(&elsewhere).is_allowed(&policies), "{}: {elsewhere}", rendered.engine);
    }
}

/// The evaluators are not of one mind by being blind: a policy that is wrong is seen by both.
#[test]
fn a_wrong_trust_policy_is_seen_by_both_evaluators() {
    let role = "arn:aws:iam::222222222222:role/spoke";
    let task = "arn:aws:iam::111122223333:role/task";
    let trust = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Condition": condition}]})
    };
    let open = trust(json!({"StringEquals": {"sts:ExternalId": "x"}}));
    assert!(lets_in(&open, role, "arn:aws:iam::111122223333:role/another", Some("x")));
    let closed = trust(json!({"ArnEquals": {"aws:PrincipalArn": task}, "StringEquals": {"sts:ExternalId": "x"}}));
    assert!(!lets_in(&closed, role, "arn:aws:iam::111122223333:role/another", Some("x")));
    assert!(lets_in(&closed, role, task, Some("x")));
}
