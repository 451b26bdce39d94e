if [ -z "$PULL_REQUEST" ] || [ ! -f gwinfra-plan.md ]; then
  exit 0
fi
