issue=$(call "$api?state=open&labels=gwinfra-drift&per_page=100" | jq --raw-output --arg marker "$marker" --arg author "$author" \
  'map(select((.pull_request | not) and .user.login == $author and (.body // "" | startswith($marker)))) | first | .number // empty')
if [ -n "$title" ]; then
  body=$(jq --raw-input --slurp --arg title "$title" '{title: $title, body: ., labels: ["gwinfra-drift"]}' gwinfra-drift.md)
  if [ -n "$issue" ]; then
    call --request PATCH --data @- "$api/$issue" <<< "$body" > /dev/null
  else
    call --data @- "$api" <<< "$body" > /dev/null
  fi
elif [ -n "$issue" ]; then
  call --data '{"body": "Nothing drifts any more."}' "$api/$issue/comments" > /dev/null
  call --request PATCH --data '{"state": "closed"}' "$api/$issue" > /dev/null
fi
