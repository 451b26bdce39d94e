//! `Fn::GetAZs`.

/// The availability zones of a region that accept new subnets: three, and six in us-east-1.
pub fn availability_zones(region: &str) -> Vec<String> {
    let letters = match region {
        "us-east-1" => "abcdef",
        "us-west-2" | "ap-northeast-2" => "abcd",
        "ap-northeast-1" => "acd",
        "us-west-1" => "bc",
        "ca-central-1" => "abd",
        _ => "abc",
    };
    letters.chars().map(|letter| format!("{region}{letter}")).collect()
}
