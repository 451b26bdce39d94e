status=0
gwinfra plan --out gwinfra.gwplan --detailed-exitcode -o markdown > gwinfra-plan.md || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat gwinfra-plan.md >> "$GITHUB_STEP_SUMMARY"
fi
case "$status" in
  0) changes=false ;;
  2) changes=true ;;
  *) exit "$status" ;;
esac
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "changes=$changes" >> "$GITHUB_OUTPUT"
fi
# Text for the log, and annotations at the lines of the spec that cost something.
gwinfra show gwinfra.gwplan
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  gwinfra show gwinfra.gwplan -o github
fi
