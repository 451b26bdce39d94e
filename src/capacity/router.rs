//! The run itself.

use super::answer::{Answer, exponential};
use super::deployment::State;
use super::event::{Agenda, Call, Event};
use super::gateway::Workers;
use super::minute::SECOND;
use super::outcome::{Outcome, Tally};
use super::scenario::{Scenario, Spread};
use super::strategy::{self, STRATEGIES, Strategy, View};
use crate::spec::RoutingStrategy;

/// Runs a scenario under a strategy. Under every strategy the same requests arrive at the same times.
pub fn simulate(scenario: &Scenario, strategy: RoutingStrategy) -> Outcome {
    Run::new(scenario, strategy).until_quiet()
}

/// Runs a scenario under each of [`STRATEGIES`].
pub fn simulate_all(scenario: &Scenario) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let runs = STRATEGIES.map(|strategy| scope.spawn(move || simulate(scenario, strategy)));
        runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Cool-down that LiteLLM takes for none, in seconds: `DEFAULT_COOLDOWN_TIME_SECONDS`.
const DEFAULT_COOLDOWN: u32 = 5;
/// First back-off, in seconds: `INITIAL_RETRY_DELAY` of LiteLLM's `constants.py`.
const FIRST_DELAY: f64 = 0.5;
/// Longest back-off, in seconds: `MAX_RETRY_DELAY`.
const LONGEST_DELAY: f64 = 8.0;
/// Most that is added to a back-off at random, in seconds: `JITTER`.
const JITTER: f64 = 0.75;

struct Run<'a> {
    scenario: &'a Scenario,
    strategy: (RoutingStrategy, Box<dyn Strategy>),
    agenda: Agenda,
    workers: Workers,
    deployments: Vec<State>,
    accounts: Vec<Account>,
    arrived: u64,
    last_arrival: f64,
    random: Random,
    tally: Tally,
}

struct Account {
    name: String,
    in_flight: u64,
    most_at_once: u64,
}

/// What is random, each from a stream of its own: what a strategy draws does not change what arrives.
struct Random {
    arrivals: fastrand::Rng,
    answers: fastrand::Rng,
    router: fastrand::Rng,
}

/// What a deployment says to a call.
enum Reply {
    Taken,
    Throttled,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, strategy: RoutingStrategy) -> Self {
        let mut accounts: Vec<Account> = Vec::new();
        let deployments = scenario
            .deployments
            .iter()
            .map(|deployment| {
                let known = accounts.iter().position(|account| account.name == deployment.account);
                let account = known.unwrap_or(accounts.len());
                if known.is_none() {
                    accounts.push(Account { name: deployment.account.clone(), in_flight: 0, most_at_once: 0 });
                }
                State::new(deployment, account, scenario.gateway.workers)
            })
            .collect();
        let mut seeds = fastrand::Rng::with_seed(scenario.seed);
        Self {
            scenario,
            strategy: (strategy, strategy::new(strategy, scenario.deployments.len())),
            agenda: Agenda::default(),
            workers: Workers::new(&scenario.gateway),
            deployments,
            accounts,
            arrived: 0,
            last_arrival: 0.0,
            random: Random { arrivals: seeds.fork(), answers: seeds.fork(), router: seeds.fork() },
            tally: Tally::default(),
        }
    }

    fn until_quiet(mut self) -> Outcome {
        self.expect_arrival();
        while let Some((now, event)) = self.agenda.next() {
            match event {
                Event::Arrive => {
                    self.expect_arrival();
                    self.tally.requests += 1;
                    let call = Call { arrived: now, failures: 0 };
                    self.agenda.add(self.workers.through(now), Event::Route(call));
                }
                Event::Route(call) => self.route(now, call),
                Event::Answered { deployment, started, answer } => self.answered(now, deployment, started, answer),
            }
        }
        let accounts = self.accounts.into_iter().map(|account| (account.name, account.most_at_once)).collect();
        self.tally.outcome(self.strategy.0, accounts, &self.deployments)
    }

    /// Adds the next arrival, if it is within the time of the load.
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 requests")]
    fn expect_arrival(&mut self) {
        let load = &self.scenario.load;
        let gap = 60.0 / load.requests_per_minute;
        let at = match load.arrivals {
            Spread::Constant => self.arrived as f64 * gap,
            Spread::Exponential => self.last_arrival + gap * exponential(&mut self.random.arrivals),
        };
        if at < load.seconds {
            self.arrived += 1;
            self.last_arrival = at;
            self.agenda.add(nanoseconds(at), Event::Arrive);
        }
    }

    /// Finds a deployment, and another one when that throttles, until one takes the request or the client is told 429.
    fn route(&mut self, now: u64, mut call: Call) {
        loop {
            if !self.any_in_rotation(now) {
                return self.refuse(true);
            }
            let input_tokens = self.scenario.request.input_tokens;
            let view = View { now, input_tokens, deployments: &self.deployments };
            let picked = self.strategy.1.pick(&view, &mut self.random.router);
            if let Some(index) = picked {
                let deployment = &mut self.deployments[index];
                if deployment.in_flight >= deployment.slots {
                    deployment.waiting.push_back(call);
                    return;
                }
                if matches!(self.call(now, index, call), Reply::Taken) {
                    return;
                }
            }
            match self.after_failure(now, &mut call, picked.is_none()) {
                Some(0) => {}
                Some(pause) => return self.agenda.add(now + pause, Event::Route(call)),
                None => return,
            }
        }
    }

    /// Sends a call to a deployment that has a slot.
    fn call(&mut self, now: u64, index: usize, call: Call) -> Reply {
        let request = &self.scenario.request;
        let alone = self.deployments.len() == 1;
        let deployment = &mut self.deployments[index];
        self.tally.calls += 1;
        self.strategy.1.started(index, now);
        if !deployment.admit(now, reserved(self.scenario)) {
            deployment.throttled += 1;
            // A model's only deployment is not cooled down: there would be none left.
            if !alone {
                let seconds = match self.scenario.router.cooldown_seconds {
                    0 => DEFAULT_COOLDOWN,
                    seconds => seconds,
                };
                deployment.cooled_until = now + u64::from(seconds) * SECOND;
            }
            return Reply::Throttled;
        }
        deployment.in_flight += 1;
        let account = &mut self.accounts[deployment.account];
        account.in_flight += 1;
        account.most_at_once = account.most_at_once.max(account.in_flight);
        self.tally.wait(now - call.arrived);
        let answer = Answer::draw(request, &mut self.random.answers);
        self.agenda.add(now + answer.took, Event::Answered { deployment: index, started: now, answer });
        Reply::Taken
    }

    /// How long to wait for the next try, or `None` when the client was told 429. With more than one deployment the next
    /// try follows at once: `async_function_with_retries` and `_time_to_sleep_before_retry` of LiteLLM's `router.py`.
    fn after_failure(&mut self, now: u64, call: &mut Call, full: bool) -> Option<u64> {
        let cooling = !self.any_in_rotation(now);
        if cooling || call.failures >= self.scenario.router.retries {
            self.refuse(full || cooling);
            return None;
        }
        call.failures += 1;
        if self.deployments.len() > 1 {
            return Some(0);
        }
        let jitter = nanoseconds(JITTER * self.random.router.f64());
        let pause = full
            .then(|| self.strategy.1.pause_when_full())
            .flatten()
            .unwrap_or_else(|| nanoseconds((FIRST_DELAY * 2f64.powi(i32::from(call.failures) - 1)).min(LONGEST_DELAY)));
        Some(pause + jitter)
    }

    fn answered(&mut self, now: u64, index: usize, started: u64, answer: Answer) {
        let request = &self.scenario.request;
        let deployment = &mut self.deployments[index];
        deployment.in_flight -= 1;
        deployment.answered += 1;
        self.accounts[deployment.account].in_flight -= 1;
        let settled = request.input_tokens.saturating_add(answer.tokens.saturating_mul(request.burndown));
        deployment.tokens.settle(started, now, reserved(self.scenario), settled);
        self.strategy.1.answered(index, now, request.input_tokens, answer);
        while let Some(mut call) = self.next_waiting(index) {
            if matches!(self.call(now, index, call), Reply::Taken) {
                continue;
            }
            if let Some(pause) = self.after_failure(now, &mut call, false) {
                self.agenda.add(now + pause, Event::Route(call));
            }
        }
    }

    /// A call that waits for the deployment, if that has a slot.
    fn next_waiting(&mut self, index: usize) -> Option<Call> {
        let deployment = &mut self.deployments[index];
        (deployment.in_flight < deployment.slots).then(|| deployment.waiting.pop_front()).flatten()
    }

    fn any_in_rotation(&self, now: u64) -> bool {
        self.deployments.iter().any(|deployment| deployment.in_rotation(now))
    }

    fn refuse(&mut self, by_router: bool) {
        self.tally.refused += 1;
        self.tally.refused_by_router += u64::from(by_router);
    }
}

/// Tokens that a request holds from its start.
fn reserved(scenario: &Scenario) -> u64 {
    scenario.request.input_tokens.saturating_add(scenario.request.max_tokens)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times are not negative and far below 2^52 nanoseconds"
)]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * SECOND as f64).round() as u64
}

#[cfg(test)]
#[path = "router_tests.rs"]
mod tests;
