/** `npm test`: format, lint, import directions, types, then every suite. Ends with one line that counts all of it. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, toolScript } from '../root.ts'
import { setUpPython } from './python.ts'
import { type Counts, countTests } from './report.ts'

/** Data that some tests need. Where it is absent they are skipped, except in CI, where a skipped test counts as failed. */
const SHARED_DATA = join(ROOT, '..', 'shared')

type Check = { name: string; script: string; args: string[] }

const STATIC_CHECKS: readonly Check[] = [
  {
    name: 'format, lint and import directions',
    script: toolScript('@biomejs/biome', 'biome'),
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'types of the Worker', script: toolScript('typescript', 'tsc'), args: ['-p', 'tsconfig.json'] },
  {
    name: 'types of the command line and Node tests',
    script: toolScript('typescript', 'tsc'),
    args: ['-p', 'src/cli/tsconfig.json'],
  },
]

/** Arguments go to vitest, and then only its tests run: `npm test -- test/relay`. */
export async function runTests(argv: readonly string[]): Promise<number> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const check of argv.length === 0 ? STATIC_CHECKS : []) {
    const passed = runTool(check.script, check.args, {}) === 0
    print(`${passed ? 'passed' : 'FAILED'}: ${check.name}`)
    counts[passed ? 'passed' : 'failed'] += 1
  }
  add(counts, runSuites(argv))
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`
  print(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1
}

function runSuites(argv: readonly string[]): Counts {
  const inCi = process.env.CI === 'true'
  const python = setUpPython(print)
  if (python.missing !== null) print(`tests with Python clients are skipped: ${python.missing}`)
  const hasSharedData = existsSync(SHARED_DATA)
  const mayBeSkipped = (name: string) => !inCi && !(hasSharedData && /shared/.test(name))
  const folder = mkdtempSync(join(tmpdir(), 'bedrock-edge-test-'))
  try {
    const report = join(folder, 'report.json')
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...argv]
    const code = runTool(toolScript('vitest', 'vitest'), args, python.variables)
    if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
    const counts = countTests(report, mayBeSkipped, print)
    if (code !== 0 && counts.failed === 0) counts.failed += 1
    return counts
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Exit code of a tool that runs in the project's folder with its output shown. */
function runTool(script: string, args: readonly string[], variables: Record<string, string>): number {
  const env = { ...process.env, ...variables }
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return status ?? 1
}

function add(sum: Counts, more: Counts): void {
  sum.passed += more.passed
  sum.failed += more.failed
  sum.skipped += more.skipped
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
