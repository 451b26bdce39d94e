//! Managed prompts, in both dialects.

use serde_json::{Value, json};

use crate::support::frames::{events, names};
use crate::support::postgres::Postgres;
use crate::support::upstream::{chunk, usage};
use crate::support::{Gateway, Reply, Seen, Upstream};

const PROMPT: &str = "arn:aws:bedrock:eu-west-1:123456789012:prompt/ABCDEFGHIJ";

/// A variant with a text.
fn variant(name: &str, text: &str) -> Value {
    json!({
        "name": name, "templateType": "TEXT", "modelId": "claude",
        "templateConfiguration": {"text": {"text": text, "inputVariables": []}},
        "inferenceConfiguration": {"text": {"temperature": 0.7, "maxTokens": 100}},
        "additionalModelRequestFields": {"top_k": 5}
    })
}

fn prompt(default: &str, variants: Vec<Value>) -> Value {
    json!({
        "id": "ABCDEFGHIJ", "arn": PROMPT, "name": "p", "version": "1", "defaultVariant": default, "variants": variants,
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"
    })
}

/// Bedrock with prompts, LiteLLM, and the gateway between them.
struct Setting {
    bedrock: Upstream,
    litellm: Upstream,
    gateway: Gateway,
}

impl Setting {
    async fn new(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::kept(reply, None).await
    }

    async fn kept(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static, history: Option<&Postgres>) -> Self {
        let bedrock = Upstream::start(reply).await;
        let litellm = Upstream::chat(|seen| match seen.json()["stream"] {
            Value::Bool(true) => {
                Reply::stream(&[chunk(json!({"content": "a"}), None), chunk(json!({}), Some("stop")), usage()])
            }
            _ => Reply::message(json!({"role": "assistant", "content": "a"}), "stop"),
        })
        .await;
        let url = bedrock.url();
        let variables = [
            ("MANAGED_PROMPTS", "true"),
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
        ];
        let gateway = match history {
            Some(postgres) => Gateway::with_history(&litellm, postgres, &variables).await,
            None => Gateway::with(&litellm, &variables).await,
        };
        Self { bedrock, litellm, gateway }
    }

    async fn with(prompt: Value) -> Self {
        Self::new(move |_| Reply::json(200, prompt.clone())).await
    }

    async fn converse(&self, arn: &str, body: Value) -> (u16, Value) {
        let path = format!("/bedrock/model/{}/converse", arn.replace('/', "%2F"));
        let response = self.gateway.post(&path).body(body.to_string()).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    async fn chat(&self, body: Value) -> (u16, Value) {
        let response =
            self.gateway.post("/v1/chat/completions").body(body.to_string()).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }
}

#[tokio::test]
async fn a_prompt_names_the_model_the_words_and_the_parameters() {
    let setting = Setting::with(prompt("a", vec![variant("a", "Say {{ word }} to {{name}}")])).await;
    let variables = json!({"word": {"text": "hi {{name}}"}, "name": {"text": "Ada"}});
    let (status, _) = setting.converse(PROMPT, json!({"promptVariables": variables})).await;
    assert_eq!(status, 200);
    let expected = json!({
        "model": "claude", "messages": [{"role": "user", "content": "Say hi {{name}} to Ada"}],
        "max_tokens": 100, "temperature": 0.7, "top_k": 5
    });
    assert_eq!(setting.litellm.last(), expected);

    let request =
        json!({"model": PROMPT, "messages": [{"role": "user", "content": "x"}], "promptVariables": variables});
    assert_eq!(setting.chat(request).await.0, 200);
    assert_eq!(setting.litellm.last(), expected);
}

#[tokio::test]
async fn parameters_of_the_request_count_more() {
    let setting = Setting::with(prompt("a", vec![variant("a", "hi")])).await;
    setting.converse(PROMPT, json!({"inferenceConfig": {"temperature": 0.1}})).await;
    assert_eq!(
        (&setting.litellm.last()["temperature"], &setting.litellm.last()["max_tokens"]),
        (&json!(0.1), &json!(100))
    );
    setting.chat(json!({"model": PROMPT, "messages": [], "temperature": 0.1, "max_completion_tokens": 7})).await;
    let sent = setting.litellm.last();
    assert_eq!((&sent["temperature"], &sent["max_completion_tokens"]), (&json!(0.1), &json!(7)));
    assert!(sent.get("max_tokens").is_none());
}

#[tokio::test]
async fn parameters_of_a_converse_request_count_more_wherever_they_are_given() {
    let mut limited = variant("a", "hi");
    limited["inferenceConfiguration"]["text"] = json!({"temperature": 0.7, "maxTokens": 100, "stopSequences": ["x"]});
    let setting = Setting::with(prompt("a", vec![limited])).await;
    let fields = json!({"max_completion_tokens": 7, "temperature": 0.1, "stop": ["y"], "top_k": 9});
    assert_eq!(setting.converse(PROMPT, json!({"additionalModelRequestFields": fields})).await.0, 200);
    let mut expected = json!({"model": "claude", "messages": [{"role": "user", "content": "hi"}]});
    expected.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    assert_eq!(setting.litellm.last(), expected);

    let mut limited = variant("a", "hi");
    limited["inferenceConfiguration"]["text"] = json!({"topP": 0.5});
    limited["additionalModelRequestFields"] = json!({"max_completion_tokens": 100, "temperature": 0.7});
    let setting = Setting::with(prompt("a", vec![limited])).await;
    let config = json!({"maxTokens": 7, "temperature": 0.1});
    assert_eq!(setting.converse(PROMPT, json!({"inferenceConfig": config})).await.0, 200);
    let messages = json!([{"role": "user", "content": "hi"}]);
    let expected = json!({"model": "claude", "messages": messages, "max_tokens": 7, "temperature": 0.1, "top_p": 0.5});
    assert_eq!(setting.litellm.last(), expected);
}

#[tokio::test]
async fn a_stream_of_a_prompt_is_a_stream() {
    let setting = Setting::with(prompt("a", vec![variant("a", "hi")])).await;
    let path = format!("/bedrock/model/{}/converse-stream", PROMPT.replace('/', "%2F"));
    let response = setting.gateway.post(&path).send().await.expect("an answer");
    let events = events(&response.bytes().await.expect("a body"));
    assert_eq!(names(&events).last(), Some(&"metadata"));
}

#[tokio::test]
async fn messages_of_a_converse_request_follow_the_prompt() {
    let setting = Setting::with(prompt("a", vec![variant("a", "hi")])).await;
    let more =
        json!([{"role": "assistant", "content": [{"text": "yes?"}]}, {"role": "user", "content": [{"text": "more"}]}]);
    setting.converse(PROMPT, json!({"messages": more})).await;
    assert_eq!(
        setting.litellm.last()["messages"],
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "yes?"},
            {"role": "user", "content": "more"}
        ])
    );
}

/// A chat template that leads up to a question.
fn leading() -> Value {
    let said = |role: &str, text: &str| json!({"role": role, "content": [{"text": text}]});
    let template = json!({"messages": [said("user", "2+2"), said("assistant", "4"), said("user", "{{question}}")],
        "inputVariables": [{"name": "question"}]});
    let variant = json!({
        "name": "a", "templateType": "CHAT", "modelId": "claude", "templateConfiguration": {"chat": template}
    });
    prompt("a", vec![variant])
}

fn contents(sent: &Value) -> Vec<&Value> {
    sent["messages"].as_array().expect("a list").iter().map(|message| &message["content"]).collect()
}

#[tokio::test]
async fn a_session_holds_what_leads_up_to_the_question_of_a_prompt_once() {
    let Some(postgres) = Postgres::shared() else { return };
    let setting = Setting::kept(move |_| Reply::json(200, leading()), Some(postgres)).await;
    let asks = |question: &str, session: Value| {
        let variables = json!({"question": {"text": question}});
        json!({"promptVariables": variables, "additionalModelRequestFields": session})
    };
    let (_, body) = setting.converse(PROMPT, asks("3+3", json!({"enable_history": true}))).await;
    assert_eq!(contents(&setting.litellm.last()), ["2+2", "4", "3+3"]);
    let session = &body["session_id"];
    setting.converse(PROMPT, asks("4+4", json!({"session_id": session}))).await;
    assert_eq!(contents(&setting.litellm.last()), ["2+2", "4", "3+3", "a", "4+4"]);
    let variables = json!({"question": {"text": "5+5"}});
    let chat = json!({"model": PROMPT, "messages": [], "promptVariables": variables, "session_id": session});
    assert_eq!(setting.chat(chat).await.0, 200);
    assert_eq!(contents(&setting.litellm.last()), ["2+2", "4", "3+3", "a", "4+4", "a", "5+5"]);
}

#[tokio::test]
async fn a_prompt_before_the_messages_of_a_request_is_not_kept() {
    let Some(postgres) = Postgres::shared() else { return };
    let setting = Setting::kept(|_| Reply::json(200, prompt("a", vec![variant("a", "hi")])), Some(postgres)).await;
    let says = |text: &str, session: Value| {
        let messages = json!([{"role": "user", "content": [{"text": text}]}]);
        json!({"messages": messages, "additionalModelRequestFields": session})
    };
    let (_, body) = setting.converse(PROMPT, says("one", json!({"enable_history": true}))).await;
    assert_eq!(contents(&setting.litellm.last()), ["hi", "one"]);
    setting.converse(PROMPT, says("two", json!({"session_id": body["session_id"]}))).await;
    assert_eq!(contents(&setting.litellm.last()), ["hi", "one", "a", "two"]);
    setting.converse("m", says("three", json!({"session_id": body["session_id"]}))).await;
    assert_eq!(contents(&setting.litellm.last()), ["one", "a", "two", "a", "three"]);
}

#[tokio::test]
async fn the_default_variant_is_taken() {
    let setting = Setting::with(prompt("b", vec![variant("a", "first"), variant("b", "second")])).await;
    setting.converse(PROMPT, json!({})).await;
    assert_eq!(setting.litellm.last()["messages"][0]["content"], "second");
}

#[tokio::test]
async fn a_chat_template_has_instructions_turns_and_tools() {
    let tool = json!({"toolSpec": {"name": "t", "description": "d", "inputSchema": {"json": {"type": "object"}}}});
    let template = json!({
        "system": [{"text": "You are {{who}}"}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [{"text": "hi"}]},
            {"role": "assistant", "content": [{"text": "hello"}]},
            {"role": "user", "content": [{"text": "{{question}}"}]}
        ],
        "inputVariables": [{"name": "who"}, {"name": "question"}],
        "toolConfiguration": {"tools": [tool], "toolChoice": {"auto": {}}}
    });
    let variant = json!({
        "name": "a", "templateType": "CHAT", "modelId": "claude", "templateConfiguration": {"chat": template}
    });
    let setting = Setting::with(prompt("a", vec![variant])).await;
    let variables = json!({"who": {"text": "a pirate"}, "question": {"text": "why?"}});
    let (status, _) = setting.converse(PROMPT, json!({"promptVariables": variables})).await;
    assert_eq!(status, 200);
    let sent = setting.litellm.last();
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "system", "content": [
                {"type": "text", "text": "You are a pirate", "cache_control": {"type": "ephemeral"}}
            ]},
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "why?"}
        ])
    );
    assert_eq!((&sent["tools"][0]["function"]["name"], &sent["tool_choice"]), (&json!("t"), &json!("auto")));
}

#[tokio::test]
async fn variables_that_do_not_fit_are_named_in_order() {
    let setting = Setting::with(prompt("a", vec![variant("a", "{{b}} {{a}} {{b}}")])).await;
    let message = "Prompt variable mismatch. Template placeholders: [a, b]. Provided variables: [c, d].";
    let variables = json!({"d": {"text": "x"}, "c": {"text": "y"}});
    let (status, body) = setting.converse(PROMPT, json!({"promptVariables": variables})).await;
    assert_eq!((status, body), (400, json!({"message": message})));
    let (status, body) = setting.chat(json!({"model": PROMPT, "messages": [], "promptVariables": variables})).await;
    assert_eq!((status, &body["error"]["message"]), (400, &json!(message)));
}

#[tokio::test]
async fn values_that_are_no_texts_are_refused() {
    let setting = Setting::with(prompt("a", vec![variant("a", "{{a}}")])).await;
    for variables in [json!({"a": "x"}), json!({"a": {"text": 1}}), json!([])] {
        assert_eq!(setting.converse(PROMPT, json!({"promptVariables": variables})).await.0, 400);
        let request = json!({"model": PROMPT, "messages": [], "promptVariables": variables});
        assert_eq!(setting.chat(request).await.0, 400);
    }
}

#[tokio::test]
async fn a_prompt_is_read_in_its_own_region_and_kept() {
    let setting = Setting::with(prompt("a", vec![variant("a", "hi")])).await;
    let versioned = format!("{PROMPT}:3");
    for _ in 0..3 {
        assert_eq!(setting.converse(&versioned, json!({})).await.0, 200);
    }
    let asked = setting.bedrock.seen();
    assert_eq!(asked.len(), 1, "three requests, one reading");
    let path = "/prompts/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aprompt%2FABCDEFGHIJ?promptVersion=3";
    assert_eq!(asked[0].path, path);
    let signature = asked[0].header("authorization").expect("a signature");
    assert!(signature.contains("/eu-west-1/bedrock/aws4_request"), "{signature}");
}

#[tokio::test]
async fn errors_of_bedrock_are_told_by_their_kind() {
    for (status, code, expected, name) in [
        (404, "ResourceNotFoundException", 404, "ResourceNotFoundException"),
        (403, "AccessDeniedException", 403, "AccessDeniedException"),
        (429, "ThrottlingException", 429, "ThrottlingException"),
    ] {
        let setting =
            Setting::new(move |_| Reply::json(status, json!({"message": "x"})).header("x-amzn-errortype", code)).await;
        let path = format!("/bedrock/model/{}/converse", PROMPT.replace('/', "%2F"));
        let response = setting.gateway.post(&path).send().await.expect("an answer");
        assert_eq!(response.status(), expected);
        assert_eq!(response.headers()["x-amzn-errortype"], name);
        let (status, _) = setting.chat(json!({"model": PROMPT, "messages": []})).await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn a_prompt_is_for_those_who_have_a_key() {
    let setting = Setting::with(prompt("a", vec![variant("a", "{{secret_name}}")])).await;
    let path = format!("/bedrock/model/{}/converse", PROMPT.replace('/', "%2F"));
    let request = setting.gateway.client.post(setting.gateway.url(&path)).bearer_auth("no-key");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 401);
    assert!(!response.text().await.expect("text").contains("secret_name"));
    assert!(setting.bedrock.seen().is_empty(), "Bedrock was not asked");
}

#[tokio::test]
async fn other_arns_are_names_of_models() {
    let setting = Setting::with(prompt("a", vec![variant("a", "hi")])).await;
    let profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
    let messages = json!([{"role": "user", "content": [{"text": "hi"}]}]);
    assert_eq!(setting.converse(profile, json!({"messages": messages})).await.0, 200);
    assert_eq!(setting.litellm.last()["model"], profile);
    assert!(setting.bedrock.seen().is_empty());
}

#[tokio::test]
async fn a_prompt_of_another_partition_is_a_prompt() {
    let setting = Setting::with(prompt("a", vec![variant("a", "hi")])).await;
    let arn = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:prompt/ABCDEFGHIJ";
    assert_eq!(setting.converse(arn, json!({})).await.0, 200);
    let signature = setting.bedrock.seen()[0].header("authorization").map(str::to_owned);
    assert!(signature.is_some_and(|signature| signature.contains("/us-gov-west-1/bedrock/")));
}

#[tokio::test]
async fn what_signs_a_request_to_bedrock_writes_nothing_at_any_level() {
    let bedrock = Upstream::start(|_| Reply::json(200, prompt("a", vec![variant("a", "hi")]))).await;
    let litellm = Upstream::chat(|_| Reply::message(json!({"role": "assistant", "content": "a"}), "stop")).await;
    let url = bedrock.url();
    let variables = [
        ("MANAGED_PROMPTS", "true"),
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-key"),
        ("AWS_SESSION_TOKEN", "hidden-token"),
        ("AWS_REGION", "us-east-1"),
        ("LOG_LEVEL", "trace"),
    ];
    let gateway = Gateway::with(&litellm, &variables).await;
    let path = format!("/bedrock/model/{}/converse", PROMPT.replace('/', "%2F"));
    assert_eq!(gateway.post(&path).send().await.expect("an answer").status(), 200);
    assert_eq!(bedrock.seen()[0].header("x-amz-security-token"), Some("hidden-token"));
    let log = gateway.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.iter().any(|line| line["level"] == "TRACE"), "it logs at that level");
    for line in &lines {
        let target = line["target"].as_str().expect("a target");
        let signs = ["aws_runtime::auth", "aws_sigv4", "aws_smithy"].iter().any(|module| target.starts_with(module));
        assert!(!signs || line["level"] != "TRACE" && line["level"] != "DEBUG", "{line}");
    }
    assert!(!log.contains("hidden"), "{log}");
}

#[tokio::test]
async fn a_session_that_began_with_a_prompt_goes_on_with_messages_of_the_caller() {
    let Some(postgres) = Postgres::shared() else { return };
    let setting = Setting::kept(|_| Reply::json(200, prompt("a", vec![variant("a", "hi")])), Some(postgres)).await;
    let own = json!([{"role": "user", "content": "not this"}]);
    let (status, body) = setting.chat(json!({"model": PROMPT, "messages": own, "enable_history": true})).await;
    assert_eq!(status, 200);
    assert_eq!(contents(&setting.litellm.last()), ["hi"], "the prompt stands in their place");
    let more = json!([{"role": "user", "content": "more"}]);
    let (status, _) = setting.chat(json!({"model": "m", "messages": more, "session_id": body["session_id"]})).await;
    assert_eq!(status, 200);
    assert_eq!(contents(&setting.litellm.last()), ["hi", "a", "more"]);
    let wanted = json!({"session_id": body["session_id"]}).to_string();
    let page = setting.gateway.post("/chat-history").body(wanted).send().await.expect("an answer");
    let page: Value = page.json().await.expect("JSON");
    assert_eq!(contents(&page), ["hi", "a", "more", "a"], "what the caller said in vain is not kept");
}
