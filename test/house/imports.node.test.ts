/** Imports point one way. The linter holds that; here wrong imports are planted to see that it does. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, toolScript } from '../../src/cli/root.ts'
import { importsOf, KNOWS, ROOMS, WIRING, WORKER_ROOMS } from './arrows.ts'

/** One import in a file of its own, or on a line of its own where the file is given by name. */
type Planted = { file: string; line: number; statement: string }

const TARGETS = [...ROOMS, ...WIRING]

const moduleOf = (target: string) => (target.endsWith('.ts') ? target : `${target}/module.ts`)

const flat = (path: string) => path.replaceAll(/\W/g, '-')

/** A file at the top of a room and one a folder deeper, each with this import. */
function inRoom(room: string, target: string, statement: (path: string) => string): Planted[] {
  return ['..', '../..'].map((up, depth) => {
    const path = `${up}/${target}`
    const folder = depth === 0 ? `src/${room}` : `src/${room}/inner`
    return { file: `${folder}/${flat(statement(target))}.ts`, line: 1, statement: statement(path) }
  })
}

const importing = (path: string) => `import '${path}'`

const arrows = ROOMS.flatMap((room) =>
  TARGETS.filter((target) => target !== room).map((target) => ({
    isAllowed: KNOWS[room]?.includes(target) ?? false,
    planted: inRoom(room, moduleOf(target), importing),
  })),
)
const allowedArrows = arrows.filter(({ isAllowed }) => isAllowed).flatMap(({ planted }) => planted)
const forbiddenArrows = arrows.filter(({ isAllowed }) => !isAllowed).flatMap(({ planted }) => planted)

const outsiders = WORKER_ROOMS.flatMap((room) => [
  ...inRoom(room, '../test/simulator/server.ts', importing),
  { file: `src/${room}/built-in.ts`, line: 1, statement: "import 'node:fs'" },
])

/** Every other way to write the same arrow. */
const forms = [
  (path: string) => `import type { A } from '${path}'; export type B = A`,
  (path: string) => `import { type A } from '${path}'; export type B = A`,
  (path: string) => `export * from '${path}'`,
  (path: string) => `export { a } from '${path}'`,
  (path: string) => `export const a = () => import('${path}')`,
].flatMap((form) => inRoom('bedrock', 'ledger/module.ts', form))

/** `index.ts` and `app.ts` are one file each, so their arrows are lines of it. */
const wiring = WIRING.flatMap((file) => {
  const other = WIRING.filter((name) => name !== file)
  const specifiers = [...ROOMS.map((room) => `./${moduleOf(room)}`), ...other.map((name) => `./${name}`)]
  const all = [...specifiers, 'node:fs', '../test/simulator/server.ts']
  return all.map((specifier, index) => ({
    isAllowed: specifiers.includes(specifier) && !specifier.startsWith('./cli/'),
    planted: { file: `src/${file}`, line: index + 1, statement: importing(specifier) },
  }))
})
const allowedWiring = wiring.filter(({ isAllowed }) => isAllowed).map(({ planted }) => planted)
const forbiddenWiring = wiring.filter(({ isAllowed }) => !isAllowed).map(({ planted }) => planted)

/** What is no arrow at all: the room itself, packages, and Node for the command line. */
const harmless: Planted[] = [
  ...ROOMS.map((room) => ({ file: `src/${room}/own.ts`, line: 1, statement: "import './module.ts'" })),
  ...ROOMS.map((room) => ({ file: `src/${room}/package.ts`, line: 1, statement: "import 'valibot'" })),
  { file: 'src/cli/built-in.ts', line: 1, statement: "import 'node:fs'" },
]

const placeOf = ({ file, line }: Planted) => `${file}:${line}`

describe('the linter', () => {
  let folder = ''
  let refused: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-house-'))
    const config = JSON.parse(await readFile(join(ROOT, 'biome.json'), 'utf8')) as Record<string, unknown>
    await writeFile(join(folder, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }))
    await plant(folder, [...allowedArrows, ...forbiddenArrows, ...outsiders, ...forms, ...harmless])
    await plant(folder, [...allowedWiring, ...forbiddenWiring])
    refused = await refusedIn(folder)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('refuses every arrow that the table does not have', () => {
    expect(forbiddenArrows.length).toBeGreaterThan(100)
    expect(forbiddenArrows.map(placeOf).filter((place) => !refused.includes(place))).toEqual([])
  })

  test('lets every arrow of the table through, packages too', () => {
    expect(allowedArrows.length).toBeGreaterThan(40)
    expect([...allowedArrows, ...harmless].map(placeOf).filter((place) => refused.includes(place))).toEqual([])
  })

  test('refuses Node and test code in every room of the Worker', () => {
    expect(outsiders.map(placeOf).filter((place) => !refused.includes(place))).toEqual([])
  })

  test('refuses a wrong arrow in whatever form it is written', () => {
    expect(forms.map(placeOf).filter((place) => !refused.includes(place))).toEqual([])
  })

  test('lets the wiring know every room but cli, and neither Node nor test code', () => {
    expect(forbiddenWiring.map(placeOf).filter((place) => !refused.includes(place))).toEqual([])
    expect(allowedWiring.map(placeOf).filter((place) => refused.includes(place))).toEqual([])
  })
})

describe('the house as it stands', () => {
  test('every folder of src is a room of the table', async () => {
    const entries = await readdir(join(ROOT, 'src'), { withFileTypes: true })
    expect(entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()).toEqual(ROOMS.toSorted())
  })

  test('no import of src breaks the table, type-only import(…) included, which the linter does not see', async () => {
    const wrong: string[] = []
    let seen = 0
    for (const room of ROOMS) {
      const may = [room, ...(KNOWS[room] ?? [])]
      for (const file of await modulesOf(join(ROOT, 'src', room))) {
        for (const specifier of importsOf(await readFile(file, 'utf8'))) {
          const target = roomOf(file, specifier)
          if (target === null) continue
          seen += 1
          if (!may.includes(target)) wrong.push(`${relative(ROOT, file)} → ${specifier}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(seen).toBeGreaterThan(500)
  })
})

/** Lines of one file go into it in their order. */
async function plant(folder: string, planted: readonly Planted[]): Promise<void> {
  const files = Map.groupBy(planted, ({ file }) => file)
  for (const [file, lines] of files) {
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    const text = lines.toSorted((a, b) => a.line - b.line).map(({ statement }) => statement)
    await writeFile(path, `${text.join('\n')}\n`)
  }
}

type Report = { diagnostics: { category: string; location: { path: string; start: { line: number } } }[] }

async function refusedIn(folder: string): Promise<string[]> {
  const biome = toolScript('@biomejs/biome', 'biome')
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.']
  const stdout = await new Promise<string>((done) => {
    // The exit code is 1, as it should be: there is much to refuse.
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (_error, output) => done(output))
  })
  const { diagnostics } = JSON.parse(stdout) as Report
  return diagnostics.flatMap(({ category, location }) =>
    category === 'lint/style/noRestrictedImports'
      ? [`${location.path.replaceAll('\\', '/')}:${location.start.line}`]
      : [],
  )
}

async function modulesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => /\.(?:ts|mjs)$/.test(name)).map((name) => join(folder, name))
}

/** First part below `src` of what is imported; null for packages, and for what lies outside `src`. */
function roomOf(file: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null
  const path = relative(join(ROOT, 'src'), resolve(dirname(file), specifier))
  return path.startsWith('..') ? null : (path.split(sep)[0] ?? null)
}
