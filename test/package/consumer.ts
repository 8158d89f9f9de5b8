import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');

export const manifest: { dependencies: Record<string, string>; devDependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** Runs a command to its end and gives what it prints; fails with all that it printed. */
export function run(folder: string, command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}`);
  }
}

const typescript = join(root, 'node_modules/typescript/bin/tsc');

/** The package as users get it, packed by npm, and folders of users who have it installed. */
export class PackedPackage {
  /** As this checkout was last built, handlers' bundles included. */
  static asBuilt(): PackedPackage {
    return new PackedPackage(() => root);
  }

  /** Compiled anew beside the checkout, without bundles: whatever `dist` holds or lacks changes nothing. */
  static compiled(): PackedPackage {
    return new PackedPackage((scratch) => {
      const staged = join(scratch, 'staged');
      const out = ['--outDir', join(staged, 'dist'), '--tsBuildInfoFile', join(scratch, 'tsbuildinfo')];
      run(root, process.execPath, typescript, '-p', 'tsconfig.build.json', ...out);
      for (const file of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'])
        if (existsSync(join(root, file))) cpSync(join(root, file), join(staged, file));
      return staged;
    });
  }

  readonly #scratch = mkdtempSync(join(tmpdir(), 'ingot-package-'));
  readonly #unpacked = join(this.#scratch, 'package');

  private constructor(stage: (scratch: string) => string) {
    const output = run(
      stage(this.#scratch),
      'npm',
      'pack',
      '--ignore-scripts',
      '--json',
      '--pack-destination',
      this.#scratch,
    );
    const packed: { filename: string }[] = JSON.parse(output);
    run(this.#scratch, 'tar', '-xzf', packed[0]!.filename);
  }

  /** A folder in which the package is installed, its dependencies, and of the peers those that are named. */
  consumer(name: string, peers: readonly string[]): string {
    const folder = join(this.#scratch, name);
    this.installInto(folder, peers);
    return folder;
  }

  /** A folder whose own dependencies npm installs first, from the registry. */
  installed(name: string, dependencies: Readonly<Record<string, string>>): string {
    const folder = join(this.#scratch, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
    run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error');
    this.installInto(folder, []);
    return folder;
  }

  private installInto(folder: string, peers: readonly string[]): void {
    const modules = join(folder, 'node_modules');
    mkdirSync(modules, { recursive: true });
    cpSync(this.#unpacked, join(modules, 'ingot'), { recursive: true });
    for (const dependency of [...Object.keys(manifest.dependencies), ...peers]) {
      const link = join(modules, dependency);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(join(root, 'node_modules', dependency), link);
    }
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/** What the compiler says of a user's files, and of the package's own declarations, under one way of finding modules. */
export function typeErrors(folder: string, resolution: 'node16' | 'bundler', ...sources: string[]): string[] {
  const files = sources.map((source, i) => {
    writeFileSync(join(folder, `user${i + 1}.ts`), source);
    return `user${i + 1}.ts`;
  });
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    types: ['node'],
    module: resolution === 'node16' ? 'node16' : 'preserve',
    moduleResolution: resolution,
    // Declarations of the package are checked as well: a type of a peer that is not installed is `any` otherwise.
    skipLibCheck: false,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  try {
    run(folder, process.execPath, typescript, '-p', 'tsconfig.json', '--pretty', 'false');
    return [];
  } catch (error) {
    const lines = String((error as Error).message).split('\n');
    return lines.filter((line) => /^(user\d+\.ts|node_modules\/ingot\/)|^error/.test(line));
  }
}

/** Names of the packages that are loaded once these modules are. */
export function loadedBy(folder: string, ...modules: string[]): string[] {
  const script = `for (const name of ${JSON.stringify(modules)}) require(name);
    const names = Object.keys(require.cache).map((file) => /.*node_modules[/\\\\]((?:@[^/\\\\]+[/\\\\])?[^/\\\\]+)/.exec(file)?.[1]);
    process.stdout.write(JSON.stringify([...new Set(names)]));`;
  return JSON.parse(run(folder, process.execPath, '-e', script));
}
