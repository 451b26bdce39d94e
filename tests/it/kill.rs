//! `kill -9` at any point of an apply, then apply again: it converges and nothing is left over.

use std::process::Stdio;
use std::time::Duration;

use crate::rehearsal::Rehearsal;

/// How many points of an apply are tried. `GWINFRA_KILL_POINTS` asks for another number.
fn points() -> u32 {
    std::env::var_os("GWINFRA_KILL_POINTS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(50)
}

#[test]
fn an_apply_that_was_killed_is_taken_up_and_converges() {
    let whole = {
        let rehearsal = Rehearsal::new();
        let began = std::time::Instant::now();
        rehearsal.apply();
        began.elapsed()
    };
    let points = points();
    let mut killed = 0;
    for point in 0..points {
        let rehearsal = Rehearsal::new();
        let mut child = rehearsal
            .command(&["apply", "--yes"])
            .env("GWINFRA_SIMULATE", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The points are spread evenly over the time that an undisturbed apply took.
        std::thread::sleep(Duration::from_micros((whole.as_micros() as u64) * u64::from(point) / u64::from(points)));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
        rehearsal.apply();
        rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
        let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
        assert!(status["unfinished"].is_null(), "point {point}: {status}");
        for stack in status["stacks"].as_array().unwrap() {
            let state = stack["status"].as_str().unwrap_or_default();
            assert!(matches!(state, "CREATE_COMPLETE" | "UPDATE_COMPLETE"), "point {point}: {stack}");
        }
    }
    assert!(killed * 10 >= points * 8, "only {killed} of {points} runs were killed before their end");
}
