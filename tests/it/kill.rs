//! `kill -9` at any point of an apply, then apply again: it converges and nothing is left over.

use std::process::Stdio;
use std::time::Duration;

use crate::rehearsal::Rehearsal;

/// How many points of an apply are tried. `GWINFRA_KILL_POINTS` asks for another number.
fn points() -> u32 {
    std::env::var_os("GWINFRA_KILL_POINTS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(50)
}

/// Begins an apply and kills it after some time. Whether it was still at work.
fn is_killed_after(rehearsal: &Rehearsal, time: Duration) -> bool {
    let mut child = rehearsal
        .command(&["apply", "--yes"])
        .env("GWINFRA_SIMULATE", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(time);
    let at_work = child.try_wait().unwrap().is_none();
    if at_work {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    at_work
}

#[test]
fn an_apply_that_was_killed_is_taken_up_and_converges() {
    let mut whole = {
        let rehearsal = Rehearsal::new();
        let began = std::time::Instant::now();
        rehearsal.apply();
        began.elapsed()
    };
    let points = points();
    for point in 0..points {
        let rehearsal = loop {
            let rehearsal = Rehearsal::new();
            // The points are spread evenly over the time that an undisturbed apply takes.
            if is_killed_after(&rehearsal, whole * point / points) {
                break rehearsal;
            }
            // It had ended before: the machine was busier when the time was taken.
            whole = whole * 4 / 5;
        };
        rehearsal.apply();
        rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
        let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
        assert!(status["unfinished"].is_null(), "point {point}: {status}");
        for stack in status["stacks"].as_array().unwrap() {
            let state = stack["status"].as_str().unwrap_or_default();
            assert!(matches!(state, "CREATE_COMPLETE" | "UPDATE_COMPLETE"), "point {point}: {stack}");
        }
    }
}
