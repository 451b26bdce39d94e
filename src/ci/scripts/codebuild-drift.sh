# Without an issue, a failed build is what tells somebody.
if [ -z "${GITHUB_TOKEN:-}" ]; then
  case "$(cat gwinfra-drift.state)" in
    found) exit 2 ;;
    unknown) exit 11 ;;
  esac
fi
