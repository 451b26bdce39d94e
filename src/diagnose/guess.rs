//! Why it probably happened: said only where two facts speak for it, and always as a guess.

use super::enrich::Signal;
use super::report::Guess;

/// Facts that a guess needs.
const NEEDED: usize = 2;

/// Gives the fact in words, if the signal is one.
type Sign = fn(&Signal) -> Option<String>;

struct Rule {
    text: &'static str,
    signs: &'static [Sign],
}

const RULES: [Rule; 7] = [
    Rule {
        text: "the containers do not reach the database: a security group, a route or the database itself",
        signs: &[database_line, failed],
    },
    Rule { text: "the containers have too little memory: `compute.fargate.memory`", signs: &[killed, out_of_memory] },
    Rule {
        text: "the image is for another architecture than `compute.fargate.architecture`",
        signs: &[wrong_format, wrong_platform, not_initialised, failed],
    },
    Rule {
        text: "the subnets have no way to AWS: `network.vpc.create.nat`, or `network.endpoints`",
        signs: &[not_initialised, timed_out],
    },
    Rule {
        text: "a secret that the spec names is not there, or lacks a key: `gateway.litellm.secrets`",
        signs: &[not_initialised, no_secret],
    },
    Rule {
        text: "LiteLLM does not take its configuration: `gwinfra config check`",
        signs: &[configuration_line, failed],
    },
    Rule {
        text: "the tasks start, and do not answer the load balancer in time",
        signs: &[unhealthy, failed_health_check],
    },
];

/// The guesses that the signals support.
pub(super) fn guesses(signals: &[Signal]) -> Vec<Guess> {
    let supported = RULES.iter().filter_map(|rule| {
        let facts: Vec<String> = rule.signs.iter().filter_map(|sign| signals.iter().find_map(sign)).collect();
        (facts.len() >= NEEDED).then(|| Guess { text: rule.text.to_owned(), signals: facts })
    });
    supported.collect()
}

fn line(signal: &Signal, fits: impl Fn(&str) -> bool) -> Option<String> {
    match signal {
        Signal::Line(line) if fits(&line.to_lowercase()) => Some(format!("the log says {line:?}")),
        _ => None,
    }
}

fn stopped(signal: &Signal, fits: impl Fn(&str) -> bool, fact: &str) -> Option<String> {
    match signal {
        Signal::Stopped(reason) if fits(&reason.to_lowercase()) => Some(fact.to_owned()),
        _ => None,
    }
}

fn any(text: &str, signs: &[&str]) -> bool {
    signs.iter().any(|sign| text.contains(sign))
}

fn database_line(signal: &Signal) -> Option<String> {
    line(signal, |line| {
        let database = any(line, &["5432", "database", "postgres", "p1001"]);
        database
            && any(
                line,
                &["refused", "timed out", "timeout", "can't reach", "cannot reach", "p1001", "could not connect"],
            )
    })
}

fn configuration_line(signal: &Signal) -> Option<String> {
    line(signal, |line| {
        any(line, &["config", "yaml"])
            && any(line, &["invalid", "validation error", "parsererror", "scannererror", "keyerror"])
    })
}

fn failed(signal: &Signal) -> Option<String> {
    match signal {
        Signal::Exit { container, code } if *code != 0 => Some(format!("{container} ended with {code}")),
        _ => None,
    }
}

/// 128 and SIGKILL.
fn killed(signal: &Signal) -> Option<String> {
    match signal {
        Signal::Exit { container, code: 137 } => Some(format!("{container} was killed (137)")),
        _ => None,
    }
}

fn out_of_memory(signal: &Signal) -> Option<String> {
    let signs = ["outofmemory", "out of memory", "oom"];
    stopped(signal, |reason| any(reason, &signs), "ECS says that memory was used up")
        .or_else(|| line(signal, |line| any(line, &["out of memory", "memoryerror", "heap out"])))
}

fn wrong_format(signal: &Signal) -> Option<String> {
    line(signal, |line| line.contains("exec format error"))
}

fn wrong_platform(signal: &Signal) -> Option<String> {
    let sign = "descriptor matching platform";
    stopped(signal, |reason| reason.contains(sign), "the image has no part for this platform")
        .or_else(|| stopped(signal, |reason| reason.contains("exec format error"), "exec format error"))
}

fn not_initialised(signal: &Signal) -> Option<String> {
    let signs = ["resourceinitializationerror", "cannotpullcontainererror", "cannotpullimagemanifesterror"];
    stopped(signal, |reason| any(reason, &signs), "the task stopped before its containers began")
}

fn timed_out(signal: &Signal) -> Option<String> {
    let signs = ["i/o timeout", "deadline exceeded", "request canceled", "timed out"];
    stopped(signal, |reason| any(reason, &signs), "no answer came from AWS")
}

fn no_secret(signal: &Signal) -> Option<String> {
    let signs =
        ["can't find the specified secret", "resourcenotfoundexception: secrets manager", "did not contain json key"];
    stopped(signal, |reason| any(reason, &signs), "Secrets Manager does not have a secret, or not that key of it")
}

fn unhealthy(signal: &Signal) -> Option<String> {
    match signal {
        Signal::Target(reason) => Some(format!("the load balancer says {reason}")),
        _ => None,
    }
}

fn failed_health_check(signal: &Signal) -> Option<String> {
    let signs = ["failed elb health checks", "failed container health checks"];
    stopped(signal, |reason| any(reason, &signs), "ECS stopped a task because of its health checks")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(code: i32) -> Signal {
        Signal::Exit { container: "litellm".to_owned(), code }
    }

    #[test]
    fn one_signal_is_not_enough() {
        assert!(guesses(&[exit(137)]).is_empty());
    }

    #[test]
    fn a_database_that_refuses_and_an_exit_are() {
        let line = Signal::Line("connection to aurora.cluster-x:5432 refused".to_owned());
        let found = guesses(&[exit(1), line]);
        assert_eq!(found.len(), 1);
        assert!(found[0].text.contains("database") && found[0].signals.len() == 2, "{found:?}");
    }

    #[test]
    fn memory_that_is_used_up_and_a_kill_are() {
        let stopped = Signal::Stopped("OutOfMemoryError: Container killed due to memory usage".to_owned());
        assert!(guesses(&[exit(137), stopped])[0].text.contains("compute.fargate.memory"));
    }

    #[test]
    fn an_image_of_another_architecture_is_guessed_though_no_container_began() {
        let stopped = Signal::Stopped(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain \
             descriptor matching platform 'linux/arm64'"
                .to_owned(),
        );
        assert!(guesses(&[stopped])[0].text.contains("compute.fargate.architecture"));
    }

    #[test]
    fn a_manifest_that_nobody_answers_for_is_a_matter_of_the_way() {
        let stopped = Signal::Stopped(
            "CannotPullImageManifestError: Error response from daemon: Get https://registry/v2/: net/http: request canceled \
             while waiting for connection"
                .to_owned(),
        );
        assert!(guesses(&[stopped])[0].text.contains("no way to AWS"));
    }

    #[test]
    fn a_secret_without_the_key_is_guessed() {
        let stopped = Signal::Stopped(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets \
             Manager did not contain json key master"
                .to_owned(),
        );
        assert!(guesses(&[stopped])[0].text.contains("lacks a key"));
    }

    #[test]
    fn an_ordinary_exit_supports_nothing() {
        let stopped = Signal::Stopped("Essential container in task exited".to_owned());
        assert!(guesses(&[exit(1), stopped]).is_empty());
    }
}
