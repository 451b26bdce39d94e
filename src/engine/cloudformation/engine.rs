//! CloudFormation as an engine.

use async_trait::async_trait;

use super::{CloudFormationEngine, plan_offline};
use crate::drift::{Document, Finding};
use crate::engine::{
    Applied, ApplyOptions, DestroyOptions, DestroyPlan, DiagnoseOptions, DriftOptions, Engine, EngineError, Outputs,
    Patient, PlanOptions, RecoverOptions, Status, Underway, Unplanned,
};
use crate::plan::{Gate, Plan, SavedPlan};
use crate::render::Bundle;

#[async_trait(?Send)]
impl Engine for CloudFormationEngine {
    async fn plan(&self, bundle: &Bundle, options: &PlanOptions) -> Result<Plan, Unplanned> {
        self.plan(bundle, options).await
    }

    fn plan_offline(&self, bundle: &Bundle, previous: Option<&Bundle>) -> Result<Plan, Box<Unplanned>> {
        plan_offline(&self.registry, &*self.places, previous, bundle)
    }

    fn applied(&self) -> Result<Option<Bundle>, EngineError> {
        Ok(self.journal.applied()?)
    }

    async fn moved(&self, saved: &SavedPlan, bundle_sha256: Option<&str>) -> Result<Vec<String>, EngineError> {
        self.moved(saved, bundle_sha256).await
    }

    async fn discard(&self, plan: &Plan) -> Result<(), EngineError> {
        self.discard(plan).await
    }

    async fn take_up(&self, bundle: &Bundle) -> Result<(), EngineError> {
        self.take_up(bundle).await.map(drop)
    }

    fn settle(&self, bundle: &Bundle) -> Result<(), EngineError> {
        self.settle(bundle)
    }

    async fn apply(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<Applied, EngineError> {
        self.apply(saved, options).await
    }

    async fn outputs(&self, bundle: &Bundle) -> Result<Outputs, EngineError> {
        self.outputs(bundle).await
    }

    async fn status(&self, bundle: &Bundle) -> Result<Status, EngineError> {
        self.status(bundle).await
    }

    async fn drift(&self, bundle: &Bundle, options: &DriftOptions) -> Result<Document, EngineError> {
        self.drift(bundle, options).await
    }

    async fn revert(&self, bundle: &Bundle, address: &str, findings: &[Finding]) -> Result<usize, EngineError> {
        self.revert(bundle, address, findings).await
    }

    async fn diagnose(
        &self,
        bundle: &Bundle,
        options: &DiagnoseOptions,
    ) -> Result<crate::diagnose::Document, EngineError> {
        self.find_failures(bundle, options).await
    }

    async fn plan_destroy(&self, bundle: &Bundle, options: &DestroyOptions) -> Result<DestroyPlan, EngineError> {
        self.plan_destroy(bundle, options).await
    }

    async fn destroy(&self, bundle: &Bundle, plan: &DestroyPlan, options: &DestroyOptions) -> Result<(), EngineError> {
        self.destroy(bundle, plan, options).await
    }

    async fn underway(&self, bundle: &Bundle) -> Result<Vec<Underway>, EngineError> {
        self.find_underway(bundle).await
    }

    async fn watch(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        self.follow(bundle, underway).await
    }

    async fn cancel(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        self.cancel_all(bundle, underway).await
    }

    async fn patients(&self, bundle: &Bundle) -> Result<Vec<Patient>, EngineError> {
        self.patients(bundle).await
    }

    async fn unreconciled(&self, bundle: &Bundle) -> Result<Vec<Gate>, EngineError> {
        self.unreconciled(bundle).await
    }

    async fn recover(
        &self,
        bundle: &Bundle,
        patients: &[Patient],
        options: &RecoverOptions,
    ) -> Result<(), EngineError> {
        self.recover(bundle, patients, options).await
    }
}
