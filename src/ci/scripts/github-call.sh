api="${GITHUB_API_URL:-https://api.github.com}/repos/$REPOSITORY/issues"
call() {
  curl --fail --silent --show-error --max-time 60 --retry 3 \
    --header @<(printf 'Authorization: Bearer %s\n' "$GITHUB_TOKEN") \
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' "$@"
}
# Only what this pipeline wrote itself is brought up to date: anybody may write the same first line. The token of a job of
# GitHub Actions cannot ask who it is.
author=${REPORT_AUTHOR:-}
if [ -z "$author" ]; then
  author=$(call "${GITHUB_API_URL:-https://api.github.com}/user" | jq --raw-output .login)
fi
