# There is a report in any case, so that no comment of an older plan stays.
status=0
gwinfra plan -o markdown > gwinfra-plan.md || status=$?
marker="<!-- gwinfra:plan:$DEPLOYMENT -->"
if [ ! -s gwinfra-plan.md ]; then
  printf '%s\n**%s**: no plan (exit code %s). The log of the job says why.\n' "$marker" "$DEPLOYMENT" "$status" > gwinfra-plan.md
elif [ "$(head -n 1 gwinfra-plan.md)" != "$marker" ]; then
  # What is wrong with a spec is told of its file: nobody knows of which deployment it is.
  rest=$(tail -n +2 gwinfra-plan.md)
  printf '%s\n%s\n' "$marker" "$rest" > gwinfra-plan.md
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat gwinfra-plan.md >> "$GITHUB_STEP_SUMMARY"
fi
exit "$status"
