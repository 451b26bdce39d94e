//! What the accounts of a model carry under load: a discrete-event simulation.
//!
//! A [`Scenario`] is requests that arrive at the gateway, LiteLLM's router with its retries and cool-downs, and one
//! deployment for each account and region with the quotas of a minute. [`simulate`] runs it under one of LiteLLM's
//! strategies and returns an [`Outcome`]; the same seed gives the same outcome. Nothing here knows of AWS or of files.
//!
//! How LiteLLM routes, retries, cools down and limits is that of LiteLLM 1.102.4, read in its source on 2026-11-29:
//! `router.py`, `router_strategy/` and `router_utils/cooldown_handlers.py`.

mod answer;
mod deployment;
mod event;
mod gateway;
mod outcome;
mod rate;
mod report;
mod router;
mod scenario;
mod setting;
mod strategy;
mod text;

use crate::mock_llm::minute;
pub use deployment::Deployment;
pub use outcome::{AccountLoad, Outcome, Wait};
pub use rate::{Rate, RateError, span};
pub use report::{Document, Loss, ModelCapacity, SCHEMA, Simulation, json_schema_text};
pub use router::{simulate, simulate_all};
pub use scenario::{Gateway, Load, Request, Router, Scenario, Spread};
pub use setting::{MOST_REQUESTS, Options, SettingError, Setup};
pub use strategy::STRATEGIES;
pub use text::text;
