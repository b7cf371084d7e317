/** Python environments for the tests with real Python clients, one for each line of boto3 that behaves in its own way. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.ts'

/** `variable` is what the tests read the interpreter's path from. */
const ENVIRONMENTS = [
  { name: 'boto3-1.44', variable: 'BOTO3_144_PYTHON', packages: ['boto3==1.44.5'] },
  // moto brings a Security Token Service that checks signatures.
  {
    name: 'boto3-1.43',
    variable: 'BOTO3_143_PYTHON',
    packages: ['boto3==1.43.127', 'moto==5.2.1', 'flask', 'flask-cors'],
  },
] as const

/** In node_modules, so that it goes with it and is no part of the repository. */
const FOLDER = join(ROOT, 'node_modules', '.cache', 'python')

/** boto3's own lower bound. */
const LEAST_PYTHON = [3, 9]

export type PythonSetUp = {
  /** Environment variables for the tests. */
  variables: Record<string, string>
  /** Why the tests with Python clients are skipped, or null. */
  missing: string | null
}

export function setUpPython(log: (line: string) => void): PythonSetUp {
  const python = findPython()
  if (python === null) return { variables: {}, missing: `no Python ${LEAST_PYTHON.join('.')} or newer is on the PATH` }
  const variables: Record<string, string> = {}
  for (const { name, variable, packages } of ENVIRONMENTS) {
    const folder = join(FOLDER, name)
    const interpreter = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin', 'python')
    if (!isComplete(folder, packages)) {
      log(`installing ${packages.join(' ')} for the tests (once)`)
      const fault = install(python, folder, interpreter, packages)
      if (fault !== null) return { variables, missing: `${name} could not be installed: ${fault}` }
    }
    variables[variable] = interpreter
  }
  return { variables, missing: null }
}

function findPython(): string | null {
  for (const command of ['python3', 'python']) {
    const { status, stdout } = spawnSync(command, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      encoding: 'utf8',
    })
    if (status !== 0) continue
    const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number)
    if (major > 3 || (major === 3 && minor >= 9)) return command
  }
  return null
}

/** Written last, so that an interrupted installation is seen. */
function stampOf(folder: string): string {
  return join(folder, 'installed.txt')
}

function isComplete(folder: string, packages: readonly string[]): boolean {
  const stamp = stampOf(folder)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === packages.join('\n')
}

function install(python: string, folder: string, interpreter: string, packages: readonly string[]): string | null {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const steps: [string, string[]][] = [
    [python, ['-m', 'venv', folder]],
    [interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]],
  ]
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
    if (status !== 0) return stderr.trim().split('\n').at(-1) ?? 'no reason was given'
  }
  writeFileSync(stampOf(folder), packages.join('\n'))
  return null
}
