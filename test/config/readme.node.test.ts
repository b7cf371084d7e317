import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { KNOWN_SETTINGS } from '../../src/config/settings/known-settings.ts'

const README = readFileSync(new URL('../../src/config/README.md', import.meta.url), 'utf8')

test.for(Object.keys(KNOWN_SETTINGS))(
  'the README names every setting of %s that is used or refused',
  (section, { expect }) => {
    const groups = KNOWN_SETTINGS[section as keyof typeof KNOWN_SETTINGS]
    const names = groups.filter((group) => group.effect !== 'meaningless').flatMap((group) => group.names)
    expect(names.filter((name) => !README.includes(`\`${name}\``))).toEqual([])
  },
)
