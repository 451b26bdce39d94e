//! What runs on Fargate.

use super::Ecs;
use crate::aws::Result;

/// CPU units that run on Fargate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FargateUse {
    /// Of tasks on `FARGATE`.
    pub on_demand: u64,
    /// Of tasks on `FARGATE_SPOT`.
    pub spot: u64,
}

impl Ecs {
    /// The CPU units of all Fargate tasks of the region, by cluster.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn fargate_use(&self) -> Result<Vec<(String, FargateUse)>> {
        let (mut clusters, mut token) = (Vec::new(), None);
        loop {
            let send = || self.client.list_clusters().set_next_token(token.clone()).send();
            let answer = self.caller.call("ListClusters", "*", send).await?;
            clusters.extend(answer.cluster_arns.unwrap_or_default());
            token = answer.next_token.filter(|token: &String| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        let mut all = Vec::new();
        for cluster in clusters {
            let used = self.cluster_use(&cluster).await?;
            all.push((cluster, used));
        }
        Ok(all)
    }

    async fn cluster_use(&self, cluster: &str) -> Result<FargateUse> {
        let mut used = FargateUse::default();
        for task in self.described_tasks(cluster, cluster, || self.client.list_tasks().cluster(cluster)).await? {
            let units = task.cpu.as_deref().and_then(|cpu| cpu.parse::<u64>().ok()).unwrap_or(0);
            match task.capacity_provider_name.as_deref() {
                Some("FARGATE_SPOT") => used.spot += units,
                Some("FARGATE") => used.on_demand += units,
                _ if task.launch_type.as_ref().is_some_and(|kind| kind.as_str() == "FARGATE") => {
                    used.on_demand += units;
                }
                _ => {}
            }
        }
        Ok(used)
    }
}
