# One issue for each deployment: opened or brought up to date when something drifts, closed when nothing does. Where not
# everything could be compared, nobody knows whether nothing does: an issue is brought up to date, and stays open.
marker=$(head -n 1 gwinfra-drift.md)
issue=$(call "$api?state=open&labels=gwinfra-drift&per_page=100" | jq --raw-output --arg marker "$marker" --arg author "$author" \
  'map(select((.pull_request | not) and .user.login == $author and (.body // "" | startswith($marker)))) | first | .number // empty')
state=$(cat gwinfra-drift.state)
if [ "$state" = found ] || { [ "$state" = unknown ] && [ -n "$issue" ]; }; then
  body=$(jq --raw-input --slurp --arg title "Drift: $DEPLOYMENT" \
    '{title: $title, body: ., labels: ["gwinfra-drift"]}' gwinfra-drift.md)
  if [ -n "$issue" ]; then
    call --request PATCH --data @- "$api/$issue" <<< "$body" > /dev/null
  else
    call --data @- "$api" <<< "$body" > /dev/null
  fi
elif [ "$state" = none ] && [ -n "$issue" ]; then
  call --data '{"body": "Nothing drifts any more."}' "$api/$issue/comments" > /dev/null
  call --request PATCH --data '{"state": "closed"}' "$api/$issue" > /dev/null
fi
