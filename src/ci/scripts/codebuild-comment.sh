# A build of a branch or of a tag has no pull request.
PULL_REQUEST=""
case "${CODEBUILD_WEBHOOK_TRIGGER:-}" in
  pr/*) PULL_REQUEST=${CODEBUILD_WEBHOOK_TRIGGER#pr/} ;;
esac
if [ -z "$PULL_REQUEST" ] || [ ! -f gwinfra-plan.md ]; then
  exit 0
fi
