//! Pipelines: the steps that install gwinfra, as they run.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_yaml::Value;

use crate::ci::{BY_GIT, SHA256, read, written, yaml};
use crate::ci_steps::Runner;
use crate::rehearsal::{Rehearsal, Run, SPEC};
use crate::tools;

#[test]
fn only_what_has_the_digest_that_was_written_is_installed() {
    let rehearsal = Rehearsal::new();
    let Some(runner) = Runner::new(&rehearsal) else { return };
    program(&rehearsal.path("bin/gwinfra"), "#!/bin/sh\necho gwinfra 0.0.0\n");
    fs_err::create_dir(rehearsal.path("autocomplete")).unwrap();
    rehearsal.write("autocomplete/gwinfra", "complete -F _gwinfra gwinfra\n");
    for name in ["", ".1", ".sha256"] {
        rehearsal.write(&format!("bin/gwinfra-middleware-linux-arm64{name}"), "a program");
    }
    let packed = Command::new("tar")
        .args(["-czf", "gwinfra.tar.gz", "autocomplete", "bin"])
        .current_dir(rehearsal.path(""))
        .status()
        .unwrap();
    assert!(packed.success());
    let output = Command::new("sha256sum").arg(rehearsal.path("gwinfra.tar.gz")).output().unwrap();
    let digest = String::from_utf8(output.stdout).unwrap()[..64].to_owned();
    let script = gwinfra::ci::script("install-url").unwrap();
    let url = format!("file://{}", rehearsal.path("gwinfra.tar.gz").display());
    let runner = runner.set("INSTALL_URL", &url).set("GITHUB_PATH", "path.txt").set("INSTALL_SHA256", SHA256);
    let run = runner.run(&script);
    assert!(run.code != 0 && !rehearsal.path(".local/bin/gwinfra").exists(), "{run:?}");
    let run = runner.set("INSTALL_SHA256", &digest).run(&script).expect(0);
    assert_eq!(run.stdout, "gwinfra 0.0.0\n");
    let installed = fs_err::read_dir(rehearsal.path(".local/bin")).unwrap().map(|entry| entry.unwrap().file_name());
    let installed: BTreeSet<_> = installed.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(installed, ["gwinfra", "gwinfra-middleware-linux-arm64"].map(ToOwned::to_owned).into());
    assert!(read(&rehearsal, "path.txt").ends_with("/.local/bin\n"));
}

/// Writes a program.
fn program(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A cargo that notes what it is asked for, and writes what it would install.
const CARGO: &str = r#"#!/bin/sh
echo "$@" >> cargo.txt
while [ $# -gt 1 ]; do
  if [ "$1" = --rev ]; then revision=$2; fi
  shift
done
/bin/mkdir -p .local/bin
printf '#!/bin/sh\necho %s 0.0.0\n' "$1" > ".local/bin/$1"
/bin/chmod +x ".local/bin/$1"
printf '"%s 0.1.0 (git+https://example.com/gwinfra.git?rev=%s)" = ["%s"]\n' "$1" "$revision" "$1" >> .local/.crates.toml
"#;

/// The step that compiles gwinfra, in an image with cargo and nothing else that can be had: its run, and what cargo was asked
/// for.
fn compiled(rehearsal: &Rehearsal) -> Option<(Run, String)> {
    let runner = Runner::new(rehearsal)?;
    let image = tempfile::tempdir_in(rehearsal.path("")).unwrap();
    for name in ["bash", "grep", "uname", "id"] {
        std::os::unix::fs::symlink(tools::system(name, name)?, image.path().join(name)).unwrap();
    }
    program(&image.path().join("cargo"), CARGO);
    for name in ["apt-get", "sudo"] {
        program(&image.path().join(name), "#!/bin/sh\nexit 100\n");
    }
    rehearsal.write("output.txt", "");
    let runner = runner.set("PATH", &image.path().to_string_lossy());
    let runner = runner
        .set("GITHUB_ACTIONS", "true")
        .set("GITHUB_OUTPUT", "output.txt")
        .set("INSTALL_GIT", "https://example.com/gwinfra.git");
    let run = runner.set("INSTALL_REV", REVISION).run(&gwinfra::ci::script("install-git").unwrap());
    Some((run, fs_err::read_to_string(rehearsal.path("cargo.txt")).unwrap_or_default()))
}

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn what_a_cache_has_of_this_revision_is_not_compiled_again() {
    let rehearsal = Rehearsal::new();
    let mut known = "[v1]\n".to_owned();
    for name in ["gwinfra", "gwinfra-middleware"] {
        program(&rehearsal.path(&format!(".local/bin/{name}")), "#!/bin/sh\necho gwinfra 0.0.0\n");
        let from = format!("git+https://example.com/gwinfra.git?rev={REVISION}#{REVISION}");
        known += &format!("\"{name} 0.1.0 ({from})\" = [\"{name}\"]\n");
    }
    rehearsal.write(".local/.crates.toml", &known);
    let Some((run, asked)) = compiled(&rehearsal) else { return };
    let run = run.expect(0);
    assert_eq!((run.stdout.as_str(), asked.as_str()), ("gwinfra 0.0.0\n", ""));
    assert_eq!(read(&rehearsal, "output.txt"), "built=false\nkept=whole\n");
    rehearsal.write(".local/.crates.toml", &known.replace(REVISION, "another"));
    let (_, asked) = compiled(&rehearsal).unwrap();
    assert!(asked.ends_with(&format!("--rev {REVISION} gwinfra\n")), "{asked}");
}

#[test]
fn gwinfra_is_there_where_nothing_links_the_middleware_statically() {
    let rehearsal = Rehearsal::new();
    let Some((run, asked)) = compiled(&rehearsal) else { return };
    let run = run.expect(0);
    assert!(run.stdout.contains("::warning::musl-tools"), "{}", run.stdout);
    assert_eq!(asked.lines().count(), 1, "{asked}");
}

#[test]
fn a_cache_without_the_middleware_does_not_keep_one_with_it_from_being_written() {
    let rehearsal = Rehearsal::new();
    if compiled(&rehearsal).is_none() {
        return;
    }
    assert_eq!(read(&rehearsal, "output.txt"), "built=true\nkept=program\n");
    let (_, asked) = compiled(&rehearsal).unwrap();
    assert_eq!(asked.lines().count(), 1, "{asked}");
    assert_eq!(read(&rehearsal, "output.txt"), "built=false\nkept=program\n");
    // A job in which it can be compiled.
    program(&rehearsal.path(".local/bin/gwinfra-middleware"), "#!/bin/sh\n");
    let known = read(&rehearsal, ".local/.crates.toml");
    rehearsal.write(".local/.crates.toml", &format!("{known}{}", known.replace("\"gwinfra", "\"gwinfra-middleware")));
    let _ = compiled(&rehearsal).unwrap();
    assert_eq!(read(&rehearsal, "output.txt"), "built=false\nkept=whole\n");
    let job = yaml(&written(SPEC, "github", &BY_GIT), ".github/workflows/gwinfra.yml")["jobs"]["validate"].clone();
    let steps = job["steps"].as_sequence().unwrap();
    let caches: Vec<&Value> = steps.iter().map(|step| &step["with"]).filter(|with| with["key"].is_string()).collect();
    let [restored, saved] = caches.as_slice() else { panic!("{caches:#?}") };
    assert_eq!(restored["path"], saved["path"]);
    let prefix = restored["restore-keys"].as_str().unwrap();
    assert_eq!(restored["key"], format!("{prefix}whole"));
    assert_eq!(saved["key"], format!("{prefix}${{{{ steps.install.outputs.kept }}}}"));
}
