//! What becomes of calls when something in them is wrong.

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::corpus::{Call, Form, Known};

/// Texts that look like what is expected, or nearly.
const TEXTS: [&str; 44] = [
    "",
    " ",
    "a",
    "-1",
    "0",
    "1",
    "65536",
    "99999999999999999999999999",
    "-9223372036854775808",
    "18446744073709551616",
    "1e400",
    "1.5",
    "NaN",
    "true",
    "TRUE",
    "null",
    "sim-",
    "sim-ffffffffffffffff",
    "sim-fffffffffffffffff",
    "stack",
    "role",
    "bucket",
    "set",
    "arn",
    "arn:::::",
    "arn:aws:iam::111122223333:role",
    "arn:aws:iam::111122223333:role/",
    "arn:aws:cloudformation:us-east-1:111122223333:stack/stack",
    "arn:aws:s3:::*",
    "AWS::S3::Bucket",
    "AWS::Nothing::Here",
    "AWS::IAM::Role",
    "0.0.0.0/33",
    "10.0.0.0/8",
    "::1/129",
    "{",
    "{}",
    "[]",
    "\"",
    "=====",
    "%%%",
    "é\u{fffd}\u{10ffff}",
    "a\u{0}b\u{1}\n\u{7f}",
    "<a>&b;]]>",
];

/// Members of any call, or of none.
const NAMES: [&str; 16] = [
    "StackName",
    "NextToken",
    "MaxResults",
    "Tags",
    "Filter",
    "Key",
    "Value",
    "member",
    "1",
    "Arn",
    "TemplateBody",
    "Action",
    "Version",
    "",
    ".",
    "\u{e9}\u{0}",
];

fn text(random: &mut Rng) -> String {
    match random.u8(..24) {
        0 => "x".repeat(random.usize(..20_000)),
        1 => "[".repeat(random.usize(..3_000)),
        2 => format!("{}1{}", "{\"a\":".repeat(150), "}".repeat(150)),
        3 => std::iter::repeat_with(|| random.char(..)).take(8).collect(),
        _ => TEXTS[random.usize(..TEXTS.len())].to_owned(),
    }
}

fn anything(random: &mut Rng, depth: u32) -> Value {
    match random.u8(..if depth > 3 { 9 } else { 13 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64() * 1e300),
        4..9 => json!(text(random)),
        9 | 10 => (0..random.usize(..4)).map(|_| anything(random, depth + 1)).collect(),
        _ => {
            let mut members = Map::new();
            for _ in 0..random.usize(..4) {
                members.insert(NAMES[random.usize(..NAMES.len())].to_owned(), anything(random, depth + 1));
            }
            Value::Object(members)
        }
    }
}

/// Changes a place of a text: a character, a line, or a word that the text has elsewhere.
fn damaged(random: &mut Rng, whole: &str) -> String {
    let words: Vec<&str> = whole.split_inclusive([' ', '\n', ',', ':', '{', '}', '[', ']', '<', '>', '"']).collect();
    if words.is_empty() {
        return text(random);
    }
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let at = random.usize(..words.len());
    match random.u8(..8) {
        0 => words.truncate(at),
        1 => drop(words.remove(at)),
        2 => words.insert(at, text(random)),
        3 => {
            let other = random.usize(..words.len());
            words.swap(at, other);
        }
        4 => {
            let copied = words[random.usize(..words.len())].clone();
            words[at] = copied;
        }
        5 => {
            let twice = words[at..].to_vec();
            words.extend(twice);
        }
        6 => {
            words[at] = format!(
                "{}{}",
                words[at],
                ["!Ref ", "!Sub ${", "!GetAtt a.b", "&a ", "*a ", "<![CDATA[", "&#0;", "\t"][random.usize(..8)]
            )
        }
        _ => words[at] = text(random),
    }
    words.concat()
}

fn mutate(random: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && random.u8(..6) > 0 => {
            let at = random.usize(..members.len());
            let name = members.keys().nth(at).cloned().unwrap_or_default();
            match random.u8(..8) {
                0 => drop(members.shift_remove(&name)),
                1 => {
                    let value = members.shift_remove(&name).unwrap_or_default();
                    members.insert(NAMES[random.usize(..NAMES.len())].to_owned(), value);
                }
                2 => drop(members.insert(NAMES[random.usize(..NAMES.len())].to_owned(), anything(random, 0))),
                _ => mutate(random, &mut members[&name]),
            }
        }
        Value::Array(items) if !items.is_empty() && random.u8(..6) > 0 => {
            let at = random.usize(..items.len());
            match random.u8(..6) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, anything(random, 0)),
                2 => {
                    let again = vec![items[at].clone(); random.usize(..300)];
                    items.extend(again);
                }
                _ => mutate(random, &mut items[at]),
            }
        }
        Value::String(text) if text.len() > 20 && random.u8(..8) > 0 => *text = damaged(random, text),
        other => *other = anything(random, 0),
    }
}

fn damage(random: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = random.usize(..bytes.len());
    match random.u8(..3) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.u8(..)),
        _ => bytes[at] = random.u8(..),
    }
}

/// Members' names that no client writes.
fn odd_names(random: &mut Rng) -> String {
    let name = ["StackName", "Tags", "Filter", "Parameters"][random.usize(..4)];
    let odd = match random.u8(..8) {
        0 => format!("{name}.member"),
        1 => format!("{name}.member.0.Key=a&{name}.member.-1"),
        2 => format!("{name}.member.99999999999999999999.Key"),
        3 => format!("{name}=a&{name}.1=b&{name}.1.Key=c&{name}.member.1"),
        4 => format!("{name}{}", ".member.1".repeat(random.usize(..500))),
        5 => format!("..{name}..1.."),
        6 => format!("%ff%00{name}"),
        _ => format!("Action=DescribeStacks&Action.1=a&{name}.entry.1.key"),
    };
    format!("&{odd}=%zz")
}

fn odd_target(random: &mut Rng, target: &mut String) {
    let added = [
        "/..%2f..",
        "/%00",
        "/%ff%fe",
        "//",
        "?%ff=%zz&&=&a",
        "?versionId=",
        "?max-keys=-1",
        "?X-Amz-Credential=a/b",
        "?X-Amz-Credential=%ff/////aws4_request",
        "/manifests/",
        "/blobs/uploads/",
        "&partNumber=1&uploadId=%00",
        "?list-type=2&max-keys=1e9",
    ];
    match random.u8(..4) {
        0 => target.push_str(&format!("/{}", "a".repeat(random.usize(..5_000)))),
        1 => {
            let at = random.usize(1..=target.len());
            target.truncate(if target.is_char_boundary(at) { at } else { 1 });
        }
        _ => target.push_str(added[random.usize(..added.len())]),
    }
}

fn odd_header(random: &mut Rng, call: &mut Call) {
    const ODD: [(&str, &[u8]); 30] = [
        ("x-amz-target", b""),
        ("x-amz-target", b"."),
        ("x-amz-target", b"\xff\xfe"),
        ("x-amz-target", b"Service.DescribeStacks"),
        ("content-type", b"application/x-www-form-urlencoded"),
        ("content-type", b"application/cbor"),
        ("content-type", b"\xff"),
        ("content-encoding", b"aws-chunked"),
        ("content-encoding", b"gzip"),
        ("x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("x-amz-decoded-content-length", b"-1"),
        ("content-md5", b"====="),
        ("x-amz-checksum-crc32", b"not base64"),
        ("x-amz-checksum-sha256", b"\xff"),
        ("x-amz-meta-\x61", b"\xe9"),
        ("x-amz-server-side-encryption", b"aws:kms\t"),
        ("x-amz-copy-source", b"/a/b"),
        ("x-amz-security-token", b"none"),
        ("range", b"bytes=5-1"),
        ("range", b"bytes=99999999999999999999-"),
        ("range", b"bytes=-0"),
        ("range", b"bytes=--"),
        ("if-match", b"*, \"\""),
        ("if-none-match", b"*"),
        ("host", b"bucket.localhost"),
        ("host", b".s3.:::"),
        ("host", b"111122223333.dkr.ecr.us-east-1.amazonaws.com"),
        ("authorization", b"Basic ====="),
        ("authorization", b"Bearer \xff"),
        ("authorization", b"AWS4-HMAC-SHA256 Credential=/////aws4_request"),
    ];
    let (name, value) = ODD[random.usize(..ODD.len())];
    if random.u8(..3) > 0 {
        call.headers.retain(|(known, _)| *known != name);
    }
    call.headers.push((name, value.to_vec()));
}

fn odd_signature(random: &mut Rng, call: &mut Call) {
    let scopes = [
        "",
        "Credential=",
        "Credential=a",
        "Credential=a/b/c/aws4_request",
        "Credential=111122223333/x//sts/aws4_request",
        "Credential=nobody/20260101/us-east-1/iam/aws4_request",
        "Credential=test/20260101/mars-north-1/ec2/aws4_request",
        "Credential=test/20260101/aws-global/s3/aws4_request",
        "Credential=test/20260101/us-east-1//aws4_request",
        "Credential=test/20260101/us-east-1/ecs/aws4_request",
        "Credential=test/20260101/us-east-1/\u{e9}/aws4_request",
    ];
    call.headers.retain(|(name, _)| *name != "authorization");
    if random.u8(..4) > 0 {
        let scope = format!("AWS4-HMAC-SHA256 {}", scopes[random.usize(..scopes.len())]);
        call.headers.push(("authorization", scope.into_bytes()));
    }
}

/// A call with something wrong, at least nearly always.
pub fn mutated(random: &mut Rng, all: &[Known]) -> Call {
    let mut known = all[random.usize(..all.len())].clone();
    for _ in 0..random.u8(1..4) {
        mutate(random, &mut known.members);
    }
    let region = ["us-east-1", "eu-west-1"][usize::from(random.u8(..16) == 0)];
    let mut call = known.written(region);
    if matches!(known.form, Form::Query | Form::Ec2) && random.u8(..8) == 0 {
        call.body.extend_from_slice(odd_names(random).as_bytes());
    }
    match random.u8(..16) {
        0 => damage(random, &mut call.body),
        1 => {
            let length = random.usize(..200);
            call.body = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
        }
        2 | 3 => odd_header(random, &mut call),
        4 => odd_signature(random, &mut call),
        5 => odd_target(random, &mut call.target),
        6 => {
            call.method =
                [Method::GET, Method::PUT, Method::PATCH, Method::HEAD, Method::OPTIONS][random.usize(..5)].clone()
        }
        7 | 8 if known.form == Form::Rest => odd_target(random, &mut call.target),
        9 | 10 if known.form == Form::Rest => odd_header(random, &mut call),
        _ => {}
    }
    // The registry's own calls are not signed: some of them are let in.
    if call.target.starts_with("/v2") && random.u8(..8) > 0 {
        call.headers.retain(|(name, _)| *name != "authorization");
        let tokens = ["Basic QVdTOmE=", "Basic QVdTOg==", "Basic", "Bearer a"];
        call.headers.push(("authorization", tokens[random.usize(..4)].into()));
    }
    call
}

/// A request whose body is cut, or comes in frames that are none.
pub fn broken(random: &mut Rng, all: &[Known]) -> Vec<u8> {
    let call = all[random.usize(..all.len())].written("us-east-1");
    let mut bytes = format!("POST {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", call.target).into_bytes();
    for (name, value) in &call.headers {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    let length = call.body.len();
    match random.u8(..4) {
        0 => {
            bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", length + random.usize(1..100)).as_bytes());
            bytes.extend_from_slice(&call.body);
        }
        kind => {
            bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
            let size = ["x", "", "-1", "fffffffffffffffff", "1 1", "5\0"][random.usize(..6)];
            let size = if kind == 1 { format!("{:x}", length + 1) } else { size.to_owned() };
            bytes.extend_from_slice(format!("{size}\r\n").as_bytes());
            bytes.extend_from_slice(&call.body);
            bytes.extend_from_slice(b"\r\n0\r\n\r\n");
        }
    }
    bytes
}
