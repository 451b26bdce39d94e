# Nothing of it runs before its digest is the one that was written here.
bin="$HOME/.local/bin"
mkdir -p "$bin"
download=$(mktemp -d)
curl --fail --silent --show-error --location --retry 3 --output "$download/file" "$INSTALL_URL"
echo "$INSTALL_SHA256  $download/file" | sha256sum --check --quiet
case "${INSTALL_URL%%\?*}" in
  *.tar.gz | *.tgz)
    mkdir "$download/unpacked"
    tar -xzf "$download/file" -C "$download/unpacked"
    ;;
  *) install -D -m 0755 "$download/file" "$download/unpacked/gwinfra" ;;
esac
# Archives also have completions and the like of the same name: a program can be executed, and lies highest.
highest() {
  find "$download/unpacked" -type f -name "$@" -printf '%d %p\n' | LC_ALL=C sort -n | sed -n '1s/^[0-9]* //p'
}
# The image of the middleware is put together from its programs, which lie beside gwinfra.
for name in gwinfra gwinfra-middleware gwinfra-middleware-linux-amd64 gwinfra-middleware-linux-arm64; do
  program=$(highest "$name" -perm -u+x)
  if [ -z "$program" ]; then program=$(highest "$name"); fi
  if [ -n "$program" ]; then install -m 0755 "$program" "$bin/$name"; fi
done
rm -r "$download"
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$bin" >> "$GITHUB_PATH"
fi
"$bin/gwinfra" --version
