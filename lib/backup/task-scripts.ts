import { rowStatementsSql, settings, structureSql } from './fingerprint-sql';
import { rolesSql } from './roles';

/** SQL as one line: psql reads what it is to do from lines. */
const line = (sql: string): string => sql.replaceAll(/\s*\n\s*/g, ' ').trim();

/**
 * What the container with PostgreSQL's programs does: dumps the database into a pipe, and takes its fingerprint and its
 * roles within the same snapshot. It connects with a token that the other container has left, and leaves behind how it
 * went.
 */
export const dumpScript = `
set -uo pipefail
cd "\${INGOT_SHARED:-/dump}"
trap 'echo "\${code:-1}" > done' EXIT
for _ in $(seq 300); do [ -e ready ] && break; sleep 1; done
export PGPASSWORD="$(cat token)" PGSSLMODE="\${PGSSLMODE:-verify-full}" PGSSLROOTCERT="\${PGSSLROOTCERT:-$PWD/authorities.pem}"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --tuples-only --no-align <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${settings};
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\o roles.sql
${line(rolesSql)};
\\o fingerprint.jsonl
${line(structureSql)};
${line(rowStatementsSql)} \\gexec
\\o
\\! pg_dump --format=custom --enable-row-security --snapshot="$SNAPSHOT" > database.dump; echo $? > dumped
COMMIT;
SQL
code=$?
[ "$code" -eq 0 ] && code="$(cat dumped)"
exit "$code"
`;

/**
 * What the container with AWS's command line does: leaves a token, streams the dump to S3 as it comes, and writes the
 * manifest only where the dump ended well. The authorities of RDS it finds beside the dumps, as no image knows them.
 * Without its manifest a dump is none.
 */
export const uploadScript = `
set -euo pipefail
cd "\${INGOT_SHARED:-/dump}"
to="$INGOT_DUMPS/$INGOT_DUMP"
mkfifo database.dump
aws s3 cp --no-progress "$INGOT_AUTHORITIES" authorities.pem
aws rds generate-db-auth-token --hostname "$PGHOST" --port "$PGPORT" --username "$PGUSER" --region "$INGOT_REGION" > token
touch ready
( exec 9<>database.dump; for _ in $(seq 86400); do [ -e done ] && break; sleep 1; done ) &
{ tee >(sha256sum | cut -d' ' -f1 > database.sha256) >(wc -c | tr -d ' ' > database.bytes) < database.dump; } | aws s3 cp --no-progress --expected-size 1000000000000 - "$to/database.dump"
for _ in $(seq 60); do [ -e done ] && break; sleep 1; done
code="$(cat done 2>/dev/null || echo 1)"
if [ "$code" != 0 ]; then echo "the dump failed with exit code $code; $to has no manifest and is none" >&2; exit "$code"; fi
describe() { printf '"%s":{"bytes":%s,"sha256":"%s"}' "$1" "$(wc -c < "$1" | tr -d ' ')" "$(sha256sum "$1" | cut -d' ' -f1)"; }
printf '{"version":1,"format":"pg_dump","files":{"database.dump":{"bytes":%s,"sha256":"%s"},%s,%s}}' "$(cat database.bytes)" "$(cat database.sha256)" "$(describe fingerprint.jsonl)" "$(describe roles.sql)" > manifest.json
for file in fingerprint.jsonl roles.sql manifest.json; do aws s3 cp --no-progress "$file" "$to/$file"; done
`;
