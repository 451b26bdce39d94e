//! How long AWS takes.

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is removed.
    Delete,
}

/// Seconds to create and to update, per type: historical averages that the tool rain carries (`estimate.go`). The delete column of
/// that source is a placeholder, so the third figure is an estimate: half of the creation where the service drains or takes a snapshot.
const PRIORS: [(&str, f64, f64, f64); 26] = [
    ("AWS::EC2::ClientVpnTargetNetworkAssociation", 463.0, 463.0, 300.0),
    ("AWS::EC2::ClientVpnAuthorizationRule", 240.0, 240.0, 60.0),
    ("AWS::EC2::ClientVpnRoute", 37.0, 1.0, 20.0),
    ("AWS::EC2::ClientVpnEndpoint", 3.0, 2.0, 3.0),
    ("AWS::ElastiCache::ReplicationGroup", 712.0, 208.0, 350.0),
    ("AWS::ElastiCache::ServerlessCache", 344.0, 113.0, 170.0),
    ("AWS::ElastiCache::CacheCluster", 344.0, 113.0, 170.0),
    ("AWS::RDS::DBCluster", 222.0, 62.0, 110.0),
    ("AWS::RDS::DBInstance", 595.0, 171.0, 300.0),
    ("AWS::RDS::DBProxy", 225.0, 63.0, 110.0),
    ("AWS::RDS::DBProxyTargetGroup", 85.0, 4.0, 10.0),
    ("AWS::EKS::Cluster", 544.0, 285.0, 270.0),
    ("AWS::EKS::Nodegroup", 160.0, 671.0, 200.0),
    ("AWS::EKS::Addon", 15.0, 9.0, 10.0),
    ("AWS::ECS::Service", 119.0, 71.0, 60.0),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", 116.0, 2.0, 20.0),
    ("AWS::EC2::NatGateway", 106.0, 5.0, 60.0),
    ("AWS::EC2::VPCEndpoint", 47.0, 11.0, 40.0),
    ("AWS::WAFv2::WebACL", 7.0, 9.0, 5.0),
    ("AWS::WAFv2::WebACLAssociation", 5.0, 1.0, 3.0),
    ("AWS::IAM::Role", 16.0, 14.0, 2.0),
    ("AWS::IAM::InstanceProfile", 121.0, 2.0, 2.0),
    ("AWS::EC2::Instance", 15.0, 10.0, 40.0),
    ("AWS::KMS::Key", 90.0, 30.0, 5.0),
    ("AWS::CertificateManager::Certificate", 120.0, 5.0, 5.0),
    ("AWS::Route53::RecordSet", 35.0, 35.0, 35.0),
];

/// Types without a prior: most handlers answer within a few seconds.
const OTHERWISE: (f64, f64, f64) = (4.0, 3.0, 3.0);

/// Seconds that AWS takes for `work` on a resource of this type.
pub fn seconds(type_name: &str, work: Work) -> f64 {
    let (create, update, delete) = PRIORS
        .iter()
        .find(|(name, ..)| *name == type_name)
        .map_or(OTHERWISE, |(_, create, update, delete)| (*create, *update, *delete));
    match work {
        Work::Create => create,
        Work::Update => update,
        Work::Delete => delete,
    }
}
