/** What `npm ci` needs of the lockfile, on every platform. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'

describe('the lockfile', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Package>
  }
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
