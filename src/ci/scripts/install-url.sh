# Nothing of it runs before its digest is the one that was written here.
bin="$HOME/.local/bin"
mkdir -p "$bin"
download=$(mktemp -d)
curl --fail --silent --show-error --location --retry 3 --output "$download/file" "$INSTALL_URL"
echo "$INSTALL_SHA256  $download/file" | sha256sum --check --quiet
case "${INSTALL_URL%%\?*}" in
  *.tar.gz | *.tgz) tar -xzf "$download/file" -C "$download" ;;
  *) mv "$download/file" "$download/gwinfra" ;;
esac
# The image of the middleware is put together from its programs, which lie beside gwinfra.
find "$download" -type f \( -name gwinfra -o -name 'gwinfra-middleware*' \) -exec install -m 0755 -t "$bin" {} +
rm -r "$download"
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$bin" >> "$GITHUB_PATH"
fi
"$bin/gwinfra" --version
