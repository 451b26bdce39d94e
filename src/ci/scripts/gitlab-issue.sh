# One issue for each deployment: opened or brought up to date when something drifts, closed when nothing does. Where not
# everything could be compared, nobody knows whether nothing does: an issue is brought up to date, and stays open.
api="$CI_API_V4_URL/projects/$CI_PROJECT_ID/issues"
marker=$(head -n 1 gwinfra-drift.md)
issue=$(call "$api?state=opened&labels=gwinfra-drift&per_page=100" | jq --raw-output --arg marker "$marker" --arg author "$author" \
  'map(select(.author.username == $author and (.description // "" | startswith($marker)))) | first | .iid // empty')
state=$(cat gwinfra-drift.state)
if [ "$state" = found ] || { [ "$state" = unknown ] && [ -n "$issue" ]; }; then
  body=$(jq --raw-input --slurp --arg title "Drift: $DEPLOYMENT" \
    '{title: $title, description: ., labels: "gwinfra-drift"}' gwinfra-drift.md)
  if [ -n "$issue" ]; then
    call --request PUT --data @- "$api/$issue" <<< "$body" > /dev/null
  else
    call --data @- "$api" <<< "$body" > /dev/null
  fi
elif [ "$state" = none ] && [ -n "$issue" ]; then
  call --data '{"body": "Nothing drifts any more."}' "$api/$issue/notes" > /dev/null
  call --request PUT --data '{"state_event": "close"}' "$api/$issue" > /dev/null
fi
