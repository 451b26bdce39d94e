//! The ids of the checks, and what `gwinfra explain` says about each.

/// Id, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        "GWD101",
        "Terraform is there and new enough",
        "With `engine: terraform` gwinfra runs your own Terraform or OpenTofu: `--terraform-bin`, or else `terraform`, or else `tofu` on the `PATH`. Version 1.11 or newer is needed: it keeps secrets out of the state by write-only arguments and locks a state in S3 by itself.",
    ),
    (
        "GWD102",
        "Images that have to be built can be built",
        "An image of the deployment's own repository comes from what was built here, from what LiteLLM publishes, or is in the repository already. Where only the last is left, the repository is asked: an image that is not there is a failure, and where nobody can be asked a warning says so. LiteLLM's image is built by buildah, podman or docker, whichever is there; the middleware's is put together without any of them.",
    ),
    (
        "GWD103",
        "The journal can be written",
        "Each apply writes a journal before and after each step, so that a run that was killed can be taken up again. The directory (`.gwinfra` beside the spec, or `--state-dir`) must be writable, with some space left.",
    ),
    (
        "GWD104",
        "This machine's clock agrees with AWS's",
        "AWS refuses a signature whose time is five minutes off. The clock is compared with the `Date` of an answer of STS, which counts whole seconds.",
    ),
    (
        "GWD201",
        "The credentials work, and are of the hub's account",
        "`sts:GetCallerIdentity`, through `hub.deploy_role` where there is one. Without it nothing else in the hub can be asked, and those checks are skipped.",
    ),
    (
        "GWD202",
        "The credentials last as long as a deployment",
        "When the credentials say when they end, that is compared with what making the whole deployment takes: the longest path through its resources, by published averages per resource type. Where the deployment was applied from here before, it is only a warning: most changes take less. Sessions of a `deploy_role` are renewed by gwinfra itself as long as your own credentials work.",
    ),
    (
        "GWD203",
        "Every Bedrock account can be reached",
        "Each account is asked who is calling, through its `deploy_role`, or with your own credentials where it has none. One that cannot be asked keeps none of the others from being looked at. With `rollout: stack_sets` an account without a `deploy_role` is not asked.",
    ),
    (
        "GWD301",
        "The policies of whoever deploys allow it (simulated)",
        "IAM's own simulation (`iam:SimulatePrincipalPolicy`) is asked about every action that this spec needs: those that AWS lists in the handlers of each rendered resource type, and those that gwinfra or Terraform's provider calls. Each refusal names the action, the resources, and the line of the spec that needs it.\n\nThe simulation knows identity policies and permissions boundaries, and of an organisation's policies what IAM knows. It does not know policies of resources, session policies and resource control policies. AWS's lists are for every way in which a type can be used, so an action may be listed that this spec never calls. Names that are not known beforehand are asked about with a `*` in their place.\n\n`gwinfra doctor --emit-policy` prints policies that allow all of it, and not more.",
    ),
    (
        "GWD401",
        "Every account has access to the models that it serves",
        "`bedrock:GetFoundationModelAvailability` in each account and region: agreement, authorisation, entitlement, and whether the region has the model, which does not count for an inference profile.",
    ),
    (
        "GWD402",
        "The accounts' token quotas are what the spec says",
        "The tokens per minute that Service Quotas has for each model, account and region, against `bedrock.tpm`, by which LiteLLM routes. A quota of 0 is an account that AWS holds. Requests per minute are compared with `bedrock.rpm` where AWS has a quota of them; where it has none, `bedrock.rpm` is a limit of your own.",
    ),
    (
        "GWD501",
        "The quotas leave room for what is made",
        "What Service Quotas allows, against what is used now and what the spec makes beyond what of it is there already. Addresses, VPCs, gateways, VPN endpoints, load balancers, databases and vCPUs of Fargate in the hub, and stacks in every account. More than fits at first is an error; what only autoscaling would need at its most is a warning.",
    ),
    (
        "GWD601",
        "The regions have the resource types that are made",
        "The registry of CloudFormation is asked for every rendered type in its region, whichever engine deploys: a type that it lacks is a service or feature that the region lacks. Types that may not be asked about are named: whether the region has them is not known. Bedrock makes no resources here: which region has which model is asked by GWD401.",
    ),
    (
        "GWD602",
        "The zones offer the instance types that the spec names",
        "`ec2:DescribeInstanceTypeOfferings` for the instance types of `access.bastion`, `compute.ec2` and `compute.eks.nodes`, in the zones of the private subnets; EKS Auto Mode chooses its own. A type that no zone offers is an error, and the fix names the nearest types that the region has; one that some zone lacks is a warning: instances are made in the other zones only.",
    ),
    (
        "GWD603",
        "The region has the database's version and instance classes",
        "`rds:DescribeOrderableDBInstanceOptions` for each instance class with the engine and version that the cluster is made with, `db.serverless` for Serverless v2, in the zones of the data subnets. Where RDS has none to order, `rds:DescribeDBEngineVersions` tells whether it is the version that the region lacks, and the fix names the nearest that it has. No zone at all is an error; only one zone for two or more instances is a warning, as readers are there for the case that the writer's zone fails. What can be ordered may still lack capacity at the moment.",
    ),
    (
        "GWD604",
        "The region has the cache's version and node type",
        "`elasticache:DescribeCacheEngineVersions` lists the versions of an engine. No call lists the node types that a region offers; what comes nearest is `elasticache:DescribeReservedCacheNodesOfferings`: AWS sells reservations of the node types that it offers, so one of which the region sells none is an error, and the fix names the nearest that it has. A node type could be offered before its reservations are: leave the check out then, with `--skip cache-nodes`. Which zones have a node type cannot be known beforehand. ElastiCache Serverless has no node types; of its engine's major version the region must have some version.",
    ),
    (
        "GWD605",
        "The zones have the services that VPC endpoints lead to",
        "`ec2:DescribeVpcEndpointServices` for each service that gets an endpoint. An interface endpoint has an address in each private subnet, and EC2 refuses one in a zone that the service is not in; a gateway endpoint is in no zone.",
    ),
    (
        "GWD701",
        "Networks do not overlap with those that are there",
        "A network for VPN clients that the gateway's VPC has a route into is an error: AWS refuses it, or answers to clients get lost. A new VPC that overlaps another VPC of the hub, or a network that one of them has a route to, is a warning: it can be made, and never be joined with that network.",
    ),
    (
        "GWD801",
        "The certificates that the spec names can be used",
        "Each is in ACM in the hub's account and region, issued, and not about to end; its names are shown, and the load balancer's is for `ingress.tls.certificate.name`. Client VPN takes keys of RSA with 1024 or 2048 bits only. A certificate that is made for `ingress.tls.domain` is not there before.",
    ),
    (
        "GWD802",
        "The secrets that the spec names are there",
        "`secretsmanager:DescribeSecret`: whether each secret is there and not about to be deleted. No value is read.",
    ),
    (
        "GWD901",
        "No stack of this deployment is in the way",
        "Stacks of this prefix in a status in which an apply stops are errors, with the command that brings them out of it. What an apply gets past by itself is a warning: `REVIEW_IN_PROGRESS`, an empty stack that only holds change sets, which `gwinfra doctor --fix` deletes; `ROLLBACK_COMPLETE`, a first creation that was rolled back.",
    ),
    (
        "GWD902",
        "No name that a creation takes is taken",
        "Resources with a name of their own, of stacks that are not there yet, are looked for. What somebody else has made or an earlier deployment has kept would let the creation fail with `AlreadyExists`. What is deployed already is not looked at.",
    ),
    (
        "GWD903",
        "No deleted stack has left anything",
        "A destroy keeps what cannot be made again: the key that encrypts, the secret with which LiteLLM's salt encrypts. CloudFormation lists deleted stacks for 90 days; what such a stack of this deployment has kept, and is still there, is a warning: it costs something and nothing uses it. With `engine: terraform` there are no stacks to look at.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
