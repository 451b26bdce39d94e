# Compiling takes some minutes: where the job keeps a cache, once for each revision.
bin="$HOME/.local/bin"
if ! command -v cargo > /dev/null; then
  echo "cargo is not in this image: write the workflow with --install-url, or use an image with Rust" >&2
  exit 1
fi
cargo install --locked --root "$HOME/.local" --git "$INSTALL_GIT" --rev "$INSTALL_REV" gwinfra
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$bin" >> "$GITHUB_PATH"
fi
"$bin/gwinfra" --version
