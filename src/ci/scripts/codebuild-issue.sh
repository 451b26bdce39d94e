if [ ! -f gwinfra-drift.state ]; then
  exit 0
fi
