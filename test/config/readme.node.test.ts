import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { KNOWN_SETTINGS, type Section } from '../../src/config/settings/known-settings.ts'

const README = readFileSync(new URL('../../src/config/README.md', import.meta.url), 'utf8')

/** Heading of the README → effect of the settings in the table below it. */
const TABLES = {
  Used: 'used',
  Refused: 'restricts',
  'Not supported': 'unsupported',
  'By their value': 'judged',
} as const

/** The settings of each section in the table under a heading. */
function tableUnder(heading: string): Map<string, string[]> {
  const [, text = ''] = README.split(`\n## ${heading}\n`)
  const [below = ''] = text.split('\n## ')
  const rows = below.matchAll(/^\| (?:`(\w+)`|(top level)) +\| (.+) \|$/gm)
  return new Map(
    Array.from(rows, ([, section, top, names = '']) => [
      section ?? (top === undefined ? '' : 'top-level'),
      Array.from(names.matchAll(/`([\w-]+)`/g), ([, name = '']) => name),
    ]),
  )
}

const namesWith = (section: Section, effect: string) =>
  [...KNOWN_SETTINGS[section].all].filter(([, setting]) => setting.effect === effect).map(([name]) => name)

describe.for(Object.entries(TABLES))('the table under "%s"', ([heading, effect]) => {
  const table = tableUnder(heading)

  test('names exactly the settings of which that is true, section by section', () => {
    const sections = (Object.keys(KNOWN_SETTINGS) as Section[]).filter((name) => namesWith(name, effect).length > 0)
    expect([...table.keys()]).toEqual(sections)
    for (const section of sections) {
      expect(table.get(section)?.toSorted(), section).toEqual(namesWith(section, effect).toSorted())
    }
  })
})
