import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** AWS's own parser of the language, as it publishes it. */
const version = '1.0.0';
const jars = join(homedir(), '.cache/ingot/dqdl', version);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>ingot</groupId><artifactId>dqdl-judge</artifactId><version>1</version><dependencies>
<dependency><groupId>software.amazon.glue</groupId><artifactId>dqdl</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.16</version></dependency>
</dependencies></project>`;

/** Parses rulesets: of each its rules, or one line that begins with ERROR. */
export type Judge = (rulesets: readonly string[]) => string[][];

/** The judge; undefined, and said loudly, where there is no Java or Maven to run it: a skipped proof looks like a proof. */
export function dqdlJudge(): Judge | undefined {
  try {
    fetchJars();
    execFileSync('java', ['-version'], { stdio: 'pipe' });
  } catch (error) {
    process.stderr.write(
      `SKIPPED: no comparison with AWS's own parser of DQDL, which needs Java 17 and Maven (${(error as Error).message.split('\n')[0]})\n`,
    );
    return undefined;
  }
  return (rulesets) =>
    execFileSync('java', ['-cp', join(jars, '*'), join(__dirname, 'DqdlJudge.java')], {
      input: rulesets.join('\0'),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    })
      .split('\0')
      .slice(0, rulesets.length)
      .map((lines) => lines.split('\n').filter((line) => line !== ''));
}

function fetchJars(): void {
  if (existsSync(jars) && readdirSync(jars).length > 0) return;
  const unfinished = `${jars}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    writeFileSync(join(unfinished, 'pom.xml'), pom);
    const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`];
    execFileSync('mvn', args, { cwd: unfinished, stdio: 'pipe', timeout: 300_000 });
    renameSync(unfinished, jars);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(jars)) throw error;
  }
}
