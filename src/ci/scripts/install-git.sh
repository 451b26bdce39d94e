# Compiling takes some minutes: where the job keeps a cache, once for each revision.
bin="$HOME/.local/bin"
if ! command -v cargo > /dev/null; then
  echo "cargo is not in this image: write the workflow with --install-url, or use an image with Rust" >&2
  exit 1
fi
from_git() {
  cargo install --locked --root "$HOME/.local" --git "$INSTALL_GIT" --rev "$INSTALL_REV" "$@"
}
from_git gwinfra
# The image of the middleware is put together from its program, which lies beside gwinfra and is linked statically.
if ! command -v musl-gcc > /dev/null; then
  as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
  as_root apt-get update --quiet
  as_root apt-get install --yes --quiet musl-tools
fi
target="$(uname -m)-unknown-linux-musl"
if command -v rustup > /dev/null; then
  rustup target add "$target"
fi
from_git --target "$target" gwinfra-middleware
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$bin" >> "$GITHUB_PATH"
fi
"$bin/gwinfra" --version
