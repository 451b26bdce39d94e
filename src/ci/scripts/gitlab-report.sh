if [ ! -f gwinfra-plan.md ]; then
  exit 0
fi
