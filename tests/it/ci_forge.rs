//! A host of repositories, as far as pipelines call it: comments and issues of GitHub and GitLab.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What must be in the header that says who calls.
pub const TOKEN: &str = "token-canary-0123456789";

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub title: String,
    pub body: String,
    pub open: bool,
    pub comments: Vec<String>,
}

/// Whom the pipeline is at GitHub.
pub const GITHUB_BOT: &str = "github-actions[bot]";
/// Whom the pipeline's token is of at GitLab.
const GITLAB_BOT: &str = "project_12_bot";

#[derive(Debug, Default)]
struct Kept {
    /// Who wrote it, and what.
    comments: Vec<(String, String)>,
    issues: Vec<Issue>,
}

/// The host.
pub struct Forge {
    pub url: String,
    kept: Arc<Mutex<Kept>>,
    _runtime: tokio::runtime::Runtime,
}

impl Forge {
    pub fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(kept.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, kept, _runtime: runtime }
    }

    /// Comments of the pull request.
    pub fn comments(&self) -> Vec<String> {
        self.kept.lock().unwrap().comments.iter().map(|(_, text)| text.clone()).collect()
    }

    /// Puts a comment of somebody else.
    pub fn comment(&self, text: &str) {
        self.kept.lock().unwrap().comments.push(("somebody".to_owned(), text.to_owned()));
    }

    pub fn issues(&self) -> Vec<Issue> {
        self.kept.lock().unwrap().issues.clone()
    }
}

async fn answer(State(kept): State<Arc<Mutex<Kept>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !is_known(&parts.headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').collect();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let mut kept = kept.lock().unwrap();
    let author = if path[0] == "projects" { GITLAB_BOT } else { GITHUB_BOT };
    let answer = match (parts.method.as_str(), path.as_slice()) {
        (
            "GET",
            ["repos", "acme", "llm", "issues", "7", "comments"] | ["projects", "12", "merge_requests", "7", "notes"],
        ) => page(&kept.comments, &query),
        (
            "POST",
            ["repos", "acme", "llm", "issues", "7", "comments"] | ["projects", "12", "merge_requests", "7", "notes"],
        ) => {
            kept.comments.push((author.to_owned(), text(&body, "body")));
            json!({"id": kept.comments.len()})
        }
        ("PATCH", ["repos", "acme", "llm", "issues", "comments", id])
        | ("PUT", ["projects", "12", "merge_requests", "7", "notes", id]) => {
            let comment = &mut kept.comments[at(id)];
            if comment.0 != author {
                return StatusCode::FORBIDDEN.into_response();
            }
            comment.1 = text(&body, "body");
            json!({})
        }
        ("GET", ["user"]) => json!({"login": GITHUB_BOT, "username": GITLAB_BOT}),
        ("GET", ["repos", "acme", "llm", "issues"]) => open(&kept.issues, "number", "body"),
        ("GET", ["projects", "12", "issues"]) => open(&kept.issues, "iid", "description"),
        ("POST", ["repos", "acme", "llm", "issues"]) => {
            assert_eq!(body["labels"], json!(["gwinfra-drift"]));
            kept.issues.push(issue(&body, "body"));
            json!({})
        }
        ("POST", ["projects", "12", "issues"]) => {
            assert_eq!(body["labels"], "gwinfra-drift");
            kept.issues.push(issue(&body, "description"));
            json!({})
        }
        ("PATCH", ["repos", "acme", "llm", "issues", id]) | ("PUT", ["projects", "12", "issues", id]) => {
            let issue = &mut kept.issues[at(id)];
            if body["state"] == "closed" || body["state_event"] == "close" {
                issue.open = false;
            } else {
                let key = if body["body"].is_string() { "body" } else { "description" };
                issue.body = text(&body, key);
                issue.title = text(&body, "title");
            }
            json!({})
        }
        ("POST", ["repos", "acme", "llm", "issues", id, "comments"] | ["projects", "12", "issues", id, "notes"]) => {
            kept.issues[at(id)].comments.push(text(&body, "body"));
            json!({})
        }
        _ => return (StatusCode::NOT_FOUND, parts.uri.path().to_owned()).into_response(),
    };
    ([("content-type", "application/json")], answer.to_string()).into_response()
}

fn is_known(headers: &HeaderMap) -> bool {
    let has = |name: &str, value: String| headers.get(name).is_some_and(|own| own.as_bytes() == value.as_bytes());
    has("authorization", format!("Bearer {TOKEN}")) || has("private-token", TOKEN.to_owned())
}

/// Ids count from 1.
fn at(id: &str) -> usize {
    id.parse::<usize>().unwrap() - 1
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap().to_owned()
}

fn issue(body: &Value, key: &str) -> Issue {
    Issue { title: text(body, "title"), body: text(body, key), open: true, comments: Vec::new() }
}

/// A page of a hundred.
fn page(comments: &[(String, String)], query: &str) -> Value {
    let number = query.split('&').find_map(|part| part.strip_prefix("page=")).unwrap().parse::<usize>().unwrap();
    let comment = |(index, (author, body)): (usize, &(String, String))| json!({"id": index + 1, "body": body, "user": {"login": author}, "author": {"username": author}});
    let all = comments.iter().enumerate().map(comment);
    all.skip((number - 1) * 100).take(100).collect()
}

/// Issues that are open, and a pull request with the same words.
fn open(issues: &[Issue], number: &str, body: &str) -> Value {
    let all = issues.iter().enumerate().filter(|(_, issue)| issue.open);
    let found = all.map(|(index, issue)| {
        json!({number: index + 1, body: issue.body, "user": {"login": GITHUB_BOT}, "author": {"username": GITLAB_BOT}})
    });
    found.collect()
}
