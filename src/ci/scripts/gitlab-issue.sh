api="$CI_API_V4_URL/projects/$CI_PROJECT_ID/issues"
issue=$(call "$api?state=opened&labels=gwinfra-drift&per_page=100" | jq --raw-output --arg marker "$marker" --arg author "$author" \
  'map(select(.author.username == $author and (.description // "" | startswith($marker)))) | first | .iid // empty')
if [ -n "$title" ]; then
  body=$(jq --raw-input --slurp --arg title "$title" '{title: $title, description: ., labels: "gwinfra-drift"}' gwinfra-drift.md)
  if [ -n "$issue" ]; then
    call --request PUT --data @- "$api/$issue" <<< "$body" > /dev/null
  else
    call --data @- "$api" <<< "$body" > /dev/null
  fi
elif [ -n "$issue" ]; then
  call --data '{"body": "Nothing drifts any more."}' "$api/$issue/notes" > /dev/null
  call --request PUT --data '{"state_event": "close"}' "$api/$issue" > /dev/null
fi
