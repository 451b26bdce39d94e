//! Which ARNs a gateway must be allowed to invoke for its Bedrock models: least privilege without surprises.
//!
//! A foundation model needs its own ARN in the region of the call. A cross-region inference profile needs the profile's
//! ARN in the region of the call, and the foundation model's ARN in every region that the profile may route to; the
//! latter is granted only for calls that come through the profile. A global profile routes to a model without region.
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html>
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html>

use schemars::JsonSchema;
use serde::Serialize;

/// Size at which a policy is split. A managed policy holds 6,144 characters; the rest is room for its frame.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const POLICY_LIMIT: usize = 5_200;

/// Destination regions of the cross-region inference profiles, by prefix of their ids. Which of them a profile uses
/// depends on the model and on the region of the call; these are all that AWS documents for the geography (November
/// 2026), and a region that a profile does not use grants nothing, as calls count only when they come through the profile.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>
const GEOGRAPHIES: [(&str, &[&str]); 8] = [
    ("us", &["us-east-1", "us-east-2", "us-west-1", "us-west-2"]),
    ("us-gov", &["us-gov-east-1", "us-gov-west-1"]),
    (
        "eu",
        &[
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
        ],
    ),
    (
        "apac",
        &[
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-4",
        ],
    ),
    ("jp", &["ap-northeast-1", "ap-northeast-3"]),
    ("au", &["ap-southeast-2", "ap-southeast-4"]),
    ("ca", &["ca-central-1", "ca-west-1"]),
    ("global", &[]),
];

/// The geography of an inference profile's id and the id of its foundation model: `us` and `anthropic.claude-..`.
/// `None`: the id is a foundation model's own.
pub fn profile(id: &str) -> Option<(&str, &str)> {
    let (prefix, model) = id.split_once('.')?;
    GEOGRAPHIES.iter().any(|(name, _)| *name == prefix).then_some((prefix, model))
}

/// The regions to which a profile of that geography may route a call made in `region`: the region itself comes first.
/// Empty for `global`, which has no list.
pub fn destinations<'a>(geography: &str, region: &'a str) -> Vec<&'a str>
where
    'static: 'a,
{
    match GEOGRAPHIES.iter().find(|(name, _)| *name == geography) {
        Some((_, [])) => Vec::new(),
        Some((_, regions)) => {
            let others = regions.iter().copied().filter(|other| *other != region);
            std::iter::once(region).chain(others).collect()
        }
        None => vec![region],
    }
}

/// ARNs for one policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Invocation {
    /// Foundation models that are called by their own id.
    pub models: Vec<String>,
    /// Inference profiles.
    pub profiles: Vec<String>,
    /// Foundation models that are called only through one of `profiles`.
    pub models_behind_profiles: Vec<String>,
    /// Foundation models without region, that are called only through a global one of `profiles`.
    pub global_models: Vec<String>,
    /// `profiles` again, without their account: for a policy that many accounts share.
    #[serde(skip)]
    pub profile_ids: Vec<Profile>,
}

/// An inference profile without its account: `arn:<partition>:bedrock:<region>:<account>:inference-profile/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Profile {
    /// Region of the call.
    pub region: String,
    /// Id.
    pub id: String,
}

impl Invocation {
    /// ARNs for the models `ids`, called in `regions` of `account`, in as many policies as they need.
    pub fn policies(partition: &str, account: &str, regions: &[String], ids: &[&str]) -> Vec<Self> {
        let mut policies = vec![Self::default()];
        for id in ids {
            let one = Self::of_model(partition, account, regions, id);
            match policies.last_mut() {
                Some(last) if last.size() + one.size() <= POLICY_LIMIT => last.extend(one),
                _ => policies.push(one),
            }
        }
        policies.retain(|policy| policy.size() > 0);
        policies
    }

    fn of_model(partition: &str, account: &str, regions: &[String], id: &str) -> Self {
        let model_arn =
            |region: &str, model: &str| format!("arn:{partition}:bedrock:{region}::foundation-model/{model}");
        let mut invocation = Self::default();
        let Some((geography, model)) = profile(id) else {
            invocation.models = regions.iter().map(|region| model_arn(region, id)).collect();
            return invocation;
        };
        for region in regions {
            invocation.profiles.push(format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}"));
            invocation.profile_ids.push(Profile { region: region.clone(), id: id.to_owned() });
            let destinations = destinations(geography, region);
            if destinations.is_empty() {
                push_new(&mut invocation.models_behind_profiles, model_arn(region, model));
                push_new(&mut invocation.global_models, model_arn("", model));
            }
            for destination in destinations {
                push_new(&mut invocation.models_behind_profiles, model_arn(destination, model));
            }
        }
        invocation
    }

    fn extend(&mut self, other: Self) {
        for profile in other.profile_ids {
            push_new(&mut self.profile_ids, profile);
        }
        for (into, from) in [
            (&mut self.models, other.models),
            (&mut self.profiles, other.profiles),
            (&mut self.models_behind_profiles, other.models_behind_profiles),
            (&mut self.global_models, other.global_models),
        ] {
            for arn in from {
                push_new(into, arn);
            }
        }
    }

    /// Characters of the ARNs in a policy. Profiles are counted as often as they appear: as resources and in conditions.
    fn size(&self) -> usize {
        let total = |arns: &[String]| arns.iter().map(|arn| arn.len() + 3).sum::<usize>();
        let conditions = if self.global_models.is_empty() { 1 } else { 2 };
        total(&self.models)
            + total(&self.profiles) * (1 + conditions)
            + total(&self.models_behind_profiles)
            + total(&self.global_models)
    }
}

fn push_new<T: PartialEq>(items: &mut Vec<T>, item: T) {
    if !items.contains(&item) {
        items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUDE: &str = "anthropic.claude-3-7-sonnet-20250219-v1:0";

    fn one(regions: &[&str], id: &str) -> Invocation {
        let regions: Vec<String> = regions.iter().map(|region| (*region).to_owned()).collect();
        let mut policies = Invocation::policies("aws", "222222222222", &regions, &[id]);
        assert_eq!(policies.len(), 1);
        policies.remove(0)
    }

    fn model(region: &str) -> String {
        format!("arn:aws:bedrock:{region}::foundation-model/{CLAUDE}")
    }

    #[test]
    fn a_foundation_model_is_invoked_in_the_regions_of_the_account_only() {
        let invocation = one(&["us-east-1", "eu-west-1"], CLAUDE);
        assert_eq!(invocation.models, [model("us-east-1"), model("eu-west-1")]);
        assert!(invocation.profiles.is_empty() && invocation.models_behind_profiles.is_empty());
    }

    #[test]
    fn a_profile_needs_the_model_in_every_region_it_may_route_to() {
        let invocation = one(&["us-west-2"], &format!("us.{CLAUDE}"));
        let profile = format!("arn:aws:bedrock:us-west-2:222222222222:inference-profile/us.{CLAUDE}");
        assert_eq!(invocation.profiles, [profile]);
        assert_eq!(invocation.profile_ids, [Profile { region: "us-west-2".to_owned(), id: format!("us.{CLAUDE}") }]);
        let regions = ["us-west-2", "us-east-1", "us-east-2", "us-west-1"];
        assert_eq!(invocation.models_behind_profiles, regions.map(model));
        assert!(invocation.models.is_empty(), "the model is not to be called outside the profile");
    }

    #[test]
    fn two_source_regions_share_their_destinations() {
        let invocation = one(&["us-west-2", "us-east-1"], &format!("us.{CLAUDE}"));
        assert_eq!((invocation.profiles.len(), invocation.models_behind_profiles.len()), (2, 4));
    }

    #[test]
    fn a_global_profile_routes_to_the_model_without_region() {
        let invocation = one(&["eu-west-1"], &format!("global.{CLAUDE}"));
        assert_eq!(invocation.models_behind_profiles, [model("eu-west-1")]);
        assert_eq!(invocation.global_models, [model("")]);
    }

    #[test]
    fn a_source_region_outside_the_list_is_a_destination_too() {
        assert_eq!(destinations("us", "ca-central-1").first(), Some(&"ca-central-1"));
    }

    #[test]
    fn a_vendor_is_not_a_geography() {
        assert_eq!(profile("amazon.nova-lite-v1:0"), None);
        assert_eq!(profile("jp.amazon.nova-lite-v1:0"), Some(("jp", "amazon.nova-lite-v1:0")));
        assert_eq!(profile("us-gov.anthropic.claude-sonnet-4"), Some(("us-gov", "anthropic.claude-sonnet-4")));
    }

    #[test]
    fn many_models_are_split_into_policies_that_iam_accepts() {
        let ids: Vec<String> =
            (0..30).map(|n| format!("apac.anthropic.claude-model-number-{n}-20250219-v1:0")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let policies = Invocation::policies("aws", "222222222222", &["ap-south-1".to_owned()], &ids);
        assert!(policies.len() > 1);
        assert!(policies.iter().all(|policy| policy.size() <= POLICY_LIMIT));
        assert_eq!(policies.iter().map(|policy| policy.profiles.len()).sum::<usize>(), 30);
    }
}
