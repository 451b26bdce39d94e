# One issue for each deployment: opened or brought up to date when something drifts, and also where not everything could be
# compared, since nobody knows then whether something does. Closed when nothing does.
api="$CI_API_V4_URL/projects/$CI_PROJECT_ID/issues"
marker=$(head -n 1 gwinfra-drift.md)
issue=$(call "$api?state=opened&labels=gwinfra-drift&per_page=100" | jq --raw-output --arg marker "$marker" --arg author "$author" \
  'map(select(.author.username == $author and (.description // "" | startswith($marker)))) | first | .iid // empty')
title=""
case "$(cat gwinfra-drift.state)" in
  found) title="Drift: $DEPLOYMENT" ;;
  unknown) title="Drift unknown, not everything could be compared: $DEPLOYMENT" ;;
esac
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
