#!/usr/bin/env bash
# Tells a Spark worker which GPUs it has (spark.worker.resource.gpu.discoveryScript).
set -euo pipefail
addresses=$(nvidia-smi --query-gpu=index --format=csv,noheader | sed 's/.*/"&"/' | paste -sd, -)
echo "{\"name\": \"gpu\", \"addresses\": [$addresses]}"
