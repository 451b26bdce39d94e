# One issue for each deployment: opened or brought up to date when something drifts, and also where not everything could be
# compared, since nobody knows then whether something does. Closed when nothing does.
marker=$(head -n 1 gwinfra-drift.md)
title=""
case "$(cat gwinfra-drift.state)" in
  found) title="Drift: $DEPLOYMENT" ;;
  unknown) title="Drift unknown, not everything could be compared: $DEPLOYMENT" ;;
esac
