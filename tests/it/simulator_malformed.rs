//! Requests that no client sends: the simulator says what is wrong in AWS's own form, and goes on.
//!
//! Each case is made of its number alone, which a test that fails shows beside what was sent.

use fastrand::Rng;
use futures::{StreamExt as _, stream};
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

mod corpus;
mod mutation;

use corpus::Call;

const CASES: u64 = 10_000;
/// Of bodies that are cut, or in frames that are none.
const CUT: u64 = 500;
const AT_ONCE: usize = 8;

async fn simulator() -> Server {
    Server::start(World::new(1, Clock::new(Pace::Fast)), Options::default()).await.unwrap()
}

/// The start and the end of what was sent, for a person.
fn shown(call: &Call) -> String {
    let body = &call.body[..call.body.len().min(1_500)];
    let headers: Vec<String> =
        call.headers.iter().map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect();
    format!("{} {} {headers:?} {}", call.method, call.target, body.escape_ascii())
}

async fn send(client: &Client, url: &str, call: &Call) -> Result<Response, reqwest::Error> {
    let mut request = client.request(call.method.clone(), format!("{url}{}", call.target)).body(call.body.clone());
    for (name, value) in &call.headers {
        request = request.header(*name, value.as_slice());
    }
    request.send().await
}

/// Whether an error is in a form that clients of AWS read, with code and words.
fn is_said_as_aws_does(headers: &reqwest::header::HeaderMap, body: &str) -> bool {
    if body.starts_with('<') {
        return ["<Code>", "</Code>", "<Message>"].iter().all(|part| body.contains(part))
            && !body.contains("<Code></Code>");
    }
    let Ok(body) = serde_json::from_str::<Value>(body) else { return false };
    let of_json = body["__type"].is_string() && body["message"].is_string();
    let of_rest = headers.contains_key("x-amzn-errortype") && body["message"].is_string();
    // The registry's, as Docker reads it.
    of_json || of_rest || body["errors"][0]["code"].is_string()
}

/// Sends a call and says whether it was refused, as it has to be said.
async fn is_refused(client: &Client, url: &str, seed: u64, call: Call) -> bool {
    let answer =
        send(client, url, &call).await.unwrap_or_else(|error| panic!("seed {seed}: {error}: {}", shown(&call)));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.text().await.unwrap_or_else(|error| panic!("seed {seed}: {error}: {}", shown(&call)));
    // 501 is S3's and Route 53's own word for a call that is not modelled.
    let is_not_modelled =
        status == 501 && (call.method == Method::HEAD || body.contains("<Code>NotImplemented</Code>"));
    assert!(status < 500 || is_not_modelled, "seed {seed}: {status} {body}: {}", shown(&call));
    if status < 400 {
        return false;
    }
    let said = call.method == Method::HEAD || is_said_as_aws_does(&headers, &body);
    assert!(said, "seed {seed}: {status} {headers:?} {body}: {}", shown(&call));
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_calls_are_refused_as_aws_refuses_them() {
    let server = simulator().await;
    let (client, url) = (Client::builder().no_proxy().build().unwrap(), server.url());
    // So that there is something that calls can be about.
    for call in corpus::beginnings() {
        let answer = send(&client, &url, &call).await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert!(status < 300, "{status} {body}: {}", shown(&call));
    }
    let all = corpus::calls();
    let cases = stream::iter(0..CASES).map(|seed| {
        let call = mutation::mutated(&mut Rng::with_seed(seed), &all);
        is_refused(&client, &url, seed, call)
    });
    let refused = cases.buffer_unordered(AT_ONCE).filter(|refused| std::future::ready(*refused)).count().await as u64;
    assert!(refused > CASES / 2, "{refused}");
    let after = send(&client, &url, &corpus::identity()).await.unwrap();
    assert_eq!(after.status(), 200);
}

/// Sends bytes and then nothing more. The whole answer; none where the server closes on bytes that it has not read, which may take the
/// answer away.
async fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        Ok(_) => String::from_utf8_lossy(&answer).into_owned(),
        Err(_) => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_cut_or_in_no_chunks_is_refused_as_aws_refuses_it() {
    let server = simulator().await;
    let all = corpus::calls();
    let mut answered = 0;
    for seed in 0..CUT {
        let request = mutation::broken(&mut Rng::with_seed(seed), &all);
        let answer = raw(&server, &request).await;
        let shown = request[..request.len().min(2_000)].escape_ascii();
        // Who has sent half of a body may be gone.
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            assert!(answer.is_empty(), "seed {seed}: {answer}: {shown}");
            continue;
        };
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((400..500).contains(&status), "seed {seed}: {head}: {shown}");
        assert!(
            body.contains("Code>") || body.contains("__type") || body.contains("message"),
            "seed {seed}: {head} {body}: {shown}"
        );
        answered += 1;
    }
    assert!(answered > CUT / 2, "{answered}");
    let client = Client::builder().no_proxy().build().unwrap();
    let after = send(&client, &server.url(), &corpus::identity()).await.unwrap();
    assert_eq!(after.status(), 200);
}
