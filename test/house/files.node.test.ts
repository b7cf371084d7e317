/** What every file of the project keeps to. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'

/** One idea per file: more lines than this hold more than one. */
const LINES_MAX = 350

/** Hosts of package registries, and folders that only one machine has; in pieces, so that this file may be searched too. */
const FORBIDDEN = [
  ['registry', 'npmjs'],
  ['pypi', 'org'],
  ['proxy', 'golang'],
  ['crates', 'io/'],
  ['repo1', 'maven'],
].map((parts) => parts.join('.'))
const MACHINE_PATHS = ['/work/', '/home/', '/Users/', '/root/']

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const code = tracked.filter((path) => /\.(?:ts|mjs)$/.test(path))

/** Whether a path of a machine stands there; one that is only the end of a longer path or URL does not count. */
const namesMachinePath = (line: string) =>
  MACHINE_PATHS.some((path) => new RegExp(`(?:^|[\\s'"\`(=:])${path}\\w`).test(line))

function lines(path: string): { place: string; text: string }[] {
  return read(path)
    .split('\n')
    .map((text, index) => ({ place: `${path}:${index + 1}`, text }))
}

describe('every file', () => {
  test('of code has at most 350 lines', () => {
    const counted = code.map((path) => ({ path, lines: read(path).trimEnd().split('\n').length }))
    expect(counted.length).toBeGreaterThan(0)
    expect(counted.filter(({ lines }) => lines > LINES_MAX)).toEqual([])
  })

  test('names no package registry’s host and no path of one machine', () => {
    const all = tracked.filter((path) => path !== 'test/house/files.node.test.ts').flatMap(lines)
    const found = all.filter(({ text }) => FORBIDDEN.some((host) => text.includes(host)) || namesMachinePath(text))
    expect(found.map(({ place }) => place)).toEqual([])
  })

  test('imports its neighbours with their extension, and they are there', () => {
    const bad: string[] = []
    for (const path of code) {
      for (const { place, text } of lines(path)) {
        const source = importedFile(text)
        if (source === undefined) continue
        const target = resolve(ROOT, dirname(path), source)
        if (!/\.(?:ts|js|mjs|json|sql)$/.test(source) || !existsSync(target)) bad.push(`${place} ${source}`)
      }
    }
    expect(bad).toEqual([])
  })
})

/** The relative path that a line imports, if it does. */
function importedFile(line: string): string | undefined {
  return (/^\s*(?:import|export)\b.*\bfrom '(\.{1,2}\/[^']+)'/.exec(line) ??
    /^\} from '(\.{1,2}\/[^']+)'/.exec(line) ??
    /^import '(\.{1,2}\/[^']+)'/.exec(line) ??
    /^[^'"`]*\bawait import\('(\.{1,2}\/[^']+)'\)/.exec(line))?.[1]
}

describe('the lockfile', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }
  type Package = { optionalDependencies?: Record<string, string>; dependencies?: Record<string, string> }

  /** Where Node would look for a dependency of the package at `path`, nearest first. */
  function places(path: string, dependency: string): string[] {
    const folders = path === '' ? [] : path.split('/node_modules/')
    const above = folders.map((_, index) => folders.slice(0, folders.length - index).join('/node_modules/'))
    return [...above.map((folder) => `${folder}/node_modules/${dependency}`), `node_modules/${dependency}`]
  }

  test('has an entry for everything that a package of it asks for, or npm ci refuses it on every platform', () => {
    const missing: string[] = []
    for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
      for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
        if (!places(path, name).some((place) => packages[place] !== undefined)) missing.push(`${path} needs ${name}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('has one single workerd', () => {
    expect(Object.keys(packages).filter((path) => path.endsWith('node_modules/workerd'))).toHaveLength(1)
  })
})
