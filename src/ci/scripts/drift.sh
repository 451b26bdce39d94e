status=0
gwinfra drift --strict -o markdown > gwinfra-drift.md || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat gwinfra-drift.md >> "$GITHUB_STEP_SUMMARY"
fi
case "$status" in
  0) echo none > gwinfra-drift.state ;;
  2) echo found > gwinfra-drift.state ;;
  11) echo unknown > gwinfra-drift.state ;;
  *) exit "$status" ;;
esac
cat gwinfra-drift.md
