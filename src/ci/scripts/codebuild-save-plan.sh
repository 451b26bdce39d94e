# The plan of an earlier action of the pipeline is the one that was approved.
if [ -n "${CODEBUILD_SRC_DIR_plan:-}" ]; then
  cp "$CODEBUILD_SRC_DIR_plan/gwinfra.gwplan" gwinfra.gwplan
  exit 0
fi
