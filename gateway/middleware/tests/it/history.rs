//! Chat sessions, without streaming.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::gateway::{Gateway, session};
use crate::support::upstream::{Reply, Upstream};
use crate::support::{allow_at_once, ask, eventually, header, says, with};

/// An upstream that answers each question with "re: " and the question.
pub(crate) async fn echo() -> Upstream {
    Upstream::start(|seen| Reply::json(200, &says(&format!("re: {}", seen.asked())))).await
}

pub(crate) fn kept(text: &str) -> Value {
    with(ask(text), json!({"enable_history": true}))
}

pub(crate) fn goes_on(text: &str, session: &str) -> Value {
    with(ask(text), json!({"session_id": session}))
}

#[tokio::test]
async fn without_its_fields_nothing_is_kept() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &ask("a")).await;
    assert!(!answer.headers().contains_key("x-session-id"));
    assert_eq!(answer.json::<Value>().await.expect("JSON"), says("re: a"));
    let sessions: Value = gateway.post("/session-ids", "sk-one", &json!({})).await.json().await.expect("JSON");
    assert_eq!(sessions, json!({"session_ids": [], "next": null}));
}

#[tokio::test]
async fn a_new_session_is_told_in_header_and_body_and_goes_on() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    let id = session(&answer);
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body["session_id"], id);
    assert_eq!(body["choices"], says("re: a")["choices"]);
    assert_eq!(gateway.chat("sk-one", &goes_on("b", &id)).await.status(), 200);
    let last = upstream.chats().pop().expect("a request").json();
    let expected = json!({"model": "m", "messages": [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "re: a"}, {"role": "user", "content": "b"}]});
    assert_eq!(last, expected);
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "re: a", "b", "re: b"]);
}

#[tokio::test]
async fn every_incoming_message_is_kept_and_calls_of_tools_too() {
    let call = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}}]});
    let answered = call.clone();
    let upstream = Upstream::start(move |seen| match seen.asked().as_str() {
        "a" => {
            Reply::json(200, &json!({"choices": [{"index": 0, "message": answered, "finish_reason": "tool_calls"}]}))
        }
        _ => Reply::json(200, &says("done")),
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let first = [json!({"role": "system", "content": "be brief"}), json!({"role": "user", "content": "a"})];
    let id = session(&gateway.chat("sk-one", &json!({"messages": first, "enable_history": true})).await);
    let result = json!({"role": "tool", "tool_call_id": "t1", "content": "2"});
    gateway.chat("sk-one", &json!({"messages": [result], "session_id": id})).await;
    let expected = json!([first[0], first[1], call, result]);
    assert_eq!(upstream.chats().pop().expect("a request").json()["messages"], expected);
    let answer = gateway.post("/bedrock/chat-history", "sk-one", &json!({"session_id": id})).await;
    let bedrock = json!({
        "messages": [
            {"role": "user", "content": [{"text": "a"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "f", "input": {"x": 1}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "2"}]}}]},
            {"role": "assistant", "content": [{"text": "done"}]},
        ],
        "system": [{"text": "be brief"}],
        "next": null,
    });
    assert_eq!(answer.json::<Value>().await.expect("JSON"), bedrock);
}

#[tokio::test]
async fn a_turn_that_litellm_refuses_leaves_nothing_behind() {
    let upstream = Upstream::start(|seen| match seen.asked().as_str() {
        "a" => Reply::json(200, &says("re: a")),
        _ => Reply::json(429, &json!({"error": {"message": "slow down"}})).header("retry-after", "3"),
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("b")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (429, "3"));
    let sessions: Value = gateway.post("/session-ids", "sk-one", &json!({})).await.json().await.expect("JSON");
    assert_eq!(sessions["session_ids"], json!([]));
    let id = session(&gateway.chat("sk-one", &kept("a")).await);
    assert_eq!(gateway.chat("sk-one", &goes_on("b", &id)).await.status(), 429);
    assert_eq!(gateway.contents("sk-one", &id).await, ["a", "re: a"]);
}

#[tokio::test]
async fn a_thousand_turns_at_once_on_one_session_lose_none_and_do_not_mix() {
    const TURNS: usize = 1000;
    allow_at_once(1000);
    // LiteLLM answers the first of them when the last has come.
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let upstream = Upstream::start(move |seen| {
        let reply = Reply::json(200, &says(&format!("re: {}", seen.asked())));
        if seen.asked() == "start" { reply } else { reply.after(&held) }
    })
    .await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("BODY_MEMORY_MIB", "1024")]).await else { return };
    let sibling = gateway.sibling().await;
    sibling.ready().await;
    let id = session(&gateway.chat("sk-one", &kept("start")).await);
    let turns = (0..TURNS).map(|number| {
        let gateway = if number % 2 == 0 { &gateway } else { &sibling };
        let body = goes_on(&format!("q{number}"), &id);
        async move {
            // A gateway that is busy says so, and the client asks again.
            loop {
                match gateway.chat("sk-one", &body).await.status().as_u16() {
                    429 | 503 => tokio::task::yield_now().await,
                    status => break status,
                }
            }
        }
    });
    let open = async {
        eventually("a thousand turns are in flight", || async { upstream.chats().len() == TURNS + 1 }).await;
        gate.add_permits(TURNS);
    };
    let (statuses, ()) = tokio::join!(futures::future::join_all(turns), open);
    assert_eq!(statuses, [200; TURNS]);
    let contents = gateway.contents("sk-one", &id).await;
    assert_eq!(contents.len(), 2002);
    let mut questions: Vec<String> = Vec::new();
    for pair in contents.chunks(2) {
        let question = pair[0].as_str().expect("text");
        assert_eq!(pair[1], format!("re: {question}"), "a turn stands together");
        questions.push(question.to_owned());
    }
    questions.sort();
    questions.dedup();
    assert_eq!(questions.len(), 1001);
}

#[tokio::test]
async fn tasks_that_start_together_make_database_and_tables_once() {
    let upstream = echo().await;
    let Some(server) = crate::support::postgres::Postgres::shared() else { return };
    let (url, name) = (server.url(), crate::support::postgres::database());
    let variables =
        [("CHAT_HISTORY", "true"), ("DATABASE_MIDDLEWARE_URL", url.as_str()), ("DATABASE_NAME", name.as_str())];
    let gateways = futures::future::join_all((0..6).map(|_| Gateway::start(&upstream, &variables))).await;
    for gateway in &gateways {
        gateway.ready().await;
    }
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&gateways[0].database().await)
        .await
        .expect("migrations");
    assert_eq!(applied, 3);
    let id = session(&gateways[0].chat("sk-one", &kept("a")).await);
    assert_eq!(gateways[5].contents("sk-one", &id).await, ["a", "re: a"]);
}

#[tokio::test]
async fn sessions_that_are_too_old_are_swept_and_others_stay() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let old = session(&gateway.chat("sk-one", &kept("old")).await);
    let young = session(&gateway.chat("sk-one", &kept("young")).await);
    let database = gateway.database().await;
    sqlx::query("update sessions set updated_at = now() - interval '91 days' where id = $1")
        .bind(&old)
        .execute(&database)
        .await
        .expect("an update");
    let store = gateway.app.history().expect("history is on");
    assert_eq!(store.sweep(90).await.expect("a sweep"), 1);
    assert_eq!(gateway.post("/chat-history", "sk-one", &json!({"session_id": old})).await.status(), 401);
    assert_eq!(gateway.contents("sk-one", &young).await, ["young", "re: young"]);
}

#[tokio::test]
async fn a_session_that_is_too_long_is_said_and_left_as_it_is() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[("MAX_BODY_MIB", "1")]).await else { return };
    let id = session(&gateway.chat("sk-one", &kept(&"x".repeat(700_000))).await);
    let answer = gateway.chat("sk-one", &goes_on("b", &id)).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.json::<Value>().await.expect("JSON")["error"]["code"], "session_full");
}

#[tokio::test]
async fn odd_texts_are_kept_as_they_are() {
    let odd = r#"{"role":"user","content":"\u0000 \ud800 日本 \ud83d\ude00","n":1E400, "x" : [ ]}"#;
    let upstream = Upstream::start(|_| Reply::json(200, &says("ok"))).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let body = format!(r#"{{"messages":[{odd}],"enable_history":true}}"#);
    let request = gateway.request(Method::POST, "/v1/chat/completions", "sk-one").body(body);
    let id = session(&request.send().await.expect("an answer"));
    let answer =
        gateway.post("/chat-history", "sk-one", &json!({"session_id": id})).await.text().await.expect("a text");
    assert!(answer.contains(odd), "{answer}");
    // Bedrock's form has to read it.
    let twice = r#"{"role":"user","content":"a","content":"b","tool_call_id":7}"#;
    let body = format!(r#"{{"messages":[{twice}],"session_id":"{id}"}}"#);
    let request = gateway.request(Method::POST, "/v1/chat/completions", "sk-one").body(body);
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    let answer = gateway.post("/bedrock/chat-history", "sk-one", &json!({"session_id": id})).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.expect("JSON")["messages"][2]["content"][0]["text"], twice);
}

#[tokio::test]
async fn what_a_session_holds_counts_as_memory_until_litellm_has_it() {
    let permit = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&permit);
    let upstream = Upstream::start(move |seen| match seen.asked().as_str() {
        "wait" => Reply::json(200, &says("ok")).after(&held),
        _ => Reply::json(200, &says("ok")),
    })
    .await;
    let variables = [("BODY_MEMORY_MIB", "3"), ("MAX_BODY_MIB", "3"), ("KEY_MEMORY_PERCENT", "100")];
    let Some(gateway) = Gateway::with_history(&upstream, &variables).await else { return };
    let id = session(&gateway.chat("sk-one", &kept(&"x".repeat(2 * 1024 * 1024))).await);
    let wait = goes_on("wait", &id);
    let (waiting, refused) = tokio::join!(gateway.chat("sk-one", &wait), async {
        eventually("LiteLLM is asked", || async { upstream.chats().len() == 2 }).await;
        let refused = gateway.chat("sk-one", &goes_on("b", &id)).await;
        permit.add_permits(1);
        refused
    });
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (503, "1"));
    assert_eq!(waiting.status(), 200);
    eventually("its memory is free", || async { gateway.app.intake().held() == 0 }).await;
    assert_eq!(gateway.chat("sk-one", &goes_on("b", &id)).await.status(), 200);
}

#[tokio::test]
async fn an_answer_without_a_message_keeps_nothing_and_announces_nothing() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"choices": []}))).await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let answer = gateway.chat("sk-one", &kept("a")).await;
    assert!(!answer.headers().contains_key("x-session-id"));
    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({"choices": []}));
    let sessions: Value = gateway.post("/session-ids", "sk-one", &json!({})).await.json().await.expect("JSON");
    assert_eq!(sessions["session_ids"], json!([]));
}

#[tokio::test]
async fn own_fields_that_are_null_do_not_reach_litellm() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    let nulls = json!({"session_id": null, "enable_history": null, "promptVariables": null});
    assert_eq!(gateway.chat("sk-one", &with(ask("a"), nulls)).await.status(), 200);
    assert_eq!(upstream.chats()[0].json(), ask("a"));
}

#[tokio::test]
async fn mistakes_in_history_requests_are_told() {
    let upstream = echo().await;
    let Some(gateway) = Gateway::with_history(&upstream, &[]).await else { return };
    for body in ["{", "[]", "{}", r#"{"session_id":""}"#, r#"{"session_id":5}"#, r#"{"session_id":"a","limit":0}"#] {
        let request = gateway.request(Method::POST, "/chat-history", "sk-one").body(body);
        assert_eq!(request.send().await.expect("an answer").status(), 400, "{body}");
    }
    for after in [json!("9223372036854775807.a"), json!("-1.a"), json!("a"), json!(1), json!([1])] {
        assert_eq!(gateway.post("/session-ids", "sk-one", &json!({"after": after})).await.status(), 400, "{after}");
    }
    for after in [json!("1"), json!(1.5), json!([1])] {
        let wanted = json!({"session_id": "a", "after": after});
        assert_eq!(gateway.post("/chat-history", "sk-one", &wanted).await.status(), 400, "{after}");
    }
    let request = gateway.bare(Method::POST, "/session-ids").send().await.expect("an answer");
    assert_eq!(request.status(), 401);
    for body in [json!({"enable_history": true}), json!({"enable_history": true, "messages": "hi"})] {
        assert_eq!(gateway.chat("sk-one", &body).await.status(), 400, "{body}");
    }
}
