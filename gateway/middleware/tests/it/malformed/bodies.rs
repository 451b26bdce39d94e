//! Bodies that are no requests, in frames that are right.

use fastrand::Rng;
use reqwest::Method;

use super::{damage, noise, path, pick};

const ODD_PATHS: [&str; 4] = [
    "/v1/chat/completions?a=%zz&session_id=%00",
    "/chat-history?session_id=%00",
    "/bedrock/chat-history",
    "/bedrock/model/%ff%00/converse",
];

const NAMES: [&str; 18] = [
    "model",
    "messages",
    "enable_history",
    "session_id",
    "promptVariables",
    "stream",
    "user_id",
    "limit",
    "after",
    "inferenceConfig",
    "system",
    "toolConfig",
    "additionalModelRequestFields",
    "\\u006dodel",
    "messages\\u0000",
    "",
    "\\ud800",
    "enable_history",
];

/// Values of fields: mostly of a wrong type.
const VALUES: [&str; 30] = [
    "null",
    "true",
    "0",
    "-1",
    "-0",
    "1e999",
    "1e-999",
    "123456789012345678901234567890",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "{\"a\":{\"b\":null}}",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"arn:aws:bedrock:us-east-1:1:prompt/\\u0000\"",
    "[{\"role\":1}]",
    "[{\"role\":\"user\"}]",
    "[{\"role\":\"user\",\"content\":7}]",
    "[{\"role\":\"user\",\"content\":[{\"text\":\"a\",\"image\":{}}]}]",
    "[null]",
    "nul",
    "\"",
    "01",
    "NaN",
    "[1,]",
    "{\"a\":1,}",
    "'a'",
];

/// Method, path and body.
pub fn request(random: &mut Rng) -> (Method, &'static str, Vec<u8>) {
    let path = path(random, &ODD_PATHS);
    let deletes = path.contains("chat-history") && random.u8(..4) == 0;
    (if deletes { Method::DELETE } else { Method::POST }, path, body(random))
}

fn body(random: &mut Rng) -> Vec<u8> {
    match random.u8(..16) {
        0 => Vec::new(),
        1 | 2 => noise(random, 200),
        3 => "[".repeat(random.usize(..5000)).into_bytes(),
        4 => "{\"a\":".repeat(random.usize(..5000)).into_bytes(),
        // Levels that all have their ends.
        5 => {
            let levels = random.usize(..5000);
            format!("{{\"messages\":{}{}}}", "[".repeat(levels), "]".repeat(levels)).into_bytes()
        }
        6 => pick(random, &VALUES).as_bytes().to_vec(),
        _ => fields(random),
    }
}

fn fields(random: &mut Rng) -> Vec<u8> {
    let count = random.usize(..7);
    let field = |_| format!("\"{}\":{}", pick(random, &NAMES), pick(random, &VALUES));
    let fields: Vec<String> = (0..count).map(field).collect();
    let mut text = format!("{{{}}}", fields.join(",")).into_bytes();
    if random.u8(..3) == 0 {
        damage(random, &mut text);
    }
    text
}
