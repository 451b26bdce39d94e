# One comment for each deployment: the first line of the report finds it again.
marker=$(head -n 1 gwinfra-plan.md)
comment=""
page=1
while [ -z "$comment" ]; do
  found=$(call "$api/$PULL_REQUEST/comments?per_page=100&page=$page")
  comment=$(jq --raw-output --arg marker "$marker" --arg author "$author" \
    'map(select(.user.login == $author and (.body // "" | startswith($marker)))) | first | .id // empty' <<< "$found")
  if [ "$(jq length <<< "$found")" -lt 100 ]; then break; fi
  page=$((page + 1))
done
if [ -n "$comment" ]; then
  jq --raw-input --slurp '{body: .}' gwinfra-plan.md | call --request PATCH --data @- "$api/comments/$comment" > /dev/null
else
  jq --raw-input --slurp '{body: .}' gwinfra-plan.md | call --data @- "$api/$PULL_REQUEST/comments" > /dev/null
fi
