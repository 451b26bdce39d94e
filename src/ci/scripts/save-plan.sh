rm -f gwinfra.gwplan
status=0
gwinfra plan --out gwinfra.gwplan --detailed-exitcode -o markdown > gwinfra-plan.md || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat gwinfra-plan.md >> "$GITHUB_STEP_SUMMARY"
fi
case "$status" in
  0) changes=false ;;
  2) changes=true ;;
  10)
    # Accounts that refuse keep none of the others back. Where a stack has to be looked at first, there is no plan.
    [ -s gwinfra.gwplan ] || exit "$status"
    changes=true
    ;;
  *) exit "$status" ;;
esac
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "changes=$changes" >> "$GITHUB_OUTPUT"
fi
# Text for the log, and annotations: at the lines of the spec that cost something, and for accounts that were not asked.
gwinfra show gwinfra.gwplan
if [ -n "${GITHUB_ACTIONS:-}" ]; then
  gwinfra show gwinfra.gwplan -o github
fi
if [ "$status" -eq 10 ]; then
  echo "Accounts could not be asked: the plan is kept for the others, and its apply ends with 10." >&2
fi
