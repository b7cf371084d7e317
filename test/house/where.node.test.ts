/**
 * Follows two rows of "Where does a new thing go?" (CONTRIBUTING.md) to the letter, in a copy of the sources: the compiler asks for
 * exactly the files that the row names, and is content when they are done.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, toolScript } from '../../src/cli/root.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-where-'))
  await cp(join(ROOT, 'src'), join(folder, 'src'), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const config = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8')) as Record<string, unknown>
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: ['src'], exclude: ['src/cli'] }))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The files that a row names, in its order. */
async function filesOf(thing: string): Promise<string[]> {
  const text = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
  const row = text.split('\n').find((line) => line.startsWith(`| ${thing} |`))
  return [...(row ?? '').matchAll(/`(src\/[^`]+\.ts)`/g)].map(([, file = '']) => file)
}

/** Files in which the compiler finds something wrong. */
async function faultyFiles(): Promise<string[]> {
  const output = await new Promise<string>((done) => {
    // The exit code is not 0 where there is something wrong, as it should be.
    execFile(
      process.execPath,
      [toolScript('typescript', 'tsc'), '-p', 'tsconfig.json'],
      { cwd: folder },
      (_error, stdout) => done(stdout),
    )
  })
  return [...new Set([...output.matchAll(/^(src\/[^(]+)\(/gm)].map(([, file = '']) => file))].sort()
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8')
  expect(text, `${file} has the place where the new thing goes`).toContain(from)
  await writeFile(join(folder, file), text.replace(from, to))
}

describe('the copy of the sources', () => {
  test('compiles before anything is added', async () => {
    expect(await faultyFiles()).toEqual([])
  })
})

describe('a refusal of ours', () => {
  test('is asked for by the compiler in exactly the files of its row, and compiles when they have it', async () => {
    const [union = '', ...mappings] = await filesOf('refusal of ours')
    expect(mappings).toHaveLength(2)
    await edit(union, "  | { kind: 'no-credential' }", "  | { kind: 'no-credential' }\n  | { kind: 'planted' }")
    expect(await faultyFiles()).toEqual(mappings.toSorted())
    const line = "    case 'planted':\n    case 'no-credential':"
    for (const file of mappings) await edit(file, "    case 'no-credential':", line)
    expect(await faultyFiles()).toEqual([])
  })
})

describe('a router setting', () => {
  test('that nobody reads does not compile, and its row names who has to read it', async () => {
    const [table = '', ...readers] = await filesOf('router setting')
    expect(readers).toHaveLength(1)
    await edit(table, '  num_retries: used(', "  planted_setting: used(flag, 'shown'),\n  num_retries: used(")
    expect(await faultyFiles()).toEqual(readers)
    for (const file of readers) {
      await edit(file, '    num_retries,\n', '    num_retries,\n    planted_setting = false,\n')
      await edit(file, '  unread satisfies AllRead\n', '  unread satisfies AllRead\n  void planted_setting\n')
    }
    expect(await faultyFiles()).toEqual([])
  })
})
