//! Heads of requests that are no HTTP, or say what cannot be.

use fastrand::Rng;

use super::{PATHS, damage, noise, path, pick};

const METHODS: [&str; 14] = [
    "GET",
    "POST",
    "DELETE",
    "PUT",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "HEAD",
    "BREW",
    "post",
    "",
    "P\0ST",
    "P ST",
    "P\u{e9}ST",
];

const ODD_TARGETS: [&str; 22] = [
    "/bedrock/health/liveliness",
    "/bedrock/model/%ff%00/converse",
    "/bedrock/model//converse",
    "/bedrock/model/%/converse",
    "/bedrock/model/../../converse",
    "/v1/chat/completions?a=%zz",
    "/v1/chat/completions?model=a&%6dodel=b",
    "/v1/chat/completions?\"<>\\^`{|}",
    "/chat-history?session_id=%00",
    "/chat-history?session_id=%ff",
    "/nothing",
    "//",
    "",
    "*",
    "x",
    "?",
    "/#a",
    "/\u{e9}",
    "/a b",
    "http://",
    "http://[::1/chat-history",
    "http://x:99999/session-ids",
];

const VERSIONS: [&str; 9] =
    ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/9.9", "HTTP/11", "HTCPCP/1.0", "http/1.1", "", "HTTP/1.1 x"];

const KEYS: [&str; 12] = [
    "authorization: Bearer sk-one",
    "authorization: Bearer sk-unknown",
    "authorization: Basic eA==",
    "authorization:",
    "authorization: Bearer",
    "authorization: Bearer \u{e9}\u{e9}",
    "authorization: Bearer sk-one\r\nauthorization: Bearer sk-two",
    "x-api-key: sk-one",
    "x-litellm-api-key: Bearer a b",
    "x-litellm-api-key: \u{7f}",
    "api-key: \t ",
    "x-none: 1",
];

/// Lines that no client writes.
const LINES: [&str; 48] = [
    "bad header line",
    ": no name",
    " : blank name",
    "name : value",
    "na me: value",
    "n\u{e4}me: value",
    "name\0: value",
    "name: val\0ue",
    "name: val\x01ue",
    "name: val\rue",
    "name: folded\r\n  line",
    " begins: folded",
    "(name): value",
    "name:\x7f",
    "host: y",
    "host: a b",
    "host:",
    "host: [::1",
    "content-length: abc",
    "content-length:",
    "content-length: -1",
    "content-length: +2",
    "content-length: 0x2",
    "content-length: 2, 2",
    "content-length: 2, 3",
    "content-length: 1\r\ncontent-length: 2",
    "content-length: 18446744073709551615",
    "content-length: 18446744073709551616",
    "content-length: 99999999999999999999999999",
    "transfer-encoding: gzip",
    "transfer-encoding: chunked, gzip",
    "transfer-encoding: xchunked",
    "transfer-encoding: \x0bchunked",
    "transfer-encoding: chunked\r\ntransfer-encoding: identity",
    "transfer-encoding: chunked\r\ncontent-length: 2",
    "expect: nothing",
    "expect: 100-continue",
    "content-encoding: gzip",
    "content-type: \u{0}",
    "x-request-id: a b\"c",
    "x-request-id:",
    "traceparent: 00-zz-zz-zz",
    "traceparent: 00-00000000000000000000000000000000-0000000000000000-00",
    "x-session-id: \u{7f}",
    "origin: null",
    "connection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: x",
    "connection: close, close, \u{1}",
    "x-forwarded-for: \u{e9}, , 999.999.999.999",
];

/// Whether there is an end of the head: an empty line.
pub fn is_whole(request: &[u8]) -> bool {
    let ends = |rest: &[u8]| rest.starts_with(b"\n\n") || rest.starts_with(b"\n\r\n");
    (0..request.len()).any(|at| ends(&request[at..]))
}

/// A head with one to three mistakes, and mostly a body behind it.
pub fn request(random: &mut Rng) -> Vec<u8> {
    let (mut method, mut target, mut version) = ("POST", pick(random, &PATHS).to_owned(), "HTTP/1.1");
    let mut lines = vec!["host: x".to_owned(), KEYS[0].to_owned()];
    let mut is_damaged = false;
    for _ in 0..random.u8(1..4) {
        match random.u8(..16) {
            0 => method = pick(random, &METHODS),
            1 => path(random, &ODD_TARGETS).clone_into(&mut target),
            2 => target = format!("/{}", "a".repeat(random.usize(..100_000))),
            3 => target = format!("/chat-history?session_id={}", "%".repeat(random.usize(..500))),
            4 => version = pick(random, &VERSIONS),
            5 => pick(random, &KEYS).clone_into(&mut lines[1]),
            6 => lines.extend(std::iter::repeat_n("x-many: 1".to_owned(), random.usize(..300))),
            7 => lines.push(format!("x-long: {}", "y".repeat(random.usize(..100_000)))),
            8 => is_damaged = true,
            _ => lines.insert(random.usize(..=lines.len()), pick(random, &LINES).to_owned()),
        }
    }
    let body = if random.bool() { "{}" } else { "" };
    if random.u8(..8) > 0 {
        lines.push(format!("content-length: {}", body.len()));
    }
    let mut bytes = format!("{method} {target} {version}\r\n{}\r\n\r\n", lines.join("\r\n")).into_bytes();
    if is_damaged {
        match random.u8(..8) {
            0 => bytes = noise(random, 300),
            1 => bytes.splice(0..0, noise(random, 20)).for_each(drop),
            _ => damage(random, &mut bytes),
        }
    }
    bytes.extend_from_slice(body.as_bytes());
    bytes
}
