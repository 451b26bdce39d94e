if [ "$STEP" = plan ]; then
  exit 0
fi
