//! Checked strings: what an AWS identifier looks like, said once for the schema and for the reader.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares a string type whose schema carries a pattern and the words that say what is expected.
macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $expect:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("pattern" = $pattern, "x-expect" = $expect))]
        pub struct $name(pub String);

        impl $name {
            /// The text as typed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

checked_string!(
    /// Name of the deployment: the prefix of every resource name. 3 to 22 characters: lower case letters, digits and
    /// hyphens, a letter first, no hyphen last.
    DeploymentName,
    "^[a-z][a-z0-9-]{1,20}[a-z0-9]$",
    "3 to 22 lower case letters, digits or hyphens, starting with a letter and not ending with a hyphen"
);
checked_string!(
    /// AWS account id: 12 digits.
    AccountId,
    "^[0-9]{12}$",
    "an AWS account id of 12 digits, such as \"111122223333\""
);
checked_string!(
    /// AWS region code, such as `eu-central-1`.
    Region,
    "^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$",
    "an AWS region code, such as us-east-1"
);
checked_string!(
    /// Amazon Resource Name.
    Arn,
    "^arn:(aws|aws-us-gov|aws-cn|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f|aws-eusc):[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:.+$",
    "an ARN, such as arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d"
);
checked_string!(
    /// IPv4 network in CIDR notation, such as `10.40.0.0/16`, without host bits.
    Cidr,
    "^(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])$",
    "an IPv4 network in CIDR notation, such as 10.40.0.0/16"
);
checked_string!(
    /// DNS name, such as `llm.example.com`.
    DnsName,
    "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$",
    "a DNS name in lower case, such as llm.example.com"
);
checked_string!(
    /// Environment variable name: upper case letters, digits and underscores.
    VariableName,
    "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
    "the name of an environment variable, such as OPENAI_API_KEY"
);
checked_string!(
    /// Availability zone name, such as `us-east-1a`.
    AvailabilityZone,
    "^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}(-[a-z]{3}-[0-9])?[a-z]$",
    "the name of an availability zone, such as us-east-1a"
);
checked_string!(
    /// VPC id, such as `vpc-0a1b2c3d4e5f60718`.
    VpcId,
    "^vpc-([0-9a-f]{8}|[0-9a-f]{17})$",
    "a VPC id, such as vpc-0a1b2c3d4e5f60718"
);
checked_string!(
    /// Subnet id, such as `subnet-0a1b2c3d4e5f60718`.
    SubnetId,
    "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$",
    "a subnet id, such as subnet-0a1b2c3d4e5f60718"
);
checked_string!(
    /// Id of an organizational unit, such as `ou-ab12-cdefgh34`, or of the root of an organization, such as `r-ab12`.
    OrganizationalUnit,
    "^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$",
    "the id of an organizational unit or root, such as ou-ab12-cdefgh34 or r-ab12"
);
checked_string!(
    /// Name of an entry that others refer to: letters, digits, and `. _ - / :`.
    EntryName,
    "^[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}$",
    "a name of letters, digits and . _ - / :"
);

impl Arn {
    /// The parts of the ARN: partition, service, region, account, resource.
    pub fn parts(&self) -> Option<ArnParts<'_>> {
        let mut parts = self.0.splitn(6, ':').skip(1);
        Some(ArnParts {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// The parts of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArnParts<'a> {
    /// `aws`, `aws-us-gov`, `aws-cn` ...
    pub partition: &'a str,
    /// Service prefix: `acm`, `iam` ...
    pub service: &'a str,
    /// Region, empty for global services.
    pub region: &'a str,
    /// Account id, empty for some services.
    pub account: &'a str,
    /// Everything after the account.
    pub resource: &'a str,
}

impl Region {
    /// The partition that the region belongs to.
    pub fn partition(&self) -> &'static str {
        match self.0.split('-').next().unwrap_or_default() {
            "cn" => "aws-cn",
            "us" if self.0.starts_with("us-gov-") => "aws-us-gov",
            "us" if self.0.starts_with("us-iso-") => "aws-iso",
            "us" if self.0.starts_with("us-isob-") => "aws-iso-b",
            "eusc" => "aws-eusc",
            _ => "aws",
        }
    }

    /// The suffix of service host names in the region's partition.
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }
}
