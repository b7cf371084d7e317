/** What every file of the project keeps to, as far as no tool of the toolchain holds it. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'
import { importsOf } from './arrows.ts'

const LINES_MAX = 350

/** Hosts of registries: a lockfile or script that names one works only where that one is reachable. */
const REGISTRY_HOST =
  /\b(?:registry\.(?:npmjs|yarnpkg|npmmirror)\.|npmjs\.(?:org|com)|npm\.pkg\.github\.com|pypi\.org|pythonhosted\.org|crates\.io|proxy\.golang\.org|rubygems\.org|repo1\.maven\.|jfrog\.io)/i

/** Folders that exist on one person's machine. */
const MACHINE_PATH = /(?:^|[^\w.])\/(?:work|root|home\/\w+|Users\/\w+)\/|\b[A-Z]:\\Users\\/

/** Work left over, checks switched off, and tests that keep others from running. */
const LEFTOVERS: readonly { name: string; pattern: RegExp }[] = [
  { name: 'a note of work to do', pattern: /\b(?:T[O]DO|F[I]XME)\b/ },
  { name: 'a type check switched off', pattern: /@ts-(?:ignore|expect-error|nocheck)\b/ },
  { name: 'a single test run', pattern: /\b(?:test|it|describe|suite)(?:\.\w+)*\.only\b/ },
  {
    name: 'a lint rule of the house switched off',
    pattern:
      /biome-ignore(?:-all|-start)? lint(?::|\/suspicious\/noExplicitAny|\/style\/(?:noRestrictedImports|noNonNullAssertion))/,
  },
  { name: 'a type of any', pattern: /(?:\bas|[:<|&=,]|=>)\s*any\b(?=\s*(?:[\]),;>|&[]|=[^=]|$))/m },
]

type Source = { name: string; text: string }

async function sources(): Promise<Source[]> {
  const found: Source[] = []
  for (const folder of ['src', 'test']) {
    for (const entry of await readdir(join(ROOT, folder), { recursive: true })) {
      const name = `${folder}/${entry.replaceAll('\\', '/')}`
      if (/\.(?:ts|mjs|js)$/.test(name)) found.push({ name, text: await readFile(join(ROOT, name), 'utf8') })
    }
  }
  return found
}

const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

describe('code', () => {
  test(`no file has more than ${LINES_MAX} lines`, async () => {
    const files = await sources()
    expect(files.length).toBeGreaterThan(200)
    const long = files.map(({ name, text }) => ({ name, lines: text.split('\n').length - 1 }))
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([])
  })

  test('every import of a file of ours names it with its ending, and the file is there', async () => {
    const wrong = (await sources()).flatMap(({ name, text }) =>
      importsOf(withoutComments(text))
        .filter((specifier) => specifier.startsWith('.'))
        .filter(
          (specifier) => !/\.(?:ts|json|mjs|sql)$/.test(specifier) || !existsSync(join(ROOT, dirname(name), specifier)),
        )
        .map((specifier) => `${name}: ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  test.each(LEFTOVERS)('no file holds $name', async ({ name, pattern }) => {
    const read = name === 'a type of any' ? withoutComments : (text: string) => text
    expect((await sources()).filter(({ text }) => pattern.test(read(text))).map((file) => file.name)).toEqual([])
  })
})

describe('the checks of this file', () => {
  test('see a host, a path and a leftover where there is one', () => {
    // Put together here, because this file is checked as well.
    const tail = ['/x', 'y'].join('/')
    expect(`https://registry.${'npmjs'}.org${tail}`).toMatch(REGISTRY_HOST)
    expect(`cp /${'root'}${tail}`).toMatch(MACHINE_PATH)
    expect(`C:\\${'Users'}\\x`).toMatch(MACHINE_PATH)
    const leftovers = [`// ${'TO'}DO: x`, `// @${'ts'}-ignore`, `test${'.'}only(`, `// biome-${'ignore'} lint: x`]
    leftovers.push(`const a = b as ${'any'}`)
    for (const [index, text] of leftovers.entries()) expect(text).toMatch(LEFTOVERS[index]?.pattern ?? /^$/)
  })

  test.each([
    `: ${'any'}[]`,
    `Array<${'any'}>`,
    `(a: ${'any'}) => 1`,
    `as ${'any'}`,
    `let a: ${'any'} = 1`,
    `<${'any'}, b>`,
  ])('see the type in %s', (text) => {
    expect(LEFTOVERS.at(-1)?.pattern.test(text)).toBe(true)
  })

  test.each([
    ["import { a } from './b'", './b'],
    ["import {\n  a,\n  type B,\n} from '../c.ts'", '../c.ts'],
    ["import './d.ts'", './d.ts'],
    ["export * from './e.ts'", './e.ts'],
    [`const f = await ${'import'}('./f.ts')`, './f.ts'],
    [`type G = ${'import'}('./g.ts').G`, './g.ts'],
  ])('see the import in %j', (text, specifier) => {
    expect(importsOf(text)).toEqual([specifier])
  })
})

const hasGit = existsSync(join(ROOT, '.git'))

describe.skipIf(!hasGit)(hasGit ? 'tracked files' : 'tracked files (needs a git checkout)', () => {
  async function tracked(): Promise<Source[]> {
    const listing = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
    const names = listing.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))
    return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(ROOT, name), 'utf8') })))
  }

  test.each([
    { what: 'the host of a package registry', pattern: REGISTRY_HOST },
    { what: 'a path of one machine', pattern: MACHINE_PATH },
  ])('hold nowhere $what', async ({ pattern }) => {
    const files = await tracked()
    expect(files.length).toBeGreaterThan(200)
    expect(files.filter(({ text }) => pattern.test(text)).map(({ name }) => name)).toEqual([])
  })
})
