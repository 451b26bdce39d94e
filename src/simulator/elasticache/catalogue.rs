//! What ElastiCache comes in: engine versions and node types.
//!
//! Versions are those that ElastiCache answered with, node types those of AWS's price list, both as
//! [cfn-lint](https://github.com/aws-cloudformation/cfn-lint) 1.51.0 carries them, read on 30 November 2026. By the price
//! list every region has every node type.

/// An engine.
pub(super) struct Engine {
    pub name: &'static str,
    /// As descriptions have it.
    pub title: &'static str,
    /// Versions, the oldest first, each with its family of parameter groups.
    pub versions: &'static [(&'static str, &'static str)],
}

pub(super) const ENGINES: &[Engine] = &[
    Engine {
        name: "memcached",
        title: "memcached",
        versions: &[
            ("1.4.5", "memcached1.4"),
            ("1.4.14", "memcached1.4"),
            ("1.4.24", "memcached1.4"),
            ("1.4.33", "memcached1.4"),
            ("1.4.34", "memcached1.4"),
            ("1.5.10", "memcached1.5"),
            ("1.5.16", "memcached1.5"),
            ("1.6.6", "memcached1.6"),
            ("1.6.12", "memcached1.6"),
            ("1.6.17", "memcached1.6"),
            ("1.6.22", "memcached1.6"),
        ],
    },
    Engine {
        name: "redis",
        title: "Redis",
        versions: &[
            ("4.0.10", "redis4.0"),
            ("5.0.6", "redis5.0"),
            ("6.0", "redis6.x"),
            ("6.2", "redis6.x"),
            ("7.0", "redis7"),
            ("7.1", "redis7"),
        ],
    },
    Engine {
        name: "valkey",
        title: "Valkey",
        versions: &[("7.2", "valkey7"), ("8.0", "valkey8"), ("8.1", "valkey8"), ("8.2", "valkey8"), ("9.0", "valkey9")],
    },
];

/// Node types of one kind.
pub(super) struct Family {
    pub name: &'static str,
    pub sizes: &'static [&'static str],
    /// An older kind, which is reserved by utilization.
    pub legacy: bool,
}

const BURSTABLE: &[&str] = &["micro", "small", "medium"];
const GRAVITON: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];

const fn current(name: &'static str, sizes: &'static [&'static str]) -> Family {
    Family { name, sizes, legacy: false }
}

const fn legacy(name: &'static str, sizes: &'static [&'static str]) -> Family {
    Family { name, sizes, legacy: true }
}

pub(super) const FAMILIES: &[Family] = &[
    current("c7gn", GRAVITON),
    legacy("m1", &["small"]),
    legacy("m3", &["medium", "large", "xlarge", "2xlarge"]),
    legacy("m4", &["large", "xlarge", "2xlarge", "4xlarge", "10xlarge"]),
    current("m5", &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"]),
    current("m6g", GRAVITON),
    current("m7g", GRAVITON),
    legacy("r3", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge"]),
    legacy("r4", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"]),
    current("r5", &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"]),
    current("r6g", GRAVITON),
    current("r6gd", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"]),
    current("r7g", GRAVITON),
    legacy("t2", BURSTABLE),
    current("t3", BURSTABLE),
    current("t4g", BURSTABLE),
];
