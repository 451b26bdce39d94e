# An empty list of what is allowed is none.
if [ -z "${GWINFRA_ALLOW_REPLACE:-}" ]; then unset GWINFRA_ALLOW_REPLACE; fi
if [ -z "${GWINFRA_ALLOW_DESTROY:-}" ]; then unset GWINFRA_ALLOW_DESTROY; fi

if gwinfra show gwinfra.gwplan -o json | jq --exit-status '.stacks | all(.action == "no-op")' > /dev/null; then
  echo "Nothing to apply."
  exit 0
fi
status=0
gwinfra apply gwinfra.gwplan --yes || status=$?
if [ "$status" -ne 7 ]; then
  exit "$status"
fi

# Stale: something moved since the plan was saved. A new plan is applied only if it does the same.
echo "The saved plan is stale: planning again."
again=0
rm -f gwinfra-again.gwplan
gwinfra plan --out gwinfra-again.gwplan --detailed-exitcode -o json > gwinfra-again.json || again=$?
case "$again" in
  0)
    echo "Nothing is left to apply."
    exit 0
    ;;
  2) ;;
  10)
    # Accounts that could not be asked, as when the plan was shown.
    [ -s gwinfra-again.gwplan ] || exit "$again"
    if jq --exit-status '.stacks | all(.action == "no-op" or .action == "unreachable")' gwinfra-again.json > /dev/null; then
      echo "Nothing is left to apply but in accounts that could not be asked."
      exit "$again"
    fi
    ;;
  *) exit "$again" ;;
esac
rows='{gates, changes: [.changes[] | {address, actions, replace, paths, before, after}]}'
gwinfra show gwinfra.gwplan -o json | jq --sort-keys "$rows" > gwinfra-shown.json
jq --sort-keys "$rows" gwinfra-again.json > gwinfra-now.json
if ! cmp --silent gwinfra-shown.json gwinfra-now.json; then
  gwinfra show gwinfra-again.gwplan
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    gwinfra show gwinfra-again.gwplan -o markdown >> "$GITHUB_STEP_SUMMARY"
  fi
  echo "What would be applied now is not what was shown. Nothing was changed: run the pipeline again." >&2
  exit 7
fi
gwinfra apply gwinfra-again.gwplan --yes
