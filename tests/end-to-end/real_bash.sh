# Pipelines, subshells, background jobs, substitutions, traps, here documents.
set -u -o pipefail
export LC_ALL=C
count() { sort | uniq -c | sort -k1,1nr -k2 | head -"$1"; }

seq 1 3000 | awk '{ print $1 % 17, $1 * $1 % 23 }' | tr ' ' '\n' | count 5
for i in {1..20}; do (echo "subshell $i" | sed 's/sub/Sub/' | cut -c1-12); done | cksum
diff <(seq 1 50 | grep -v 7) <(seq 1 50) | wc -l
total=0
while read -r n; do ((total += n)); done < <(seq 1 500)
echo "$total"
jobs_done=()
for i in 1 2 3; do { sleep 0.0$i; exit $i; } & jobs_done+=($!); done
for pid in "${jobs_done[@]}"; do wait "$pid"; echo "job ended with $?"; done
declare -A map
for word in $(printf 'alpha beta gamma alpha beta alpha'); do map[$word]=$((${map[$word]:-0} + 1)); done
for key in $(printf '%s\n' "${!map[@]}" | sort); do echo "$key ${map[$key]}"; done
tr a-z A-Z <<EOT | rev | paste -sd+
a here document
of $(echo two) lines
EOT
yes | head -1000 | wc -l
false | true; echo "pipeline: $?"
trap 'echo on exit' EXIT
(trap 'echo told; exit 9' TERM; kill -TERM $BASHPID; sleep 1); echo "subshell: $?"
find / -maxdepth 1 -type d 2>/dev/null | xargs -n 2 echo | wc -l
exec 3>&1; { echo to three >&3; } | cat; exec 3>&-
exit 6
