//! Calls as clients send them, of every protocol, which the cases are made of.

use reqwest::Method;
use serde_json::{Value, json};

mod documents;
mod forms;

/// How a call's members are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a form, lists with `member`.
    Query,
    /// As a form, lists without.
    Ec2,
    /// As JSON, with the action in a header.
    Json,
    /// In method, path and body.
    Rest,
}

/// A call with its members, before it is written.
#[derive(Debug, Clone)]
pub struct Known {
    pub form: Form,
    pub service: &'static str,
    /// Or method and path.
    pub action: &'static str,
    /// Or the body, as a text.
    pub members: Value,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub target: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Known {
    fn new(form: Form, service: &'static str, action: &'static str, members: Value) -> Self {
        Self { form, service, action, members }
    }

    /// The request, signed for a region.
    pub fn written(&self, region: &str) -> Call {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=111122223333/20260101/{region}/{}/aws4_request, SignedHeaders=host, Signature=0",
            self.service
        );
        let mut headers = vec![("authorization", scope.into_bytes())];
        let (method, target, body) = match self.form {
            Form::Query | Form::Ec2 => {
                headers.push(("content-type", b"application/x-www-form-urlencoded".to_vec()));
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.append_pair("Action", self.action).append_pair("Version", "2010-05-15");
                append(&mut form, "", &self.members, self.form);
                ("POST", "/", form.finish().into_bytes())
            }
            Form::Json => {
                headers.push(("content-type", b"application/x-amz-json-1.1".to_vec()));
                headers.push(("x-amz-target", format!("Service_20260101.{}", self.action).into_bytes()));
                ("POST", "/", self.members.to_string().into_bytes())
            }
            Form::Rest => {
                let (method, target) = self.action.split_once(' ').unwrap();
                let body = self.members.as_str().map_or_else(|| self.members.to_string(), str::to_owned);
                (method, target, body.into_bytes())
            }
        };
        Call { method: method.parse().unwrap(), target: target.to_owned(), headers, body }
    }
}

fn append(form: &mut form_urlencoded::Serializer<'_, String>, name: &str, value: &Value, kind: Form) {
    let below = |member: &str| if name.is_empty() { member.to_owned() } else { format!("{name}.{member}") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(member, value)| append(form, &below(member), value, kind));
        }
        Value::Array(items) => {
            let list = if kind == Form::Query { below("member") } else { name.to_owned() };
            items.iter().enumerate().for_each(|(at, item)| append(form, &format!("{list}.{}", at + 1), item, kind));
        }
        Value::String(text) => drop(form.append_pair(name, text)),
        other => drop(form.append_pair(name, &other.to_string())),
    }
}

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:*"],"Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":"10"}}}]}"#;

/// A call that always succeeds.
pub fn identity() -> Call {
    Known::new(Form::Query, "sts", "GetCallerIdentity", json!({})).written("us-east-1")
}

/// Calls that make what others are about.
pub fn beginnings() -> Vec<Call> {
    let names = ["CreateRole", "CreateStack", "CreateRepository", "CreateStackSet", "PUT /bucket", "PUT /bucket/key"];
    let known = calls();
    let find = |name: &&str| known.iter().find(|call| call.action == *name).unwrap();
    names.iter().map(find).map(|call| call.written("us-east-1")).collect()
}

/// Calls of every service.
pub fn calls() -> Vec<Known> {
    [forms::query(), forms::cloudformation(), forms::ec2(), documents::of_json(), documents::rest()].concat()
}
