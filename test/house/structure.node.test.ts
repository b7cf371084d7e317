/** The shape of the house, drawn from its imports: no circles, and no folder so full that a stranger is lost in it. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'
import { importsOf } from './arrows.ts'

const SIBLINGS_MAX = 14

/** Files that are told apart by the folder they lie in, because tools or readers expect exactly these names. */
const SHARED_NAMES = new Set(['README.md', 'tsconfig.json', 'command.ts'])

type Entry = { folder: string; name: string; isFolder: boolean }

async function entries(): Promise<Entry[]> {
  const found = await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  return found.map((entry) => ({
    folder: relative(ROOT, entry.parentPath).replaceAll('\\', '/'),
    name: entry.name,
    isFolder: entry.isDirectory(),
  }))
}

/** Module → modules of `src` that it imports, types included. */
async function graph(): Promise<Map<string, string[]>> {
  const modules = (await entries()).filter(({ name }) => name.endsWith('.ts'))
  const edges = modules.map(async ({ folder, name }): Promise<[string, string[]]> => {
    const file = `${folder}/${name}`
    const text = await readFile(join(ROOT, file), 'utf8')
    const local = importsOf(text).filter((specifier) => specifier.startsWith('.') && specifier.endsWith('.ts'))
    return [file, local.map((specifier) => join(dirname(file), specifier).replaceAll('\\', '/'))]
  })
  return new Map(await Promise.all(edges))
}

/** Every circle once, as the path that closes it. */
function circlesIn(modules: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (module: string, trail: readonly string[]): void => {
    const start = trail.indexOf(module)
    if (start >= 0) {
      circles.push([...trail.slice(start), module].join(' → '))
      return
    }
    if (done.has(module)) return
    for (const next of modules.get(module) ?? []) visit(next, [...trail, module])
    done.add(module)
  }
  for (const module of modules.keys()) visit(module, [])
  return circles
}

describe('the modules of src', () => {
  test('import each other in no circle', async () => {
    const modules = await graph()
    expect(modules.size).toBeGreaterThan(150)
    expect(circlesIn(modules)).toEqual([])
  })

  test('would be reported if they did', () => {
    expect(
      circlesIn(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b → c → b'])
  })

  test('open with a sentence on what they are for', async () => {
    const modules = [...(await graph()).keys()]
    const opening = await Promise.all(
      modules.map(async (file) => [file, await readFile(join(ROOT, file), 'utf8')] as const),
    )
    expect(opening.filter(([, text]) => !/^\/\*\*[\s\S]*?[a-z]/.test(text)).map(([file]) => file)).toEqual([])
  })
})

describe('the folders of src', () => {
  test(`have at most ${SIBLINGS_MAX} entries each`, async () => {
    const folders = Map.groupBy(await entries(), ({ folder }) => folder)
    const full = [...folders].map(([folder, inside]) => `${folder}: ${inside.length}`)
    expect(full.filter((_line, at) => ([...folders.values()][at]?.length ?? 0) > SIBLINGS_MAX)).toEqual([])
  })

  test('share no file name from room to room', async () => {
    const files = (await entries()).filter(({ name, isFolder }) => !isFolder && !SHARED_NAMES.has(name))
    const shared = [...Map.groupBy(files, ({ name }) => name)].filter(
      ([, places]) => new Set(places.map(({ folder }) => folder.split('/')[1])).size > 1,
    )
    expect(shared.map(([name, places]) => `${name}: ${places.map(({ folder }) => folder).join(', ')}`)).toEqual([])
  })
})
