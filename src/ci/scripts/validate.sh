if [ -n "${GITHUB_ACTIONS:-}" ]; then
  gwinfra validate -o github
else
  gwinfra validate
fi
