# There is a report in any case, so that no comment of an older plan stays.
status=0
gwinfra plan -o markdown > gwinfra-plan.md || status=$?
if [ ! -s gwinfra-plan.md ]; then
  printf '<!-- gwinfra:plan:%s -->\n**%s**: no plan (exit code %s). The log of the job says why.\n' \
    "$DEPLOYMENT" "$DEPLOYMENT" "$status" > gwinfra-plan.md
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat gwinfra-plan.md >> "$GITHUB_STEP_SUMMARY"
fi
exit "$status"
