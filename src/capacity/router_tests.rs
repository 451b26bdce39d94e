//! Runs against closed forms, and against what LiteLLM was seen to do.

use super::*;
use crate::capacity::{Deployment, Gateway, Load, Request, Router};

/// One deployment without quotas, one request per second, answers at once; nothing is random.
fn scenario() -> Scenario {
    Scenario {
        deployments: deployments(1, None, None),
        load: Load { requests_per_minute: 60.0, seconds: 60.0, arrivals: Spread::Constant },
        request: Request {
            input_tokens: 600,
            output_tokens: 400,
            max_tokens: 400,
            burndown: 1,
            answer_seconds: 0.5,
            answers: Spread::Constant,
        },
        router: Router { retries: 3, cooldown_seconds: 5 },
        gateway: Gateway { workers: 1, seconds_per_request: 0.0 },
        seed: 1,
    }
}

/// A deployment in each of so many accounts.
fn deployments(count: usize, tpm: Option<u64>, rpm: Option<u64>) -> Vec<Deployment> {
    let of = |number| Deployment {
        account: format!("account-{number}"),
        tokens_per_minute: tpm,
        requests_per_minute: rpm,
        tpm,
        most_at_once: None,
    };
    (1..=count).map(of).collect()
}

fn load(requests_per_minute: f64, seconds: f64, arrivals: Spread) -> Load {
    Load { requests_per_minute, seconds, arrivals }
}

#[track_caller]
fn assert_within(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} is not {expected}");
}

fn mean_wait(scenario: &Scenario) -> f64 {
    simulate(scenario, RoutingStrategy::LeastBusy).wait.unwrap().mean_ms
}

#[test]
fn below_the_quota_every_request_is_answered() {
    let scenario = Scenario {
        deployments: deployments(3, None, Some(200)),
        load: load(540.0, 300.0, Spread::Constant),
        ..scenario()
    };
    for outcome in simulate_all(&scenario) {
        assert_eq!((outcome.requests, outcome.answered, outcome.refused), (2700, 2700, 0), "{:?}", outcome.strategy);
    }
}

#[test]
fn a_quota_is_used_to_the_last_request() {
    let scenario = Scenario {
        deployments: deployments(3, None, Some(200)),
        load: load(600.0, 300.0, Spread::Constant),
        ..scenario()
    };
    let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
    assert_eq!((outcome.answered, outcome.refused), (3000, 0));
    assert!(outcome.accounts.iter().all(|account| account.fullest_minute == Some(1.0)), "{outcome:?}");
}

#[test]
fn above_the_quota_the_share_of_429_is_what_the_quota_does_not_carry() {
    let scenario = Scenario {
        deployments: deployments(3, None, Some(1000)),
        load: load(6000.0, 300.0, Spread::Constant),
        ..scenario()
    };
    for outcome in simulate_all(&scenario) {
        assert_within(outcome.refused_share, 1.0 - 3000.0 / 6000.0, 0.01);
    }
}

#[test]
fn above_the_quota_the_arrivals_spread_makes_no_difference() {
    let scenario = Scenario {
        deployments: deployments(3, None, Some(1000)),
        load: load(6000.0, 600.0, Spread::Exponential),
        ..scenario()
    };
    for outcome in simulate_all(&scenario) {
        assert_within(outcome.refused_share, 0.5, 0.01);
    }
}

#[test]
fn token_quotas_refuse_the_same_share() {
    // A request takes 1000 tokens from its start to its end: 2 deployments carry 1000 of 4000 requests per minute.
    let scenario = Scenario {
        deployments: deployments(2, Some(500_000), None),
        load: load(4000.0, 300.0, Spread::Constant),
        ..scenario()
    };
    for outcome in simulate_all(&scenario) {
        assert_within(outcome.refused_share, 1.0 - 1000.0 / 4000.0, 0.01);
    }
}

#[test]
fn in_the_long_run_the_burndown_of_answers_sets_the_rate() {
    // 600 and 5 times 400 tokens: a quota of 260,000 carries 100 requests per minute, whatever is reserved.
    let scenario = Scenario {
        deployments: deployments(1, Some(260_000), None),
        load: load(400.0, 3600.0, Spread::Constant),
        request: Request { burndown: 5, answer_seconds: 10.0, ..scenario().request },
        router: Router { retries: 0, cooldown_seconds: 5 },
        ..scenario()
    };
    let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
    assert_within(outcome.refused_share, 1.0 - 100.0 / 400.0, 0.01);
}

#[test]
fn least_busy_loads_all_accounts_alike() {
    let scenario = Scenario {
        deployments: deployments(5, None, None),
        load: load(6000.0, 300.0, Spread::Exponential),
        request: Request { answer_seconds: 10.0, ..scenario().request },
        ..scenario()
    };
    let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
    outcome.accounts.iter().for_each(|account| assert_within(account.share, 0.2, 0.01));
}

#[test]
fn with_one_request_at_a_time_least_busy_uses_one_account() {
    // As LiteLLM did: 30 requests one after the other went 30, 0, 0; at once they went 10, 10, 10.
    let shares = |scenario: Scenario| -> Vec<u64> {
        let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
        outcome.accounts.iter().map(|account| account.answered).collect()
    };
    let three = Scenario { deployments: deployments(3, None, None), ..scenario() };
    let one_by_one = Scenario { load: load(60.0, 30.0, Spread::Constant), ..three.clone() };
    assert_eq!(shares(one_by_one), [30, 0, 0]);
    let at_once = Scenario { load: load(60_000.0, 0.03, Spread::Constant), ..three };
    assert_eq!(shares(at_once), [10, 10, 10]);
}

#[test]
fn cost_based_fills_one_account_after_the_other() {
    let scenario = Scenario {
        deployments: deployments(3, None, Some(100)),
        load: load(150.0, 60.0, Spread::Constant),
        ..scenario()
    };
    let outcome = simulate(&scenario, RoutingStrategy::CostBasedRouting);
    let answered: Vec<u64> = outcome.accounts.iter().map(|account| account.answered).collect();
    assert_eq!((answered, outcome.refused), (vec![100, 50, 0], 0));
}

#[test]
fn a_throttled_request_is_answered_by_another_account() {
    let mut scenario = Scenario {
        deployments: deployments(2, None, Some(1000)),
        load: load(120.0, 60.0, Spread::Constant),
        ..scenario()
    };
    scenario.deployments[0].requests_per_minute = Some(1);
    let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
    assert_eq!((outcome.refused, outcome.answered), (0, 120));
    // It is tried again after each cool-down of 5 seconds, and by nobody in between.
    assert_eq!(outcome.accounts[0].throttled, 12);
}

#[test]
fn without_retries_a_request_is_tried_once() {
    let scenario = Scenario {
        deployments: deployments(1, None, Some(10)),
        router: Router { retries: 0, cooldown_seconds: 5 },
        ..scenario()
    };
    let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
    assert_eq!((outcome.calls, outcome.answered), (60, 10));
    assert_eq!((outcome.throttled, outcome.refused, outcome.refused_by_router), (50, 50, 0));
}

#[test]
fn an_only_deployment_is_tried_again_after_growing_pauses() {
    let scenario =
        Scenario { deployments: deployments(1, None, Some(1)), load: load(60.0, 2.0, Spread::Constant), ..scenario() };
    // The second request is tried 4 times within 3.5 to 5.75 seconds, and then refused by the deployment itself.
    let outcome = simulate(&scenario, RoutingStrategy::LeastBusy);
    assert_eq!((outcome.answered, outcome.refused, outcome.refused_by_router), (1, 1, 0));
    assert_eq!((outcome.calls, outcome.throttled), (5, 4));
}

#[test]
fn an_only_deployment_that_is_full_for_the_usage_based_strategy_is_waited_for() {
    // As LiteLLM did: with a limit of 2 the second request waits a minute, and is answered then.
    let scenario =
        Scenario { deployments: deployments(1, None, Some(2)), load: load(60.0, 2.0, Spread::Constant), ..scenario() };
    let outcome = simulate(&scenario, RoutingStrategy::UsageBasedRoutingV2);
    assert_eq!((outcome.answered, outcome.refused), (2, 0));
    let wait = outcome.wait.unwrap();
    assert!(wait.p99_ms >= 60_000.0 && wait.p99_ms <= 60_750.0, "{wait:?}");
}

#[test]
fn the_wait_for_one_process_is_that_of_an_m_d_1_queue() {
    // Half used: the mean wait is half of the service time, and then comes the service.
    let scenario = Scenario {
        load: load(60.0 * 50.0, 12_000.0, Spread::Exponential),
        gateway: Gateway { workers: 1, seconds_per_request: 0.01 },
        ..scenario()
    };
    assert_within(mean_wait(&scenario) - 10.0, 5.0, 0.01);
}

#[test]
fn the_wait_for_slots_is_that_of_erlangs_c_formula() {
    // Two slots, one of them busy on average: a third of the requests wait, for a second on average.
    let mut scenario = Scenario {
        load: load(60.0, 500_000.0, Spread::Exponential),
        request: Request {
            output_tokens: 1_000_000,
            max_tokens: 1_000_000_000,
            answer_seconds: 1.0,
            answers: Spread::Exponential,
            ..scenario().request
        },
        ..scenario()
    };
    scenario.deployments[0].most_at_once = Some(2);
    let mean = (1..=4).map(|seed| mean_wait(&Scenario { seed, ..scenario.clone() })).sum::<f64>() / 4.0;
    assert_within(mean, 1000.0 * erlang_c(2, 1.0) / (2.0 - 1.0), 0.01);
}

/// Share of the requests that wait in an M/M/c queue.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let term = |n: u32| (1..=n).fold(1.0, |product, k| product * offered / f64::from(k));
    let all_busy = term(servers) * f64::from(servers) / (f64::from(servers) - offered);
    all_busy / ((0..servers).map(term).sum::<f64>() + all_busy)
}

#[test]
fn every_request_is_answered_or_refused() {
    let mut scenario = Scenario {
        deployments: deployments(3, Some(200_000), Some(90)),
        load: load(500.0, 120.0, Spread::Exponential),
        request: Request { burndown: 5, answer_seconds: 10.0, answers: Spread::Exponential, ..scenario().request },
        ..scenario()
    };
    for seed in 0..20 {
        scenario.seed = seed;
        for outcome in simulate_all(&scenario) {
            assert_eq!(outcome.requests, outcome.answered + outcome.refused, "{outcome:?}");
            assert_eq!(outcome.calls, outcome.answered + outcome.throttled, "{outcome:?}");
            assert_eq!(outcome.answered, outcome.accounts.iter().map(|account| account.answered).sum::<u64>());
        }
    }
}

#[test]
fn a_seed_gives_one_result_and_another_seed_another() {
    let mut scenario = Scenario {
        deployments: deployments(3, None, Some(100)),
        load: load(320.0, 120.0, Spread::Exponential),
        ..scenario()
    };
    let first = simulate_all(&scenario);
    assert_eq!(first, simulate_all(&scenario));
    scenario.seed = 2;
    assert_ne!(first, simulate_all(&scenario));
}

#[test]
fn all_strategies_get_the_same_requests() {
    let scenario = Scenario { load: load(500.0, 60.0, Spread::Exponential), ..scenario() };
    let requests: Vec<u64> = simulate_all(&scenario).iter().map(|outcome| outcome.requests).collect();
    assert!(requests.iter().all(|count| *count == requests[0]), "{requests:?}");
}
