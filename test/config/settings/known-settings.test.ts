import { describe, expect, test } from 'vitest'
import { KNOWN_SETTINGS, type Section } from '../../../src/config/settings/known-settings.ts'
import { deployment, errorsOf, type Json, sample, warningsOf } from '../samples.ts'

/** The smallest configuration in which this setting is switched on. */
function withSetting(section: Section, name: string, value: unknown): { raw: Json; path: string } {
  const setting = { [name]: value }
  const entry = deployment('nova')
  switch (section) {
    case 'top-level':
      return { raw: sample(setting), path: name }
    case 'model_list':
      return { raw: sample({ model_list: [{ ...entry, ...setting }] }), path: `model_list[0].${name}` }
    case 'litellm_params':
      return {
        raw: sample({ model_list: [deployment('nova', setting)] }),
        path: `model_list[0].litellm_params.${name}`,
      }
    case 'model_info':
      return {
        raw: sample({ model_list: [deployment('nova', {}, setting)] }),
        path: `model_list[0].model_info.${name}`,
      }
    case 'general_settings':
      return { raw: sample({ general_settings: { master_key: 'sk-a', ...setting } }), path: `general_settings.${name}` }
    default:
      return { raw: sample({ [section]: setting }), path: `${section}.${name}` }
  }
}

const ALL = Object.entries(KNOWN_SETTINGS).flatMap(([section, groups]) =>
  groups.flatMap(({ effect, because, names }) =>
    names.map((name) => ({ section: section as Section, effect, because, name })),
  ),
)
const withEffect = (...effects: string[]) => ALL.filter((setting) => effects.includes(setting.effect))

describe('a setting that restricts and is not enforced is an error', () => {
  test.for(withEffect('restricts', 'unsupported'))('$section $name', async ({ section, name, because }, { expect }) => {
    const { raw, path } = withSetting(section, name, 'on')
    expect(await errorsOf(raw)).toEqual([expect.stringContaining(`${path}: `)])
    expect((await errorsOf(raw))[0]).toContain(because)
  })
})

test.for([false, null, [], {}, ''])(
  'a restriction that is switched off (%j) is neither error nor warning',
  async (value, { expect }) => {
    expect(await warningsOf(withSetting('general_settings', 'allowed_ips', value).raw)).toEqual([])
  },
)

describe('a setting that means nothing here is one warning', () => {
  test.for(withEffect('meaningless'))('$section $name', async ({ section, name, because }, { expect }) => {
    const { raw, path } = withSetting(section, name, 'on')
    expect(await warningsOf(raw)).toEqual([`${path}: has no effect here: ${because}`])
  })
})

test('a reference in a setting that is not read need not be set', async () => {
  expect(
    await warningsOf(sample({ general_settings: { master_key: 'sk-a', database_url: 'os.environ/DATABASE_URL' } })),
  ).toEqual([expect.stringMatching(/^general_settings\.database_url: has no effect here/)])
})

test('no setting stands in two places of one section', () => {
  for (const groups of Object.values(KNOWN_SETTINGS)) {
    const names = groups.flatMap((group) => group.names)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  }
})
