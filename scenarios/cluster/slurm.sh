#!/bin/bash
# Cuts a simulation into as many shards as the array has tasks, and merges their reports when all of
# them are done. Run it on a login node, with a folder that all nodes see:
#
#   scenarios/cluster/slurm.sh scenario.jsonc /shared/reports 8
#
# Every task finds its shard in SLURM_ARRAY_TASK_ID and its like, and leaves its report in a folder
# of that array. The merge job writes merged.json and judges the thresholds: its exit code, which
# this script waits for, is 4 if one fails. WEIR is the program, if it is not in the PATH.
set -euo pipefail

scenario=${1:?usage: slurm.sh SCENARIO FOLDER SHARDS}
folder=${2:?usage: slurm.sh SCENARIO FOLDER SHARDS}
shards=${3:?usage: slurm.sh SCENARIO FOLDER SHARDS}
weir=${WEIR:-weir}
mkdir -p "$folder"

array=$(sbatch --parsable --job-name=weir --array="1-$shards" --ntasks=1 \
  --output="$folder/shard-%a.log" <<END
#!/bin/bash
exec "$weir" simulate "$scenario" --out "$folder/array-\$SLURM_ARRAY_JOB_ID" --threads 1
END
)
array=${array%%;*}
# Not before all shards are there; if one failed there is nothing to merge.
sbatch --wait --job-name=weir-merge --dependency="afterok:$array" --kill-on-invalid-dep=yes \
  --output="$folder/merge.log" <<END
#!/bin/bash
exec "$weir" report merge "$folder/array-$array"/*.json --out "$folder/merged.json"
END
