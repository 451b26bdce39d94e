//! Geographies of cross-region inference profiles.

/// Whether profiles of a geography can be called in a region. Within a geography it depends on the model, which Bedrock
/// alone knows; between geographies it never can.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>
pub(super) fn covers(geography: &str, region: &str) -> bool {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| region.starts_with(prefix));
    match geography {
        "global" => !starts(&["us-gov-", "cn-", "us-iso", "eu-iso", "eusc-"]),
        // Canadian regions call the profiles of the United States too.
        "us" => starts(&["us-east-", "us-west-", "ca-"]),
        "us-gov" => starts(&["us-gov-"]),
        // The region in Israel calls the European profiles.
        "eu" => starts(&["eu-", "il-"]) && !starts(&["eu-iso"]),
        "apac" => starts(&["ap-", "me-"]),
        "jp" => ["ap-northeast-1", "ap-northeast-3"].contains(&region),
        "au" => ["ap-southeast-2", "ap-southeast-4"].contains(&region),
        "ca" => starts(&["ca-"]),
        _ => true,
    }
}

/// The geography in which a region calls profiles, if there is one.
pub(crate) fn prefix_of(region: &str) -> Option<&'static str> {
    ["us-gov", "us", "eu", "apac", "global"].into_iter().find(|geography| covers(geography, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_calls_the_profiles_of_its_geography() {
        for (region, geography) in [
            ("us-east-1", Some("us")),
            ("us-gov-west-1", Some("us-gov")),
            ("eu-central-1", Some("eu")),
            ("ap-southeast-2", Some("apac")),
            ("ca-central-1", Some("us")),
            ("sa-east-1", Some("global")),
            ("cn-north-1", None),
        ] {
            assert_eq!(prefix_of(region), geography, "{region}");
        }
    }

    #[test]
    fn a_profile_of_one_country_is_for_its_regions() {
        assert!(covers("jp", "ap-northeast-1") && !covers("jp", "ap-northeast-2"));
        assert!(covers("au", "ap-southeast-4") && !covers("au", "ap-southeast-1"));
    }
}
