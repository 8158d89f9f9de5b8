import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** datacontract-cli carries the schema that the standard's committee publishes. */
const carrier = 'datacontract-cli==1.2.8';
const inside = 'datacontract/schemas/odcs-3.1.0.schema.json';
const home = join(homedir(), '.cache/ingot-odcs');
const python = join(home, 'venv/bin/python');
const schema = join(home, 'odcs-3.1.0.schema.json');

/** Whether the official schema and a validator are on this machine, or could be fetched; says so loudly where not. */
export function hasOfficialSchema(): boolean {
  try {
    prepare();
    return true;
  } catch (error) {
    console.warn(
      `SKIPPED: no comparison with the official ODCS schema, which pip could not fetch (${(error as Error).message.split('\n')[0]})`,
    );
    return false;
  }
}

function prepare(): void {
  if (existsSync(schema) && existsSync(python)) return;
  mkdirSync(home, { recursive: true });
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: home, stdio: 'pipe' });
  if (!existsSync(python)) {
    run('python3', '-m', 'venv', 'venv');
    run(python, '-m', 'pip', 'install', '--quiet', 'jsonschema>=4,<5');
  }
  run(python, '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', 'wheels', carrier);
  const unzip = `import glob, zipfile; print(zipfile.ZipFile(glob.glob('wheels/datacontract_cli-*.whl')[0]).read('${inside}').decode())`;
  writeFileSync(schema, run(python, '-c', unzip));
}

/** What the official schema says of each contract. */
export function isValidOfficially(contracts: readonly unknown[]): boolean[] {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-odcs-'));
  try {
    const file = join(folder, 'contracts.json');
    writeFileSync(file, JSON.stringify(contracts));
    const script = join(__dirname, 'official_schema.py');
    return JSON.parse(execFileSync(python, [script, schema, file], { maxBuffer: 1e8 }).toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}
