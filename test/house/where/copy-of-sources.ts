/** A copy of the sources in which something new is planted: what the compiler then asks for, and what the copy then does. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT, toolScript } from '../../../src/cli/root.ts'
import type { Expression } from './planted-thing.ts'

export type SourceCopy = {
  /** Replaces the first `from` of a file. Rejects where the file does not hold it. */
  edit(file: string, from: string, to: string): Promise<void>
  /** Writes a file that must not be there yet. */
  add(file: string, text: string): Promise<void>
  /** Files of the Worker in which the compiler finds something wrong. */
  faultyFiles(): Promise<string[]>
  /** The value of an expression over what the copy exports, as JSON gives it back. */
  evaluate(expression: Expression): Promise<unknown>
  /** What the copy prints on the standard error, and its exit code, for a command line of its own. */
  command(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }>
  remove(): Promise<void>
}

export async function copySources(): Promise<SourceCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-where-'))
  await cp(join(ROOT, 'src'), join(folder, 'src'), { recursive: true })
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const config = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8')) as Record<string, unknown>
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: ['src'], exclude: ['src/cli'] }))

  function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((done) => {
      const options = { cwd: folder, env: { ...process.env, INIT_CWD: folder } }
      execFile(process.execPath, argv, options, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
      })
    })
  }

  return {
    async edit(file, from, to) {
      const text = await readFile(join(folder, file), 'utf8')
      if (!text.includes(from)) throw new Error(`${file} does not hold the place where the new thing goes: ${from}`)
      // A function, because `$` in a replacement text means something.
      await writeFile(
        join(folder, file),
        text.replace(from, () => to),
      )
    },
    async add(file, text) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text, { flag: 'wx' })
    },
    async faultyFiles() {
      const { stdout } = await run(toolScript('typescript', 'tsc'), '-p', 'tsconfig.json')
      return [...new Set([...stdout.matchAll(/^(src\/[^(]+)\(/gm)].map(([, file = '']) => file))].sort()
    },
    async evaluate({ imports, value }) {
      const names = Object.entries(imports).map(([file, name]) => `import { ${name} } from './${file}'`)
      const module = [...names, `console.log(JSON.stringify(${value}))`].join('\n')
      const { code, stdout, stderr } = await run('--input-type=module', '--eval', module)
      if (code !== 0) throw new Error(stderr)
      return JSON.parse(stdout)
    },
    command: (...argv) => run(join('src', 'cli', 'main.ts'), ...argv),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
