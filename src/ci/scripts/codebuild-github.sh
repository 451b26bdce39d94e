if [ -z "${GITHUB_TOKEN:-}" ]; then
  echo "There is no GITHUB_TOKEN, so the report is only here."
  exit 0
fi
REPOSITORY=${CODEBUILD_SOURCE_REPO_URL#https://github.com/}
REPOSITORY=${REPOSITORY%.git}
