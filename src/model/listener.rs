//! Which requests the load balancer sends where: one table for the listener's rules and for answering offline.

use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use crate::spec::{Database, Exposure, Middleware, Spec};

/// Path on which the middleware says that it lives.
pub const MIDDLEWARE_HEALTH: &str = "/bedrock/health/liveliness";
/// Path on which LiteLLM says that it lives.
pub const LITELLM_HEALTH: &str = "/health/liveliness";
/// Most values in the conditions of one rule.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
pub const VALUES_PER_RULE: usize = 5;

/// A container that answers requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// LiteLLM.
    Litellm,
    /// The middleware.
    Middleware,
}

impl Target {
    /// Logical id of the container's target group. A target group serves one load balancer in its life, and one that is to
    /// become public, or internal, is replaced: under another id, the groups are replaced with it.
    pub fn group(self, exposure: Exposure) -> &'static str {
        match (self, exposure) {
            (Self::Litellm, Exposure::Internal) => "LitellmTargetGroup",
            (Self::Litellm, Exposure::Public) => "PublicLitellmTargetGroup",
            (Self::Middleware, Exposure::Internal) => "MiddlewareTargetGroup",
            (Self::Middleware, Exposure::Public) => "PublicMiddlewareTargetGroup",
        }
    }
}

/// A rule of the listener. Whatever no rule matches goes to LiteLLM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rule {
    /// Logical id in the template.
    pub id: String,
    /// Rules are tried from the lowest priority up.
    pub priority: u32,
    /// Path patterns, any of which matches: `*` is any text, also with slashes, `?` any character.
    pub paths: Vec<&'static str>,
    /// Where matching requests go.
    pub target: Target,
}

/// The rules that a spec's features need, in order.
pub fn rules(spec: &Spec) -> Vec<Rule> {
    let middleware = &spec.gateway.middleware;
    if !middleware.enabled {
        return Vec::new();
    }
    let history = keeps_history(spec);
    let mut rules: Vec<Rule> = Vec::new();
    let mut add = |id: &str, paths: &[&'static str]| {
        for (index, paths) in paths.chunks(VALUES_PER_RULE).enumerate() {
            rules.push(Rule {
                id: if index == 0 { format!("{id}Rule") } else { format!("{id}Rule{}", index + 1) },
                // Steps of ten leave room between two rules for one that a fork adds.
                priority: u32::try_from(rules.len() + 1).unwrap_or(u32::MAX).saturating_mul(10),
                paths: paths.to_vec(),
                target: Target::Middleware,
            });
        }
    };
    add("Health", &[MIDDLEWARE_HEALTH]);
    if middleware.bedrock_api {
        // A model id may be an ARN, whose slashes and colons clients percent-encode or not: `*` takes both. Only these
        // two: InvokeModel and the rest of Bedrock's API are LiteLLM's own.
        add("Converse", &["/bedrock/model/*/converse", "/bedrock/model/*/converse-stream"]);
    }
    if history || middleware.managed_prompts {
        add("Chat", &["/chat/completions", "/v1/chat/completions"]);
    }
    if history {
        add("History", &["/chat-history", "/bedrock/chat-history", "/session-ids"]);
    }
    let sign_up = middleware.okta.is_some();
    // Users and keys are in the database. The middleware lets nobody make keys for others, whoever signs users up.
    let keys = !matches!(spec.database, Database::None(_));
    // One rule: sign-up that comes later changes it, and moves no other.
    match (sign_up, keys) {
        (true, _) => add("SignUp", &["/user/new", "/key/generate"]),
        (false, true) => add("SignUp", &["/key/generate"]),
        (false, false) => {}
    }
    rules
}

/// Whether chat sessions are kept: as the spec says, and by default if there is a database.
pub fn keeps_history(spec: &Spec) -> bool {
    let Middleware { enabled, chat_history, .. } = &spec.gateway.middleware;
    let database = !matches!(spec.database, Database::None(_));
    *enabled && database && chat_history.is_none_or(|history| history.enabled)
}

/// Which container answers a method and path, and the rule that decides it. Methods do not matter: a preflight request
/// must reach the container that answers the request.
pub fn route(basis: &Basis<'_>, _method: &str, path: &str) -> (Target, Option<Rule>) {
    // A load balancer compares patterns with the path alone.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match rules(basis.spec).into_iter().find(|rule| rule.paths.iter().any(|pattern| matches(pattern, path))) {
        Some(rule) => (rule.target, Some(rule)),
        None => (Target::Litellm, None),
    }
}

/// Whether a path matches a pattern of an Application Load Balancer. Case matters, and nothing is decoded first.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html#path-conditions>
pub fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<char>, Vec<char>) = (pattern.chars().collect(), path.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < path.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some('?') => {
                at += 1;
                seen += 1;
            }
            Some(&literal) if literal == path[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match star {
                // Let the last star take one character more, and try again behind it.
                Some((position, taken)) => {
                    star = Some((position, taken + 1));
                    at = position + 1;
                    seen = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::testing::spec;

    fn to(changes: Value, path: &str) -> Target {
        let spec = spec(changes);
        route(&Basis::new(&spec, None), "POST", path).0
    }

    fn everything() -> Value {
        json!({"gateway": {"middleware": {"okta": {"issuer": "https://example.okta.com/oauth2/default"}}}})
    }

    #[test]
    fn only_the_middlewares_own_paths_reach_it() {
        for path in [
            "/bedrock/health/liveliness",
            "/bedrock/model/anthropic.claude-v2/converse",
            "/bedrock/model/claude/converse-stream",
            "/bedrock/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprompt%2FABC/converse",
            "/bedrock/model/arn:aws:bedrock:us-east-1:1:prompt/ABC:1/converse-stream",
            "/chat/completions",
            "/v1/chat/completions?beta=true",
            "/chat-history",
            "/bedrock/chat-history",
            "/session-ids",
            "/user/new",
            "/key/generate",
        ] {
            assert_eq!(to(everything(), path), Target::Middleware, "{path}");
        }
    }

    #[test]
    fn everything_else_is_litellms() {
        for path in [
            "/",
            "/health/liveliness",
            "/bedrock/model/claude/invoke",
            "/bedrock/model/claude/invoke-with-response-stream",
            "/bedrock/model/claude/converse/more",
            "/bedrock/guardrail/x/version/1/apply",
            "/v1/messages",
            "/v1/chat/completions/",
            "/openai/v1/chat/completions",
            "/Chat/Completions",
            "/key/info",
            "/ui/",
        ] {
            assert_eq!(to(everything(), path), Target::Litellm, "{path}");
        }
    }

    #[test]
    fn a_feature_that_is_off_has_no_rule() {
        assert_eq!(to(json!({}), "/user/new"), Target::Litellm);
        let without = json!({"gateway": {"middleware": {"bedrock_api": false}}});
        assert_eq!(to(without, "/bedrock/model/claude/converse"), Target::Litellm);
        assert_eq!(to(json!({"database": {"none": {}}}), "/session-ids"), Target::Litellm);
    }

    #[test]
    fn keys_are_made_through_the_middleware_wherever_there_is_a_database() {
        assert_eq!(to(json!({}), "/key/generate"), Target::Middleware);
        let plain = json!({"gateway": {"middleware": {"bedrock_api": false, "chat_history": {"enabled": false}}}});
        assert_eq!(to(plain, "/key/generate"), Target::Middleware);
        assert_eq!(to(json!({"database": {"none": {}}}), "/key/generate"), Target::Litellm);
        assert_eq!(to(json!({"gateway": {"middleware": {"enabled": false}}}), "/key/generate"), Target::Litellm);
    }

    #[test]
    fn sign_up_that_comes_later_moves_no_rule() {
        let of = |changes: Value| rules(&spec(changes)).into_iter().map(|rule| (rule.id, rule.priority)).collect();
        let (before, after): (Vec<_>, Vec<_>) = (of(json!({})), of(everything()));
        assert_eq!(before, after);
    }

    #[test]
    fn chat_goes_straight_to_litellm_when_the_middleware_would_add_nothing() {
        let without =
            json!({"gateway": {"middleware": {"managed_prompts": false, "chat_history": {"enabled": false}}}});
        assert_eq!(to(without, "/chat/completions"), Target::Litellm);
    }

    #[test]
    fn without_the_middleware_there_are_no_rules() {
        assert!(rules(&spec(json!({"gateway": {"middleware": {"enabled": false}}}))).is_empty());
    }

    #[test]
    fn rules_keep_the_load_balancers_limits_and_an_order_of_their_own() {
        let rules = rules(&spec(everything()));
        assert!(rules.iter().all(|rule| (1..=VALUES_PER_RULE).contains(&rule.paths.len())));
        assert_eq!(rules.iter().map(|rule| rule.priority).collect::<Vec<_>>(), [10, 20, 30, 40, 50]);
    }

    #[test]
    fn patterns_match_like_a_load_balancers() {
        assert!(matches("/a/*/b", "/a/x/y/b"));
        assert!(matches("/a*", "/a"));
        assert!(matches("/?", "/x"));
        assert!(matches("*/b*/c", "/b/b/x/c"));
        assert!(!matches("/?", "/"));
        assert!(!matches("/a/*/b", "/a/b"));
        assert!(!matches("/a", "/a/"));
    }
}
