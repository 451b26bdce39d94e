//! A disk that is full while a bundle is written: one clear error, and nothing lost.
//!
//! The disk is a real one, a small tmpfs in a mount namespace of the test's own. That takes Linux and either root or user
//! namespaces; without them the tests are skipped with a line that says so, and in CI they fail.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::rehearsal::{Rehearsal, Run, files_below};

/// Fills the disk but for the space of a few files, so that the next bundle breaks off in its middle.
const FILL: &str = "cat /dev/zero > disk/fill 2>/dev/null; truncate -s -49152 disk/fill";
/// Copies what is on the disk to where the test can see it: the mount ends with the script. `fill` is no part of that.
const LOOK: &str = "rm disk/fill; cp -r disk/. seen";

#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn can_mount() -> bool {
    let made = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    let can = made.is_ok_and(|output| output.status.success());
    if !can {
        assert!(std::env::var_os("CI").is_none(), "CI needs `unshare -rm` and a tmpfs");
        eprintln!("skipped: this machine lets nobody mount a tmpfs in a namespace (`unshare -rm`)");
    }
    can
}

/// Runs a script beside `disk`, which has one MiB. `$0` is the binary.
fn on_a_small_disk(rehearsal: &Rehearsal, script: &str) -> Option<Run> {
    if !can_mount() {
        return None;
    }
    fs_err::create_dir(rehearsal.path("disk")).unwrap();
    fs_err::create_dir(rehearsal.path("seen")).unwrap();
    let script = format!("mount -t tmpfs -o size=1m tmpfs disk || exit 99\n{script}");
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script, env!("CARGO_BIN_EXE_gwinfra")])
        .current_dir(rehearsal.path(""))
        .output()
        .unwrap();
    Some(Run::from(output))
}

/// Files below a directory and their contents.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    files_below(directory)
        .into_iter()
        .map(|file| (file.strip_prefix(directory).unwrap().display().to_string(), fs_err::read(file).unwrap()))
        .collect()
}

/// One error that says what is wrong and what became of it.
fn is_one_error(run: &Run) {
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("No space left on device"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was replaced"), "{}", run.stderr);
}

#[test]
fn a_bundle_that_does_not_fit_is_not_there_at_all() {
    let rehearsal = Rehearsal::new();
    let script = format!("{FILL}\n\"$0\" render --out disk/bundle\ncode=$?\n{LOOK}\nexit $code");
    let Some(run) = on_a_small_disk(&rehearsal, &script) else { return };
    is_one_error(&run.expect(1));
    assert_eq!(fs_err::read_dir(rehearsal.path("seen")).unwrap().count(), 0);
}

#[test]
fn the_bundle_from_before_stays_as_it_was() {
    let rehearsal = Rehearsal::new();
    rehearsal.bare(&["render", "--out", "before/bundle"]).expect(0);
    rehearsal.change("memory: 4096", "memory: 8192");
    let script = format!(
        "cp -r before/bundle disk/bundle\n{FILL}\n\"$0\" render --out disk/bundle\ncode=$?\n{LOOK}\nexit $code"
    );
    let Some(run) = on_a_small_disk(&rehearsal, &script) else { return };
    is_one_error(&run.expect(1));
    assert_eq!(contents(&rehearsal.path("seen")), contents(&rehearsal.path("before")));
}
