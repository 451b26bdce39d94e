//! Specs that cover every pair of the options' values: what the matrix tests render, lint and deploy.

use serde_json::{Value, json};

/// An option and how many values it is tried with.
const FACTORS: &[(&str, usize)] = &[
    ("vpc", 2),
    ("zones", 3),
    ("nat", 3),
    ("endpoints", 3),
    ("flow_logs", 2),
    ("architecture", 2),
    ("spot", 2),
    ("scale_on", 3),
    ("schedules", 2),
    ("exec", 2),
    ("exposure", 2),
    ("tls", 3),
    ("waf", 4),
    ("vpn", 3),
    ("bastion", 3),
    ("database", 5),
    ("cache", 5),
    ("middleware", 4),
    ("accounts", 3),
    ("rollout", 2),
    ("hub_serves", 2),
    ("provider_model", 2),
    ("guardrail", 2),
    ("request_logs", 2),
    ("dashboard", 2),
    ("notify", 3),
    ("tags", 2),
];

/// A small generator of pseudo-random numbers (xorshift), so that the matrix is the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// At least `least` rows of levels. Every pair of two factors' levels is in one of them.
pub fn pairwise(least: usize) -> Vec<Vec<usize>> {
    let mut missing = std::collections::BTreeSet::new();
    for (a, (_, levels_a)) in FACTORS.iter().enumerate() {
        for (b, (_, levels_b)) in FACTORS.iter().enumerate().skip(a + 1) {
            for x in 0..*levels_a {
                for y in 0..*levels_b {
                    missing.insert((a, x, b, y));
                }
            }
        }
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut rows: Vec<Vec<usize>> = Vec::new();
    while !missing.is_empty() || rows.len() < least {
        let row = (0..20)
            .map(|_| FACTORS.iter().map(|(_, levels)| numbers.below(*levels)).collect::<Vec<usize>>())
            .map(|mut row| {
                if let Some((a, x, b, y)) = missing.first() {
                    row[*a] = *x;
                    row[*b] = *y;
                }
                row
            })
            .max_by_key(|row| covered(row, &missing))
            .unwrap();
        missing.retain(|(a, x, b, y)| row[*a] != *x || row[*b] != *y);
        rows.push(row);
    }
    rows
}

fn covered(row: &[usize], missing: &std::collections::BTreeSet<(usize, usize, usize, usize)>) -> usize {
    missing.iter().filter(|(a, x, b, y)| row[*a] == *x && row[*b] == *y).count()
}

/// The spec of a row. Combinations that the rules refuse are bent to the nearest one that they allow.
pub fn spec(row: &[usize]) -> Value {
    let level = |name: &str| row[FACTORS.iter().position(|(factor, _)| *factor == name).unwrap()];
    let existing = level("vpc") == 1;
    let isolated = !existing && level("nat") == 2;
    let public = level("exposure") == 1 && !isolated;
    let no_database = level("database") == 4;
    let mut spec = json!({
        "version": 1,
        "name": "matrix",
        "hub": {"account": "111122223333", "region": "us-east-1"},
        "network": {"vpc": vpc(existing, level("zones"), level("nat"), level("flow_logs"), public)},
        "compute": {"fargate": {
            "architecture": pick(&["arm64", "x86_64"], level("architecture")),
            "spot_percent": pick(&[0, 50], level("spot")),
            "scale_on": scale_on(level("scale_on")),
            "exec": level("exec") == 1,
        }},
        "ingress": ingress(public, level("tls"), level("waf")),
        "access": {},
        "database": database(level("database")),
        "cache": cache(level("cache")),
        "gateway": {"litellm": {}, "middleware": middleware(level("middleware"), no_database, isolated)},
        "bedrock": {"include_hub": level("hub_serves") == 1 || level("accounts") == 0},
        "models": [
            {"name": "sonnet", "bedrock": {"model": "us.anthropic.claude-3-7-sonnet-20250219-v1:0", "tpm": 200_000}, "fallbacks": ["haiku"]},
            {"name": "haiku", "bedrock": {"model": "anthropic.claude-3-haiku-20240307-v1:0"}},
        ],
        "observability": {"request_logs": level("request_logs") == 1, "dashboard": level("dashboard") == 1, "alarms": {}},
    });
    spec["network"]["endpoints"] = match level("endpoints") {
        1 => json!("all"),
        2 if !isolated => json!(["s3", "bedrock-runtime", "secretsmanager"]),
        _ => json!("auto"),
    };
    if level("schedules") == 1 {
        spec["compute"]["fargate"]["schedules"] =
            json!([{"name": "night", "cron": "0 20 ? * MON-FRI *", "timezone": "Europe/Paris", "min": 0, "max": 0}]);
    }
    match level("vpn") {
        1 => {
            spec["access"]["client_vpn"] = vpn(
                json!({"mutual": {"server_certificate": certificate("a"), "client_ca_certificate": certificate("b")}}),
            )
        }
        2 => {
            spec["access"]["client_vpn"] = vpn(
                json!({"saml": {"server_certificate": certificate("a"), "provider": "arn:aws:iam::111122223333:saml-provider/okta"}}),
            )
        }
        _ => {}
    }
    match level("bastion") {
        1 => spec["access"]["bastion"] = json!({"instance_type": "t4g.nano"}),
        2 => spec["access"]["bastion"] = json!({"instance_type": "t3.nano"}),
        _ => {}
    }
    let count = [0, 1, 3][level("accounts")];
    let regions = if isolated { json!(["us-east-1"]) } else { json!(["us-east-1", "us-west-2"]) };
    spec["bedrock"]["accounts"] = (1..=count)
        .map(|n| {
            let id = format!("{n}").repeat(12).replacen('1', "9", if n == 1 { 1 } else { 0 });
            json!({"id": id, "name": format!("bedrock-{n}"), "regions": regions, "deploy_role": format!("arn:aws:iam::{id}:role/gwinfra-deploy")})
        })
        .collect();
    if level("rollout") == 1 {
        spec["bedrock"]["rollout"] = json!({"stack_sets": {"organizational_units": ["ou-ab12-cdefgh34"]}});
        // What one account may not do: then the accounts have policies of their own.
        if count == 3 && !isolated {
            spec["bedrock"]["accounts"][2]["regions"] = json!(["us-east-1"]);
        }
    }
    if isolated {
        spec["gateway"]["litellm"]["image"] = json!(format!("{REGISTRY}/mirror/litellm@sha256:{}", "ab".repeat(32)));
        spec["models"] = json!([{"name": "haiku", "bedrock": {"model": "anthropic.claude-3-haiku-20240307-v1:0"}}]);
    } else if level("provider_model") == 1 {
        spec["gateway"]["litellm"]["secrets"] = json!({"OPENAI_API_KEY": {"secret": "acme/openai", "key": "api_key"}});
        let models = spec["models"].as_array_mut().unwrap();
        models.push(json!({"name": "gpt-4o", "litellm": {"model": "openai/gpt-4o", "api_key": "OPENAI_API_KEY"}}));
    }
    if level("guardrail") == 1 {
        spec["guardrails"] =
            json!([{"name": "pre", "bedrock": {"id": "ff6ujrregl1q", "version": "1"}, "default_on": true}]);
    }
    match level("notify") {
        1 => spec["observability"]["alarms"]["notify"] = json!({"email": "oncall@example.com"}),
        2 => spec["observability"]["alarms"]["notify"] = json!({"topic": "arn:aws:sns:us-east-1:111122223333:oncall"}),
        _ => {}
    }
    if level("tags") == 1 {
        spec["tags"] = json!({"team": "platform", "cost-center": "42:a=b+c@d_e/f-g.h"});
    }
    spec
}

const REGISTRY: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com";

fn pick<T: Copy>(values: &[T], level: usize) -> T {
    values[level]
}

fn scale_on(level: usize) -> Value {
    match level {
        0 => json!({"cpu_percent": 60, "memory_percent": 75, "requests_per_task": 500}),
        1 => json!({}),
        _ => json!({"cpu_percent": 50}),
    }
}

fn certificate(letter: &str) -> String {
    format!("arn:aws:acm:us-east-1:111122223333:certificate/{}", letter.repeat(8))
}

fn vpc(existing: bool, zones: usize, nat: usize, flow_logs: usize, public: bool) -> Value {
    if existing {
        let subnet = |n: usize| format!("subnet-{n:08x}");
        return json!({"existing": {
            "id": "vpc-0a1b2c3d",
            "cidr": "10.50.0.0/16",
            "private_subnets": [subnet(1), subnet(2)],
            "public_subnets": if public { json!([subnet(3), subnet(4)]) } else { json!([]) },
        }});
    }
    json!({"create": {
        "cidr": pick(&["10.40.0.0/16", "10.40.0.0/20", "10.40.0.0/22"], zones),
        "availability_zones": pick(&[2, 3, 4], zones),
        "nat": pick(&["single", "per_az", "none"], nat),
        "flow_logs": flow_logs == 1,
    }})
}

fn ingress(public: bool, tls: usize, waf: usize) -> Value {
    let mut ingress = json!({"exposure": if public { "public" } else { "internal" }});
    ingress["tls"] = match tls {
        1 => json!({"domain": {"name": "llm.example.com", "hosted_zone": "example.com"}}),
        2 if !public => json!({"plaintext": {"acknowledge": true}}),
        _ => json!({"certificate": {"arn": certificate("c"), "name": "llm.example.com"}}),
    };
    if public {
        ingress["allow_from"] = json!(["198.51.100.0/24"]);
    }
    match waf {
        1 => ingress["waf"] = json!({}),
        2 => ingress["waf"] = json!({"managed_rules": "strict", "rate_limit_per_5_minutes": 500}),
        3 => ingress["waf"] = json!({"managed_rules": "none", "block": ["203.0.113.0/24"]}),
        _ => {}
    }
    ingress
}

fn database(level: usize) -> Value {
    match level {
        0 => json!({"aurora_postgres": {}}),
        1 => json!({"aurora_postgres": {"auth": "iam", "readers": 2}}),
        2 => json!({"aurora_postgres": {"readers": 0, "deletion_protection": false, "backup_days": 1}}),
        3 => {
            json!({"external": {"url_secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/database-AbCdEf"}})
        }
        _ => json!({"none": {}}),
    }
}

fn cache(level: usize) -> Value {
    match level {
        0 => json!({"redis": {}}),
        1 => json!({"redis": {"engine": "redis", "version": "7.1", "replicas": 0}}),
        2 => json!({"serverless": {}}),
        3 => json!({"serverless": {"engine": "redis"}}),
        _ => json!({"none": {}}),
    }
}

fn middleware(level: usize, no_database: bool, isolated: bool) -> Value {
    match level {
        1 => json!({"enabled": false}),
        2 => json!({"bedrock_api": false, "managed_prompts": false, "chat_history": {"enabled": false}}),
        3 if !isolated && !no_database => json!({"okta": {"issuer": "https://example.okta.com/oauth2/default"}}),
        _ => json!({}),
    }
}

fn vpn(authentication: Value) -> Value {
    json!({"client_cidr": "172.16.0.0/22", "authentication": authentication})
}
