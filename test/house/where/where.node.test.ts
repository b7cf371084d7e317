/**
 * Follows every row of "Where does a new thing go?" (CONTRIBUTING.md) to the letter, in a copy of the sources: the files that the
 * row names are enough, and the compiler asks for them where it can.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../../src/cli/root.ts'
import { BEDROCK_ROWS } from './bedrock-rows.ts'
import { copySources, type SourceCopy } from './copy-of-sources.ts'
import { EDGES_ROWS } from './edges-rows.ts'
import { MONEY_ROWS } from './money-rows.ts'
import { SETTINGS_ROWS } from './settings-rows.ts'

const PLANTED = { ...BEDROCK_ROWS, ...SETTINGS_ROWS, ...MONEY_ROWS, ...EDGES_ROWS }

/** This row is about the command line, not the Worker, and is followed by a test of its own below. */
const VERB = 'verb of the command line'

/** In a row whose thing is first used and then made: where it is used. */
const USED_IN: Readonly<Record<string, readonly string[]>> = { 'kind of log line': ['src/isolate.ts'] }

let copy: SourceCopy
beforeAll(async () => {
  copy = await copySources()
})
afterAll(() => copy?.remove())

/** Each row of the table with the files and folders that it names. */
async function tableRows(): Promise<Map<string, string[]>> {
  const text = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
  const [, section = ''] = text.split('\n### Where does a new thing go?\n')
  const rows = (section.split('\n### ')[0] ?? '').matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)
  return new Map(
    Array.from(rows, ([, thing = '', where = '']): [string, string[]] => [
      thing,
      Array.from(where.matchAll(/`((?:src\/|package\.json)[^`]*)`/g), ([, file = '']) => file),
    ]).filter(([, files]) => files.length > 0),
  )
}

test('every row of the table is followed here, and nothing else', async () => {
  expect([...(await tableRows()).keys()].toSorted()).toEqual([...Object.keys(PLANTED), VERB].toSorted())
})

test('the copy of the sources compiles before anything is added', async () => {
  expect(await copy.faultyFiles()).toEqual([])
})

describe.each(Object.entries(PLANTED))('a new %s', (thing, { steps, effect }) => {
  test('is made in all the files that its row names, and in no others', async () => {
    const named = (await tableRows()).get(thing) ?? []
    const edited = steps.flatMap(({ edits }) => edits.map(({ file }) => file))
    const isCovered = (file: string) => named.some((one) => (one.endsWith('/') ? file.startsWith(one) : file === one))
    expect(edited.filter((file) => !isCovered(file) && !USED_IN[thing]?.includes(file))).toEqual([])
    // A folder stands for a file that is new, or for one of many that read an amount in their own way.
    expect(named.filter((one) => !one.endsWith('/') && !edited.includes(one))).toEqual([])
  })

  test('is what the compiler asks for, and works when it is there', async () => {
    for (const { edits, asks } of steps) {
      for (const { file, from, to } of edits)
        await (from === undefined ? copy.add(file, to) : copy.edit(file, from, to))
      expect(await copy.faultyFiles()).toEqual([...asks].toSorted())
    }
    if (effect !== undefined) expect(await copy.evaluate(effect)).toEqual(effect.prints)
  }, 120_000)
})

describe(`a new ${VERB}`, () => {
  test('is a folder, a line of main.ts and a script', async () => {
    expect((await tableRows()).get(VERB)).toEqual(['src/cli/', 'src/cli/main.ts', 'package.json'])
    expect(await copy.command('planted')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no command planted'),
    })
    await copy.add(
      'src/cli/planted/command.ts',
      'export async function runPlanted(): Promise<number> {\n  console.log("planted")\n  return 7\n}\n',
    )
    await copy.edit(
      'src/cli/main.ts',
      '  ledger: runLedger,\n',
      `  ledger: runLedger,\n  planted: async () => (await import(${JSON.stringify('./planted/command.ts')})).runPlanted(),\n`,
    )
    expect(await copy.command('planted')).toMatchObject({ code: 7, stdout: 'planted\n' })
  })

  test('has a script of its name, as every other verb has', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const main = await readFile(join(ROOT, 'src/cli/main.ts'), 'utf8')
    const [, table = ''] = main.split('const COMMANDS')
    const verbs = Array.from((table.split('\n}\n')[0] ?? '').matchAll(/^ {2}(\w+):/gm), ([, verb = '']) => verb)
    expect(verbs.length).toBeGreaterThan(5)
    expect(Object.keys(scripts).toSorted()).toEqual(verbs.toSorted())
  })
})
