/** The arrows between the rooms of `src` point one way. The linter holds them; here its rules are proven with wrong imports. */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, toolScript } from '../../src/cli/root.ts'

/** Which other rooms a room knows. */
const KNOWS: Readonly<Record<string, readonly string[]>> = {
  bedrock: [],
  config: ['bedrock'],
  ledger: ['bedrock', 'config'],
  access: ['ledger', 'bedrock', 'config'],
  routing: ['bedrock', 'config'],
  telemetry: [],
  relay: ['bedrock', 'config', 'ledger', 'access', 'routing', 'telemetry'],
  admin: ['ledger', 'access', 'routing', 'config', 'bedrock', 'telemetry'],
  cli: ['config', 'ledger', 'bedrock'],
}

const ROOMS = Object.keys(KNOWS)
/** Modules beside the rooms that wire them together: no room knows them. */
const WIRING = ['app', 'index']
const PLANTED = 'planted.ts'

let folder: string
/** Refused imports as `<file>:<line>`. */
let refused: ReadonlySet<string>

/** One import in each way that TypeScript has, of every room and of the wiring. */
const targets = (above: string) => [
  ...ROOMS.map((room) => ({ name: room, source: `${above}${room}/planted.ts` })),
  ...WIRING.map((name) => ({ name, source: `${above}${name}.ts` })),
]

const FORMS: readonly ((source: string, index: number) => string)[] = [
  (source, index) => `import { a${index} } from '${source}'`,
  (source, index) => `import type { B${index} } from '${source}'`,
  (source, index) => `export { c${index} } from '${source}'`,
  (source, index) => `export const d${index} = import('${source}')`,
]

type Planted = { file: string; line: number; from: string; to: string }

function plant(file: string, from: string, above: string): { text: string; imports: Planted[] } {
  const all = targets(above).filter(({ name }) => name !== from)
  const lines = all.flatMap(({ name, source }, index) => FORMS.map((form) => ({ name, text: form(source, index) })))
  return {
    text: `${lines.map(({ text }) => text).join('\n')}\n`,
    imports: lines.map(({ name }, index) => ({ file, line: index + 1, from, to: name })),
  }
}

const files = ROOMS.flatMap((room) => [
  { file: `src/${room}/${PLANTED}`, ...plant(`src/${room}/${PLANTED}`, room, '../') },
  { file: `src/${room}/deep/er/${PLANTED}`, ...plant(`src/${room}/deep/er/${PLANTED}`, room, '../../../') },
])
const imports = files.flatMap((one) => one.imports)
const isAllowed = ({ from, to }: Planted) => KNOWS[from]?.includes(to) === true

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-house-'))
  await copyFile(join(ROOT, 'biome.json'), join(folder, 'biome.json'))
  for (const { file, text } of files) {
    await mkdir(join(folder, file, '..'), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  refused = lint()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function lint(): ReadonlySet<string> {
  const args = [
    'lint',
    '--vcs-enabled=false',
    '--only=style/noRestrictedImports',
    '--reporter=json',
    '--max-diagnostics=none',
    '.',
  ]
  const { stdout } = spawnSync(process.execPath, [toolScript('@biomejs/biome', 'biome'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { location: { path: string; start: { line: number } } }[]
  }
  return new Set(diagnostics.map(({ location }) => `${location.path}:${location.start.line}`))
}

describe('the linter', () => {
  test.each(ROOMS)('refuses every import of %s that its arrows do not allow, in every form and depth', (room) => {
    const forbidden = imports.filter((one) => one.from === room && !isAllowed(one))
    expect(forbidden.length).toBeGreaterThan(0)
    expect(forbidden.filter(({ file, line }) => !refused.has(`${file}:${line}`))).toEqual([])
  })

  test.each(ROOMS)('lets %s import the rooms that it knows', (room) => {
    const allowed = imports.filter((one) => one.from === room && isAllowed(one))
    expect(allowed.filter(({ file, line }) => refused.has(`${file}:${line}`))).toEqual([])
  })

  test('has arrows for every room that there is', async () => {
    const entries = await readdir(join(ROOT, 'src'), { withFileTypes: true })
    const rooms = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    expect(rooms.filter((room) => !ROOMS.includes(room))).toEqual([])
  })
})
