//! Links the release binary at a fixed address.
//!
//! The AWS SDK leaves 120,000 addresses to be set right whenever a position-independent binary starts: a sixth of the time
//! that `gwinfra render` takes, and two megabytes. A position that nobody knows guards programs against their own memory
//! errors; this one has no unsafe code, and ends with its command.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts in the environment")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|own| own == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
