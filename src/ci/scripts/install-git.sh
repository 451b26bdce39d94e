# Compiling takes some minutes: where the job keeps a cache, once for each revision.
bin="$HOME/.local/bin"
has() {
  [ -x "$bin/$1" ] && grep --quiet --no-messages "^\"$1 .*$INSTALL_REV" "$HOME/.local/.crates.toml"
}
built=false
from_git() {
  cargo install --locked --root "$HOME/.local" --git "$INSTALL_GIT" --rev "$INSTALL_REV" "$@"
  built=true
}
if { ! has gwinfra || ! has gwinfra-middleware; } && ! command -v cargo > /dev/null; then
  echo "cargo is not in this image: write the workflow with --install-url, or use an image with Rust" >&2
  exit 1
fi
if ! has gwinfra; then from_git gwinfra; fi
# The image of the middleware is put together from its program, which lies beside gwinfra and is linked statically. Only an
# apply may need it, and only where the image is not in its repository yet.
target="$(uname -m)-unknown-linux-musl"
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
links_statically() {
  if ! command -v musl-gcc > /dev/null; then
    as_root apt-get update --quiet || return 1
    as_root apt-get install --yes --quiet musl-tools || return 1
  fi
  if command -v rustup > /dev/null; then rustup target add "$target" || return 1; fi
  [ -d "$(rustc --print target-libdir --target "$target")" ]
}
if ! has gwinfra-middleware; then
  if links_statically; then
    from_git --target "$target" gwinfra-middleware
  else
    missing="musl-tools or Rust's target $target cannot be had here: there is no gwinfra-middleware, and its image cannot be made"
    if [ -n "${GITHUB_ACTIONS:-}" ]; then echo "::warning::$missing"; else echo "$missing" >&2; fi
  fi
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  kept=program
  if has gwinfra-middleware; then kept=whole; fi
  printf 'built=%s\nkept=%s\n' "$built" "$kept" >> "$GITHUB_OUTPUT"
fi
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$bin" >> "$GITHUB_PATH"
fi
"$bin/gwinfra" --version
